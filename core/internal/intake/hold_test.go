package intake

import (
	"errors"
	"fmt"
	"testing"

	"parsec/core/internal/forge"
	"parsec/core/internal/reason"
	"parsec/core/internal/wire"
)

// withheld returns a request of member 1 whose votes are for so many payloads that it does not have.
func withheld(w *world, votes int) (events []*forge.Event, bodies [][]byte) {
	var all []forge.Vote
	for i := range votes {
		v := forge.Opaque(fmt.Append(nil, "withheld", i))
		v.Withheld = true
		all = append(all, v)
		bodies = append(bodies, v.Body)
	}
	v := w.Vote(w.tips[1], all...)
	return []*forge.Event{v, w.Ask(v, w.IDs[0])}, bodies
}

func (w *world) supply(from int, bodies ...[]byte) *Message {
	m := &wire.Message{Kind: wire.KindSupply}
	for _, b := range bodies {
		m.Observations = append(m.Observations, wire.Observation{Hash: w.Wire.Observation(b), Body: b})
	}
	return w.parse(from, m)
}

// A message that lacks bodies is kept, and is looked at again once: when all came that was asked for. Else each body, of a
// few bytes, would have the whole message gone through.
func TestHeldIsTakenOnce(t *testing.T) {
	w := newWorld(t, 4, 0, true)
	const votes = 300
	events, bodies := withheld(w, votes)
	m := w.request(1, events...)
	w.take(m)
	if len(m.Missing) != votes || w.has(events[0]) || m.Err != nil {
		t.Fatalf("%d are missing: %v", len(m.Missing), m.Err)
	}
	wants, err := w.in.Hold(m, nil)
	if !errors.Is(err, reason.ErrMissingPayload) || len(wants) != votes {
		t.Fatalf("%d are asked for: %v", len(wants), err)
	}
	before := w.in.passes
	for i, b := range bodies {
		s := w.supply(1, b)
		ready, err := w.in.Supplied(s)
		if i < votes-1 {
			if ready || !errors.Is(err, reason.ErrMissingPayload) {
				t.Fatalf("after %d of them: %t, %v", i+1, ready, err)
			}
			continue
		}
		if !ready || err != nil {
			t.Fatalf("after all: %t, %v", ready, err)
		}
		w.take(s)
		if !w.has(events[1]) || len(s.Heads) != 1 {
			t.Fatal("it does not come in")
		}
	}
	if n := w.in.passes - before; n != 1 {
		t.Errorf("it was gone through %d times", n)
	}
	if c := w.in.Counts; c.WaitedMessages != 1 || c.Events != 2 || c.Contents != votes {
		t.Errorf("%+v", c)
	}
	w.in.Release(w.from(1))
	if h := w.in.sender(w.from(1)).held; h.raw != nil || h.bodies != nil || h.size != 0 || h.wanted != nil {
		t.Error("something is kept of it")
	}
}

// No more is asked for than a message may ask, nothing is taken that was not, and what is kept stays within limits.
func TestHeldLimits(t *testing.T) {
	w := newWorld(t, 4, 0, true)
	events, bodies := withheld(w, MaxAsked+100)
	m := w.request(1, events...)
	w.take(m)
	wants, _ := w.in.Hold(m, nil)
	if len(wants) != MaxAsked {
		t.Fatalf("%d are asked for", len(wants))
	}
	kept := func() *held { return &w.in.sender(w.from(1)).held }
	for _, c := range []struct {
		what string
		from int
		body []byte
	}{
		{"what nobody asked for", 1, []byte("\x00something else")},
		{"what will be asked for later", 1, bodies[MaxAsked]},
		{"what another was asked for", 2, bodies[0]},
	} {
		if ready, err := w.in.Supplied(w.supply(c.from, c.body)); ready || !errors.Is(err, reason.ErrDuplicateMessage) || len(kept().bodies) != 0 {
			t.Errorf("%s: %t, %v", c.what, ready, err)
		}
	}
	first := w.supply(1, bodies[:MaxAsked-1]...)
	if ready, _ := w.in.Supplied(first); ready || len(kept().bodies) != MaxAsked-1 {
		t.Fatalf("%t, %d are kept", ready, len(kept().bodies))
	}
	last := w.supply(1, bodies[MaxAsked-1])
	if ready, err := w.in.Supplied(last); !ready || err != nil {
		t.Fatal(ready, err)
	}
	w.take(last)
	if wants, _ := w.in.Hold(last, nil); len(wants) != 100 {
		t.Fatalf("%d more are asked for", len(wants))
	}
	// Another message takes its place: what that does not name is not kept.
	v := w.Vote(w.tips[1], forge.Vote{Body: bodies[3], Withheld: true}, forge.Vote{Body: []byte("\x00another"), Withheld: true})
	m = w.request(1, v, w.Ask(v, w.IDs[0]))
	w.take(m)
	if wants, _ := w.in.Hold(m, nil); len(wants) != 1 || len(kept().bodies) != 1 {
		t.Errorf("%d are asked for, %d kept", len(wants), len(kept().bodies))
	}
	size := 0
	for _, b := range kept().bodies {
		size += len(b) + heldOverhead
	}
	if kept().size != size || kept().size > MaxHeldBodies {
		t.Errorf("%d bytes are counted, %d kept", kept().size, size)
	}
}

// A message that is too large is not kept, and what it lacked is.
func TestHeldTooLarge(t *testing.T) {
	w := newWorld(t, 4, 0, true)
	events, bodies := withheld(w, 1)
	large := w.Vote(events[1], forge.Opaque(make([]byte, MaxHeld)))
	events = append(events, large, w.Ask(large, w.IDs[0]))
	m := w.request(1, events...)
	w.take(m)
	if _, err := w.in.Hold(m, nil); !errors.Is(err, reason.ErrMissingPayload) {
		t.Fatal(err)
	}
	if ready, err := w.in.Supplied(w.supply(1, bodies...)); ready || err != nil {
		t.Fatal(ready, err)
	}
	m = w.request(1, events...)
	if w.take(m); !w.has(large) {
		t.Errorf("it does not come in when it comes again: %v", m.Refused())
	}
}
