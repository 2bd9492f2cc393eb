package outbox

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"parsec/core/internal/forge"
	"parsec/core/internal/gossip"
	"parsec/core/internal/history"
	"parsec/core/internal/members"
	"parsec/core/internal/sample"
	"parsec/core/internal/wire"
)

// world is the history of member 0, and its outbox.
type world struct {
	t *testing.T
	*sample.Section
	h      *history.History
	b      *Outbox
	events []*forge.Event // by place, from 0
	last   *forge.Event   // member 0's
}

func newWorld(t *testing.T, seed uint64, maxAnswer int, events int) *world {
	t.Helper()
	s := sample.New(4, 2, false)
	w := &world{t: t, Section: s, h: s.History(0)}
	w.b = New(w.h, maxAnswer)
	w.put(s.Founding()...)
	g := sample.Growth{Section: s, Rand: rand.New(rand.NewPCG(seed, 3)), By: s.IDs[:4], Payloads: 400}
	if seed%2 == 1 {
		g.Forkers = s.IDs[3:4]
	}
	for len(w.events) < events {
		g.Events = w.events
		e := g.Next()
		if w.h.Store.Find(&e.ID) == 0 && w.Put(w.h, e) == nil {
			w.note(e)
		}
	}
	return w
}

func (w *world) note(e *forge.Event) {
	w.events = append(w.events, e)
	if e.By == w.IDs[0] {
		w.last = e
	}
}

func (w *world) put(events ...*forge.Event) {
	w.t.Helper()
	for _, e := range events {
		if err := w.Put(w.h, e); err != nil {
			w.t.Fatal(err)
		}
		w.note(e)
	}
}

func (w *world) peer(i int) *members.Peer { return w.h.Members.ByID(w.IDs[i]) }

func (w *world) place(e *forge.Event) gossip.Index {
	if e == nil {
		return 0
	}
	return w.h.Store.Find(&e.ID)
}

// sent returns the one message that is to be sent, decoded, and takes it back; nil for none.
func (w *world) sent() *wire.Message {
	w.t.Helper()
	out := w.b.Messages()
	if len(out) == 0 {
		return nil
	}
	if len(out) > 1 {
		w.t.Fatalf("%d messages", len(out))
	}
	m := new(wire.Message)
	if err := wire.Decode(w.raw(out[0].Frame), w.Wire, m); err != nil {
		w.t.Fatal(err)
	}
	w.b.Clear()
	return m
}

func (w *world) raw(frame []byte) []byte {
	w.t.Helper()
	var f wire.Framer
	raw, err := f.Open(w.Wire, frame)
	if err != nil {
		w.t.Fatal(err)
	}
	return raw
}

// ids reads the ids of a message's events off it: what somebody does who has its parents outside, and of the observations
// that it names without body those in had.
func (w *world) ids(m *wire.Message, known func(i uint32) wire.Hash) (ids []wire.Hash) {
	var tree wire.Tree
	index := map[wire.Hash]uint32{}
	for _, e := range w.events {
		index[e.ID] = e.Index
	}
	key := func(c uint16) wire.Hash {
		if k := m.Creators[c]; k.ByNumber {
			return known(k.Number)
		}
		return m.Creators[c].Key
	}
	parent := func(r wire.Ref) wire.Hash {
		if i, ok := r.Event(); ok {
			return ids[i]
		}
		i, _ := r.Parent()
		return m.Parents[i]
	}
	for i := range m.Events {
		ev := &m.Events[i]
		h := wire.Header{Creator: key(ev.Creator), Cause: ev.Cause}
		if ev.Cause != wire.Initial {
			h.SelfParent = parent(ev.Self)
			h.Index = index[h.SelfParent] + max(1, ev.Count)
		}
		for _, o := range ev.Others {
			h.OtherParents = append(h.OtherParents, parent(o))
		}
		if ev.Cause == wire.Requesting {
			h.Recipient = key(ev.Recipient)
		}
		if ev.Count > 0 {
			var hashes []wire.Hash
			for _, o := range m.Votes[ev.First:][:ev.Count] {
				hashes = append(hashes, m.Observations[o].Hash)
			}
			h.Votes, h.Root = ev.Count, tree.Root(hashes)
		}
		ids = append(ids, w.Wire.Event(&h))
	}
	return ids
}

// lacking returns what an event descends from and some others do not, by place: a plain look at all events.
func (w *world) lacking(to *forge.Event, known ...*forge.Event) (ids []wire.Hash) {
	has := map[*forge.Event]bool{}
	for next := known; len(next) > 0; {
		e := next[len(next)-1]
		next = next[:len(next)-1]
		if e != nil && !has[e] {
			has[e] = true
			next = append(slices.Clip(next), e.Self, e.Other)
		}
	}
	lacks := map[*forge.Event]bool{}
	for next := []*forge.Event{to}; len(next) > 0; {
		e := next[len(next)-1]
		next = next[:len(next)-1]
		if e != nil && !has[e] && !lacks[e] {
			lacks[e] = true
			next = append(next, e.Self, e.Other)
		}
	}
	for _, e := range w.events {
		if lacks[e] {
			ids = append(ids, e.ID)
		}
	}
	return ids
}

// lastOf returns the last event of a peer that an event descends from; nil for none, and if it sees a fork.
func (w *world) lastOf(e *forge.Event, p *members.Peer) *forge.Event {
	tip, fork := w.h.Graph().Tip(w.place(e), p.Index)
	if fork || tip == 0 {
		return nil
	}
	return w.events[tip-1]
}

func seeds(t *testing.T, n uint64, f func(t *testing.T, seed uint64)) {
	for seed := range n {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) { f(t, seed) })
	}
}
