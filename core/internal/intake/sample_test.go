package intake

import (
	"slices"
	"testing"

	"parsec/core/internal/forge"
	"parsec/core/internal/gossip"
	"parsec/core/internal/history"
	"parsec/core/internal/members"
	"parsec/core/internal/sample"
	"parsec/core/internal/wire"
)

// world is a node's history and intake, without the node: member 0 of a section whose keys are all at hand.
type world struct {
	t *testing.T
	*sample.Section
	h    *history.History
	in   *Intake
	last *forge.Event // its own
	tips []*forge.Event
}

// newWorld returns a world in which all founders have made their first events and member 0 has heard of them.
func newWorld(t *testing.T, founders, others int, single bool) *world {
	t.Helper()
	s := sample.New(founders, others, single)
	w := &world{t: t, Section: s, h: s.History(0)}
	w.in = New(w.h, nil, 9)
	first := s.Founding()
	w.put(first...)
	for i := range founders {
		w.tips = append(w.tips, first[2*i+1])
	}
	w.last = w.tips[0]
	for _, tip := range w.tips[1:] {
		w.last = s.Hear(w.last, tip)
		w.put(w.last)
	}
	return w
}

func (w *world) put(events ...*forge.Event) {
	w.t.Helper()
	if err := w.Put(w.h, events...); err != nil {
		w.t.Fatal(err)
	}
}

// from returns the member with a number.
func (w *world) from(i int) *members.Peer { return w.h.Members.Contact(w.IDs[i]) }

// parse makes a message of what a member sends.
func (w *world) parse(from int, m *wire.Message) *Message {
	w.t.Helper()
	out := new(Message)
	if err := w.in.Parse(out, w.from(from), w.Seal(nil, m)); err != nil {
		w.t.Fatal(err)
	}
	return out
}

func (w *world) request(from int, events ...*forge.Event) *Message {
	w.t.Helper()
	return w.parse(from, w.Message(wire.KindRequest, events...))
}

func (w *world) base() Base { return Base{Last: w.place(w.last)} }

func (w *world) place(e *forge.Event) gossip.Index {
	if e == nil {
		return 0
	}
	return w.h.Store.Find(&e.ID)
}

// take takes messages in, and builds on what came in as long as that lets more of them in, as a node does.
func (w *world) take(batch ...*Message) {
	w.t.Helper()
	for rest := w.pass(batch); len(rest) > 0; rest = w.pass(batch) {
		for _, m := range batch {
			w.build(m)
		}
		batch = rest
	}
}

// pass takes messages in once, and checks what is to hold after it: nothing is staged, and all that came in is behind this
// node's last event and the heads.
func (w *world) pass(batch []*Message) []*Message {
	w.t.Helper()
	before := w.h.Len()
	rest := w.in.Take(batch, w.base())
	if w.h.Staged() != w.h.Len() {
		w.t.Fatalf("%d events are left staged", w.h.Staged()-w.h.Len())
	}
	heads := []gossip.Index{w.place(w.last)}
	for _, m := range batch {
		heads = append(heads, m.Heads...)
	}
	for x := before + 1; x <= w.h.Len(); x++ {
		if !slices.ContainsFunc(heads, func(h gossip.Index) bool { return h != 0 && w.h.Graph().Descends(h, x) }) {
			w.t.Fatalf("event %d is behind none of the heads %d", x, heads)
		}
	}
	return rest
}

// build makes this node's events on the heads of a message, as a node does.
func (w *world) build(m *Message) {
	w.t.Helper()
	for _, head := range m.Heads {
		if w.h.Graph().Descends(w.place(w.last), head) {
			continue
		}
		w.last = w.Finish(&forge.Event{
			By: w.IDs[0], Cause: wire.Request, Self: w.last, Other: &forge.Event{By: w.h.Maker(head).ID, ID: *w.h.Store.ID(head)},
		})
		w.put(w.last)
	}
}

// unsigned returns an event with a signature that is of nothing.
func unsigned(e *forge.Event) *forge.Event {
	e.Signature[5] ^= 1
	return e
}

// has reports whether an event is in the graph.
func (w *world) has(e *forge.Event) bool { return w.place(e) != 0 }
