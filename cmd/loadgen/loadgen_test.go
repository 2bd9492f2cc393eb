package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parsec/cmd/loadgen/internal/fake"
	"parsec/cmd/loadgen/internal/latency"
	"parsec/cmd/loadgen/internal/load"
	"parsec/cmd/loadgen/internal/report"
)

// command runs the program in virtual time on a section of three that is made so.
func command(t *testing.T, o fake.Options, meanwhile func(s *fake.Section, interrupt func()), args ...string) (status int, stdout, stderr string, run *report.Run) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var out, wrong bytes.Buffer
		a := app{stdout: &out, stderr: &wrong, sleep: time.Sleep, open: func(context.Context, *options) (*section, error) {
			f := fake.New(o)
			s := &section{nodes: f.Nodes(), names: []string{"node0", "node1", "node2"}, addresses: make([]string, 3), close: func(bool, bool) string { f.Close(); return "" }}
			if meanwhile != nil {
				go meanwhile(f, cancel)
			}
			return s, nil
		}}
		status = a.run(ctx, append(args, "-out", dir))
		stdout, stderr = out.String(), wrong.String()
	})
	if f, err := os.Open(filepath.Join(dir, "report.json")); err == nil {
		defer f.Close()
		if run, err = report.ReadJSON(f); err != nil {
			t.Fatal(err)
		}
	}
	return status, stdout, stderr, run
}

func TestStatuses(t *testing.T) {
	three := fake.Options{Nodes: 3, Interval: 10 * time.Millisecond}
	slow := three
	slow.Capacity, slow.Room = 10, 50
	for _, c := range []struct {
		name      string
		o         fake.Options
		meanwhile func(*fake.Section, func())
		args      string
		status    int
		says      string // in the report
	}{
		{"done", three, nil, "-rate 2k -duration 3s", 0, "2,000"},
		{"poisson", three, nil, "-rate 2k -duration 3s -arrivals poisson -seed 5", 0, "poisson"},
		{"stages", three, nil, "-stages 1s@1k,1s@1k..3k -warmup 1s", 0, "stage 2"},
		{"closed", three, nil, "-closed 30 -duration 3s", 0, "closed"},
		{"reached", three, nil, "-rate 2k -duration 3s -assert p99<20ms,lost=0,rate>=2k", 0, "p99<20ms"},
		{"invalid", slow, nil, "-rate 2k -duration 3s", 3, "handed over in time"},
		{"unsafe", three, func(s *fake.Section, _ func()) { time.Sleep(time.Second); s.Repeat(1) }, "-rate 2k -duration 3s", 4, "duplicate"},
		{"forked", three, func(s *fake.Section, _ func()) { s.Fork(1) }, "-rate 2k -duration 3s", 4, "node1: fork"},
		{"missed", three, nil, "-rate 2k -duration 3s -assert p99<1ms", 99, "p99<1ms"},
		{"interrupted", three, func(_ *fake.Section, stop func()) { time.Sleep(4 * time.Second); stop() }, "-rate 2k -duration 1h -assert p99<1ms", 130, "nterrupted"},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, stdout, stderr, run := command(t, c.o, c.meanwhile, strings.Fields(c.args)...)
			if status != c.status || !strings.Contains(stdout, c.says) || run == nil || run.ExitStatus() != status {
				t.Errorf("status %d, want %d; it does not say %q:\n%s%s", status, c.status, c.says, stdout, stderr)
			}
		})
	}
}

// TestReport compares a report with what is known of the load. No block comes at the very end of the load, in virtual
// time, so that there is something to drain.
func TestReport(t *testing.T) {
	_, stdout, _, run := command(t, fake.Options{Nodes: 3, Interval: 7 * time.Millisecond}, nil, "-rate", "2k", "-duration", "5s", "-warmup", "1s", "-size", "uniform:200")
	if run == nil {
		t.Fatal(stdout)
	}
	x := run.Totals
	if x.Intended != 10_000 || x.Sent != 10_000 || x.All != 10_000 || x.AllRate != 2000 || x.Bytes < 1_900_000 || x.Bytes > 2_100_000 || x.Lost+x.Duplicates != 0 {
		t.Errorf("%+v", x)
	}
	if len(run.Nodes) != 3 || len(run.Nodes[0].Samples) < 5 || len(run.Intervals) < 6 || len(run.Windows) != len(run.Intervals) || len(run.Phases) != 3 {
		t.Errorf("%d nodes, %d intervals, %d windows, %+v", len(run.Nodes), len(run.Intervals), len(run.Windows), run.Phases)
	}
	all, sum := run.Latency.Intended.All, uint64(0)
	h, err := all.HDR.Decode()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range run.Intervals {
		sum += v.Latency.Intended.All.Count
	}
	if h.TotalCount() != 10_000 || sum != 10_000 {
		t.Errorf("%d latencies, %d in intervals", h.TotalCount(), sum)
	}
}

func TestSearch(t *testing.T) {
	// Ten in a block, a hundred blocks a second: it decides 1,000 a second.
	status, stdout, stderr, run := command(t, fake.Options{Nodes: 3, Interval: 10 * time.Millisecond, Capacity: 10, Room: 1000}, nil,
		"-search", "-rate", "200", "-assert", "p99<100ms", "-duration", "4s", "-drain", "2s")
	if status != 0 || run == nil || run.Parameters.Rate < 930 || run.Parameters.Rate > 1070 || strings.Count(stdout, "holds") < 5 {
		t.Errorf("status %d:\n%s%s", status, stdout, stderr)
	}
	if status, stdout, _, _ = command(t, fake.Options{Nodes: 3, Interval: 10 * time.Millisecond}, nil, "-search", "-rate", "200", "-most", "400", "-assert", "p99<1s", "-duration", "2s"); status != 0 || !strings.Contains(stdout, "400/s holds, and -most is no more") {
		t.Errorf("status %d where all holds:\n%s", status, stdout)
	}
	// Blocks come at no round times: what is due in the moment of a block may be in it, and take no time.
	if status, stdout, _, run = command(t, fake.Options{Nodes: 3, Interval: 10007 * time.Microsecond}, nil, "-search", "-assert", "p99<1ms", "-duration", "2s"); status != 99 || run != nil {
		t.Errorf("status %d where nothing holds:\n%s", status, stdout)
	}
	status, stdout, stderr, run = command(t, fake.Options{Nodes: 3, Interval: 10 * time.Millisecond}, func(s *fake.Section, _ func()) { s.Repeat(1) },
		"-search", "-assert", "p99<1s", "-duration", "2s")
	if status != 4 || run == nil || len(run.Violations) == 0 {
		t.Errorf("status %d of an unsafe section:\n%s%s", status, stdout, stderr)
	}
}

func TestUsage(t *testing.T) {
	for _, args := range []string{"-rate x", "-rate 0", "-stages 5", "-rate 5 -stages 1s@5", "-targets a:1 -nodes 4", "-search", "-search -assert p99<1s -closed 5",
		"-assert p99", "-arrivals even", "-mode both", "-nodes 0", "-down 4", "-duration 0s", "-away none", "-retry any", "-size -1", "-links far", "-links delay=5", "-links /dev/null/x", "-faults never",
		"-trace /nowhere", "-closed 0", "-x", "rest", "-closed 5 -plan x", "-warmup -1s",
		"-targets foo", "-targets a:1,,b:2", "-targets http://a:1", "-targets a:1,a:1", "-most 5", "-search -assert p99<1s -rate 5k -most 1k",
		"-arrivals poisson -closed 4", "-duration 5s -stages 1s@5", "-rate 1s@5", "-duration 5", "-nodes x",
		"-crash 0", "-crash 1000000", "-crash 1 -nodes 3", "-crash 1 -down 1", "-targets a:1 -crash 1", "-search -assert p99<1s -crash 1"} {
		status, stdout, stderr, _ := command(t, fake.Options{Nodes: 3, Interval: time.Millisecond}, nil, strings.Fields(args)...)
		if status != exitUsage || stdout != "" || !strings.Contains(stderr, "loadgen -h tells more") {
			t.Errorf("%s: status %d: %s%s", args, status, stdout, stderr)
		}
	}
	if status, _, stderr, _ := command(t, fake.Options{Nodes: 3, Interval: time.Millisecond}, nil, "-crash", "1", "-faults", "1s kill 0"); status != exitUsage {
		t.Errorf("-crash and -faults: status %d: %s", status, stderr)
	}
	if status, _, stderr, _ := command(t, fake.Options{Nodes: 3, Interval: time.Millisecond}, nil, "-duration", "2s", "-faults", "0s pause 0 for 1s; 10s kill 1"); status != exitUsage || !strings.Contains(stderr, "is over") {
		t.Errorf("a fault after the load: status %d: %s", status, stderr)
	}
	for _, args := range [][]string{{"-targets", ""}, {"-assert", ""}, {"-faults", ""}, {"-plan", ""}, {"-rate", ""}} {
		if status, _, stderr, _ := command(t, fake.Options{Nodes: 3, Interval: time.Millisecond}, nil, args...); status != exitUsage || !strings.Contains(stderr, args[0]+" is empty") {
			t.Errorf("%q: status %d: %s", args, status, stderr)
		}
	}
	status, stdout, stderr, _ := command(t, fake.Options{Nodes: 3, Interval: time.Millisecond}, nil, "-h")
	for _, word := range []string{"-assert", "p99<800ms", "exit status", "kill NODE", "loss=1%", "0>1", "-retry", "poisson"} {
		if status != 0 || stderr != "" || !strings.Contains(stdout, word) {
			t.Errorf("-h: status %d, says nothing of %s", status, word)
		}
	}
}

// TestPlan: what -plan writes, -trace replays.
func TestPlan(t *testing.T) {
	plan := filepath.Join(t.TempDir(), "plan.csv")
	three := fake.Options{Nodes: 3, Interval: 10 * time.Millisecond}
	if status, _, stderr, _ := command(t, three, nil, "-rate", "500", "-duration", "2s", "-warmup", "1s", "-arrivals", "poisson", "-plan", plan); status != 0 {
		t.Fatal(stderr)
	}
	status, _, stderr, run := command(t, three, nil, "-trace", plan, "-warmup", "1s")
	again, _, _, direct := command(t, three, nil, "-rate", "500", "-duration", "2s", "-warmup", "1s", "-arrivals", "poisson")
	if status != 0 || again != 0 || run == nil || run.Totals.Intended != direct.Totals.Intended {
		t.Errorf("status %d, %s", status, stderr)
	}
}

func TestProgress(t *testing.T) {
	p := load.Progress{At: 2 * time.Second, Length: 9 * time.Second, Phase: "load", Due: 1500, Decided: 1400, Rates: load.Rates{Due: 1000, All: 990}}
	if s := progress(p); s != "load 2s/9s: 990/s of 1k/s decided, 100 waiting" {
		t.Error(s)
	}
	p.P50, p.P99, p.Away, p.Wrong = 1234567, latency.Beyond, 1, 2
	if s := progress(p); s != "2 VIOLATIONS, 1 away, load 2s/9s: 990/s of 1k/s decided, 100 waiting, p50 1.23ms p99 never" {
		t.Error(s)
	}
}
