package history_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"parsec/core/internal/forge"
	"parsec/core/internal/gossip"
	"parsec/core/internal/history"
	"parsec/core/internal/reason"
	"parsec/core/internal/sample"
	"parsec/core/internal/wire"
)

// trial is a history that random events are staged in, dropped from and committed to, and what a plain look at the events
// says of it.
type trial struct {
	t         *testing.T
	s         *sample.Section
	h         *history.History
	g         sample.Growth
	committed []*forge.Event
	staged    []*forge.Event
	refused   int
	accepted  int
}

func newTrial(t *testing.T, seed uint64, single bool) *trial {
	s := sample.New(4, 3, single)
	k := &trial{t: t, s: s, h: s.History(0)}
	k.g = sample.Growth{
		Section: s, Rand: rand.New(rand.NewPCG(seed, 2)), By: s.IDs[:6], Payloads: 60, Peers: s.IDs[4:],
	}
	k.g.Forkers = [][]wire.Hash{nil, s.IDs[3:4], s.IDs[2:6]}[seed%3]
	for _, e := range s.Founding() {
		if !k.stage(e) {
			t.Fatal("a founding event is refused")
		}
	}
	k.commit(len(k.staged))
	return k
}

// stage stages an event if it may come in, and compares with the plain rule.
func (k *trial) stage(e *forge.Event) bool {
	staged, ok := k.s.Event(k.h, e)
	if !ok || k.h.Store.Find(&e.ID) != 0 {
		return false
	}
	x, err := k.h.Stage(&staged)
	if plain := k.mayHear(e); (err == nil) != plain {
		k.t.Fatalf("event %x: %v; plain: %t", e.ID[:4], err, plain)
	}
	if err != nil {
		if !errors.Is(err, reason.ErrInvalidEvent) {
			k.t.Fatal(err)
		}
		k.refused++
		return false
	}
	k.accepted++
	k.staged = append(k.staged, e)
	k.g.Events = append(k.g.Events, e)
	if got := k.h.Store.Find(&e.ID); got != x || x != gossip.Index(len(k.committed)+len(k.staged)) {
		k.t.Fatalf("staged as %d, found as %d, event %d", x, got, len(k.committed)+len(k.staged))
	}
	return true
}

func (k *trial) commit(n int) {
	for _, e := range k.staged[:n] {
		k.committed = append(k.committed, e)
		if x, err := k.s.Commit(k.h, e); err != nil || int(x) != len(k.committed) {
			k.t.Fatalf("committed as %d, not %d: %v", x, len(k.committed), err)
		}
	}
	k.staged = slices.Clone(k.staged[n:])
}

func (k *trial) drop(n int) {
	k.staged = k.staged[:len(k.staged)-n]
	k.g.Events = k.g.Events[:len(k.committed)+len(k.staged)]
	k.h.Drop(gossip.Index(len(k.committed) + len(k.staged)))
}

// at returns the event at a place.
func (k *trial) at(x gossip.Index) *forge.Event {
	if i := int(x) - 1; i < len(k.committed) {
		return k.committed[i]
	}
	return k.staged[int(x)-1-len(k.committed)]
}

// ancestors returns what an event descends from, itself included.
func ancestors(e *forge.Event) map[*forge.Event]bool {
	all := map[*forge.Event]bool{}
	for next := []*forge.Event{e}; len(next) > 0; {
		e, next = next[len(next)-1], next[:len(next)-1]
		if e != nil && !all[e] {
			all[e] = true
			next = append(next, e.Self, e.Other)
		}
	}
	return all
}

// onChain reports whether a is b or on its self-parent chain.
func onChain(a, b *forge.Event) bool {
	for ; b != nil; b = b.Self {
		if a == b {
			return true
		}
	}
	return false
}

// forked reports whether events by p among some are on different branches.
func forked(by wire.Hash, among map[*forge.Event]bool) bool {
	var last *forge.Event
	for e := range among {
		switch {
		case e.By != by || last != nil && onChain(e, last):
		case last != nil && !onChain(last, e):
			return true
		default:
			last = e
		}
	}
	return false
}

// mayHear is rule 6 and the form of events, by sets.
func (k *trial) mayHear(e *forge.Event) bool {
	if e.Other == nil {
		return true
	}
	all := ancestors(e.Other)
	for own := e; own != nil; own = own.Self { // it makes a fork itself, where its other-parent knows a later one of its chain
		all[own] = true
	}
	return e.Other.By != e.By && !forked(e.Other.By, ancestors(e.Self)) && !forked(e.By, all)
}

// undecided is rule 5's count, by a look at each event of the chain.
func (k *trial) undecided(x gossip.Index) (open int, size uint64) {
	for e := k.at(x); e != nil; e = e.Self {
		by := k.h.Members.ByID(e.By).Index
		for _, v := range e.Votes {
			hash := k.s.Wire.Observation(v.Body)
			if o, known := k.h.Store.Number(&hash); !known || !k.h.Election().Done(o, by) {
				open++
				size += uint64(len(v.Body))
			}
		}
	}
	return open, size
}

// measure compares what is counted with a plain count: exact at the end of a chain that is alone, a bound at the end of
// any, and exact everywhere if it is asked for.
func (k *trial) measure() {
	g := k.h.Graph()
	for x := gossip.Index(1); x <= g.Len(); x++ {
		open, size := k.undecided(x)
		if g.ChainTip(g.Event(x).Chain) == x {
			o, s := k.h.Bound(x)
			if o < open || s < size || !g.HasForked(g.Event(x).By) && (o != open || s != size) {
				k.t.Fatalf("the chain to %d has %d undecided votes, about %d bytes; kept are %d, about %d", x, open, size, o, s)
			}
		}
		// Exact counts are of staged events as they were staged: asked only while none of them is half committed.
		if k.g.Rand.IntN(8) == 0 {
			if o, s := k.h.Exactly(x); o != open || s != size {
				k.t.Fatalf("the chain to %d has %d undecided votes, about %d bytes; counted are %d, about %d", x, open, size, o, s)
			}
		}
	}
}

// fresh returns a history of the committed events alone.
func (k *trial) fresh() *history.History {
	h := k.s.History(0)
	if err := k.s.Put(h, k.committed...); err != nil {
		k.t.Fatal(err)
	}
	return h
}

// same compares the history with one that was never told anything but what is committed.
func (k *trial) same(candidates []*forge.Event) {
	t, a, b := k.t, k.h, k.fresh()
	if a.Len() != b.Len() || a.Staged() != b.Staged() || a.Height() != b.Height() || a.Graph().Branches() != b.Graph().Branches() ||
		!slices.Equal(a.Graph().Forked(), b.Graph().Forked()) || a.Store.Observations() != b.Store.Observations() {
		t.Fatalf("%d events, %d staged, %d blocks, %d branches, forkers %d, %d observations; fresh %d, %d, %d, %d, %d, %d",
			a.Len(), a.Staged(), a.Height(), a.Graph().Branches(), a.Graph().Forked(), a.Store.Observations(),
			b.Len(), b.Staged(), b.Height(), b.Graph().Branches(), b.Graph().Forked(), b.Store.Observations())
	}
	for x := gossip.Index(1); x <= a.Len(); x++ {
		ea, eb := a.Graph().Event(x), b.Graph().Event(x)
		if *a.Store.ID(x) != *b.Store.ID(x) || *a.Store.Signature(x) != *b.Store.Signature(x) || a.Store.Find(a.Store.ID(x)) != x ||
			!slices.Equal(a.Store.Votes(x), b.Store.Votes(x)) || ea.Self != eb.Self || ea.Nth != eb.Nth || ea.Sync != eb.Sync ||
			ea.By != eb.By || ea.Odd != eb.Odd || !slices.Equal(a.Graph().Others(x), b.Graph().Others(x)) || a.Recipient(x) != b.Recipient(x) {
			t.Fatalf("event %d differs", x)
		}
		for p := range a.Graph().Peers() {
			if ta, tb := a.Graph().Tips(x, gossip.Peer(p)), b.Graph().Tips(x, gossip.Peer(p)); !slices.Equal(ta, tb) {
				t.Fatalf("event %d descends from %d of peer %d, fresh from %d", x, ta, p, tb)
			}
		}
		oa, sa := a.Exactly(x)
		if ob, sb := b.Exactly(x); oa != ob || sa != sb {
			t.Fatalf("event %d: %d undecided votes, about %d bytes; fresh %d, about %d", x, oa, sa, ob, sb)
		}
	}
	for i, d := range a.Decisions() {
		if e := b.Decisions()[i]; d.Observation != e.Observation || d.By != e.By || d.At != e.At || d.Number != e.Number || !slices.Equal(d.Voters, e.Voters) {
			t.Fatalf("block %d: %+v, fresh %+v", i, d, e)
		}
	}
	for i, p := range a.Members.Peers() {
		if q := b.Members.Peers()[i]; p.ID != q.ID || p.Number != q.Number || p.Numbered != q.Numbered {
			t.Fatalf("peer %d: %+v, fresh %+v", i, p, q)
		}
	}
	for _, e := range candidates {
		sa, oka := k.s.Event(a, e)
		sb, okb := k.s.Event(b, e)
		if oka != okb {
			t.Fatal("a candidate's parents are in one of both")
		}
		if !oka || a.Store.Find(&e.ID) != 0 {
			continue
		}
		xa, erra := a.Stage(&sa)
		xb, errb := b.Stage(&sb)
		if xa != xb || fmt.Sprint(erra) != fmt.Sprint(errb) {
			t.Fatalf("a candidate is staged as %d (%v), fresh as %d (%v)", xa, erra, xb, errb)
		}
		a.Drop(a.Len())
		b.Drop(b.Len())
	}
}

// Whatever is staged and dropped in between, a history is what its committed events make it, in all that can be asked.
// All along, rule 6 and the measure are those of a plain look at the events.
func TestRandom(t *testing.T) {
	blocks, refused, branches, added := uint64(0), 0, 0, 0
	seeds := uint64(12)
	if testing.Short() {
		seeds = 6
	}
	for seed := range seeds {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			k := newTrial(t, seed, seed%2 == 0)
			r := k.g.Rand
			for round := range 120 {
				var dropped []*forge.Event
				for range 1 + r.IntN(12) {
					k.stage(k.g.Next())
				}
				k.measure()
				if r.IntN(2) == 0 {
					n := r.IntN(len(k.staged) + 1)
					dropped = append(dropped, k.staged[len(k.staged)-n:]...)
					k.drop(n)
					k.measure()
				}
				n := len(k.staged)
				if r.IntN(4) == 0 {
					n = r.IntN(n + 1)
				}
				k.commit(n)
				dropped = append(dropped, k.staged...)
				k.drop(len(k.staged)) // the rest, though others were committed since it was staged
				k.measure()
				if round%20 == 19 {
					k.same(append(dropped, k.g.Next(), k.g.Next(), k.g.Next()))
				}
			}
			blocks += k.h.Height()
			refused += k.refused
			branches += k.h.Graph().Branches()
			added += len(k.h.Members.Numbers()) - 4
			t.Logf("%d events, %d blocks, %d refused, %d branches, %d added", k.h.Len(), k.h.Height(), k.refused, k.h.Graph().Branches(), len(k.h.Members.Numbers())-4)
		})
	}
	if blocks == 0 || refused == 0 || branches == 0 || added == 0 {
		t.Errorf("%d blocks, %d refused, %d branches, %d added: the test shows little", blocks, refused, branches, added)
	}
}
