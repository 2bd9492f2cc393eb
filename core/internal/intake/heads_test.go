package intake

import (
	"slices"
	"testing"

	"parsec/core/internal/forge"
	"parsec/core/internal/wire"
)

// Which events of a message this node builds on, and what comes in with them. In the drawings a to d are the message's events
// in order, by the member to the left; 1, 2 and 3 are what is known of members 1 to 3. Events that vote are (a).
func TestHeads(t *testing.T) {
	for _, c := range []struct {
		what  string
		make  func(w *world) []*forge.Event
		heads []int // places in the message
		in    []int
	}{
		{`a chain: its last
			1: 1 - a - b - c
		`, func(w *world) []*forge.Event {
			a := w.Ask(w.tips[1], w.IDs[0])
			b := w.Ask(a, w.IDs[2])
			return []*forge.Event{a, b, w.Ask(b, w.IDs[0])}
		}, []int{2}, []int{0, 1, 2}},
		{`one above the other: the upper one
			1: 1 - a ---- c
			2: 2 ---- b --'
		`, func(w *world) []*forge.Event {
			a, b := w.Ask(w.tips[1], w.IDs[0]), w.Ask(w.tips[2], w.IDs[0])
			return []*forge.Event{a, b, w.Hear(a, b)}
		}, []int{2}, []int{0, 1, 2}},
		{`side by side: both, the later one first
			1: 1 - a
			2: 2 ---- b
		`, func(w *world) []*forge.Event {
			return []*forge.Event{w.Ask(w.tips[1], w.IDs[0]), w.Ask(w.tips[2], w.IDs[0])}
		}, []int{1, 0}, []int{0, 1}},
		{`a vote after the last that one builds on: left for later
			1: 1 - a - (b)
		`, func(w *world) []*forge.Event {
			a := w.Ask(w.tips[1], w.IDs[0])
			return []*forge.Event{a, w.Vote(a, forge.Opaque([]byte("x")))}
		}, []int{0}, []int{0}},
		{`votes alone: there is nothing else to build on
			1: 1 - (a) - (b)
		`, func(w *world) []*forge.Event {
			a := w.Vote(w.tips[1], forge.Opaque([]byte("x")))
			return []*forge.Event{a, w.Vote(a, forge.Opaque([]byte("y")))}
		}, []int{1}, []int{0, 1}},
		{`two branches: the last
			1: 1 - a - b
			    '- c
		`, func(w *world) []*forge.Event {
			a := w.Ask(w.tips[1], w.IDs[0])
			return []*forge.Event{a, w.Ask(a, w.IDs[2]), w.Ask(w.tips[1], w.IDs[3])}
		}, []int{2}, []int{2}},
		{`two branches, and one who heard of both: that one alone, and all
			1: 1 - a
			    '- b
			2: 2 - c - d    c heard a
			3: 3 - e - f    e heard b, f heard d
		`, func(w *world) []*forge.Event {
			a, b := w.Ask(w.tips[1], w.IDs[0]), w.Ask(w.tips[1], w.IDs[3])
			c := w.Hear(w.tips[2], a)
			d := w.Ask(c, w.IDs[0])
			e := w.Hear(w.tips[3], b)
			return []*forge.Event{a, b, c, d, e, w.Hear(e, d)}
		}, []int{5}, []int{0, 1, 2, 3, 4, 5}},
		{`one that hears a forker knowingly: it does not come in, nor what is on it; the forker's last does
			1: 1 - a - f
			    '- b
			2: 2 - d - e - g    d heard a, e heard c, g heard f
			3: 3 - c            c heard b
		`, func(w *world) []*forge.Event {
			a, b := w.Ask(w.tips[1], w.IDs[0]), w.Ask(w.tips[1], w.IDs[3])
			c := w.Hear(w.tips[3], b)
			d := w.Hear(w.tips[2], a)
			e := w.Hear(d, c)
			f := w.Ask(a, w.IDs[2])
			g := w.Hear(e, f)
			return []*forge.Event{a, b, c, d, e, f, g, w.Ask(g, w.IDs[0])}
		}, []int{5, 4}, []int{0, 1, 2, 3, 4, 5}},
		{`known already and built on
			1: 1
		`, func(w *world) []*forge.Event { return []*forge.Event{w.tips[1]} }, nil, []int{0}},
		{`one whose parent nobody has
			1: 1 - ? - a
			2: 2 - b
		`, func(w *world) []*forge.Event {
			return []*forge.Event{w.Ask(w.Ask(w.tips[1], w.IDs[2]), w.IDs[0]), w.Ask(w.tips[2], w.IDs[0])}
		}, []int{1}, []int{1}},
		{`a stranger, and who heard it
			s: a - b
			1: 1 ---- c
			2: 2 - d
		`, func(w *world) []*forge.Event {
			a := w.Initial(w.IDs[4])
			b := w.Ask(a, w.IDs[0])
			return []*forge.Event{a, b, w.Hear(w.tips[1], b), w.Ask(w.tips[2], w.IDs[0])}
		}, []int{3}, []int{3}},
		{`this node's own, which it has
			0: 0
			1: 1 - a    a heard 0
		`, func(w *world) []*forge.Event {
			return []*forge.Event{w.tips[0], w.Hear(w.tips[1], w.tips[0])}
		}, []int{1}, []int{0, 1}},
	} {
		w := newWorld(t, 4, 1, true)
		events := c.make(w)
		m := w.request(1, events...)
		w.pass([]*Message{m})
		var heads []int
		for _, head := range m.Heads {
			heads = append(heads, slices.IndexFunc(events, func(e *forge.Event) bool { return w.place(e) == head }))
		}
		if !slices.Equal(heads, c.heads) {
			t.Errorf("%s: heads %d, want %d", c.what, heads, c.heads)
		}
		for i, e := range events {
			if w.has(e) != slices.Contains(c.in, i) {
				t.Errorf("%s: event %d is in: %t", c.what, i, w.has(e))
			}
		}
		w.build(m) // fails if it may not
	}
}

// A node that learns takes in its own events, and what they descend from.
func TestHeadsOfLearning(t *testing.T) {
	w := newWorld(t, 4, 0, true)
	other := w.Ask(w.tips[1], w.IDs[0])
	a := w.Hear(w.last, other)
	b := w.Ask(a, w.IDs[1])
	beside := w.Ask(w.tips[2], w.IDs[0])
	m := w.parse(1, w.Message(wire.KindTeach, other, a, b, beside))
	w.in.Take([]*Message{m}, Base{Last: w.place(w.last), Learning: true})
	if !slices.Equal(m.choice.tops, []int{2}) || !w.has(b) || w.has(beside) || m.Fork != nil {
		t.Errorf("heads %d; its own %t, others %t; fork %v", m.choice.tops, w.has(b), w.has(beside), m.Fork)
	}
}
