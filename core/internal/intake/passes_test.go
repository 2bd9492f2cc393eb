package intake

import (
	"fmt"
	"testing"

	"parsec/core/internal/forge"
	"parsec/core/internal/history"
	"parsec/core/internal/wire"
)

// hovering returns a long history of a section in which member 3 has as many undecided votes as it may, and casts one more
// each time that one is decided; and the events that come before it.
func hovering(t *testing.T, rounds int) (w *world, before, events []*forge.Event) {
	w = newWorld(t, 4, 0, true)
	tips := append([]*forge.Event(nil), w.tips...)
	add := func(e *forge.Event) *forge.Event {
		events = append(events, e)
		return e
	}
	// Votes to remove somebody, that nobody shares: they stay undecided.
	for i := range history.MaxUndecided/wire.MaxVotes - 1 {
		tips[3] = w.Vote(tips[3], removals(w, i, wire.MaxVotes)...)
		before = append(before, tips[3])
	}
	tips[3] = w.Vote(tips[3], removals(w, 99, wire.MaxVotes-2)...)
	before = append(before, tips[3])
	twin := w.History(1) // decides along, to know when the next may come
	if err := w.Put(twin, append(w.Founding(), before...)...); err != nil {
		t.Fatal(err)
	}
	put := func(e *forge.Event) {
		if err := w.Put(twin, e); err != nil {
			t.Fatal(err)
		}
		add(e)
	}
	for i := range rounds {
		tips[3] = w.Vote(tips[3], forge.Opaque(fmt.Append(nil, "round", i)))
		put(tips[3])
		for height := twin.Height(); twin.Height() == height; {
			for _, k := range []int{3, 1, 2, 3, 2, 1} {
				other := tips[1+k%3]
				tips[k] = w.Hear(tips[k], other)
				put(tips[k])
			}
		}
	}
	return w, before, events
}

func removals(w *world, i, n int) (votes []forge.Vote) {
	for k := range n {
		votes = append(votes, forge.About(wire.Remove, w.IDs[1], fmt.Append(nil, i, k)))
	}
	return votes
}

// What a message's own first events decide makes more of it acceptable, again and again: all of it comes in. Its ids are
// hashed once.
func TestHovering(t *testing.T) {
	w, before, events := hovering(t, 40)
	m := w.request(3, before...)
	if w.take(m); m.Refused() != nil {
		t.Fatal(m.Refused())
	}
	w.build(m)
	passes := w.in.passes
	m = w.request(3, events...)
	w.take(m)
	if passes = w.in.passes - passes; passes < 10 {
		t.Errorf("gone through %d times: the test shows little", passes)
	}
	if !w.has(events[len(events)-1]) || m.Refused() != nil || w.in.Counts.Signatures != uint64(len(before)+len(events)) {
		t.Errorf("it does not come in as a whole: %v; %d signatures checked", m.Refused(), w.in.Counts.Signatures)
	}
	w.build(m)
	for _, e := range events {
		if !w.h.Graph().Descends(w.place(w.last), w.place(e)) {
			t.Fatal("an event is not behind this node's")
		}
	}
}

// What decides that more of a message may come in stays if that lacks bodies, and is built on.
func TestHoveringWithheld(t *testing.T) {
	w, before, events := hovering(t, 8)
	m := w.request(3, before...)
	w.take(m)
	w.build(m)
	last := len(events) - 1
	for ; events[last].Votes == nil; last-- {
	}
	events[last].Votes[0].Withheld = true
	m = w.request(3, events...)
	w.take(m)
	if len(m.Missing) != 1 || !w.has(events[0]) || w.has(events[last]) {
		t.Fatalf("%d are missing, %d heads", len(m.Missing), len(m.Heads))
	}
	w.build(m)
	if _, err := w.in.Hold(m, nil); err == nil {
		t.Fatal("nothing is held")
	}
	s := w.supply(3, events[last].Votes[0].Body)
	if ready, err := w.in.Supplied(s); !ready {
		t.Fatal(err)
	}
	if w.take(s); !w.has(events[len(events)-1]) {
		t.Error("the rest does not come in")
	}
}
