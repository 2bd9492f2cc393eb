package sim

import (
	"context"
	"slices"
	"strings"
	"testing"

	"parsec/core"
	"parsec/core/internal/wire"
)

// besieged makes a run in which hostile members send nothing but one kind of message, and counts those that arrive.
func besieged(t *testing.T, seed uint64, signed bool, what attack) (s *run, arrived int) {
	t.Helper()
	cfg := Config{Scenario: "hostile", Seed: seed, Signatures: signed, Peers: 7}
	sc, err := cfg.scenario()
	if err != nil {
		t.Fatal(err)
	}
	s = newRun(&cfg, sc)
	for i := range s.plan.hostile {
		v := &s.plan.hostile[i]
		v.weights = [attacks]int{}
		v.weights[what] = 1
		v.mute, v.answers, v.heavy = true, false, 2
	}
	s.plan.crashes = nil // who would ask them
	s.hook = func(a *action) {
		if m := s.net.messages; a.kind == doDeliver && int(m[a.what].from) < len(s.plan.hostile) {
			arrived++
		}
	}
	s.do(context.Background())
	if s.failure != nil && (s.failure.Verdict == Broken || strings.Contains(s.failure.What, "panic")) {
		t.Fatalf("seed %d: %v", seed, s.failure)
	}
	return s, arrived
}

// Each kind of message is sent, and no node and no simulator fails by it.
func TestAttacks(t *testing.T) {
	seeds := uint64(3)
	if testing.Short() {
		seeds = 1
	}
	for what := range attacks {
		if what == attackFrame {
			continue // it repeats what others are
		}
		all := 0
		for seed := range seeds {
			_, n := besieged(t, seed, seed%2 == 0, what)
			all += n
		}
		if all == 0 {
			t.Errorf("attack %d: nothing arrives", what)
		}
	}
}

// Events that are made by hand are what nodes take them for: some get into graphs, by the ids that were computed, and
// hold what was put in.
func TestForgedEvents(t *testing.T) {
	taken := 0
	for seed := range uint64(4) {
		s, _ := besieged(t, seed, true, attackBranch)
		for _, p := range s.processes {
			if !p.honest || p.node == nil {
				continue
			}
			s.plot.look(s, p)
			for i, e := range s.plot.graphs[p.number].events {
				if s.plot.signers[e.by] == nil || e.cause != wire.Observing {
					continue
				}
				ev := p.node.EventAt(core.EventIndex(i))
				if got := s.bodyOf(p.node.ObservationAt(ev.Observation)); !slices.Equal(got, e.votes[0]) {
					t.Errorf("event %d votes for %q, not %q", i, got, e.votes[0])
				}
				if strings.Contains(string(e.votes[0]), "forged") {
					taken++
				}
			}
		}
	}
	if taken == 0 {
		t.Error("no forged event was ever taken in")
	}
}

// What a message has is put in order: parents first, and nothing that the recipient has.
func TestClosed(t *testing.T) {
	p := &process{number: 3}
	a := &forged{in: 1 << 3}
	b := &forged{self: a}
	c := &forged{self: b, others: []*forged{a}}
	d := &forged{self: a, others: []*forged{c}, in: 1 << 2}
	if got := closed(p, d, b); !slices.Equal(got, []*forged{b, c, d}) {
		t.Errorf("got %v", got)
	}
	r := newStream(1, forHostile)
	for range 20 {
		got := mixed(r, []*forged{d, a, c, b, b})
		at := func(e *forged) int { return slices.Index(got, e) }
		if len(got) != 5 || at(a) > at(b) || at(b) > at(c) || at(c) > at(d) {
			t.Fatalf("got %v", got)
		}
	}
}

// Messages past a limit are refused, and those just at one are not malformed.
func TestBeyondLimits(t *testing.T) {
	s, _ := besieged(t, 1, false, attackBranch)
	to := s.victims()[0]
	v := &s.plan.hostile[0]
	v.branches, v.width = 1000, 3
	whole, refused := 0, 0
	for range 30 {
		m := v.assault(s, to).beyond()
		if m == nil {
			t.Fatal("no message")
		}
		raw := wire.Append(nil, m)
		switch err := wire.Decode(raw, s.wire, new(wire.Message)); {
		case err == nil:
			whole++
		default:
			refused++
		}
		if testing.Short() && whole > 0 && refused > 0 {
			return
		}
	}
	if whole == 0 || refused == 0 {
		t.Errorf("%d are messages, and %d are not", whole, refused)
	}
}

// A hostile member answers the question of a restored node, and to the end.
func TestAnswers(t *testing.T) {
	s, _ := besieged(t, 1, false, attackBranch)
	to := s.victims()[0]
	v := &s.plan.hostile[0]
	v.answers, v.process.gone = true, false
	nonce := wire.Hash{7}
	frame := s.plot.seal(s, &wire.Message{Kind: wire.KindLearn, Known: 7, Nonce: nonce})
	before := len(s.queue.heap)
	v.hear(s, &message{from: to.number, to: v.process.number, frame: frame, honest: true})
	if len(s.queue.heap) == before {
		t.Fatal("no answer")
	}
	last := false
	for _, a := range s.queue.heap {
		if a.kind != doDeliver {
			continue
		}
		if m := s.plot.open(s, s.net.messages[a.what].frame); m != nil && m.Kind == wire.KindTeach && m.Nonce == nonce && !m.More {
			last = true
		}
	}
	if !last {
		t.Error("no answer says that it is all")
	}
}

// A stack tells whose a panic is.
func TestBlame(t *testing.T) {
	for want, stack := range map[Verdict]string{
		Safety: "goroutine 1\nx/core/sim.(*run).do.func1()\n\t/x/run.go:1\npanic({0x1})\n\t/go/panic.go:1\nx/core.(*Node).take(0x1)\n\t/x/core/sim.go\nx/core/sim.(*run).take()\n",
		Broken: "goroutine 1\nx/core/sim.(*run).do.func1()\n\t/x/run.go:1\npanic({0x1})\n\t/go/panic.go:1\nslices.Sort(0x1)\n\t/go/slices.go\nx/core/sim.(*run).take()\n\t/x\nx/core.F()\n",
	} {
		if got := blame([]byte(stack)); got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}
