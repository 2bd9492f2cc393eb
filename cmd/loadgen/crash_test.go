package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"parsec/cmd/loadgen/internal/check"
	"parsec/cmd/loadgen/internal/load"
	"parsec/cmd/loadgen/internal/network"
	"parsec/cmd/loadgen/internal/network/fault"
	"parsec/cmd/loadgen/internal/report"
	"parsec/core/node/client"
)

// TestCrash kills a few nodes under load, as make crash kills many. A closed loop has no times that a busy machine could
// miss.
func TestCrash(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes and kills them")
	}
	status, run := local(t, "-closed", "50", "-crash", "6", "-duration", "1h", "-warmup", "300ms", "-retry", "other", "-away", "other")
	if status != exitDone || len(run.Restarts) != 6 || run.Totals.All == 0 || run.Totals.All != run.Totals.Intended || run.Totals.Lost+run.Totals.Duplicates != 0 {
		t.Errorf("status %d, %d restarts, %+v", status, len(run.Restarts), run.Totals)
	}
	events, killed := uint64(0), uint64(0)
	for _, r := range run.Restarts {
		if r.Serving <= 0 || r.CaughtUp < r.Serving || r.Events <= events {
			t.Errorf("%+v, after a restart with %d events", r, events)
		}
		events = r.Events
	}
	for _, n := range run.Nodes {
		killed += n.Totals.Restarts
		if n.Totals.Refused > 0 {
			t.Errorf("%s refused %d messages", n.Name, n.Totals.Refused)
		}
	}
	if killed != 6 || len(run.Faults) != 6 {
		t.Errorf("%d nodes were killed by %d faults", killed, len(run.Faults))
	}
}

// TestCrashUnfinished: what is not done in time is said.
func TestCrashUnfinished(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes and kills them")
	}
	status, run := local(t, "-closed", "50", "-crash", "1000", "-duration", "1s", "-warmup", "300ms")
	if want := "of 1000 kills took place when the load was over"; status != exitError || !strings.Contains(run.Failed, want) {
		t.Errorf("status %d: %q", status, run.Failed)
	}
}

// TestFork: others see that a twin forks. It is a violation, unless the load is told that the node is not alone with its
// key.
func TestFork(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	n, err := network.Start(t.Context(), network.Config{Nodes: 4, Proxies: true})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close(0)
	s := &section{local: n}
	for i := range n.Nodes() {
		s.nodes = append(s.nodes, remote{client.New(n.HTTP(i))})
	}
	seen := make(chan struct{})
	c := load.Config{Nodes: s.nodes, Closed: 20, Length: time.Hour, Drain: 100 * time.Millisecond, Until: seen, Began: func(time.Time) {
		go func() {
			defer close(seen)
			twin := fault.Step{Fault: fault.Fault{Action: fault.Twin, Node: 3}}
			pause := fault.Step{Fault: fault.Fault{Action: fault.Pause, Node: 3}}
			goOn := pause
			goOn.Ends = true
			for range 20 {
				// One that meets an event of the node's before it makes one itself stops, and forks nothing: so it is alone for a while.
				errs := []error{n.Apply(t.Context(), pause), n.Apply(t.Context(), twin)}
				<-time.After(1500 * time.Millisecond)
				if err := errors.Join(append(errs, n.Apply(t.Context(), goOn))...); err != nil {
					t.Error(err)
					return
				}
				for end := time.Now().Add(2 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
					if x, err := n.Status(t.Context(), 0); err == nil && slices.Equal(x.Forked, []string{n.Identity(3)}) {
						return
					}
				}
				ended := twin
				ended.Ends = true
				if err := n.Apply(t.Context(), ended); err != nil {
					t.Error(err)
					return
				}
			}
			t.Error("nobody saw the fork")
		}()
	}}
	r, err := load.Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if v := r.Verdict; v.Counts != [check.Kinds]uint64{check.Fork: 1} || v.Violations[0].Node != 3 {
		t.Errorf("%v", v.Violations)
	}
	c.Until = nil
	c.Length, c.Began, c.Nodes, c.Forged = time.Millisecond, nil, s.nodes, s.forged
	if r, err = load.Run(t.Context(), c); err != nil || !r.Verdict.Safe() {
		t.Errorf("%v, %v", r.Verdict.Violations, err)
	}
	for i := range 4 {
		if n.Forged(i) != (i == 3) {
			t.Errorf("node %d: another has its key: %v", i, n.Forged(i))
		}
	}
}

// local runs the program with four nodes that are processes of their own.
func local(t *testing.T, args ...string) (status int, r *report.Run) {
	t.Helper()
	dir := t.TempDir()
	var stdout, stderr bytes.Buffer
	status = run(t.Context(), append(args, "-quiet", "-dir", filepath.Join(dir, "nodes"), "-out", dir), &stdout, &stderr)
	t.Logf("status %d\n%s%s", status, stderr.String(), stdout.String())
	f, err := os.Open(filepath.Join(dir, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if r, err = report.ReadJSON(f); err != nil {
		t.Fatal(err)
	}
	return status, r
}
