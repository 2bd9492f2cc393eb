package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parsec/cmd/perf/internal/floor"
	"parsec/cmd/perf/internal/trial"
)

const two = figures + "\nBenchmarkReplay/mode=single/peers=8-2 3 2000000 ns/op 2 us/event 500 B/event 7 blocks/event"

// Whatever keeps the gate from judging is no pass, and it says what it was.
func TestGateBlind(t *testing.T) {
	if testing.Short() {
		t.Skip("some hundred processes")
	}
	plain := commit{"figures": figures}
	for _, c := range []struct {
		name       string
		base, head commit
		valgrind   bool
		accepted   string // entry with %s for the base
		want       int
		says       string
	}{
		{"deaf head", plain, commit{"mode": "deaf"}, false, "", exitUsage, "cannot be slowed down on purpose"},
		{"lame head", plain, commit{"mode": "lame"}, false, "", exitUsage, "blind to time: a deliberate slowdown is judged PASS"},
		{"base that lapses", commit{"figures": figures, "mode": "lapse"}, commit{"mode": ""}, false, "", exitUsage, "blind to counters: the base does not pass against itself"},
		{"no counters", commit{"figures": "1 us/event"}, commit{}, false, "", exitDone, "note: these benchmarks report no counters"},
		{"benchmark gone", commit{"figures": two}, plain, false, "", exitUsage, "peers=8 : has vanished from head"},
		{"benchmark gone, accepted", commit{"figures": two}, plain, false,
			`{"base":"%s","benchmark":"Replay/mode=single/peers=8","vanished":true,"reason":"it is meant"}`, exitDone, "accepted by x.json: it is meant"},
		{"counter at zero", plain, commit{"figures": "1 us/event 500 B/event 0 blocks/event"}, false, "", exitUsage, "measures nothing"},
		{"counter at zero, accepted", plain, commit{"figures": "1 us/event 500 B/event 0 blocks/event"}, false,
			`{"base":"%s","benchmark":"Replay/mode=single/peers=4","unit":"blocks/event","zero":true,"reason":"it is meant"}`, exitDone, "accepted by x.json: it is meant"},
		{"no valgrind", plain, commit{}, false, "", exitDone, "instructions counted of: no benchmark"},

		{"counted", commit{"figures": figures, "mode": "bare", "instructions": "1000"}, commit{"instructions": "1001"}, true, "", exitDone,
			"instructions counted of: Replay/mode=single/peers=4\n"},
		{"more instructions", commit{"figures": figures, "mode": "bare", "instructions": "1000"}, commit{"instructions": "1010"}, true, "", exitFail, "instructions/op"},
		{"head cannot run bare", commit{"figures": figures, "mode": "bare", "instructions": "1000"}, commit{"mode": ""}, true, "", exitUsage, "head: its benchmarks cannot run bare"},
		{"base cannot run bare", commit{"figures": figures, "mode": "", "instructions": "1000"}, commit{"mode": "bare"}, true, "", exitDone, "too old to count instructions"},
		{"counted one gone", commit{"figures": two, "mode": "bare", "instructions": "1000"}, plain, true, "", exitUsage, "peers=8 has vanished from head"},
		{"counted one gone, accepted", commit{"figures": two, "mode": "bare", "instructions": "1000"}, plain, true,
			`{"base":"%s","benchmark":"Replay/mode=single/peers=8","vanished":true,"reason":"it is meant"}`, exitDone, "instructions counted of: Replay/mode=single/peers=4\n"},
		{"no count", commit{"figures": figures, "mode": "bare", "instructions": "0"}, commit{}, true, "", exitUsage, "take no instruction more"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inCommits(t, c.base, c.head)
			args := []string{"gate", "-short", "HEAD~1", "HEAD"}
			if c.valgrind {
				withValgrind(t)
				args = append(args[:2:2], "-bench", "Replay", "HEAD~1", "HEAD")
			}
			if c.accepted != "" {
				if err := writeFile("results/accept/x.json", fmt.Appendf(nil, c.accepted, git(t, "rev-parse", "HEAD~1"))); err != nil {
					t.Fatal(err)
				}
			}
			status, out, err := perf(t.Context(), args...)
			if status != c.want || !strings.Contains(out+err, c.says) {
				t.Errorf("status %d, want %d and %q:\n%s%s", status, c.want, c.says, out, err)
			}
		})
	}
}

// noiseOf writes runs of a build against itself, half of which differ by a share.
func noiseOf(t *testing.T, runs int, share float64) string {
	t.Helper()
	name := filepath.Join("results", "noise", floor.Machine()+".ndjson")
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	os.Remove(name)
	for i := range runs {
		one, other := make([]float64, trial.MinSamples), make([]float64, trial.MinSamples)
		for j := range one {
			one[j], other[j] = 1, 1+share*float64(i%2)
		}
		r := floor.Record{Kind: floor.AA, Profile: trial.Short, Commit: strings.Repeat("a", 40), Times: []floor.Times{{Benchmark: "Replay/mode=single/peers=4-2", One: one, Other: other}}}
		if err := floor.Append(name, r); err != nil {
			t.Fatal(err)
		}
	}
	return name
}

// The floor is computed from the runs, whatever the summary beside them says, and printed.
func TestGateFloor(t *testing.T) {
	inThrowaway(t, figures, figures)
	gate := func(want int, says string, args ...string) string {
		t.Helper()
		status, out, err := perf(t.Context(), append(append([]string{"gate", "-short"}, args...), "HEAD~1", "HEAD")...)
		if status != want || !strings.Contains(out+err, says) {
			t.Errorf("status %d, want %d and %q:\n%s%s", status, want, says, out, err)
		}
		return out
	}
	gate(exitDone, "noise floor: 25.0 % (a guess)")
	name := noiseOf(t, floor.MinRuns, 0.125)
	if err := os.WriteFile(strings.TrimSuffix(name, ".ndjson")+".json", []byte(`{"runs":100,"benchmarks":{"x":null,"Replay/mode=single/peers=4":{"difference_p99":9}}}`), 0o666); err != nil {
		t.Fatal(err)
	}
	gate(exitDone, "noise floor: 12.5 % (20 runs of aaaaaaaaaa on "+floor.Machine())
	var last struct{ Floors map[string]float64 }
	lines := strings.Split(strings.TrimSpace(gate(exitDone, `"floors"`, "-json")), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || last.Floors["Replay/mode=single/peers=4"] != 0.125 {
		t.Errorf("%+v, %v", last, err)
	}
	noiseOf(t, floor.MinRuns, 0.5)
	gate(exitUsage, "noise floor is 50.0 %")
	for _, line := range []string{"{", "null", `{"kind":"slowdown","injected":2}`} {
		if err := os.WriteFile(name, []byte(line+"\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		gate(exitUsage, ".ndjson:1: ")
		if status, _, err := perf(t.Context(), "noise", "-summary"); status != exitUsage || !strings.Contains(err, ".ndjson:1: ") {
			t.Errorf("noise -summary of %s: status %d, %s", line, status, err)
		}
	}
}

// Runs of another build are not added to; what was measured is not part of the build.
func TestNoiseGroups(t *testing.T) {
	inThrowaway(t, figures, figures)
	noise := func(want int, says string, args ...string) {
		t.Helper()
		status, out, err := perf(t.Context(), append([]string{"noise"}, args...)...)
		if status != want || !strings.Contains(out+err, says) {
			t.Errorf("noise %v: status %d, want %d and %q:\n%s%s", args, status, want, says, out, err)
		}
	}
	first := git(t, "rev-parse", "HEAD")
	noise(exitDone, "from 1 runs of one build against itself (commit "+first[:10], "-runs", "1")
	noise(exitUsage, "has 1 runs of this kind", "-runs", "2")
	noise(exitDone, "from 2 runs of one build against itself (commit "+first[:10], "-runs", "2", "-resume")
	noise(exitDone, "counters are compared exactly, and were equal in 2 of 2 runs", "-summary")
	if err := writeFile("bench/figures", []byte(strings.Replace(figures, "7", "8", 1))); err != nil {
		t.Fatal(err)
	}
	noise(exitDone, "from 1 runs of one build against itself", "-runs", "1", "-resume")
	noise(exitDone, "the gate fails 1 of 1 runs of ", "-runs", "1", "-slowdown", "2")
}
