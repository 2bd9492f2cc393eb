package sim

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
)

var update = flag.Bool("sim.update", false, "write testdata/traces.txt anew")

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
	compareGolden(t, all, hashes[0])
}

// compareGolden compares hashes with those in testdata/traces.txt, which were written without the race detector: so the
// tests with it find out whether hashes are the same there. Compressed messages have other bytes on other
// architectures. The file changes with all that changes what is sent, and is then written anew by
//
//	go test ./core/sim -run TestTraceHash -sim.update
func compareGolden(t *testing.T, all []Config, hashes []string) {
	if runtime.GOARCH != "amd64" {
		return
	}
	var b strings.Builder
	for i, cfg := range all {
		fmt.Fprintf(&b, "%-14s %s\n", cfg.Scenario, hashes[i])
	}
	const file = "testdata/traces.txt"
	if *update {
		if err := os.MkdirAll("testdata", 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(want), b.String()) {
		t.Errorf("other hashes than in %s; if what is sent was changed on purpose, go test ./core/sim -run TestTraceHash -sim.update:\n%s", file, b.String())
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
