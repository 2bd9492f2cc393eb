package core_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"parsec/core"
	"parsec/core/internal/wire"
)

// siege is a section of which the forger holds some keys. Its honest members are nodes; the others are what the
// forger makes them.
type siege struct {
	*network
	f       *forger
	hostile []core.Identity
	tips    []*forged // by hostile peer: its last event that all honest members have
}

// newSiege returns a section of so many founders, of whom the last ones are the forger's. The honest ones have
// gossiped, and each hostile one has shown them its first two events.
func newSiege(t testing.TB, mode core.Mode, founders, hostile int) *siege {
	w := &network{t: t, r: newRand(uint64(founders)), nodes: map[core.Identity]*member{}}
	w.section = core.Section{Name: t.Name()[:min(len(t.Name()), core.MaxName)], Mode: mode}
	for i := range founders {
		w.section.Genesis = append(w.section.Genesis, core.IdentityOf(seedOf(i)))
	}
	s := &siege{network: w, f: newForger(t, w.section)}
	for i := range founders {
		cfg := core.NodeConfig{Seed: seedOf(i), Section: w.section}
		if i < founders-hostile {
			w.add(core.Start(cfg)).cfg = cfg
			w.carry(w.order[i])
			continue
		}
		id := s.f.holds(i)
		s.hostile = append(s.hostile, id)
		first := s.f.initial(id)
		s.tips = append(s.tips, s.f.ask(first, w.section.Genesis[0]))
		for _, m := range w.order {
			if err := m.Handle(id, s.f.request(first, s.tips[len(s.tips)-1])); err != nil {
				t.Fatal(err)
			}
			w.carry(m)
		}
	}
	w.queue = nil
	s.settle(3)
	return s
}

// settle lets each honest member ask each other so many times.
func (s *siege) settle(times int) {
	s.t.Helper()
	for range times {
		for _, a := range s.order {
			for _, b := range s.order {
				if a == b || !slices.Contains(a.Recipients(), b.Identity()) {
					continue
				}
				if err := a.Gossip(b.Identity()); err != nil {
					s.t.Fatal(err)
				}
				s.carry(a)
				s.deliver()
			}
		}
	}
}

// goesOn fails unless honest members still understand each other: something that all of them vote for is decided at
// each, blocks are alike, and all they have is what each other has, checked and recovered.
func (s *siege) goesOn() {
	s.t.Helper()
	before := s.agree()
	payload := fmt.Appendf(nil, "after %d blocks", before)
	for _, m := range s.order {
		if err := m.Vote(payload); err != nil {
			s.t.Fatal(err)
		}
		s.carry(m)
	}
	s.settle(6)
	for _, m := range s.order {
		if !slices.ContainsFunc(m.blocks[min(before, len(m.blocks)):], func(b core.Decided) bool { return string(b.Payload) == string(payload) }) {
			s.t.Fatalf("node %x did not decide what all voted for", id8(m.Identity()))
		}
	}
	s.agree()
	for _, m := range s.order {
		if !m.Whole() {
			s.t.Errorf("node %x has events that its own do not descend from", id8(m.Identity()))
		}
		if a, b := s.byHostile(m.Node), s.byHostile(s.order[0].Node); !maps.Equal(a, b) {
			s.t.Errorf("node %x has %d events of hostile peers, another %d", id8(m.Identity()), len(a), len(b))
		}
		s.checkSigned(m.Node)
		checkRecovery(s.t, m)
	}
}

func id8(id core.Identity) []byte { return id[:4] }

// graphOf returns the ids of a node's events.
func graphOf(n *core.Node) map[core.Hash]core.EventIndex {
	out := make(map[core.Hash]core.EventIndex, n.Len())
	for i := range core.EventIndex(n.Len()) {
		out[n.EventAt(i).Hash] = i
	}
	return out
}

// byHostile returns the ids of a node's events that are not by honest members.
func (s *siege) byHostile(n *core.Node) map[core.Hash]bool {
	out := map[core.Hash]bool{}
	for i := range core.EventIndex(n.Len()) {
		if e := n.EventAt(i); s.nodes[n.Peers()[e.Creator]] == nil {
			out[e.Hash] = true
		}
	}
	return out
}

// checkSigned fails if a node has an event twice, or one whose signature is bad.
func (s *siege) checkSigned(n *core.Node) {
	s.t.Helper()
	if len(graphOf(n)) != n.Len() {
		s.t.Errorf("node %x has an event twice", id8(n.Identity()))
	}
	for _, e := range eventsOf(n) {
		signature := e.signature
		s.f.finish(e)
		if !verifies(e.by, e.id, signature) {
			s.t.Fatalf("node %x has an event that %x did not sign", id8(n.Identity()), id8(e.by))
		}
	}
}

// refuses hands a frame to an honest member and fails unless it is refused so. It returns the number of events
// that were taken of it.
func (s *siege) refuses(m *member, from core.Identity, frame []byte, want error) int {
	s.t.Helper()
	before := m.Len()
	err := m.Handle(from, frame)
	if !errors.Is(err, want) {
		s.t.Errorf("refused with %v, want %v", err, want)
	}
	own := 0
	for i := before; i < m.Len(); i++ {
		if m.Peers()[m.EventAt(core.EventIndex(i)).Creator] == m.Identity() {
			own++
		}
	}
	taken := m.Len() - before - own
	s.carry(m)
	s.deliver()
	return taken
}

// attack is a message that an honest member is sent by a hostile one.
type attack struct {
	what  string
	make  func(s *siege) (from core.Identity, frame []byte)
	want  error
	taken int // events that are taken in nevertheless
}

// member0 is the honest member that is attacked.
func (s *siege) member0() *member { return s.order[0] }

func from(s *siege, events ...*forged) (core.Identity, []byte) {
	return s.hostile[0], s.f.request(events...)
}

var attacks = []attack{
	{"first signature of a chain bad", func(s *siege) (core.Identity, []byte) {
		c := s.f.chain(s.tips[0], s.hostile[0], 6)
		c[0].signature[0]++
		return from(s, c...)
	}, core.ErrSignature, 0},
	{"middle signature of a chain bad", func(s *siege) (core.Identity, []byte) {
		c := s.f.chain(s.tips[0], s.hostile[0], 6)
		c[3].signature[63]++
		return from(s, c...)
	}, core.ErrSignature, 3},
	{"last signature of a chain bad", func(s *siege) (core.Identity, []byte) {
		c := s.f.chain(s.tips[0], s.hostile[0], 6)
		c[5].signature[40]++
		return from(s, c...)
	}, core.ErrSignature, 5},
	{"bad event between good ones of others", func(s *siege) (core.Identity, []byte) {
		good := s.f.chain(s.tips[1], s.hostile[0], 4)
		bad := s.f.chain(s.tips[0], s.hostile[0], 2)
		bad[0].signature[9]++
		return from(s, good[0], bad[0], good[1], bad[1], good[2], good[3])
	}, core.ErrSignature, 4},
	{"signed with another's key", func(s *siege) (core.Identity, []byte) {
		e := *s.f.ask(s.tips[0], s.hostile[0])
		e.by = s.hostile[1]
		e.signature = s.f.ask(&e, s.hostile[0]).signature
		e.by = s.hostile[0]
		return from(s, &e)
	}, core.ErrSignature, 0},
	{"in the name of an honest member", func(s *siege) (core.Identity, []byte) {
		return from(s, s.f.ask(lastOf(s.order[0].Node, s.order[1].Identity()), s.hostile[0]))
	}, core.ErrSignature, 0},
	{"in the name of the recipient", func(s *siege) (core.Identity, []byte) {
		own := s.f.ask(lastOf(s.order[0].Node, s.order[0].Identity()), s.hostile[0])
		return from(s, own, s.f.hear(s.tips[0], own))
	}, core.ErrSignature, 0},
	{"self-parent unknown", func(s *siege) (core.Identity, []byte) {
		return from(s, s.f.ask(s.f.ask(s.tips[0], s.hostile[0]), s.hostile[0]))
	}, core.ErrUnknownSelfParent, 0},
	{"other-parent unknown", func(s *siege) (core.Identity, []byte) {
		return from(s, s.f.hear(s.tips[0], s.f.ask(s.tips[1], s.hostile[0])))
	}, core.ErrUnknownOtherParent, 0},
	{"self-parent of another", func(s *siege) (core.Identity, []byte) {
		return from(s, s.f.finish(&forged{by: s.hostile[0], cause: wire.Requesting, self: s.tips[1], recipient: s.hostile[0]}))
	}, core.ErrInvalidEvent, 0},
	{"self-parent of another, in the message", func(s *siege) (core.Identity, []byte) {
		e := s.f.ask(s.tips[1], s.hostile[0])
		return from(s, e, s.f.finish(&forged{by: s.hostile[0], cause: wire.Requesting, self: e, recipient: s.hostile[0]}))
	}, core.ErrInvalidEvent, 1},
	{"other-parent its own", func(s *siege) (core.Identity, []byte) {
		return from(s, s.f.hear(s.f.ask(s.tips[0], s.hostile[0]), s.tips[0]))
	}, core.ErrUnknownSelfParent, 0},
	{"other-parent its own, known", func(s *siege) (core.Identity, []byte) {
		return from(s, s.f.hear(s.tips[0], s.tips[0]))
	}, core.ErrInvalidEvent, 0},
	{"by a stranger", func(s *siege) (core.Identity, []byte) {
		e := s.f.initial(s.f.holds(77))
		return from(s, e, s.f.ask(e, s.hostile[0]))
	}, core.ErrUnknownPeer, 0},
	{"by a stranger, under a member's event", func(s *siege) (core.Identity, []byte) {
		e := s.f.initial(s.f.holds(77))
		return from(s, e, s.f.hear(s.tips[0], e))
	}, core.ErrUnknownPeer, 0},
	{"creator of an unknown number", func(s *siege) (core.Identity, []byte) {
		m := s.f.message(wire.KindRequest, s.f.ask(s.tips[0], s.hostile[1]))
		m.Creators[0] = wire.Creator{ByNumber: true, Number: 9}
		return s.hostile[0], s.f.seal(m)
	}, core.ErrUnknownPeer, 0},
	{"recipient of an unknown number", func(s *siege) (core.Identity, []byte) {
		m := s.f.message(wire.KindRequest, s.f.ask(s.tips[0], s.hostile[1]))
		m.Creators[1] = wire.Creator{ByNumber: true, Number: wire.MaxNumber}
		return s.hostile[0], s.f.seal(m)
	}, core.ErrUnknownPeer, 0},
	{"genesis of another group", func(s *siege) (core.Identity, []byte) {
		b := wire.Body{Kind: wire.Genesis, Group: []wire.Hash{wire.Hash(s.hostile[0])}}
		v := s.f.vote(s.tips[0], bill{body: wire.AppendBody(nil, &b)})
		return from(s, v, s.f.ask(v, s.hostile[0]))
	}, core.ErrInvalidEvent, 0},
	{"replay of what is known", func(s *siege) (core.Identity, []byte) {
		return from(s, eventsOf(s.order[0].Node)...)
	}, core.ErrDuplicateMessage, 0},
	{"nothing to build on but its own events", func(s *siege) (core.Identity, []byte) {
		return s.hostile[0], s.f.request(lastOf(s.order[0].Node, s.order[0].Identity()).bare())
	}, core.ErrUnknownSelfParent, 0},
	{"from itself", func(s *siege) (core.Identity, []byte) {
		_, frame := from(s, s.f.ask(s.tips[0], s.hostile[0]))
		return s.order[0].Identity(), frame
	}, core.ErrPeerState, 0},
	{"from a stranger", func(s *siege) (core.Identity, []byte) {
		_, frame := from(s, s.f.ask(s.tips[0], s.hostile[0]))
		return s.f.holds(78), frame
	}, core.ErrUnknownPeer, 0},
	{"of another section", func(s *siege) (core.Identity, []byte) {
		other := newForger(s.t, core.Section{Name: "other", Genesis: s.section.Genesis})
		other.signers = s.f.signers
		e := other.initial(s.hostile[0])
		return s.hostile[0], other.request(e, other.ask(e, s.hostile[0]))
	}, core.ErrMessage, 0},
	{"signed for another section", func(s *siege) (core.Identity, []byte) {
		other := newForger(s.t, core.Section{Name: "other", Genesis: s.section.Genesis})
		other.signers = s.f.signers
		e := s.f.ask(s.tips[0], s.hostile[0])
		e.signature = other.ask(s.tips[0], s.hostile[0]).signature
		return from(s, e)
	}, core.ErrSignature, 0},
	{"no frame", func(s *siege) (core.Identity, []byte) { return s.hostile[0], nil }, core.ErrMessage, 0},
	{"unasked contents", func(s *siege) (core.Identity, []byte) {
		return s.hostile[0], s.f.seal(&wire.Message{Kind: wire.KindSupply, Observations: []wire.Observation{{Body: opaque("x").body}}})
	}, core.ErrDuplicateMessage, 0},
	{"asks for what nobody has", func(s *siege) (core.Identity, []byte) {
		return s.hostile[0], s.f.seal(&wire.Message{Kind: wire.KindAsk, Wants: []wire.Hash{{1}}})
	}, core.ErrMessage, 0},
}

// bare is an event of which a message tells a self-parent that nobody has.
func (e *forged) bare() *forged {
	out := *e
	out.cause, out.self, out.recipient = wire.Requesting, &forged{by: e.by, id: wire.Hash{9}}, e.by
	return &out
}

// Each attack is refused for what it is, costs itself and what descends from it, and is forgotten: the rest of its
// message gets in, and honest members go on as before.
func TestAttacks(t *testing.T) {
	for _, a := range attacks {
		t.Run(a.what, func(t *testing.T) {
			s := newSiege(t, core.Supermajority, 7, 2)
			who, frame := a.make(s)
			if taken := s.refuses(s.member0(), who, frame, a.want); taken != a.taken {
				t.Errorf("%d events were taken, want %d", taken, a.taken)
			}
			s.goesOn()
		})
	}
}
