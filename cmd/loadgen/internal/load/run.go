package load

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"parsec/cmd/internal/program"
	"parsec/cmd/loadgen/internal/schedule"
	"parsec/core/node/client"
)

// run is a run under way.
type run struct {
	cfg    *Config
	start  time.Time
	ledger *ledger
	watch  *watch
	names  []string // identities of the nodes
	cancel context.CancelCauseFunc
}

// errUnsafe ends a run in which a promise was broken: what is measured after that means nothing.
var errUnsafe = errors.New("a promise was broken")

// errOver ends what a run started.
var errOver = errors.New("the run is over")

func (r *run) now() time.Duration { return time.Since(r.start) }

// end ends the run before its time.
func (r *run) end(why error) { r.cancel(why) }

// Run runs a load until all that it handed over came to its end, or [Config].Drain is over, or the context ends; then
// the result is that of a part and says so. The error says why there was no load at all. It takes as many streams as there
// are nodes, and follows each node.
func Run(ctx context.Context, cfg Config) (*Result, error) {
	cfg.defaults()
	if err := cfg.check(); err != nil {
		return nil, err
	}
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(errOver)
	r := &run{cfg: &cfg, cancel: cancel}
	var nonce [5]byte
	rand.Read(nonce[:]) // never fails
	r.ledger = newLedger(&cfg, nonce)
	streams, from, err := r.connect(inner)
	if err != nil {
		return nil, err
	}
	r.start = time.Now()
	if cfg.Began != nil {
		cfg.Began(r.start)
	}
	r.watch = newWatch(r)
	var senders, rest sync.WaitGroup
	leave := make([]context.CancelFunc, len(cfg.Nodes))
	for i := range cfg.Nodes {
		of, over := context.WithCancel(inner)
		leave[i] = over
		senders.Go(func() { r.work(of, i, streams[i]) })
		rest.Go(func() { r.follow(of, i, from) })
	}
	const look = 20 * time.Millisecond
	rest.Go(func() {
		for r.expel(leave); program.Pause(inner, look); r.expel(leave) {
		}
	})
	rest.Go(func() { r.watch.run(inner) })
	var quiet bool
	due, over := context.WithCancel(inner)
	if cfg.Until != nil {
		rest.Go(func() {
			select {
			case <-cfg.Until:
				r.ledger.cut(r.now())
				over()
			case <-due.Done():
			}
		})
	}
	if cfg.Closed > 0 {
		r.closed(due)
	} else {
		r.pace(due)
	}
	over()
	if inner.Err() != nil {
		r.ledger.cut(r.now()) // what there was of it is what is measured
	}
	r.ledger.stop()
	if inner.Err() == nil {
		quiet = r.drain(inner)
	}
	at := r.now()
	last := r.watch.look(context.WithoutCancel(ctx)) // of the nodes as they are now, before anything is let go
	r.expel(leave)                                   // nobody is to be accused of what just began
	var why error
	switch {
	case ctx.Err() != nil:
		why = ctx.Err()
	case inner.Err() != nil:
		why = context.Cause(inner)
	}
	res := r.result(at, quiet, last, why)
	cancel(errOver)
	senders.Wait()
	rest.Wait()
	return res, nil
}

// connect opens a stream to each node, and finds the block to follow all from: the first that some node has not decided.
func (r *run) connect(ctx context.Context) (streams []Stream, from uint64, err error) {
	streams = make([]Stream, len(r.cfg.Nodes))
	from = ^uint64(0)
	for i, n := range r.cfg.Nodes {
		var s *client.Status
		if s, err = n.Status(ctx); err == nil {
			r.names = append(r.names, s.Identity)
			from = min(from, s.Blocks)
			r.ledger.height = max(r.ledger.height, s.Blocks)
			streams[i], err = n.Stream(ctx)
		}
		if err != nil {
			for _, s := range streams[:i] {
				s.Close()
			}
			return nil, 0, fmt.Errorf("node %d: %w", i, err)
		}
	}
	return streams, from, nil
}

// expel has nothing more to do with nodes whose key others have.
func (r *run) expel(leave []context.CancelFunc) {
	for i, name := range r.names {
		if r.cfg.Forged(name) && r.ledger.expel(i) {
			leave[i]()
		}
	}
}

// gather is how many submissions the pacer queues at a time: the lock is held for about 0.2 ms then.
const gather = 4096

// pace queues submissions when they are due. It returns when all are, or the context ended.
func (r *run) pace(ctx context.Context) {
	some := make([]schedule.Arrival, 0, gather)
	a, more := r.cfg.Arrivals.Next()
	for more && ctx.Err() == nil {
		now := r.now()
		some = some[:0]
		for more && a.At <= now && len(some) < gather {
			some = append(some, a)
			a, more = r.cfg.Arrivals.Next()
		}
		if len(some) > 0 {
			r.ledger.arrive(some)
			if len(some) == gather {
				continue // there may be more
			}
		}
		if !more {
			break
		}
		if d := max(a.At-r.now(), r.cfg.Tick); d < 10*time.Millisecond {
			r.cfg.Sleep(d)
		} else if !program.Pause(ctx, d-time.Millisecond) {
			return
		}
	}
	program.Pause(ctx, r.cfg.Length-r.now()) // a schedule may end with a time without submissions
}

// closed begins as many submissions as shall be outstanding. It returns when the time is over, or the context ended.
func (r *run) closed(ctx context.Context) {
	some := make([]schedule.Arrival, 0, gather)
	for left := r.cfg.Closed; left > 0; left -= len(some) {
		some = some[:0]
		for range min(left, gather) {
			some = append(some, schedule.Arrival{At: r.now(), Size: schedule.Unsized})
		}
		r.ledger.arrive(some)
	}
	program.Pause(ctx, r.cfg.Length-r.now())
}

// drain waits until all came to its end, or the time is over, or nothing more can come. It reports whether the section
// was seen to be quiet: so whatever is missing then is lost.
func (r *run) drain(ctx context.Context) (quiet bool) {
	const look = 5 * time.Millisecond
	asked := r.now()
	var before uint64
	for end := r.ledger.end() + r.cfg.Drain; r.now() < end; {
		if r.ledger.finished() {
			return true
		}
		if r.now()-asked >= r.cfg.Step {
			asked = r.now()
			head, ok := r.quiet(r.watch.statuses(ctx))
			if ok && quiet && head == before {
				return true
			}
			before, quiet = head, ok
		}
		if !program.Pause(ctx, look) {
			return false
		}
	}
	return false
}

// quiet reports whether nothing is left for live nodes to decide or to tell, and where the order ends.
func (r *run) quiet(statuses []*client.Status) (head uint64, ok bool) {
	l := r.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	ok = true
	any := false
	for i, s := range statuses {
		if l.forged[i] {
			continue
		}
		if !l.check.Live(i) || s == nil {
			// A node that is away may come back, and have what is missing. If it does not, there is the time of the drain.
			return l.check.Head(), false
		}
		any = true
		if s.Waiting > 0 || s.Undecided > 0 || l.check.Position(i) < s.Decided || l.queues[i].len() > 0 || l.flight[i].len() > 0 {
			ok = false
		}
	}
	return l.check.Head(), ok && any
}
