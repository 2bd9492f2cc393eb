package main

import (
	"context"
	"fmt"
	"time"

	"parsec/cmd/internal/program"
	"parsec/cmd/loadgen/internal/load"
	"parsec/cmd/loadgen/internal/network"
	"parsec/cmd/loadgen/internal/report"
)

// How nodes are killed by -crash, in the mean: it is drawn between 0 and twice that.
const (
	crashDown  = 200 * time.Millisecond
	crashApart = 200 * time.Millisecond
)

// crashes are what -crash did.
type crashes struct {
	offset  time.Duration // from the begin of the load to that of the kills
	returns []network.Return
	err     error // why not all that were asked for came back
}

// crash kills nodes, after the warm-up, until all is done, one does not come back, or the context ends.
func crash(ctx context.Context, o *options, n *network.Network, start time.Time) *crashes {
	program.Pause(ctx, o.warmup)
	c := &crashes{offset: time.Since(start)}
	c.returns, c.err = n.Crash(ctx, network.Crash{Times: o.crash, AtOnce: n.Bears() - o.down, Down: crashDown, Apart: crashApart, Seed: o.seed})
	return c
}

// describe puts what was done into a report.
func (c *crashes) describe(o *options, r *load.Result, run *report.Run) {
	killed := make(map[string]uint64)
	run.Restarts = nil // what is known better than by the statuses of nodes
	for i := range c.returns {
		b := &c.returns[i]
		name := fmt.Sprintf("node%d", b.Node)
		killed[name]++
		at := c.offset + b.Killed
		f := report.Fault{Kind: "kill", Node: name, From: at.Seconds(), To: (at + b.Down).Seconds(), What: fmt.Sprintf("kill %d", b.Node)}
		if b.Err != "" {
			f.What += ": " + b.Err
		}
		run.Faults = append(run.Faults, f)
		run.Restarts = append(run.Restarts, report.Restart{Node: name, At: (at + b.Down).Seconds(), Serving: b.Ready.Seconds(), CaughtUp: b.Back.Seconds(), Events: b.Events})
	}
	for i := range run.Nodes {
		run.Nodes[i].Totals.Restarts = killed[run.Nodes[i].Name]
	}
	if c.err == nil || r.Interrupted || run.Failed != "" || !r.Verdict.Safe() {
		return
	}
	if run.Failed = c.err.Error(); c.err == context.Canceled {
		run.Failed = fmt.Sprintf("%d of %d kills took place when the load was over: give it more time, by -duration", len(c.returns), o.crash)
	}
}
