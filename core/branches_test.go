package core_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"parsec/core"
	"parsec/core/internal/wire"
)

// Hostile members that begin branches of forks, in every way to have them inserted where no honest event descends from
// them, or more of them than anybody could bear. What is asserted is the same each time: honest members take all of each
// other, decide what they vote for, and have nothing in their graphs that is not behind their own last events.

// understand fails unless the honest members decide k payloads more, and refuse each other nothing.
func (s *siege) understand(k int) {
	s.t.Helper()
	s.sloppy = true
	before := make([]int, len(s.order))
	for i, m := range s.order {
		before[i], m.errs = len(m.blocks), nil
	}
	mine := func(b core.Decided) bool { return bytes.HasPrefix(b.Payload, []byte("after it ")) }
	for j := range k {
		payload := fmt.Appendf(nil, "after it %d", j)
		for _, m := range s.order {
			if err := m.Vote(payload); err != nil {
				s.t.Errorf("vote: %v", err)
			}
			s.carry(m)
		}
		s.settle(3)
	}
	s.settle(3)
	for i, m := range s.order {
		want := k
		if s.section.Mode == core.Single {
			want *= len(s.order)
		}
		got := 0
		for _, b := range m.blocks[before[i]:] {
			if mine(b) {
				got++
			}
		}
		if got != want {
			s.t.Errorf("node %d: %d blocks, of %d", i, got, want)
		}
		for _, err := range m.errs {
			if !errors.Is(err, core.ErrDuplicateMessage) {
				s.t.Errorf("node %d refused an honest member: %v", i, err)
				break
			}
		}
		s.whole(m, i)
	}
	s.agree()
}

func (s *siege) whole(m *member, i int) {
	s.t.Helper()
	if !m.Whole() {
		s.t.Errorf("node %d has events that its last one does not descend from; %d branches", i, core.Branches(m.Node))
	}
}

// openFork has a hostile member show two branches to two honest members.
func (s *siege) openFork(p core.Identity, tip *forged, what string) {
	s.t.Helper()
	for i, e := range []*forged{s.f.vote(tip, opaque(what+" one")), s.f.vote(tip, opaque(what+" two"))} {
		m := s.order[1+i]
		if err := m.Handle(p, s.f.request(e, s.f.ask(e, m.Identity()))); err != nil {
			s.t.Fatal(err)
		}
		s.carry(m)
	}
	s.deliver()
}

// lateRefusal is a body that only its key speaks against: an Add of a peer whose key is no point.
func lateRefusal(i int) bill {
	var id core.Identity
	for j := range id {
		id[j] = 0xff
	}
	return about(wire.Add, id, fmt.Sprint(i))
}

// One of four sends branches below a head that is refused late.
func TestHiddenBranches(t *testing.T) {
	for _, mode := range []core.Mode{core.Supermajority, core.Single} {
		t.Run(fmt.Sprint(mode), func(t *testing.T) {
			s := newSiege(t, mode, 4, 1)
			p, tip, victim := s.hostile[0], s.tips[0], s.order[0]
			for i := range 1200 {
				b := s.f.vote(tip, opaque(fmt.Sprint("branch ", i)))
				bad := s.f.vote(b, lateRefusal(i))
				m := s.f.message(wire.KindRequest, b, bad, s.f.ask(bad, victim.Identity()), tip.self)
				if err := victim.Handle(p, s.f.seal(m)); err == nil {
					t.Fatal("it was taken")
				}
				s.carry(victim)
				if i < 10 || i%100 == 0 {
					s.whole(victim, 0)
				}
			}
			if n := core.Branches(victim.Node); n > 2 {
				t.Errorf("%d branches came in", n)
			}
			s.openFork(p, tip, "open")
			s.understand(6)
		})
	}
}

// One of four answers a restored node's question with branches of its own.
func TestPoisonedLesson(t *testing.T) {
	s := newSiege(t, core.Supermajority, 4, 1)
	p, tip, victim := s.hostile[0], s.tips[0], s.order[0]
	_ = victim.Vote([]byte("something"))
	s.carry(victim)
	s.settle(4)
	cfg := victim.cfg
	cfg.Restored = core.Hash{42}
	n, err := core.Recover(cfg, stored(victim.records))
	if err != nil {
		t.Fatal(err)
	}
	victim.Node, victim.blocks, victim.seen = n, nil, nil
	s.carry(victim)
	s.queue = nil
	for _, to := range victim.Recipients() {
		if err := victim.Gossip(to); err != nil {
			t.Fatal(err)
		}
	}
	s.carry(victim)
	q := s.queue
	s.queue = nil
	answered := false
	for _, m := range q {
		if m.to != p {
			s.queue = append(s.queue, m)
			continue
		}
		var learn wire.Message
		raw, err := s.f.framer.Open(s.f.section, m.frame)
		if err == nil {
			err = wire.Decode(raw, s.f.section, &learn)
		}
		if err != nil {
			t.Fatal(err)
		}
		var out []*forged
		for i := range 1100 {
			out = append(out, s.f.vote(tip, opaque(fmt.Sprint(i))))
		}
		// And under the victim's own name: a branch that it did not make, signed by somebody else.
		own := s.f.ask(lastOf(victim.Node, victim.Identity()), p)
		lesson := s.f.message(wire.KindTeach, append(out, own)...)
		lesson.Nonce = learn.Nonce
		if err := victim.Handle(p, s.f.seal(lesson)); err == nil {
			t.Error("the lesson was taken")
		}
		s.carry(victim)
		answered = true
	}
	if !answered {
		t.Fatal("nobody asked the hostile member")
	}
	if n := core.Branches(victim.Node); n > 0 {
		t.Errorf("%d branches came in by the lesson", n)
	}
	s.whole(victim, 0)
	s.sloppy = true
	s.deliver() // the honest ones' answers
	if err := victim.CanVote(); err != nil {
		t.Fatal(err)
	}
	s.openFork(p, tip, "open")
	s.understand(6)
}

// Two of seven: one has forked in the open; the other sends branches of it merged under one stranger's head.
func TestMergedStrangers(t *testing.T) {
	s := newSiege(t, core.Supermajority, 7, 2)
	p, q := s.hostile[1], s.hostile[0]
	tip, victim := s.tips[0], s.order[0]
	s.openFork(q, tip, "open")
	s.settle(3)
	open := core.Branches(victim.Node)
	for message := range 10 {
		var out []*forged
		var top *forged
		for i := range 100 {
			b := s.f.vote(tip, opaque(fmt.Sprint(message, " ", i)))
			x := s.f.initial(s.f.holds(1000 + i))
			h := s.f.hear(x, b)
			out = append(out, b, x, h)
			if top != nil {
				h = s.f.hear(h, top)
				out = append(out, h)
			}
			top = h
		}
		if err := victim.Handle(p, s.f.request(out...)); err == nil {
			t.Error("it was taken")
		}
		s.carry(victim)
		s.whole(victim, 0)
	}
	if n := core.Branches(victim.Node); n > open {
		t.Errorf("%d branches came in", n-open)
	}
	s.openFork(p, s.tips[1], "another")
	s.understand(4)
}

// Five of sixteen: nested chains that hear each other, each event keeping rule 6. There is no number that they cannot
// exceed; so no number may matter.
func TestLegalBranches(t *testing.T) {
	const n, f = 16, 5
	s := newSiege(t, core.Supermajority, n, f)
	label := 0
	var chain func(k int) (events []*forged, tip *forged)
	chain = func(k int) (events []*forged, tip *forged) {
		label++
		tip = s.f.vote(s.tips[k], opaque(fmt.Sprint("label ", label)))
		events = append(events, tip)
		for j := range k {
			for range 2 {
				sub, top := chain(j)
				tip = s.f.hear(tip, top)
				events = append(append(events, sub...), tip)
			}
		}
		tip = s.f.ask(tip, s.section.Genesis[0])
		return append(events, tip), tip
	}
	victims := s.order
	if testing.Short() {
		victims = victims[:3]
	}
	for i, m := range victims {
		for k := range f {
			for range 2 {
				events, _ := chain(k)
				_ = m.Handle(s.hostile[k], s.f.request(events...)) // refused once its fork is seen
				s.carry(m)
				s.whole(m, i)
			}
		}
	}
	s.queue = nil
	s.sloppy = true
	s.settle(2)
	if n := core.Branches(s.order[0].Node); n < 1000 && !testing.Short() {
		t.Errorf("only %d branches came in: this shows nothing", n)
	}
	s.understand(1)
}

// Members that met different branches first understand each other, however many there are.
func TestDistinctBranches(t *testing.T) {
	s := newSiege(t, core.Supermajority, 7, 2)
	const each = 400
	for i, m := range s.order {
		var out []*forged
		top := s.f.vote(s.tips[1], opaque(fmt.Sprint("top ", i)))
		out = append(out, top)
		for j := range each {
			b := s.f.vote(s.tips[0], opaque(fmt.Sprint(i, " ", j)))
			// The second hears a branch of the first only as long as it has seen no fork by it: a chain of its own each.
			x := s.f.vote(s.tips[1], opaque(fmt.Sprint("x ", i, " ", j)))
			out = append(out, b, x, s.f.hear(x, b))
		}
		_ = m.Handle(s.hostile[1], s.f.request(append(out, s.f.ask(top, m.Identity()))...))
		s.carry(m)
		s.whole(m, i)
	}
	s.deliver()
	s.understand(3)
}
