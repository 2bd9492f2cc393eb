package main

import (
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"parsec/cmd/loadgen/internal/load"
	"parsec/cmd/loadgen/internal/network"
	"parsec/cmd/loadgen/internal/report"
	"parsec/core/node/client"
)

// restartedNode is a node that is asked each second, was killed after 3.2 s, begun again at 5.5 s and had caught up at 7 s.
func restartedNode() (samples []load.Sample, absence load.Absence) {
	add := func(at, uptime float64, s client.Status) {
		s.Uptime = uptime
		samples = append(samples, load.Sample{At: time.Duration(at * 1e9), Status: s})
	}
	add(0, 10, client.Status{CPU: 5, Events: 100, Blocks: 50, Syncs: 1000, Received: 80, Duplicates: 20, Resident: 1 << 20})
	add(1, 11, client.Status{CPU: 5.5, Events: 200, Blocks: 60, Syncs: 1100, Received: 180, Duplicates: 40, Resident: 2 << 20})
	add(2, 12, client.Status{CPU: 6, Events: 300, Blocks: 70, Syncs: 1200, Received: 280, Duplicates: 60, Resident: 9 << 20})
	add(3, 13, client.Status{CPU: 6.5, Events: 400, Blocks: 80, Syncs: 1300, Received: 380, Duplicates: 80, Resident: 4 << 20})
	add(6, 0.5, client.Status{CPU: 0.25, Events: 450, Blocks: 85, Syncs: 30, Received: 40, Duplicates: 10, Resident: 1 << 20})
	add(7, 1.5, client.Status{CPU: 0.75, Events: 550, Blocks: 95, Syncs: 130, Received: 140, Duplicates: 30, Resident: 2 << 20})
	return samples, load.Absence{Node: 1, From: 3200 * time.Millisecond, Back: 5800 * time.Millisecond, Caught: 7 * time.Second}
}

func TestNodeOf(t *testing.T) {
	samples, _ := restartedNode()
	n := nodeOf("node1", "a:1", samples, time.Second)
	want := report.NodeTotals{CPU: .5 + .5 + .25 + .5, MaxResident: 9 << 20, Syncs: 100 + 100 + 30 + 100, Events: 350, Received: 100 + 100 + 40 + 100,
		Duplicates: 20 + 20 + 10 + 20, Blocks: 35, Restarts: 1}
	if n.Totals != want {
		t.Errorf("%+v, want %+v", n.Totals, want)
	}
	if len(n.Samples) != 5 || n.Samples[0].CPU != .5 || n.Samples[0].Duplicates != .2 || math.Abs(n.Samples[3].Syncs-10) > 1e-9 || n.Samples[3].Duplicates != .25 {
		t.Errorf("%+v", n.Samples)
	}
}

func TestRestarts(t *testing.T) {
	samples, absence := restartedNode()
	steady := samples[:4]
	r := &load.Result{Samples: [][]load.Sample{steady, samples, nil}, Absences: []load.Absence{{Node: 0, From: time.Second, Back: 2 * time.Second}, absence}}
	all := restarts([]string{"node0", "node1", "node2"}, r)
	if len(all) != 1 {
		t.Fatalf("%+v", all)
	}
	x := all[0]
	if x.Node != "node1" || math.Abs(x.At-5.5) > 1e-9 || math.Abs(x.Serving-.3) > 1e-9 || math.Abs(x.CaughtUp-1.5) > 1e-9 || x.Events != 450 {
		t.Errorf("%+v", x)
	}
}

func TestOwns(t *testing.T) {
	var totals report.Totals
	all := owns([]load.Own{{At: 0, CPU: 0}, {At: time.Second, CPU: time.Second / 2}, {At: 3 * time.Second, CPU: time.Second}, {At: 4 * time.Second, CPU: -1}}, time.Second, &totals)
	if len(all) != 3 || all[0].CPU != .5 || all[1].CPU != .25 || all[2].CPU != 0 || totals.CPU != .5 {
		t.Errorf("%+v, %v s", all, totals.CPU)
	}
}

// TestTold is about what a report says of nodes that were not as they should be.
func TestTold(t *testing.T) {
	s := &section{nodes: make([]load.Node, 2), names: []string{"node0", "node1"}, addresses: []string{"a:1", "b:2"}}
	start := time.Now()
	s.fail(network.Failure{Node: 1, At: start.Add(1500 * time.Millisecond), Err: errors.New("node 1 ended by itself: exit status 7\n\tthe disk is full")})
	if got := s.failures(start); !slices.Equal(got, []string{"node 1 ended by itself: exit status 7, 1.5s after the start"}) {
		t.Errorf("%q", got)
	}
	r := &load.Result{Last: []*client.Status{nil, {Voters: 4}}, Absences: []load.Absence{{Node: 1, From: time.Second}, {Node: 0, From: time.Second, Back: 2 * time.Second, Caught: 3 * time.Second}}}
	want := []string{"node1 (b:2) was away from 1s on", "node0 (a:1) was away from 1s on until it had caught up at 3s",
		"the section has 4 voters and -targets 2 nodes: what the others decide and when is not seen"}
	if got := targetNotes(s, r); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	r.Absences, r.Last = make([]load.Absence, 12), nil
	if got := targetNotes(s, r); len(got) != 11 || got[10] != "and 2 more times" {
		t.Errorf("%q", got)
	}
}
