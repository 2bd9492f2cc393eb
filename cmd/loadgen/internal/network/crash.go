package network

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"parsec/cmd/internal/program"
	"parsec/cmd/loadgen/internal/network/fault"
	"parsec/core/node/client"
)

// Crash says how to kill nodes under load.
type Crash struct {
	Times  int
	AtOnce int           // how many are down at a time: 0 for 1; more than [fault.Bears] stops the section
	Down   time.Duration // how long a node is down, in the mean: it is drawn between 0 and twice that
	Apart  time.Duration // from one's return to the next kill, likewise
	Within time.Duration // how long a node may take to return, from its start; 0: a minute
	Seed   uint64
	Noted  func(Return) // told of each return, by one goroutine at a time; may be nil
}

// Return is a node's way back after kill -9.
type Return struct {
	Node   int           `json:"node"`
	Killed time.Duration `json:"killed"` // when, since Crash began
	Down   time.Duration `json:"down"`   // from the kill to the start
	Ready  time.Duration `json:"ready"`  // from the start until it served
	Back   time.Duration `json:"back"`   // from the start until it had more blocks than the others had at its start
	Blocks uint64        `json:"blocks"` // that the others had at its start
	Events uint64        `json:"events"` // in its graph when it was back
	Err    string        `json:"error,omitempty"`
}

// statusEvery is how often a node that is on its way back is asked.
const statusEvery = 10 * time.Millisecond

// Crash kills random nodes with kill -9, so many times, and starts each again. Each has to come back: to serve, and to
// have more blocks than any other had when it was started. So there has to be load all the time. With nodes killed one
// after the other in a section of four, a node that came back but takes no part shows too: the next kill leaves too
// few to decide anything. It returns what came back, in order, and the first error.
func (n *Network) Crash(ctx context.Context, c Crash) ([]Return, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := &crasher{n: n, c: c, start: time.Now(), rng: rand.New(rand.NewPCG(c.Seed, 0xc4a54)), busy: map[int]bool{}}
	if r.c.Within == 0 {
		r.c.Within = time.Minute
	}
	var wait sync.WaitGroup
	for range max(1, c.AtOnce) {
		wait.Go(func() {
			for {
				back, ok, err := r.once(ctx)
				if !ok {
					return
				}
				r.add(back)
				if err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	wait.Wait()
	return r.returns, context.Cause(ctx)
}

type crasher struct {
	n     *Network
	c     Crash
	start time.Time

	mu      sync.Mutex
	rng     *rand.Rand
	done    int
	busy    map[int]bool // nodes that are killed now
	returns []Return
}

func (r *crasher) add(back Return) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.returns = append(r.returns, back)
	if r.c.Noted != nil {
		r.c.Noted(back)
	}
}

// draw draws a node, or reports that all is done.
func (r *crasher) draw(ctx context.Context) (node int, down, apart time.Duration, ok bool) {
	for ctx.Err() == nil {
		r.mu.Lock()
		if r.done >= r.c.Times {
			r.mu.Unlock()
			return 0, 0, 0, false
		}
		free := slices.DeleteFunc(r.n.Sound(), func(i int) bool { return r.busy[i] })
		if len(free) > 0 {
			r.done++
			node = free[r.rng.IntN(len(free))]
			down = time.Duration(2 * r.rng.Float64() * float64(r.c.Down))
			apart = time.Duration(2 * r.rng.Float64() * float64(r.c.Apart))
			r.busy[node] = true
			r.mu.Unlock()
			return node, down, apart, true
		}
		r.mu.Unlock()
		program.Pause(ctx, statusEvery) // a fault has struck all others
	}
	return 0, 0, 0, false
}

// once kills one node and waits until it is back.
func (r *crasher) once(ctx context.Context) (back Return, ok bool, err error) {
	node, down, apart, ok := r.draw(ctx)
	if !ok {
		return back, false, nil
	}
	defer func() {
		r.mu.Lock()
		delete(r.busy, node)
		r.mu.Unlock()
		if err != nil {
			back.Err = err.Error()
			err = fmt.Errorf("node %d was killed and did not come back: %w", node, err)
		}
	}()
	back = Return{Node: node, Killed: time.Since(r.start)}
	if err := r.n.Kill(node); err != nil {
		return back, true, err
	}
	killed := time.Now()
	program.Pause(ctx, down) // at the end too the node is started again
	back.Blocks, err = r.most(context.WithoutCancel(ctx), node)
	if err != nil {
		return back, true, err
	}
	began := time.Now()
	back.Down = began.Sub(killed)
	limited, cancel := context.WithTimeout(ctx, r.c.Within)
	defer cancel()
	if err := r.n.Restart(context.WithoutCancel(ctx), node); err != nil {
		return back, true, err
	}
	back.Ready = time.Since(began)
	var status client.Status
	for {
		var now client.Status
		if now, err = r.n.Status(limited, node); err == nil {
			if status = now; status.Blocks > back.Blocks {
				break
			}
		}
		if !program.Pause(limited, statusEvery) {
			if ctx.Err() != nil {
				return back, true, context.Cause(ctx)
			}
			return back, true, fmt.Errorf("%d blocks after %v, the others had %d when it was started (%v)",
				status.Blocks, r.c.Within, back.Blocks, errors.Join(err, limited.Err()))
		}
	}
	back.Back, back.Events = time.Since(began), status.Events
	program.Pause(ctx, apart)
	return back, true, nil
}

// most returns how many blocks the nodes but one have.
func (r *crasher) most(ctx context.Context, but int) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, r.c.Within)
	defer cancel()
	var most uint64
	var last error
	asked := 0
	for _, i := range r.n.Sound() {
		if i == but {
			continue
		}
		s, err := r.n.Status(ctx, i)
		if err != nil {
			last = err // it may just have been killed, too
			continue
		}
		asked++
		most = max(most, s.Blocks)
	}
	if asked == 0 {
		return 0, fmt.Errorf("no other node says how many blocks it has: %w", errors.Join(last, ErrDown))
	}
	return most, nil
}

// Bears is how many nodes of the network may fail.
func (n *Network) Bears() int { return fault.Bears(len(n.nodes)) }

// statuses has no connections kept: a node that was killed would have left dead ones.
var statuses = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}

// maxStatus is how long a status may be, in bytes.
const maxStatus = 1 << 20

// Status asks node i how it is.
func (n *Network) Status(ctx context.Context, i int) (client.Status, error) {
	var s client.Status
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+n.HTTP(i)+"/v1/status", nil)
	if err != nil {
		return s, err
	}
	resp, err := statuses.Do(req)
	if err != nil {
		return s, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return s, fmt.Errorf("node %d says %s when asked how it is", i, resp.Status)
	}
	return s, json.NewDecoder(http.MaxBytesReader(nil, resp.Body, maxStatus)).Decode(&s)
}
