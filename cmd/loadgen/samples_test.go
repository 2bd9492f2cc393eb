package main

import (
	"math"
	"testing"
	"time"

	"parsec/cmd/loadgen/internal/load"
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
