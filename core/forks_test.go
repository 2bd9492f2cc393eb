package core_test

import (
	"testing"

	"parsec/core"
	"parsec/core/internal/wire"
)

// again is the same event, once more in its message.
func (e *forged) again() *forged {
	out := *e
	return &out
}

// A message that has an event twice does not make its creator a forker.
func TestSameEventTwice(t *testing.T) {
	s := newSiege(t, core.Supermajority, 7, 2)
	victim := s.order[1]
	m := s.order[0]
	// An event of an honest member that another has not: the forger has it from the member.
	if err := victim.Vote([]byte("vote")); err != nil {
		t.Fatal(err)
	}
	s.carry(victim)
	if err := victim.Gossip(m.Identity()); err != nil {
		t.Fatal(err)
	}
	s.carry(victim)
	s.queue = nil // the message is lost
	events := eventsOf(victim.Node)
	known := graphOf(m.Node)
	var news []*forged
	for _, e := range events {
		if _, ok := known[core.Hash(e.id)]; !ok {
			news = append(news, e)
		}
	}
	var twice []*forged
	for _, e := range news {
		twice = append(twice, e, e.again())
	}
	last := news[len(news)-1]
	a := s.f.hear(s.tips[0], last)
	b := s.f.hear(a, twice[len(twice)-1])
	s.refuses(m, s.hostile[0], s.f.request(append(twice, a, b)...), nil)
	if forked := core.Forked(m.Node); len(forked) != 0 {
		t.Errorf("%d members are taken for forkers", len(forked))
	}
	s.goesOn()
}

// flood is a message with many branches by one hostile peer, of which no honest member may keep more than show that
// it forked.
var floods = []struct {
	what  string
	make  func(s *siege, branches, message int) []*forged
	names bool // each event names its creator by an entry of its own
}{
	{"under strangers' events", func(s *siege, branches, message int) (out []*forged) {
		for i := range branches {
			b := s.f.ask(s.tips[0], s.section.Genesis[i%len(s.section.Genesis)])
			b = s.f.vote(b, opaque(string(rune(i))))
			stranger := s.f.initial(s.f.holds(1000 + i))
			out = append(out, b.self, b, stranger, s.f.hear(stranger, b))
		}
		return out
	}, false},
	{"under one member's chain", func(s *siege, branches, message int) (out []*forged) {
		tip := s.tips[1]
		for i := range branches {
			b := s.f.vote(s.tips[0], opaque(string(rune(i+message*branches))))
			tip = s.f.hear(tip, b)
			out = append(out, b, tip)
		}
		return out
	}, false},
	{"under branches of another", func(s *siege, branches, message int) (out []*forged) {
		for i := range branches {
			b := s.f.vote(s.tips[0], opaque(string(rune(i+message*branches))))
			out = append(out, b, s.f.hear(s.tips[1], b))
		}
		return out
	}, false},
	{"under an event for a stranger", func(s *siege, branches, message int) (out []*forged) {
		for i := range branches {
			b := s.f.vote(s.tips[0], opaque(string(rune(i+message*branches))))
			h := s.f.hear(s.tips[1], b)
			bad := s.f.ask(h, s.f.holds(999))
			out = append(out, b, h, bad)
		}
		return out
	}, false},
	{"plainly, under many names", branchesPlainly, true},
	{"plainly", branchesPlainly, false},
}

func branchesPlainly(s *siege, branches, message int) (out []*forged) {
	for i := range branches {
		b := s.f.vote(s.tips[0], opaque(string(rune(i+message*branches))))
		out = append(out, b, s.f.ask(b, s.hostile[0]))
	}
	return out
}

func TestFloodOfBranches(t *testing.T) {
	for _, f := range floods {
		t.Run(f.what, func(t *testing.T) {
			s := newSiege(t, core.Supermajority, 7, 2)
			m := s.order[0]
			for message := range 20 {
				msg := s.f.message(wire.KindRequest, f.make(s, 100, message)...)
				if f.names {
					for i := range msg.Events {
						msg.Creators = append(msg.Creators, msg.Creators[msg.Events[i].Creator])
						msg.Events[i].Creator = uint16(len(msg.Creators) - 1)
					}
				}
				_ = m.Handle(s.hostile[message%2], s.f.seal(msg))
				s.carry(m)
				s.deliver()
			}
			t.Logf("%d branches, whole: %t", core.Branches(m.Node), m.Whole())
			if core.Branches(m.Node) > 4 {
				t.Errorf("%d branches", core.Branches(m.Node))
			}
			s.goesOn()
		})
	}
}
