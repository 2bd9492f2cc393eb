package core_test

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"testing"

	"parsec/core"
	"parsec/core/internal/wire"
)

// outgoing takes what a member has to say, and returns the messages.
func (s *siege) outgoing(m *member) []parcel {
	s.t.Helper()
	s.queue = nil
	s.carry(m)
	out := s.queue
	s.queue = nil
	return out
}

// opened decodes a frame.
func (s *siege) opened(frame []byte) *wire.Message {
	s.t.Helper()
	var framer wire.Framer
	raw, err := framer.Open(s.f.section, frame)
	if err != nil {
		s.t.Fatal(err)
	}
	m := new(wire.Message)
	if err := wire.Decode(raw, s.f.section, m); err != nil {
		s.t.Fatal(err)
	}
	return m
}

func (s *siege) supply(bills ...bill) []byte {
	m := &wire.Message{Kind: wire.KindSupply}
	for _, b := range bills {
		m.Observations = append(m.Observations, wire.Observation{Body: b.body})
	}
	return s.f.seal(m)
}

// withheld returns a vote of the first hostile peer whose contents its messages do not have, and an event to build on.
func (s *siege) withheld(bills ...bill) (events []*forged) {
	for i := range bills {
		bills[i].withheld = true
	}
	v := s.f.vote(s.tips[0], bills...)
	return []*forged{v, s.f.ask(v, s.hostile[0])}
}

func handles(t testing.TB, m *member, from core.Identity, frame []byte, want error) {
	t.Helper()
	if err := m.Handle(from, frame); !errors.Is(err, want) || err != nil && want == nil {
		t.Fatalf("%v, want %v", err, want)
	}
}

// A message whose contents are withheld waits, and is asked for; nothing of it is in the graph until they come. What
// else its sender says in the meantime takes its place or is refused.
func TestWithheldContents(t *testing.T) {
	a, b := opaque("one"), opaque("two")
	for _, c := range []struct {
		what string
		then func(s *siege, m *member)
		in   int // events that are in at last
	}{
		{"never supplied", func(s *siege, m *member) {}, 0},
		{"supplied", func(s *siege, m *member) { handles(s.t, m, s.hostile[0], s.supply(a, b), nil) }, 2},
		{"supplied in parts", func(s *siege, m *member) {
			handles(s.t, m, s.hostile[0], s.supply(b), core.ErrMissingPayload)
			handles(s.t, m, s.hostile[0], s.supply(a), nil)
		}, 2},
		{"supplied wrongly", func(s *siege, m *member) {
			handles(s.t, m, s.hostile[0], s.supply(opaque("three")), core.ErrDuplicateMessage)
		}, 0},
		{"supplied by another", func(s *siege, m *member) {
			handles(s.t, m, s.hostile[1], s.supply(a, b), core.ErrDuplicateMessage)
		}, 0},
		{"supplied twice", func(s *siege, m *member) {
			handles(s.t, m, s.hostile[0], s.supply(a, b), nil)
			handles(s.t, m, s.hostile[0], s.supply(a, b), core.ErrDuplicateMessage)
		}, 2},
		{"supplied with more", func(s *siege, m *member) {
			handles(s.t, m, s.hostile[0], s.supply(opaque("three"), b, opaque("four"), a), nil)
		}, 2},
		{"superseded, then supplied", func(s *siege, m *member) {
			handles(s.t, m, s.hostile[0], s.f.request(s.withheld(opaque("five"))...), core.ErrMissingPayload)
			handles(s.t, m, s.hostile[0], s.supply(a, b), core.ErrDuplicateMessage)
			handles(s.t, m, s.hostile[0], s.supply(opaque("five")), nil)
		}, 2},
		{"superseded by the same with contents, then supplied", func(s *siege, m *member) {
			v := s.f.vote(s.tips[0], a, b)
			handles(s.t, m, s.hostile[0], s.f.request(v, s.f.ask(v, s.hostile[0])), nil)
			handles(s.t, m, s.hostile[0], s.supply(a, b), core.ErrDuplicateMessage)
		}, 2},
		{"other member brings them, then supplied", func(s *siege, m *member) {
			v := s.f.vote(s.tips[1], a, b)
			handles(s.t, m, s.hostile[1], s.f.request(v, s.f.ask(v, s.hostile[1])), nil)
			handles(s.t, m, s.hostile[0], s.supply(a, b), nil)
		}, 4},
		{"garbage in between", func(s *siege, m *member) {
			handles(s.t, m, s.hostile[0], []byte("garbage"), core.ErrMessage)
			handles(s.t, m, s.hostile[0], s.supply(a, b), nil)
		}, 2},
	} {
		t.Run(c.what, func(t *testing.T) {
			s := newSiege(t, core.Supermajority, 7, 2)
			m := s.order[0]
			before := len(s.byHostile(m.Node))
			handles(t, m, s.hostile[0], s.f.request(s.withheld(a, b)...), core.ErrMissingPayload)
			if got := len(s.byHostile(m.Node)); got != before {
				t.Fatalf("%d events came in without their contents", got-before)
			}
			asks := s.outgoing(m)
			if len(asks) != 1 || asks[0].to != s.hostile[0] {
				t.Fatalf("%d messages", len(asks))
			}
			if ask := s.opened(asks[0].frame); ask.Kind != wire.KindAsk || len(ask.Wants) != 2 {
				t.Fatalf("it says %+v", ask)
			}
			c.then(s, m)
			s.outgoing(m)
			if got := len(s.byHostile(m.Node)) - before; got != c.in {
				t.Errorf("%d events are in, want %d", got, c.in)
			}
			s.goesOn()
		})
	}
}

// A message above MaxHeld is not kept, but what it lacked is: it comes again.
func TestHeldMessageTooLarge(t *testing.T) {
	s := newSiege(t, core.Supermajority, 7, 2)
	m := s.order[0]
	events := s.withheld(opaque("withheld"))
	large := bill{body: append([]byte{0}, bytes.Repeat([]byte{7}, core.MaxPayload)...)}
	v := s.f.vote(events[1], large)
	events = append(events, v, s.f.ask(v, s.hostile[0]))
	frame := s.f.request(events...)
	handles(t, m, s.hostile[0], frame, core.ErrMissingPayload)
	handles(t, m, s.hostile[0], s.supply(opaque("withheld")), nil)
	if lastOf(m.Node, s.hostile[0]).id == events[3].id {
		t.Fatal("a message above MaxHeld was kept")
	}
	handles(t, m, s.hostile[0], frame, nil)
	s.outgoing(m)
	s.goesOn()
}

// What is kept of contents that were asked for stays below MaxHeldBodies, however small they are and however often
// the message that asked is superseded.
func TestHeldContentsBounded(t *testing.T) {
	s := newSiege(t, core.Supermajority, 7, 2)
	m := s.order[0]
	quiet := func() uint64 {
		var stats runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	before, kept := uint64(0), 0
	for round := range 40 {
		var bills, some []bill
		for i := range 4096 {
			bills = append(bills, opaque(fmt.Sprintf("%d.%d", round, i)))
		}
		some = append(some, bills[1:]...)
		if err := m.Handle(s.hostile[0], s.f.request(s.withheld(bills...)...)); !errors.Is(err, core.ErrMissingPayload) {
			t.Fatal(err)
		}
		s.outgoing(m)
		// All but one are supplied, so that the message goes on waiting.
		switch err := m.Handle(s.hostile[0], s.supply(some...)); {
		case errors.Is(err, core.ErrMissingPayload):
			kept++
		case !errors.Is(err, core.ErrDuplicateMessage):
			t.Fatal(err)
		}
		s.outgoing(m)
		if round == 0 {
			before = quiet()
		}
	}
	grown := int64(quiet()) - int64(before)
	t.Logf("grown by %d KB; %d supplies were taken", grown>>10, kept)
	if kept < 2 || kept == 40 {
		t.Errorf("%d supplies were taken of 40", kept)
	}
	if grown > 2*core.MaxHeldBodies {
		t.Errorf("grown by %d bytes", grown)
	}
	runtime.KeepAlive(m)
}

// A peer is answered what it asks for as often as it was told of it, and each content once an answer.
func TestAskedForMuch(t *testing.T) {
	s := newSiege(t, core.Supermajority, 7, 2)
	m := s.order[0]
	var hashes []wire.Hash
	for i := range 8 {
		payload := bytes.Repeat([]byte{byte(i)}, 1<<20)
		if err := m.Vote(payload); err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, s.f.section.Observation(append([]byte{0}, payload...)))
	}
	s.outgoing(m)
	ask := func(wants ...wire.Hash) []byte { return s.f.seal(&wire.Message{Kind: wire.KindAsk, Wants: wants}) }
	// Nothing was said of them yet.
	handles(t, m, s.hostile[0], ask(hashes...), core.ErrDuplicateMessage)
	// They go along with the next message.
	said, tip := 0, s.tips[0]
	next := func() {
		tip = s.f.ask(tip, m.Identity())
		handles(t, m, s.hostile[0], s.f.request(tip), nil)
		for _, p := range s.outgoing(m) {
			for _, o := range s.opened(p.frame).Observations {
				said += len(o.Body)
			}
		}
	}
	next()
	handles(t, m, s.hostile[0], ask(hashes...), core.ErrDuplicateMessage)
	// The message was lost, says the peer: the next has no contents, and it may ask for each, once.
	next()
	if said < 7<<20 || said > 9<<20 {
		t.Errorf("%d bytes of contents were sent", said)
	}
	same := make([]wire.Hash, wire.MaxWants)
	for i := range same {
		same[i] = hashes[0]
	}
	answered := 0
	for range 3 {
		for _, wants := range [][]wire.Hash{same, hashes} {
			if err := m.Handle(s.hostile[0], ask(wants...)); err != nil && !errors.Is(err, core.ErrDuplicateMessage) {
				t.Fatal(err)
			}
			for _, p := range s.outgoing(m) {
				once := map[wire.Hash]bool{}
				for _, o := range s.opened(p.frame).Observations {
					if answered += len(o.Body); once[o.Hash] {
						t.Fatal("an answer has a content twice")
					}
					once[o.Hash] = true
				}
			}
		}
	}
	t.Logf("%d bytes were answered", answered)
	if answered == 0 || answered > 8*(1<<20+1) {
		t.Errorf("%d bytes were answered", answered)
	}
	s.goesOn()
}
