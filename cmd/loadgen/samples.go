package main

import (
	"time"

	"parsec/cmd/loadgen/internal/load"
	"parsec/cmd/loadgen/internal/report"
	"parsec/core/node/client"
)

// restarted reports whether a node's process began anew between two statuses.
func restarted(before, now *client.Status) bool { return now.Uptime < before.Uptime }

// nodeOf describes a node by what it said of itself. Its totals are of the time after the warm-up. What it did between
// the last status and its end, when it was killed, nobody knows.
func nodeOf(name, address string, samples []load.Sample, warmup time.Duration) report.Node {
	n := report.Node{Name: name, Address: address, Role: "honest"}
	t := &n.Totals
	for i := range samples {
		s := &samples[i].Status
		t.MaxResident = max(t.MaxResident, s.Resident)
		if i == 0 {
			continue
		}
		b := &samples[i-1].Status
		zero := &client.Status{}
		if restarted(b, s) {
			t.Restarts++
			// What is counted since the process began, begins with 0; what is of the section goes on.
			zero.Blocks, zero.Decided, zero.Events = b.Blocks, b.Decided, b.Events
			b = zero
		}
		since := func(now, before uint64) uint64 { return now - min(now, before) }
		received := since(s.Received, b.Received)
		duplicates := min(since(s.Duplicates, b.Duplicates), received)
		cpu := max(0, s.CPU-b.CPU)
		if samples[i].At > warmup {
			t.CPU += cpu
			t.In += since(s.BytesIn, b.BytesIn)
			t.Out += since(s.BytesOut, b.BytesOut)
			t.LogBytes += since(s.LogBytes, b.LogBytes)
			t.Syncs += since(s.Syncs, b.Syncs)
			t.Events += since(s.Events, b.Events)
			t.Received += received
			t.Duplicates += duplicates
			t.Blocks += since(s.Blocks, b.Blocks)
			t.Decided += since(s.Decided, b.Decided)
			t.Refused += since(s.Refused, b.Refused)
		}
		length := (samples[i].At - samples[i-1].At).Seconds()
		if length <= 0 {
			continue
		}
		rate := func(now, before uint64) float64 { return float64(since(now, before)) / length }
		x := report.Sample{At: samples[i].At.Seconds(), CPU: cpu / length, Resident: s.Resident, In: rate(s.BytesIn, b.BytesIn), Out: rate(s.BytesOut, b.BytesOut),
			Syncs: rate(s.Syncs, b.Syncs), Events: rate(s.Events, b.Events), Blocks: rate(s.Blocks, b.Blocks), Goroutines: uint64(max(0, s.Goroutines)),
			Files: uint64(max(0, s.Files)), Undecided: uint64(max(0, s.Undecided))}
		if received > 0 {
			x.Duplicates = float64(duplicates) / float64(received)
		}
		n.Samples = append(n.Samples, x)
	}
	return n
}

// restarts finds the restarts of nodes by their uptime, and when they served and had caught up by the absences. A process
// begins when the first status after it says; what it read back from disk is what its graph has then, and what came since
// is in it: within a step of the statuses.
func restarts(names []string, r *load.Result) (all []report.Restart) {
	for node, samples := range r.Samples {
		for i := 1; i < len(samples); i++ {
			s := &samples[i].Status
			if !restarted(&samples[i-1].Status, s) {
				continue
			}
			begun := max(0, samples[i].At.Seconds()-s.Uptime)
			x := report.Restart{Node: names[node], At: begun, Events: s.Events}
			for _, a := range r.Absences {
				if a.Node != node || a.From > samples[i].At || a.Back < samples[i-1].At {
					continue
				}
				x.Serving = max(0, a.Back.Seconds()-begun)
				if a.Caught > 0 {
					x.CaughtUp = max(0, a.Caught.Seconds()-begun)
				}
			}
			all = append(all, x)
		}
	}
	return all
}

// owns describes this process, and adds what it used after the warm-up to the totals.
func owns(samples []load.Own, warmup time.Duration, t *report.Totals) (all []report.Own) {
	for i := range samples {
		if i == 0 {
			continue
		}
		s, b := samples[i], samples[i-1]
		length := (s.At - b.At).Seconds()
		if length <= 0 {
			continue
		}
		used := max(0, s.CPU-b.CPU).Seconds() // 0 where the system does not tell
		if s.At > warmup {
			t.CPU += used
		}
		all = append(all, report.Own{At: s.At.Seconds(), CPU: used / length, Resident: s.Resident, Goroutines: uint64(s.Goroutines)})
	}
	return all
}
