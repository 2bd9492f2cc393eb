package fault

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"parsec/cmd/internal/program"
)

// Target is what faults happen to. Its methods are called by many goroutines.
type Target interface {
	// Apply begins a fault, or ends one. It returns when that is done: for the start of a node, when it is ready.
	Apply(ctx context.Context, s Step) error
	// Sound returns the nodes that run and that no fault has struck, in order.
	Sound() []int
}

// Step is the beginning of a fault or its end.
type Step struct {
	Fault      // with the node that was drawn, where it is random
	Ends  bool // Kill ends with a start of the node, Pause with its going on, and so on
}

// Record tells of a fault that was done.
type Record struct {
	What  string        `json:"what"`            // as it was written; random ones with the node that was drawn
	Node  int           `json:"node"`            // or None
	Asked time.Duration `json:"asked"`           // when the schedule has it, since the beginning
	Begun time.Duration `json:"begun"`           // when it had happened
	Until time.Duration `json:"until,omitempty"` // when it had ended; 0 if it has not
	Err   string        `json:"error,omitempty"` // what went wrong
}

// Options of a run.
type Options struct {
	Start time.Time    // the beginning; the zero value is now
	Nodes int          // of the section
	Seed  uint64       // of random nodes
	Noted func(Record) // called when a fault has begun and when it has ended, by one goroutine at a time; may be nil
}

// poll is how often a random fault looks whether there is room for it.
const poll = 5 * time.Millisecond

// Bears returns f: how many nodes of a section may fail, fewer than a third.
func Bears(nodes int) int { return (nodes - 1) / 3 }

// Run does the faults of a schedule in time and returns when all are done, or ctx has ended. Then what lasts is left as
// it is. It returns what was done, in order of what was asked. Which nodes random faults strike depends on the seed, the
// place of the fault in the schedule, and which are sound at the time.
func Run(ctx context.Context, faults []Fault, on Target, o Options) []Record {
	if o.Start.IsZero() {
		o.Start = time.Now()
	}
	r := &runner{on: on, o: o}
	var wait sync.WaitGroup
	for i, f := range faults {
		wait.Go(func() { r.run(ctx, f, rand.New(rand.NewPCG(o.Seed, uint64(i)))) })
	}
	wait.Wait()
	return r.sorted()
}

type runner struct {
	on Target
	o  Options

	draw sync.Mutex // from drawing a node until it is struck

	mu      sync.Mutex
	records []*Record
}

// run does one fault, as often as it says.
func (r *runner) run(ctx context.Context, f Fault, rng *rand.Rand) {
	for k := range f.Times {
		asked := f.At + time.Duration(k)*f.Every
		if !program.Pause(ctx, time.Until(r.o.Start.Add(asked))) {
			return
		}
		s := Step{Fault: f}
		err := r.begin(ctx, &s, rng)
		if ctx.Err() != nil && s.Node < None {
			return // none was drawn
		}
		record := r.add(s, asked, err)
		if err != nil || f.For == 0 {
			continue
		}
		if !program.Pause(ctx, f.For) {
			return
		}
		s.Ends = true
		err = r.on.Apply(ctx, s)
		r.end(record, err)
	}
}

// begin strikes. Where the node is random it draws one.
func (r *runner) begin(ctx context.Context, s *Step, rng *rand.Rand) error {
	if s.Node >= None {
		return r.on.Apply(ctx, *s)
	}
	beyond := s.Node == Beyond
	for {
		r.draw.Lock()
		sound := r.on.Sound()
		if len(sound) > 0 && (beyond || r.o.Nodes-len(sound) < Bears(r.o.Nodes)) {
			s.Node = sound[rng.IntN(len(sound))]
			err := r.on.Apply(ctx, *s)
			r.draw.Unlock()
			return err
		}
		r.draw.Unlock()
		if Bears(r.o.Nodes) == 0 && !beyond {
			return errors.New("a section of fewer than 4 nodes bears no fault; random! strikes all the same")
		}
		if !program.Pause(ctx, poll) {
			return ctx.Err()
		}
	}
}

// sorted returns the records in order of the times that were asked for.
func (r *runner) sorted() []Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]Record, len(r.records))
	for i, record := range r.records {
		out[i] = *record
	}
	slices.SortStableFunc(out, func(a, b Record) int { return cmp.Compare(a.Asked, b.Asked) })
	return out
}

func (r *runner) since() time.Duration { return time.Since(r.o.Start) }

func (r *runner) add(s Step, asked time.Duration, err error) *Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	record := &Record{What: s.String(), Node: max(s.Node, None), Asked: asked, Begun: r.since()}
	if err != nil {
		record.Err = err.Error()
	}
	r.records = append(r.records, record)
	r.note(record)
	return record
}

func (r *runner) end(record *Record, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	record.Until = r.since()
	if err != nil {
		record.Err = err.Error()
	}
	r.note(record)
}

func (r *runner) note(record *Record) {
	if r.o.Noted != nil {
		r.o.Noted(*record)
	}
}
