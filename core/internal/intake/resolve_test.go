package intake

import (
	"errors"
	"math"
	"strings"
	"testing"

	"parsec/core/internal/forge"
	"parsec/core/internal/reason"
	"parsec/core/internal/wire"
)

// What is no message is refused as a whole, and the same Message serves for the next.
func TestParse(t *testing.T) {
	w := newWorld(t, 4, 0, true)
	good := w.Seal(nil, w.Message(wire.KindRequest, w.Ask(w.tips[1], w.IDs[0])))
	m := new(Message)
	for i, frame := range [][]byte{nil, []byte("garbage"), good[:len(good)-1], append(good[:len(good):len(good)], 0), forge.New(wire.Hash{1}).Seal(nil, &m.Wire)} {
		if err := w.in.Parse(m, w.from(1), frame); !errors.Is(err, reason.ErrMessage) {
			t.Errorf("frame %d: %v", i, err)
		}
	}
	if err := w.in.Parse(m, w.from(1), good); err != nil || m.From != w.from(1) || len(m.Wire.Events) != 1 {
		t.Fatal(err)
	}
	w.take(m)
	if len(m.Heads) != 1 {
		t.Error("it does not come in after the others")
	}
	// Nothing of the one before is left in the next.
	if err := w.in.Parse(m, w.from(2), w.Seal(nil, w.Message(wire.KindRequest, w.tips[2]))); err != nil {
		t.Fatal(err)
	}
	if w.take(m); len(m.Heads) != 0 || m.Refused() != nil || m.Err != nil || m.Missing != nil || m.Fork != nil {
		t.Errorf("%+v", m)
	}
}

// Tables may name a peer by key and by number, and a parent twice: those are the same. An observation is named once.
func TestResolve(t *testing.T) {
	w := newWorld(t, 4, 0, true)
	number := uint32(0)
	for w.h.Members.Numbers()[number].ID != w.IDs[1] {
		number++
	}
	a := w.Vote(w.tips[1], forge.Opaque([]byte("x")))
	b := w.Ask(a, w.IDs[2])
	c := w.Hear(w.tips[3], b)
	m := w.Message(wire.KindRequest, a, b, c, w.Hear(b, w.tips[3]))
	m.Creators = append(m.Creators, wire.Creator{ByNumber: true, Number: number})
	m.Events[1].Creator = uint16(len(m.Creators) - 1)
	m.Parents = append(m.Parents, w.tips[3].ID)
	m.Events[3].Others = []wire.Ref{wire.Outside(len(m.Parents) - 1)}
	got := w.parse(2, m)
	w.take(got)
	if got.Refused() != nil || !w.has(c) || len(got.Heads) != 2 {
		t.Errorf("%v; %d heads", got.Refused(), len(got.Heads))
	}
	if got.names.creators[0] != w.from(1) || got.names.creators[len(m.Creators)-1] != w.from(1) {
		t.Error("key and number are two peers")
	}
	v := w.Vote(w.tips[2], forge.Opaque([]byte("y")))
	m = w.Message(wire.KindRequest, v, w.Vote(v, forge.Opaque([]byte("z"))))
	m.Observations[1] = m.Observations[0]
	got = w.parse(2, m)
	if w.take(got); !errors.Is(got.Err, reason.ErrMessage) || w.has(v) {
		t.Errorf("an observation twice: %v", got.Err)
	}
	// By number of nobody, as creator and as recipient.
	ask := w.Ask(w.tips[2], w.IDs[3])
	for i := range 2 {
		m = w.Message(wire.KindRequest, ask)
		m.Creators[i] = wire.Creator{ByNumber: true, Number: math.MaxUint32 - 1}
		got = w.parse(2, m)
		if w.take(got); !errors.Is(got.Refused(), reason.ErrUnknownPeer) || w.in.passes == 0 || w.has(ask) {
			t.Errorf("number of nobody: %v", got.Refused())
		}
	}
}

// Events whose form nobody takes are known by it, whatever their signature.
func TestIdentify(t *testing.T) {
	w := newWorld(t, 4, 0, true)
	wrong := func(cause wire.Cause, self, other *forge.Event, by int) *forge.Event {
		return w.Finish(&forge.Event{By: w.IDs[by], Cause: cause, Self: self, Other: other, Recipient: w.IDs[0]})
	}
	for _, c := range []struct {
		what string
		e    *forge.Event
		err  error
	}{
		{"on another's event", wrong(wire.Requesting, w.tips[2], nil, 1), reason.ErrInvalidEvent},
		{"hears itself", wrong(wire.Request, w.tips[1], w.tips[1], 1), reason.ErrInvalidEvent},
		{"on what is not here", w.Ask(w.Ask(w.tips[1], w.IDs[0]), w.IDs[0]), reason.ErrUnknownSelfParent},
		{"hears what is not here", w.Hear(w.tips[1], w.Ask(w.tips[2], w.IDs[0])), reason.ErrUnknownOtherParent},
	} {
		m := w.request(1, c.e, w.Ask(c.e, w.IDs[0]))
		w.take(m)
		if !errors.Is(m.Refused(), c.err) || m.choice.refused.count != 2 || w.in.Counts.Signatures != 0 {
			t.Errorf("%s: %v; %d signatures", c.what, m.Refused(), w.in.Counts.Signatures)
		}
	}
	// An id is that of the same header, wherever parents are.
	a := w.Vote(w.tips[1], forge.Opaque([]byte("x")), forge.Opaque([]byte("y")))
	b := w.Hear(w.Ask(w.tips[2], wire.Hash{9}), a)
	m := w.request(1, b.Self, a, b)
	w.take(m)
	for i, e := range []*forge.Event{b.Self, a, b} {
		if m.events[i].id != e.ID || m.events[i].index != e.Index || m.events[i].err != nil {
			t.Errorf("event %d: %+v", i, m.events[i])
		}
	}
	// Only the first parent that is not here is told in full: a message can have thousands.
	many := []*forge.Event{}
	for i := range 100 {
		many = append(many, w.Ask(w.Ask(w.tips[1], wire.Hash{byte(i), 3}), w.IDs[0]))
	}
	m = w.request(1, many...)
	w.take(m)
	told := 0
	for i := range m.events {
		if strings.Contains(m.events[i].err.Error(), ":") {
			told++
		}
	}
	if told != 1 {
		t.Errorf("%d are told in full", told)
	}
}

// A chain ends where indices do, and does not begin anew.
func TestIndicesEnd(t *testing.T) {
	w := newWorld(t, 4, 0, true)
	v := w.Vote(w.tips[1], forge.Opaque([]byte("x")), forge.Opaque([]byte("y")), forge.Opaque([]byte("z")))
	m := w.request(1, v, w.Vote(v, forge.Opaque([]byte("x")), forge.Opaque([]byte("y")), forge.Opaque([]byte("z"))))
	m.names, _ = w.in.resolve(m)
	m.events = w.in.identify(m)
	for _, c := range []struct {
		index uint32
		fits  bool
	}{{v.Index, true}, {math.MaxUint32 - 3, true}, {math.MaxUint32 - 2, false}, {math.MaxUint32, false}} {
		m.events[0].index = c.index
		var h wire.Header
		err := w.in.header(m, m.events, &m.Wire.Events[1], &m.events[1], &h)
		if (err == nil) != c.fits || err != nil && !errors.Is(err, reason.ErrInvalidEvent) {
			t.Errorf("three votes after index %d: %v", c.index, err)
		}
	}
}
