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

// ballots returns so many events that vote for things nobody else votes for, and an event on top.
func (s *siege) ballots(tip *forged, events, votes int, what string) (out []*forged) {
	for i := range events {
		var bills []bill
		for k := range votes {
			bills = append(bills, opaque(fmt.Sprint(what, i, " ", k)))
		}
		tip = s.f.vote(tip, bills...)
		out = append(out, tip)
	}
	return append(out, s.f.ask(tip, s.hostile[0]))
}

// A peer may have MaxUndecided votes undecided. What is past them is refused, and the rest of the message is not.
func TestUndecidedVotes(t *testing.T) {
	s := newSiege(t, core.Supermajority, 4, 1)
	m := s.order[0]
	events := s.ballots(s.tips[0], core.MaxUndecided/core.MaxVotes, core.MaxVotes, "")
	// A message has room for as many votes.
	handles(t, m, s.hostile[0], s.f.request(events...), nil)
	s.outgoing(m)
	tip := events[len(events)-1]
	ask := s.f.ask(tip, s.hostile[0])
	more := s.f.vote(ask, opaque("one more"))
	if got := s.refuses(m, s.hostile[0], s.f.request(ask, more, s.f.ask(more, s.hostile[0])), core.ErrLimit); got != 1 {
		t.Errorf("%d events were taken, want 1", got)
	}
	s.goesOn()
}

// Likewise with MaxUndecidedSize bytes.
func TestUndecidedBytes(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes memory")
	}
	s := newSiege(t, core.Supermajority, 4, 1)
	m := s.order[0]
	tip := s.tips[0]
	taken := 0
	for i := range core.MaxUndecidedSize/core.MaxPayload + 1 {
		payload := bytes.Repeat([]byte{byte(i)}, core.MaxPayload)
		v := s.f.vote(tip, bill{body: append([]byte{0}, payload...)})
		tip = s.f.ask(v, s.hostile[0])
		switch err := m.Handle(s.hostile[0], s.f.request(v, tip)); {
		case err == nil && taken == i:
			taken++
		case !errors.Is(err, core.ErrLimit) && !errors.Is(err, core.ErrUnknownSelfParent):
			t.Fatal(err)
		}
		s.outgoing(m)
	}
	if want := core.MaxUndecidedSize / (core.MaxPayload + 1); taken != want {
		t.Errorf("%d payloads were taken, want %d", taken, want)
	}
}

// Members that decide at different times differ in what they accept, for a while: who has not decided a peer's votes
// refuses more of them, and accepts them with what decides the others.
func TestUndecidedElsewhere(t *testing.T) {
	s := newSiege(t, core.Single, 4, 1)
	a, late := s.order[0], s.order[2]
	first := s.ballots(s.tips[0], core.MaxUndecided/core.MaxVotes, core.MaxVotes, "first")
	handles(t, a, s.hostile[0], s.f.request(first...), nil)
	s.outgoing(a)
	// The hostile member plays along, so that three of four decide.
	tip := first[len(first)-1]
	for i := range 200 {
		if i%10 == 0 {
			tip = s.f.hear(tip, lastOf(a.Node, a.Identity()))
			handles(t, a, s.hostile[0], s.f.request(tip), nil)
			s.outgoing(a)
		}
		x, y := s.order[i%2], s.order[1-i%2]
		if err := x.Gossip(y.Identity()); err != nil {
			t.Fatal(err)
		}
		s.carry(x)
		s.deliver()
	}
	if a.Height() < core.MaxUndecided {
		t.Fatalf("%d blocks", a.Height())
	}
	vote := s.f.vote(tip, opaque("one more"))
	more := []*forged{vote, s.f.ask(vote, s.hostile[0])}
	// Who is late has seen none of it, and is told all but what decides it.
	all := eventsOf(a.Node)
	known := graphOf(late.Node)
	var part []*forged
	for _, e := range all {
		if _, ok := known[core.Hash(e.id)]; !ok && e.by == s.hostile[0] && e.index <= first[len(first)-1].index {
			part = append(part, e)
		}
	}
	before := late.Height()
	handles(t, late, s.hostile[0], s.f.request(part...), nil)
	s.outgoing(late)
	v := s.f.vote(part[len(part)-1], opaque("one more"))
	if got := s.refuses(late, s.hostile[0], s.f.request(v, s.f.ask(v, s.hostile[0])), core.ErrLimit); got != 0 || late.Height() != before {
		t.Errorf("%d events were taken", got)
	}
	handles(t, a, s.hostile[0], s.f.request(more...), nil)
	s.outgoing(a)
	s.goesOn()
	if id := lastOf(late.Node, s.hostile[0]).id; id != more[1].id {
		t.Error("who was late has not the event that it had to refuse before")
	}
}

// The keys that votes are about are looked at like all else that they say: one that is none costs its vote and what
// descends from it, and no content of such a vote is kept.
func TestVotesAboutNoKeys(t *testing.T) {
	for _, c := range []struct {
		what string
		id   core.Identity
	}{{"small order", torsion}, {"not canonical", notCanonical}, {"not on the curve", core.Identity{2}}, {"with torsion", mixed(t)}} {
		for _, kind := range []wire.Kind{wire.Add, wire.Remove} {
			s := newSiege(t, core.Supermajority, 4, 1)
			m := s.order[0]
			before := m.Observations()
			good := s.f.ask(s.tips[0], s.hostile[0])
			v := s.f.vote(good, opaque("good"), about(wire.Add, core.IdentityOf(seedOf(70)), ""), about(kind, c.id, ""))
			if got := s.refuses(m, s.hostile[0], s.f.request(good, v, s.f.ask(v, s.hostile[0])), core.ErrInvalidEvent); got != 1 {
				t.Errorf("%s: %d events were taken, want 1", c.what, got)
			}
			if m.Observations() != before {
				t.Errorf("%s: a content was kept that no event votes for", c.what)
			}
			if err := m.Handle(core.IdentityOf(seedOf(70)), nil); !errors.Is(err, core.ErrUnknownPeer) {
				t.Errorf("%s: %v", c.what, err)
			}
			s.goesOn()
		}
	}
}

// mixed returns a key with a component of small order.
func mixed(t testing.TB) core.Identity {
	t.Helper()
	id := core.IdentityOf(seedOf(71))
	sum, ok := addTorsion(id)
	if !ok {
		t.Fatal("no such key")
	}
	return sum
}

// What hostile members can make a node hold is what the limits say, for each.
func TestHeldByAll(t *testing.T) {
	const hostile = 4
	s := newSiege(t, core.Supermajority, 13, hostile)
	m := s.order[0]
	quiet := func() int64 {
		var stats runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&stats)
		return int64(stats.HeapAlloc)
	}
	fill := func(h int) {
		// Contents of two events are supplied, but one; and a message of nearly MaxHeld goes on waiting for that.
		var bills []bill
		for i := range 14 {
			bills = append(bills, bill{body: append([]byte{0}, bytes.Repeat([]byte{byte(h), byte(i)}, 250<<10)...), withheld: true})
		}
		first := s.f.vote(s.tips[h], bills[:8]...)
		large := bill{body: append([]byte{0}, bytes.Repeat([]byte{byte(h)}, 900<<10)...)}
		v := s.f.vote(first, append(bills[8:14:14], large)...)
		handles(t, m, s.hostile[h], s.f.request(first, v, s.f.ask(v, s.hostile[h])), core.ErrMissingPayload)
		s.outgoing(m)
		handles(t, m, s.hostile[h], s.supply(bills[1:]...), core.ErrMissingPayload)
		s.outgoing(m)
	}
	fill(0) // buffers
	before := quiet()
	for h := 1; h < hostile; h++ {
		fill(h)
	}
	each := (quiet() - before) / (hostile - 1)
	t.Logf("%d KB a hostile member; the limits are %d KB, %d MB for 255 of them", each>>10, (core.MaxHeld+core.MaxHeldBodies)>>10,
		255*(core.MaxHeld+core.MaxHeldBodies)>>20)
	if each > core.MaxHeld+core.MaxHeldBodies+256<<10 || each < 6<<20 {
		t.Errorf("%d bytes a hostile member", each)
	}
	s.goesOn()
}
