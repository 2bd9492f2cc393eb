package core_test

import (
	"errors"
	"testing"

	"parsec/core"
	"parsec/core/internal/wire"
)

// voteOut lets all honest members vote a hostile one out, and gossip until they have decided it.
func (s *siege) voteOut(id core.Identity) {
	s.t.Helper()
	for _, m := range s.order {
		if err := m.VoteRemove(id, nil); err != nil {
			s.t.Fatal(err)
		}
		s.carry(m)
	}
	s.settle(8)
	for _, m := range s.order {
		for _, v := range m.Voters() {
			if v == id {
				s.t.Fatal("it was not removed")
			}
		}
	}
}

// A removed peer's messages are refused, and answered with a farewell a few times. Its late events get in where a
// member's event builds on them, and weigh nothing.
func TestRemovedPeer(t *testing.T) {
	s := newSiege(t, core.Supermajority, 7, 2)
	s.voteOut(s.hostile[0])
	m := s.order[0]
	farewells := 0
	tip := s.tips[0]
	for range 40 {
		tip = s.f.ask(tip, m.Identity())
		handles(t, m, s.hostile[0], s.f.request(tip), core.ErrPeerState)
		for _, p := range s.outgoing(m) {
			if p.to != s.hostile[0] {
				t.Fatal("somebody else is written to")
			}
			farewells++
			if msg := s.opened(p.frame); msg.Kind != wire.KindResponse {
				t.Errorf("a farewell of kind %d", msg.Kind)
			}
		}
	}
	if farewells == 0 || farewells > 16 {
		t.Errorf("%d farewells", farewells)
	}
	if err := m.Gossip(s.hostile[0]); !errors.Is(err, core.ErrPeerState) {
		t.Errorf("gossip to a removed peer: %v", err)
	}
	// A member hands its events on, with nothing on top: they are not taken. (The other hostile one can.)
	vote := s.f.vote(s.tips[0], opaque("late"))
	late := s.f.ask(vote, s.hostile[1])
	handles(t, m, s.hostile[1], s.f.request(vote, late), core.ErrDuplicateMessage)
	if lastOf(m.Node, s.hostile[0]).id == late.id {
		t.Fatal("a removed peer's event was taken that nobody builds on")
	}
	s.outgoing(m)
	heard := s.f.hear(s.tips[1], late)
	handles(t, m, s.hostile[1], s.f.request(vote, late, heard), nil)
	if lastOf(m.Node, s.hostile[0]).id != late.id {
		t.Fatal("a removed peer's event was not taken that a member builds on")
	}
	s.outgoing(m)
	s.goesOn()
	for _, b := range m.blocks {
		if string(b.Payload) == "late" {
			t.Error("a removed peer's vote decided")
		}
	}
}

// Who removed itself says no more.
func TestRemovedSelf(t *testing.T) {
	w := newNetwork(t, core.Supermajority, 5, 1)
	for _, m := range w.order {
		if err := m.VoteRemove(w.section.Genesis[4], nil); err != nil {
			t.Fatal(err)
		}
		w.carry(m)
	}
	w.sloppy = true
	w.run(200)
	out := w.nodes[w.section.Genesis[4]]
	if err := out.CanVote(); !errors.Is(err, core.ErrSelfState) {
		t.Fatal(err)
	}
	if err := out.Gossip(w.section.Genesis[0]); !errors.Is(err, core.ErrSelfState) {
		t.Error(err)
	}
	if err := out.Vote([]byte("x")); !errors.Is(err, core.ErrSelfState) {
		t.Error(err)
	}
	if to := out.Recipients(); len(to) != 0 {
		t.Errorf("%d recipients", len(to))
	}
}

// A peer that is being added is premature until a member has decided it; its events are strangers' until then,
// whoever sends them, and get in with what decides it.
func TestPremature(t *testing.T) {
	s := newSiege(t, core.Supermajority, 7, 1)
	id := s.f.holds(40)
	first := s.f.initial(id)
	ask := s.f.ask(first, s.order[0].Identity())
	m := s.order[0]
	handles(t, m, id, s.f.request(first, ask), core.ErrUnknownPeer)
	if err := m.VoteAdd(id, nil); err != nil {
		t.Fatal(err)
	}
	s.carry(m)
	handles(t, m, id, s.f.request(first, ask), core.ErrPremature)
	handles(t, m, s.hostile[0], s.f.request(first, ask, s.f.hear(s.tips[0], ask)), core.ErrUnknownPeer)
	if got := s.outgoing(m); len(got) != 0 {
		t.Errorf("%d messages are sent", len(got))
	}
	for _, v := range s.order[1:] {
		if err := v.VoteAdd(id, nil); err != nil {
			t.Fatal(err)
		}
		s.carry(v)
	}
	s.settle(8)
	handles(t, m, id, s.f.request(first, ask), nil)
	s.outgoing(m)
	s.goesOn()
}

// Whoever the contacts are: they are believed nothing that members did not sign, and one that is no member costs a
// joining node only its own requests.
func TestHostileContact(t *testing.T) {
	s := newSiege(t, core.Supermajority, 7, 2)
	id := s.f.holds(41)
	m := s.join(42, id)
	delete(s.nodes, m.Identity())
	s.order = s.order[:len(s.order)-1]
	s.outgoing(m)
	if err := m.Gossip(id); err != nil {
		t.Fatal(err)
	}
	if out := s.outgoing(m); len(out) != 1 || out[0].to != id {
		t.Fatalf("%d messages", len(out))
	}
	first := s.f.initial(id)
	ask := s.f.ask(first, m.Identity())
	handles(t, m, id, s.f.request(first, ask), core.ErrUnknownPeer)
	// It hands on what members made, changed.
	events := eventsOf(s.order[0].Node)
	for _, e := range events {
		e.signature[3] ^= 1
	}
	before := m.Len()
	handles(t, m, id, s.f.request(events...), core.ErrSignature)
	if m.Len() != before {
		t.Error("events came in")
	}
	for _, e := range events {
		e.signature[3] ^= 1
	}
	// And as it is: that is what a contact is for.
	handles(t, m, id, s.f.request(events...), nil)
	if m.Height() == 0 {
		t.Error("nothing was decided")
	}
	s.outgoing(m)
	s.goesOn()
}

// A fork of a hostile member shown to some members becomes known to all, costs it its voice with each, and nothing
// else.
func TestForker(t *testing.T) {
	for _, c := range []struct {
		what string
		make func(s *siege) [2][]*forged
	}{
		{"second initial", func(s *siege) [2][]*forged {
			// Initial events of one creator are all the same event: what follows it differs.
			first := s.f.initial(s.hostile[0])
			v := s.f.vote(first, opaque("x"))
			return [2][]*forged{{s.f.ask(s.tips[0], s.hostile[0])}, {first, v, s.f.ask(v, s.hostile[0])}}
		}},
		{"branch", func(s *siege) [2][]*forged {
			return [2][]*forged{s.f.chain(s.tips[0], s.hostile[0], 3), s.f.chain(s.tips[0], s.hostile[1], 3)}
		}},
		{"branch by a vote", func(s *siege) [2][]*forged {
			a, b := s.f.vote(s.tips[0], opaque("a")), s.f.vote(s.tips[0], opaque("b"))
			return [2][]*forged{{a, s.f.ask(a, s.hostile[0])}, {b, s.f.ask(b, s.hostile[0])}}
		}},
		{"both under another's events", func(s *siege) [2][]*forged {
			a, b := s.f.vote(s.tips[0], opaque("a")), s.f.vote(s.tips[0], opaque("b"))
			return [2][]*forged{{a, s.f.hear(s.tips[1], a)}, {b, s.f.ask(b, s.hostile[0])}}
		}},
	} {
		t.Run(c.what, func(t *testing.T) {
			s := newSiege(t, core.Supermajority, 7, 2)
			parts := c.make(s)
			for i, p := range parts {
				who := p[len(p)-1].by
				handles(t, s.order[i], who, s.f.request(p...), nil)
				s.outgoing(s.order[i])
			}
			s.settle(3)
			for _, m := range s.order {
				if forked := core.Forked(m.Node); len(forked) != 1 || forked[0] != s.hostile[0] {
					t.Errorf("node %x knows %d forkers", id8(m.Identity()), len(forked))
				}
				handles(t, m, s.hostile[0], s.f.request(s.f.chain(parts[0][0], s.hostile[0], 1)...), core.ErrPeerState)
				if err := m.Gossip(s.hostile[0]); !errors.Is(err, core.ErrPeerState) {
					t.Error(err)
				}
			}
			s.goesOn()
		})
	}
}

// A joining node may have asked a contact that never becomes a member: its events are understood all the same.
func TestContactNoMember(t *testing.T) {
	for _, asks := range []bool{false, true} {
		w := newNetwork(t, core.Supermajority, 4, 1)
		w.sloppy = true
		w.run(10)
		contacts := []core.Identity{w.order[0].Identity(), core.IdentityOf(seedOf(99))}
		if !asks {
			contacts = contacts[:1]
		}
		m := w.join(9, contacts...)
		if asks {
			if err := m.Gossip(core.IdentityOf(seedOf(99))); err != nil {
				t.Fatal(err)
			}
			w.carry(m)
			w.queue = nil
		}
		for _, v := range w.order[:4] {
			if err := v.VoteAdd(m.Identity(), nil); err != nil {
				t.Fatal(err)
			}
			w.carry(v)
		}
		for range 40 {
			w.run(5)
			if err := m.Gossip(w.order[0].Identity()); err != nil {
				t.Fatal(err)
			}
			w.carry(m)
			w.deliver()
		}
		last := lastOf(w.order[0].Node, m.Identity())
		switch understood := last != nil && last.index > 1; {
		case !understood:
			t.Errorf("it is not understood; it asked who is no member: %v", asks)
		}
	}
}
