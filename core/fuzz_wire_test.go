package core_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"parsec/core"
	"parsec/core/internal/wire"
)

func errorsIsDuplicate(err error) bool { return errors.Is(err, core.ErrDuplicateVote) }

// scene is a section of two nodes and three peers of the forger's, who make what the input says. Only the last forks, so
// that all that agreement promises holds.
type scene struct {
	*siege
	input  []byte
	events []*forged // by the forger's peers, in order
	tips   []*forged // by the forger's peer: what its next event goes on from

	refused map[*forged]bool // feeds forks, or has such an other-parent
}

const sceneEvents = 300 // after which operations are ignored

func (s *scene) number(below int) int {
	if len(s.input) == 0 || below == 0 {
		return 0
	}
	k := int(s.input[0]) % below
	s.input = s.input[1:]
	return k
}

// FuzzWireEvents lets its input make validly signed events with any parents, votes and recipients, and hand them to
// two nodes in different messages. What the nodes send each other is never refused, they end up with the same graph
// and blocks, and those are what an engine decides on it.
func FuzzWireEvents(f *testing.F) {
	f.Add([]byte(nil))
	f.Add([]byte("\x00\x00\x03\x01\x02\x02\x04\x05\x06\x07\x08\x09\x02\x01\x07\x04\x00\x05\x01\x06\x07"))
	steady := []byte{}
	for i := range 90 {
		steady = append(steady, 2, byte(i%3), byte(i), 3, 0, byte(i%3), 0, byte(i/6), 9, 9, byte(i%2), byte(i/6), 2, byte((i+1)%3), byte(i*7), 3, 5, byte(i%2), 0, 6, 0)
	}
	f.Add(steady)
	f.Fuzz(func(t *testing.T, data []byte) {
		play(t, data)
	})
}

// play makes what the input says, and checks what comes of it. It returns how many blocks the nodes decided.
func play(t testing.TB, data []byte) (blocks int) {
	w := &network{t: t, r: newRand(uint64(len(data))), nodes: map[core.Identity]*member{}}
	w.section = core.Section{Name: "scene", Mode: core.Mode(len(data) & 1)}
	for i := range 5 {
		w.section.Genesis = append(w.section.Genesis, core.IdentityOf(seedOf(i)))
	}
	s := &scene{siege: &siege{network: w, f: newForger(t, w.section)}, input: data, refused: map[*forged]bool{}}
	for i := range 5 {
		cfg := core.NodeConfig{Seed: seedOf(i), Section: w.section}
		if i < 2 {
			w.add(core.Start(cfg)).cfg = cfg
			w.carry(w.order[i])
			continue
		}
		s.hostile = append(s.hostile, s.f.holds(i))
		s.tips = append(s.tips, s.f.initial(s.hostile[i-2]))
		s.events = append(s.events, s.tips[i-2])
	}
	for len(s.input) > 0 && len(s.events) < sceneEvents {
		s.operate()
	}
	for range 4 {
		for i, m := range s.order {
			s.show(m, len(s.events))
			s.meet(s.order[i], s.order[1-i])
		}
	}
	least := s.agree()
	a, b := graphOf(s.order[0].Node), graphOf(s.order[1].Node)
	for id := range a {
		if _, ok := b[id]; !ok && s.order[0].creator(a[id]) != s.order[0].Identity() && s.order[0].Whole() {
			t.Fatal("an event of one node's is not the other's")
		}
	}
	for _, m := range s.order {
		s.checkSigned(m.Node)
		for _, e := range eventsOf(m.Node) {
			if feeds(e) {
				t.Fatal("an event that feeds a fork came in")
			}
		}
		checkOrdering(t, m, s.section, s.r)
		checkRecovery(t, m)
		if core.Branches(m.Node) > 8 {
			t.Errorf("%d branches", core.Branches(m.Node))
		}
	}
	return least
}

func (m *member) creator(i core.EventIndex) core.Identity { return m.Peers()[m.EventAt(i).Creator] }

// operate does one thing.
func (s *scene) operate() {
	op := s.number(10)
	who := s.number(3)
	tip := s.tips[who]
	var e *forged
	switch op {
	case 0, 1: // votes
		var bills []bill
		for range 1 + op*s.number(4) {
			b := opaque(fmt.Sprint(s.number(8)))
			switch s.number(16) {
			case 0:
				b = about(wire.Remove, s.section.Genesis[s.number(5)], "")
			case 1:
				b = about(wire.Add, core.IdentityOf(seedOf(20+s.number(2))), "")
			}
			if !slices.ContainsFunc(bills, func(c bill) bool { return string(c.body) == string(b.body) }) {
				bills = append(bills, b)
			}
		}
		e = s.f.vote(tip, bills...)
	case 2, 3: // hears of an event, of the forger's or of a node
		other := s.events[s.number(len(s.events))]
		if n := s.number(4); n < 2 {
			all := eventsOf(s.order[n].Node)
			other = all[slices.IndexFunc(all, func(x *forged) bool { return x.id == lastOf(s.order[n].Node, s.order[n].Identity()).id })]
		}
		if op == 2 {
			e = s.f.hear(tip, other)
		} else {
			e = s.f.respond(tip, other)
		}
	case 4:
		e = s.f.ask(tip, s.section.Genesis[s.number(5)])
	case 5: // some or all are shown to a node
		s.show(s.order[who%2], len(s.events)-s.number(6))
	case 6:
		s.meet(s.order[0], s.order[1])
	case 7:
		s.meet(s.order[1], s.order[0])
	case 8: // goes on from an older event: a fork
		var own []*forged
		for _, x := range s.events {
			if x.by == s.hostile[2] {
				own = append(own, x)
			}
		}
		s.tips[2] = own[s.number(len(own))]
	case 9: // a node votes
		m := s.order[who%2]
		if err := m.Vote(fmt.Append(nil, s.number(8))); err != nil && !errorsIsDuplicate(err) && !errors.Is(err, core.ErrSelfState) {
			s.t.Fatal(err)
		}
		s.carry(m)
	}
	if e != nil {
		s.events = append(s.events, e)
		if s.refused[e] = feeds(e) || s.refused[e.other]; !s.refused[e] {
			s.tips[who] = e // else nobody would take anything by this peer any more
		}
	}
}

// show hands a node the first so many of the forger's events, those of the other node that they need included.
func (s *scene) show(m *member, count int) {
	s.t.Helper()
	var events []*forged
	other := s.order[0]
	if m == other {
		other = s.order[1]
	}
	events = append(events, eventsOf(other.Node)...)
	events = append(events, s.events[:max(count, 0)]...)
	for _, from := range s.hostile {
		if err := m.Handle(from, s.f.request(events...)); err != nil && !ofHandle(err) {
			s.t.Fatalf("an error that is not documented: %v", err)
		}
		s.carry(m)
		s.queue = nil
	}
}

// meet lets a node ask the other, which answers. Neither refuses anything, unless it does not know the other any more.
func (s *scene) meet(a, b *member) {
	s.t.Helper()
	if !slices.Contains(a.Recipients(), b.Identity()) {
		return
	}
	if err := a.Gossip(b.Identity()); err != nil {
		s.t.Fatal(err)
	}
	s.carry(a)
	for len(s.queue) > 0 {
		p := s.queue[0]
		s.queue = s.queue[1:]
		m := s.nodes[p.to]
		if m == nil {
			continue
		}
		err := m.Handle(p.from, p.frame)
		if err != nil && !errors.Is(err, core.ErrDuplicateMessage) && !errors.Is(err, core.ErrMissingPayload) && !errors.Is(err, core.ErrPeerState) {
			s.t.Fatalf("a node's message is refused by the other: %v", err)
		}
		s.carry(m)
	}
}

// feeds reports whether an event breaks rule 6 of core/design/acceptance.md, or has a parent of the wrong creator. It is
// the plain twin of what nodes ask.
func feeds(e *forged) bool {
	if e.other == nil {
		return false
	}
	return e.other.by == e.by || forkBehind(e.self, e.other.by) || forkBehind(e, e.by)
}

// forkBehind reports whether an event descends from events by a peer that are not on one chain.
func forkBehind(e *forged, by core.Identity) bool {
	behind := map[wire.Hash]*forged{}
	var last *forged
	for todo := []*forged{e}; len(todo) > 0; {
		x := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if x == nil || behind[x.id] != nil {
			continue
		}
		behind[x.id] = x
		if x.by == by && (last == nil || x.index > last.index) {
			last = x
		}
		todo = append(todo, x.self, x.other)
	}
	for ; last != nil; last = last.self {
		delete(behind, last.id)
	}
	for _, x := range behind {
		if x.by == by {
			return true
		}
	}
	return false
}

// The sections that the corpus makes come to decide something.
func TestScenesDecide(t *testing.T) {
	steady := []byte{}
	for i := range 120 {
		steady = append(steady, 2, byte(i%3), byte(i*5), byte(i%4), 0, byte(i%3), 0, byte(i/6), 9, 9, byte(i%2), byte(i/6), 2, byte((i+1)%3), byte(i*7), 3, 5, byte(i%2), 0, 6, 0, 7, 0)
	}
	if blocks := play(t, steady); blocks < 2 {
		t.Errorf("%d blocks", blocks)
	}
}
