package sim

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"parsec/core"
)

// Every scenario is there to do something: what it is about does happen.
func TestScenariosAreWhatTheySay(t *testing.T) {
	names := make(map[string]bool)
	for _, s := range Scenarios() {
		if names[s.Name] || s.Does == "" || s.MinPeers < s.Least || s.MaxPeers < s.MinPeers || s.Least < 1 {
			t.Errorf("scenario %q", s.Name)
		}
		names[s.Name] = true
	}
	if len(usual()) < 15 {
		t.Errorf("%d scenarios, want at least 15", len(usual()))
	}
	for name, happens := range map[string]func(s *run) bool{
		"loss":       func(s *run) bool { return len(s.net.old) > 0 && s.plan.loss+s.plan.duplicate > 0 },
		"partition":  func(s *run) bool { return len(s.plan.partitions) > 0 },
		"crash":      func(s *run) bool { return crashed(s, false) },
		"crash-kept": func(s *run) bool { return crashed(s, true) },
		"backup":     func(s *run) bool { return s.processes[s.plan.crashes[0].who].restored != core.Hash{} },
		"twins":      forkSeen,
		"forks":      forkSeen,
		"join":       func(s *run) bool { return len(s.ledger.members()) > s.plan.peers },
		"leave":      func(s *run) bool { return len(s.ledger.members()) < s.plan.peers },
		"shrink":     func(s *run) bool { return len(s.ledger.members()) <= 2 },
		"garbage":    func(s *run) bool { return len(s.plot.frames) > 0 },
	} {
		happened := 0
		seeds := uint64(6)
		if testing.Short() {
			seeds = 3
		}
		for seed := range seeds {
			r := mustRun(t, Config{Scenario: name, Seed: seed})
			if happens(r.run) {
				happened++
			}
		}
		if happened < int(seeds)/3 {
			t.Errorf("%s: it happens in %d of %d runs", name, happened, seeds)
		}
	}
}

func crashed(s *run, kept bool) bool {
	for _, c := range s.plan.crashes {
		if c.kept == kept && s.processes[c.who].epoch > 0 {
			return true
		}
	}
	return false
}

func forkSeen(s *run) bool {
	for _, p := range s.processes {
		if p.honest && p.node != nil {
			begun := make(map[string]bool)
			for i := range p.node.Len() {
				ev := p.node.EventAt(core.EventIndex(i))
				k := fmt.Sprint(ev.Creator, ev.Cause == core.Initial, ev.SelfParent)
				if begun[k] {
					return true
				}
				begun[k] = true
			}
		}
	}
	return false
}

func mustRun(t testing.TB, cfg Config) *Result {
	t.Helper()
	r, err := Run(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if r.Failure != nil {
		t.Fatalf("%s %d: %v", r.Scenario, r.Seed, r.Failure)
	}
	return r
}

// Twins and members are as many as the configuration says, and steps about as many.
func TestConfig(t *testing.T) {
	mode := core.Single
	r := mustRun(t, Config{Scenario: "calm", Seed: 3, Peers: 7, Twins: 2, Steps: 500, Mode: &mode})
	if r.Peers != 7 || r.Mode != core.Single || len(r.run.processes) != 9 || len(r.run.plan.hostile) != 2 {
		t.Errorf("%d peers, %v, %d processes, %d hostile", r.Peers, r.Mode, len(r.run.processes), len(r.run.plan.hostile))
	}
	few, many := actionsUntilHealed(t, 500), actionsUntilHealed(t, 3000)
	if few < 250 || few > 1000 || many < 1500 || many > 6000 {
		t.Errorf("500 steps took %d actions, and 3000 took %d", few, many)
	}
	for _, c := range []struct {
		cfg  Config
		want string
	}{
		{Config{Scenario: "nothing"}, "no scenario"},
		{Config{Scenario: "twins", Peers: 3}, "takes at least 4"},
		{Config{Scenario: "calm", Peers: 6, Twins: 2}, "fewer than a third"},
		{Config{Scenario: "calm", Peers: 4, Twins: 4, Beyond: true}, "fewer than a third"},
		{Config{Scenario: "calm", Peers: 7, Twins: 1, Hostile: 2}, "1 twins and 2 hostile of 7 peers"},
		{Config{Scenario: "calm", Peers: 7, Hostile: -1}, "fewer than a third"},
		{Config{Scenario: "calm", Peers: 257}, "up to 256"},
		{Config{Scenario: "calm", Steps: -1}, "-1 steps"},
	} {
		if _, err := Run(context.Background(), c.cfg); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v, want %s", c.cfg, err, c.want)
		}
	}
}

func actionsUntilHealed(t *testing.T, steps int) (n int) {
	cfg := Config{Scenario: "calm", Seed: 5, Peers: 5, Steps: steps}
	sc, err := cfg.scenario()
	if err != nil {
		t.Fatal(err)
	}
	s := newRun(&cfg, sc)
	s.hook = func(a *action) {
		if !s.net.healed {
			n++
		}
	}
	s.do(context.Background())
	if s.failure != nil {
		t.Fatal(s.failure)
	}
	return n
}

// Hostile members stay fewer than a third, whichever members are removed, and those that are so already are made twins
// where there may be no more.
func TestSpared(t *testing.T) {
	left := 0
	for seed := range uint64(40) {
		for _, scenario := range []string{"leave", "churn", "shrink"} {
			cfg := Config{Scenario: scenario, Seed: seed, Peers: 7, Twins: 1, Hostile: 1}
			sc, err := cfg.scenario()
			if err != nil {
				t.Fatal(err)
			}
			p := newRun(&cfg, sc).plan
			honest := p.peers - len(p.hostile)
			for _, c := range p.changes {
				if !c.add && c.who >= len(p.hostile) {
					honest--
					left++
				}
			}
			if n := len(p.hostile); n != 2 || n > tolerated(n+honest) {
				t.Errorf("%s, seed %d: %d hostile, and %d honest are left", scenario, seed, n, honest)
			}
		}
	}
	if left > 0 {
		t.Errorf("with two of seven hostile no honest one can go, and %d do", left)
	}
	cfg := Config{Scenario: "leave", Seed: 4, Peers: 9, Twins: 1}
	sc, _ := cfg.scenario()
	for seed := range uint64(20) {
		cfg.Seed = seed
		left += len(newRun(&cfg, sc).plan.changes)
	}
	if left == 0 {
		t.Error("nobody leaves")
	}
	cfg = Config{Scenario: "silence", Seed: 1, Peers: 7, Twins: 2, Hostile: 0}
	sc, _ = cfg.scenario()
	for i, v := range newRun(&cfg, sc).plan.hostile {
		if !v.twins || len(v.shuns) == 0 {
			t.Errorf("hostile member %d is not both", i)
		}
	}
}

// A section that more than a third of its members attack does not come to an end, and the run says so.
func TestBeyond(t *testing.T) {
	r, err := Run(context.Background(), Config{Scenario: "calm", Peers: 4, Twins: 2, Beyond: true, Steps: 300})
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict() != Stuck {
		t.Errorf("verdict %v", r.Verdict())
	}
}

// A context that ends stops a run.
func TestInterrupted(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := Run(ctx, Config{}); err != context.Canceled {
		t.Errorf("got %v", err)
	}
}
