package main

import (
	"context"
	"time"

	"parsec/cmd/loadgen/internal/goal"
	"parsec/cmd/loadgen/internal/load"
	"parsec/cmd/loadgen/internal/network"
	"parsec/cmd/loadgen/internal/network/fault"
	"parsec/cmd/loadgen/internal/report"
)

// measured is a load that was run.
type measured struct {
	result   *load.Result
	outcomes []goal.Outcome
	report   *report.Run
	attacks  []network.AttackReport
}

// measure runs one load on a section, with its faults.
func (a *app) measure(ctx context.Context, o *options, s *section) (*measured, error) {
	faulty, end := context.WithCancel(ctx)
	defer end()
	done := make(chan []fault.Record, 1)
	crashed, until := make(chan *crashes, 1), make(chan struct{})
	cfg := load.Config{
		Nodes: s.nodes, Arrivals: o.process(), Closed: o.closed, Length: o.length(), Warmup: o.warmup, Drain: o.drain,
		Size: o.size, Seed: o.seed, Away: o.away, Retry: o.retry, Sleep: a.sleep, Until: until, Forged: s.forged,
		Hostile: fault.Hostile(o.faults), Step: report.Step(o.length()+o.drain, len(s.names)), Tell: func(p load.Progress) {
			if !o.quiet {
				a.say.Tell(progress(p))
			}
		},
		Began: func(start time.Time) {
			if o.crash > 0 {
				go func() {
					defer close(until)
					crashed <- crash(faulty, o, s.local, start)
				}()
			}
			go func() {
				if s.local == nil || len(o.faults) == 0 {
					done <- nil
					return
				}
				records := fault.Run(faulty, o.faults, s.local, fault.Options{Start: start, Nodes: o.nodes, Seed: o.seed})
				s.local.Restore()
				done <- records
			}()
		},
	}
	r, err := load.Run(ctx, cfg)
	if err != nil {
		return nil, err
	}
	end()
	r.Invalid = append(r.Invalid, s.failures(r.Began)...)
	if s.local != nil && s.local.InMemory() {
		r.Notes = append(r.Notes, "the nodes' folders are in memory: syncs cost nothing, and figures say nothing of a disk")
	}
	m := &measured{result: r, outcomes: goal.Judge(o.goals, r)}
	if r.Interrupted {
		m.outcomes = nil // of a part of the run, nobody said what it is to reach
	}
	if m.report, err = describe(o, s, m, <-done); err != nil {
		return nil, err
	}
	if o.crash > 0 {
		(<-crashed).describe(o, r, m.report)
	}
	if s.local != nil {
		m.attacks = s.local.AttackReports()
	}
	return m, nil
}
