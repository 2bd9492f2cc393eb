package intake

import (
	"errors"
	"testing"

	"parsec/core/internal/forge"
	"parsec/core/internal/reason"
	"parsec/core/internal/wire"
)

// One bad signature, wherever it is in a chain, costs itself and what descends from it.
func TestBadSignature(t *testing.T) {
	const length = 6
	for bad := range length {
		for _, distrusted := range []bool{false, true} {
			w := newWorld(t, 4, 0, true)
			w.in.sender(w.from(1)).distrusted = distrusted
			var events []*forge.Event
			tip := w.tips[1]
			for range length {
				tip = w.Ask(tip, w.IDs[0])
				events = append(events, tip)
			}
			unsigned(events[bad])
			m := w.request(1, events...)
			w.take(m)
			for i, e := range events {
				if w.has(e) != (i < bad) {
					t.Errorf("event %d is bad; %d is in: %t", bad, i, w.has(e))
				}
			}
			if !errors.Is(m.Refused(), reason.ErrSignature) || !w.in.sender(w.from(1)).distrusted || w.in.Counts.BadSignatures != 1 {
				t.Errorf("%v; %+v", m.Refused(), w.in.Counts)
			}
			w.build(m)
		}
	}
}

// An event that is in a message twice, once with a bad signature, comes in once, whichever is first, and what is on
// the good one with it.
func TestSameEventTwice(t *testing.T) {
	for _, first := range []bool{false, true} {
		w := newWorld(t, 4, 0, true)
		good := w.Ask(w.tips[1], w.IDs[0])
		copied := *good
		bad := unsigned(&copied)
		events := []*forge.Event{good, bad, w.Ask(good, w.IDs[2])}
		if first {
			events = []*forge.Event{bad, good, w.Ask(good, w.IDs[2])}
		}
		m := w.Message(wire.KindRequest, events...)
		for i := range events[:2] { // the last names the good one
			if events[i] == good {
				m.Events[2].Self = wire.InMessage(i)
			}
		}
		before := w.h.Len()
		got := w.parse(1, m)
		w.take(got)
		if !w.has(good) || !w.has(events[2]) || w.h.Len() != before+2 || w.h.Graph().Branches() > 0 || *w.h.Store.Signature(w.place(good)) != good.Signature {
			t.Errorf("bad first %t: %t, %t, %d events; %v", first, w.has(good), w.has(events[2]), w.h.Len()-before, got.Refused())
		}
		w.build(got)
	}
}

// An event under this node's key that it did not make, in any place of a message, ends it if it is signed, and is passed by
// if it is not.
func TestForeignEvents(t *testing.T) {
	for place := range 4 {
		for _, signed := range []bool{true, false} {
			for _, first := range []bool{true, false} { // its first event is another, too
				w := newWorld(t, 4, 0, true)
				foreign := w.Ask(w.tips[0], w.IDs[3])
				if !first {
					foreign = w.Finish(&forge.Event{By: w.IDs[0], Cause: wire.Response, Self: w.last, Other: w.tips[1]})
				}
				if !signed {
					unsigned(foreign)
				}
				var events []*forge.Event
				tip := w.tips[1]
				for i := range 4 {
					if i == place {
						events = append(events, foreign)
					}
					tip = w.Ask(tip, w.IDs[0])
					events = append(events, tip)
				}
				m := w.request(1, events...)
				w.take(m)
				if (m.Fork != nil) != signed || w.has(tip) == signed || w.has(foreign) {
					t.Errorf("at %d, signed %t: fork %v, the rest in %t", place, signed, m.Fork, w.has(tip))
				}
				w.build(m)
			}
		}
	}
}

// A key that is none makes what votes about it bad, and what is on that, for the known reason, once it is signed.
func TestBadKeys(t *testing.T) {
	w := newWorld(t, 4, 0, true)
	good := w.Vote(w.tips[1], forge.About(wire.Remove, w.IDs[3], nil))
	bad := w.Vote(good, forge.Opaque([]byte("x")), forge.About(wire.Add, wire.Hash{1}, nil)) // a point of small order
	top := w.Ask(bad, w.IDs[0])
	m := w.request(1, good, bad, top)
	w.take(m)
	if !w.has(good) || w.has(bad) || !errors.Is(m.Refused(), reason.ErrInvalidEvent) {
		t.Errorf("%t, %t: %v", w.has(good), w.has(bad), m.Refused())
	}
	// The genesis of another group needs no key to be looked at.
	other := wire.AppendBody(nil, &wire.Body{Kind: wire.Genesis, Group: []wire.Hash{w.IDs[1]}})
	signatures := w.in.Counts.Signatures
	v := w.Vote(w.tips[2], forge.Vote{Body: other})
	m = w.request(2, v, w.Ask(v, w.IDs[0]))
	w.take(m)
	if w.has(v) || !errors.Is(m.Refused(), reason.ErrInvalidEvent) || w.in.Counts.Signatures != signatures {
		t.Errorf("another's genesis: %t, %v", w.has(v), m.Refused())
	}
}

// Who has had too many signatures checked for nothing is not listened to; what comes in makes up for it, twice.
func TestWaste(t *testing.T) {
	w := newWorld(t, 4, 0, true)
	s := w.in.sender(w.from(1))
	s.waste = maxWaste
	a := w.Ask(w.tips[1], w.IDs[0])
	m := w.request(1, a)
	w.take(m)
	if !w.has(a) || s.waste != maxWaste-1 {
		t.Fatalf("%t; wasted %d", w.has(a), s.waste)
	}
	s.waste = maxWaste + 1
	b, c := w.request(1, w.Ask(a, w.IDs[0])), w.request(2, w.Ask(w.tips[2], w.IDs[0]))
	w.take(b, c)
	if !errors.Is(b.Err, reason.ErrLimit) || c.Err != nil || len(c.Heads) != 1 {
		t.Errorf("%v, %v", b.Err, c.Err)
	}
}
