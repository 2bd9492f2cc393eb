package core_test

import (
	"testing"

	"parsec/core"
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
