package sim

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"runtime"
	"sync"
	"testing"
)

// traced are the runs whose hashes are compared: one of each usual scenario, some with signatures.
func traced() (out []Config) {
	for i, s := range usual() {
		out = append(out, Config{Scenario: s.Name, Seed: uint64(i), Signatures: i%4 == 0, Steps: 900})
	}
	return out
}

// The trace hash of a seed is the same on every run, alone or among others, whatever the number of processors.
func TestTraceHash(t *testing.T) {
	all := traced()
	if testing.Short() {
		all = all[:6]
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var hashes [3][]string
	for round, procs := range []int{1, 4, 4} {
		runtime.GOMAXPROCS(procs)
		hashes[round] = make([]string, len(all))
		var wait sync.WaitGroup
		for i, cfg := range all {
			one := func() {
				r, err := Run(context.Background(), cfg)
				if err != nil {
					t.Error(err)
					return
				}
				if r.Failure != nil {
					t.Errorf("%s: %v", r.Scenario, r.Failure)
				}
				hashes[round][i] = r.Hash()
			}
			if round < 2 {
				one()
			} else {
				wait.Go(one)
			}
		}
		wait.Wait()
	}
	for i, cfg := range all {
		if hashes[0][i] != hashes[1][i] || hashes[0][i] != hashes[2][i] {
			t.Errorf("%s, seed %d: with one processor, four, and among others:\n%s\n%s\n%s", cfg.Scenario, cfg.Seed, hashes[0][i], hashes[1][i], hashes[2][i])
		}
	}
	seen := make(map[string]bool)
	for _, h := range hashes[0] {
		if seen[h] {
			t.Errorf("two runs have the hash %s", h)
		}
		seen[h] = true
	}
}

// The race detector changes no hash: a program without it computes the same. The test runs where the detector is on.
func TestTraceHashWithRaceDetector(t *testing.T) {
	if !raceDetector {
		t.Skip("the race detector is off")
	}
	for _, cfg := range traced()[:4] {
		args := []string{"run", "../../cmd/parsec", "sim", "-json", "-scenario", cfg.Scenario, "-seed", fmt.Sprint(cfg.Seed), "-steps", fmt.Sprint(cfg.Steps)}
		if cfg.Signatures {
			args = append(args, "-signatures")
		}
		out, err := exec.Command("go", args...).Output()
		if err != nil {
			t.Fatalf("go %v: %v", args, err)
		}
		var line struct{ Trace string }
		if err := json.Unmarshal(out, &line); err != nil {
			t.Fatal(err)
		}
		if h := mustRun(t, cfg).Hash(); h != line.Trace {
			t.Errorf("%s, seed %d: %s with the race detector, %s without", cfg.Scenario, cfg.Seed, h, line.Trace)
		}
	}
}

// The hash covers what is said: another seed, mode or size, signatures or none, give others.
func TestTraceHashDiffers(t *testing.T) {
	base := Config{Scenario: "calm", Seed: 1, Peers: 4, Steps: 300}
	seen := map[string]string{}
	for name, change := range map[string]func(*Config){
		"base":       func(*Config) {},
		"seed":       func(c *Config) { c.Seed = 2 },
		"peers":      func(c *Config) { c.Peers = 5 },
		"signatures": func(c *Config) { c.Signatures = true },
		"steps":      func(c *Config) { c.Steps = 320 },
	} {
		cfg := base
		change(&cfg)
		h := mustRun(t, cfg).Hash()
		if seen[h] != "" {
			t.Errorf("%s and %s have one hash", name, seen[h])
		}
		seen[h] = name
	}
}
