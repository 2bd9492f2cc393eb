package outbox

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"parsec/core/internal/forge"
	"parsec/core/internal/reason"
	"parsec/core/internal/wire"
)

// learn asks as member i after an event of its own, and returns the answer; nil if there is none.
func (w *world) learn(i int, nonce byte, after *forge.Event) *wire.Message {
	w.t.Helper()
	m := &wire.Message{Kind: wire.KindLearn, Nonce: wire.Hash{nonce}}
	if after != nil {
		m.Wants = []wire.Hash{after.ID}
	}
	if err := w.b.Teach(w.peer(i), m, w.place(w.last)); err != nil {
		if !errors.Is(err, reason.ErrDuplicateMessage) || len(w.b.Messages()) > 0 {
			w.t.Fatal(err)
		}
		return nil
	}
	return w.sent()
}

// taught returns a world in which member 1 has made so many events, each of which a large vote of member 0 is behind, and
// those events.
func taught(t *testing.T, events int) (w *world, own []*forge.Event) {
	w = newWorld(t, 2, 64<<10, 60)
	tip := w.lastOf(w.last, w.peer(1))
	for i := range events {
		v := w.Vote(w.last, forge.Opaque(fmt.Appendf(make([]byte, 20<<10), "%8d", i)))
		w.put(v)
		tip = w.Hear(tip, v)
		w.put(tip, w.Hear(v, tip))
		own = append(own, tip)
	}
	return w, own
}

// Parts of an answer end where the next question goes on, and have together what the peer's last event descends from.
func TestTeachInParts(t *testing.T) {
	w, own := taught(t, 40)
	last := own[len(own)-1]
	var got []wire.Hash
	var after *forge.Event
	for parts := 1; ; parts++ {
		m := w.learn(1, 1, after)
		if m == nil || m.Kind != wire.KindTeach || m.Nonce != (wire.Hash{1}) {
			t.Fatalf("part %d: %+v", parts, m)
		}
		ids := w.ids(m, func(n uint32) wire.Hash { return w.h.Members.Numbers()[n].ID })
		got = append(got, ids...)
		before := after
		for _, id := range ids {
			if e := w.events[w.h.Store.Find(&id)-1]; e.By == w.IDs[1] {
				after = e
			}
		}
		if !m.More {
			if parts <= maxQuestions {
				t.Errorf("%d parts: the test shows little", parts)
			}
			break
		}
		if after == before {
			t.Fatal("a part without an event of the peer's own")
		}
		got = got[:slices.Index(got, after.ID)+1]
	}
	if want := w.lacking(last); !slices.Equal(got, want) {
		t.Errorf("%d events, want %d", len(got), len(want))
	}
}

// However a peer asks, it is answered a few times, and once more for so many events as it makes: going on does not count,
// but only where the last part ended.
func TestPriceOfQuestions(t *testing.T) {
	w, own := taught(t, 40)
	whole := 0
	for _, e := range w.events {
		whole += eventBytes
		for _, v := range e.Votes {
			whole += len(v.Body)
		}
	}
	bytes := func(m *wire.Message) (n int) {
		if m == nil {
			return 0
		}
		n = eventBytes * len(m.Events)
		for _, o := range m.Observations {
			n += len(o.Body)
		}
		return n
	}
	// After each event of its own: an answer to each would be a part of nearly all there is.
	answered, sent := 0, 0
	for _, after := range own[:len(own)-1] {
		if m := w.learn(1, 1, after); m != nil {
			answered++
			sent += bytes(m)
		}
	}
	// Forwards, with a new nonce each time, and the same again.
	for i := range 50 {
		sent += bytes(w.learn(1, byte(2+i), own[i%3]))
		sent += bytes(w.learn(1, 1, nil))
	}
	if most := whole + 2*maxQuestions*(64<<10+20<<10); sent > most {
		t.Errorf("%d bytes were sent, of %d that there are", sent, whole)
	}
	if w.learn(1, 99, nil) != nil {
		t.Fatal("there is no end to questions")
	}
	w.b.Came(w.peer(1), 1)
	for range 3 {
		if w.learn(1, 100, nil) == nil || w.learn(1, 101, nil) != nil {
			t.Errorf("not one answer for %d events", refill)
		}
		if w.b.Came(w.peer(1), refill-1); w.learn(1, 99, nil) != nil {
			t.Error("an answer for too few events")
		}
		w.b.Came(w.peer(1), 1)
	}
	if w.learn(2, 1, nil) == nil {
		t.Error("another peer's questions are counted too")
	}
	// Somebody else's event is none to go on from.
	if m := w.learn(2, 7, own[3]); m == nil || len(m.Parents) > 0 {
		t.Errorf("after another's event: %+v", m)
	}
}

// A part that ended at the peer's last event goes on for nothing only after that.
func TestGoingOn(t *testing.T) {
	var a asked
	n, other := wire.Hash{1}, wire.Hash{2}
	if !a.may(n, 0) {
		t.Fatal("the first question is not answered")
	}
	a.next = 10
	before := a.times
	for range 100 {
		if !a.may(n, 10) || !a.may(n, 12) {
			t.Fatal("going on is not answered")
		}
	}
	if a.times != before {
		t.Error("going on is counted")
	}
	for _, after := range []struct {
		nonce wire.Hash
		after uint32
	}{{n, 9}, {other, 10}, {n, 0}} {
		before = a.times
		a.may(after.nonce, 9)
		if a.times == before {
			t.Errorf("after %d it goes on for nothing", after.after)
		}
	}
	a.next = 0
	before = a.times
	if a.may(other, 1<<30); a.times == before {
		t.Error("after the whole answer it goes on for nothing")
	}
}

// A removed peer is told so often, and what this node had then.
func TestFarewells(t *testing.T) {
	w, _ := taught(t, 3)
	p := w.peer(1)
	w.b.Farewell(p)
	if w.sent() != nil {
		t.Fatal("a peer is seen off that was not removed")
	}
	at := w.last
	w.b.Remove(p, w.place(at))
	w.put(w.Ask(w.last, w.IDs[2]))
	want := w.lacking(at, w.lastOf(at, p))
	for range maxFarewells {
		w.b.Farewell(p)
		m := w.sent()
		if m == nil || m.Kind != wire.KindResponse {
			t.Fatalf("%+v", m)
		}
		if got := w.ids(m, func(n uint32) wire.Hash { return w.h.Members.Numbers()[n].ID }); !slices.Equal(got, want) {
			t.Fatalf("%d events, want %d", len(got), len(want))
		}
	}
	w.b.Farewell(p)
	if w.sent() != nil {
		t.Error("there is no end to farewells")
	}
}
