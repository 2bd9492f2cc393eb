package intake

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"parsec/core/internal/forge"
	"parsec/core/internal/gossip"
	"parsec/core/internal/reason"
	"parsec/core/internal/sample"
	"parsec/core/internal/wire"
)

// others returns the ids of events that are not this node's own.
func (w *world) others() map[wire.Hash]bool {
	ids := map[wire.Hash]bool{}
	for x := gossip.Index(1); x <= w.h.Len(); x++ {
		if w.h.Maker(x).ID != w.IDs[0] {
			ids[*w.h.Store.ID(x)] = true
		}
	}
	return ids
}

// Whatever messages have in them, in whichever order, a batch brings what they bring one after the other where this node
// builds on each before the next: the same events of others. Own events in between may decide something earlier, so nobody
// is added here and nobody full. All that comes in is behind what this node builds on, and it can build on all of that.
func TestBatchIsSequence(t *testing.T) {
	came, missed, refused, branches := 0, 0, 0, 0
	seeds := uint64(40)
	if testing.Short() {
		seeds = 12
	}
	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, 8))
		a, b := newWorld(t, 5, 0, seed%2 == 0), newWorld(t, 5, 0, seed%2 == 0)
		g := sample.Growth{Section: a.Section, Rand: r, By: a.IDs[1:], Forkers: a.IDs[3:][:seed%3], Payloads: 100, Events: a.Founding()[2:]}
		for round := range 12 {
			for range 20 {
				g.Events = append(g.Events, g.Next())
			}
			var inA, inB []*Message
			for range 1 + r.IntN(4) {
				from := 1 + r.IntN(4)
				events := piece(&g, round)
				if len(events) == 0 {
					continue
				}
				inA, inB = append(inA, a.request(from, events...)), append(inB, b.request(from, events...))
			}
			a.take(inA...)
			for _, m := range inA {
				a.build(m)
			}
			for i, m := range inB {
				b.take(m)
				b.build(m)
				if m := inA[i]; (len(m.Missing) > 0) != (len(inB[i].Missing) > 0) {
					t.Fatalf("seed %d, round %d, message %d: %d bodies missing, alone %d", seed, round, i, len(m.Missing), len(inB[i].Missing))
				}
				if len(m.Missing) > 0 {
					missed++
				}
				if m.Refused() != nil {
					refused++
				}
			}
			if x, y := a.others(), b.others(); len(x) != len(y) {
				t.Fatalf("seed %d, round %d: %d events of others, one message after the other %d", seed, round, len(x), len(y))
			} else {
				for id := range x {
					if !y[id] {
						t.Fatalf("seed %d, round %d: an event came in with the batch alone", seed, round)
					}
				}
			}
		}
		came += len(a.others())
		branches += a.h.Graph().Branches()
	}
	t.Logf("%d events came, %d messages lacked bodies, %d had events refused, %d branches", came, missed, refused, branches)
	if came < 100*int(seeds)/2 || missed == 0 || refused == 0 || branches == 0 {
		t.Error("the test shows little")
	}
}

// piece returns some of the last events: now and then without one, with one twice, with a bad signature, or without bodies.
func piece(g *sample.Growth, round int) (events []*forge.Event) {
	r := g.Rand
	for _, e := range g.Events[max(0, len(g.Events)-20-r.IntN(60)):] {
		c := *e
		c.Votes = slices.Clone(e.Votes)
		for i := range c.Votes { // by all messages alike: one body is at hand for all
			c.Votes[i].Withheld = int(c.Votes[i].Body[len(c.Votes[i].Body)-1])%10 == 0 && round%4 == 1
		}
		switch r.IntN(60) {
		case 0:
			continue
		case 1:
			events = append(events, &c)
		case 2:
			c.Signature[r.IntN(64)] ^= 1
		}
		events = append(events, &c)
	}
	return events
}

// A message may name by hash what one before it in the batch has, and build on its events.
func TestBatchBuildsOnBodies(t *testing.T) {
	w := newWorld(t, 4, 0, true)
	v := forge.Opaque([]byte("told once"))
	first := w.Vote(w.tips[1], v)
	a := w.request(1, first, w.Ask(first, w.IDs[0]))
	v.Withheld = true
	second := w.Vote(w.tips[2], v)
	top := w.Hear(second, first)
	b := w.request(2, second, top)
	if w.take(a, b); !w.has(top) || len(b.Missing) > 0 || b.Refused() != nil {
		t.Errorf("%d missing; %v", len(b.Missing), b.Refused())
	}
	if c := w.in.Counts; c.Contents != 1 || c.KnownContents != 0 {
		t.Errorf("%+v", c)
	}
	// Without what it builds on it does not come in, and is no worse off for that.
	third := w.Vote(w.tips[3], forge.Vote{Body: []byte("\x00never told"), Withheld: true})
	c := w.request(3, third, w.Ask(third, w.IDs[0]))
	d := w.request(1, w.Hear(w.Ask(first, w.IDs[2]), third))
	good := w.Ask(top, w.IDs[0])
	e := w.request(2, good)
	w.take(c, d, e)
	if len(c.Missing) != 1 || !errors.Is(d.Refused(), reason.ErrUnknownSelfParent) || !w.has(good) {
		t.Errorf("%d missing; %v; %t", len(c.Missing), d.Refused(), w.has(good))
	}
}

// A message may have events of a peer that one before it decides to add, by identity and by number.
func TestBatchAdds(t *testing.T) {
	for _, number := range []bool{false, true} {
		w := newWorld(t, 4, 1, true)
		tips := slices.Clone(w.tips)
		add := forge.About(wire.Add, w.IDs[4], nil)
		var events []*forge.Event
		for k := 1; k < 4; k++ {
			tips[k] = w.Vote(tips[k], add)
			events = append(events, tips[k])
		}
		for range 10 {
			for _, k := range []int{1, 2, 3, 2, 1, 3} {
				tips[k] = w.Hear(tips[k], tips[1+k%3])
				events = append(events, tips[k])
			}
		}
		first := w.Initial(w.IDs[4])
		ask := w.Ask(first, w.IDs[1])
		top := w.Hear(tips[2], ask)
		m := w.Message(wire.KindRequest, first, ask, top)
		for i := range m.Creators {
			if number && m.Creators[i].Key == w.IDs[4] {
				m.Creators[i] = wire.Creator{ByNumber: true, Number: 4}
			}
		}
		a, b := w.request(1, events...), w.parse(2, m)
		if w.take(a, b); !w.has(top) || b.Refused() != nil {
			t.Errorf("by number %t: %v", number, b.Refused())
		}
		// In one message, too.
		w = newWorld(t, 4, 1, true)
		if c := w.request(1, append(events, first, ask, top)...); true {
			if w.take(c); !w.has(top) || c.Refused() != nil {
				t.Errorf("in one message: %v", c.Refused())
			}
		}
	}
}

// After a message that shows that this node's key was used elsewhere, nothing of the batch is taken; what came before is.
func TestBatchForks(t *testing.T) {
	w := newWorld(t, 4, 0, true)
	good := w.Ask(w.tips[1], w.IDs[0])
	foreign := w.Ask(w.tips[0], w.IDs[2])
	late := w.Ask(w.tips[3], w.IDs[0])
	a, b, c := w.request(1, good), w.request(2, foreign, w.Ask(w.tips[2], w.IDs[0])), w.request(3, late)
	w.take(a, b, c)
	if !w.has(good) || a.Fork != nil || b.Fork == nil || w.has(foreign) || w.has(late) || !errors.Is(c.Err, reason.ErrForked) {
		t.Errorf("before %t, %v; fork %v; after %t, %v", w.has(good), a.Fork, b.Fork, w.has(late), c.Err)
	}
	if b.Fork != nil && (b.Fork.Header.Creator != w.IDs[0] || w.Wire.Event(&b.Fork.Header) != foreign.ID || b.Fork.Signature != foreign.Signature) {
		t.Errorf("the evidence: %+v", b.Fork)
	}
}

// While a node learns, a second answer may go on where the first of the batch ended, or show a fork.
func TestBatchLearns(t *testing.T) {
	w := newWorld(t, 4, 0, true)
	own := []*forge.Event{w.Ask(w.last, w.IDs[1])}
	own = append(own, w.Ask(own[0], w.IDs[2]), w.Ask(own[0], wire.Hash{1}))
	for _, c := range []struct {
		second *forge.Event
		fork   bool
	}{{own[1], false}, {own[2], true}} {
		w := newWorld(t, 4, 0, true)
		teach := func(events ...*forge.Event) *Message { return w.parse(1, w.Message(wire.KindTeach, events...)) }
		a, b := teach(own[0], own[1]), teach(own[0], c.second)
		w.in.Take([]*Message{a, b}, Base{Last: w.place(w.last), Learning: true})
		if !w.has(own[1]) || (b.Fork != nil) != c.fork || w.h.Staged() != w.h.Len() {
			t.Errorf("%v, %v; fork: %v, want %t", a.Err, b.Err, b.Fork, c.fork)
		}
	}
}
