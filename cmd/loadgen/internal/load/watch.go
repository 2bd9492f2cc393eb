package load

import (
	"context"
	"sync"
	"time"

	"parsec/cmd/internal/program"
	"parsec/cmd/loadgen/internal/check"
	"parsec/cmd/loadgen/internal/latency"
	"parsec/core/node/client"
)

// Sample is how a node said it was, at a time.
type Sample struct {
	At     time.Duration
	Status client.Status
}

// Own is what this process had used, at a time, since the run began.
type Own struct {
	At         time.Duration
	CPU        time.Duration // user and system; -1 where the system does not tell
	Resident   uint64        // bytes; 0 where the system does not tell
	Goroutines int
}

// watch asks nodes how they are once in a step, and says how the run is.
type watch struct {
	r    *run
	used time.Duration // by this process before the run
	mu   sync.Mutex    // guards what follows
	of   [][]Sample    // by node
	own  []Own
}

func newWatch(r *run) *watch {
	return &watch{r: r, used: usedCPU(), of: make([][]Sample, len(r.cfg.Nodes))}
}

func (w *watch) run(ctx context.Context) {
	for i := time.Duration(0); ; i++ {
		if !program.Pause(ctx, i*w.r.cfg.Step-w.r.now()) {
			return
		}
		w.look(ctx)
		if w.r.cfg.Tell != nil && i > 0 && ctx.Err() == nil {
			w.r.cfg.Tell(w.progress())
		}
	}
}

// look takes a sample of each node, which it returns, and one of this process.
func (w *watch) look(ctx context.Context) []*client.Status {
	at := w.r.now()
	own := Own{At: at, CPU: -1, Resident: resident(), Goroutines: goroutines()}
	if used := usedCPU(); used >= 0 {
		own.CPU = used - w.used
	}
	statuses := w.statuses(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.own = append(w.own, own)
	for i, s := range statuses {
		if s != nil {
			w.of[i] = append(w.of[i], Sample{at, *s})
		}
	}
	return statuses
}

// statuses asks all nodes at once, and waits for a step at most; nil are those that do not answer.
func (w *watch) statuses(ctx context.Context) []*client.Status {
	ctx, cancel := context.WithTimeout(ctx, w.r.cfg.Step)
	defer cancel()
	all := make([]*client.Status, len(w.r.cfg.Nodes))
	var g sync.WaitGroup
	for i, n := range w.r.cfg.Nodes {
		g.Go(func() {
			if s, err := n.Status(ctx); err == nil {
				all[i] = s
			}
		})
	}
	g.Wait()
	return all
}

// progress says how the run is.
func (w *watch) progress() Progress {
	r, l := w.r, w.r.ledger
	p := Progress{At: r.now(), Phase: "load"}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch p.Length = l.length; {
	case p.At < r.cfg.Warmup:
		p.Phase = "warm-up"
	case p.At >= p.Length:
		p.Phase = "drain"
	}
	p.Due, p.Sent, p.Acked, p.Decided = l.due, l.sum.Sent, l.sum.Acknowledged, l.sum.All
	l.series.Advance(p.At)
	if i := int(p.At/r.cfg.Step) - 1; i >= 0 && i < len(l.steps) {
		p.Rates = l.steps[i]
	}
	if last, ok := l.series.Last(); ok {
		p.P50, p.P99 = last.Of[latency.Intended][latency.All].P50, last.Of[latency.Intended][latency.All].P99
	}
	for i := range r.cfg.Nodes {
		if !l.check.Live(i) {
			p.Away++
		}
	}
	_, counts := l.check.Violations()
	for k := range check.Kinds {
		p.Wrong += counts[k]
	}
	return p
}
