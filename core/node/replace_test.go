package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"parsec/core"
	"parsec/core/node/client"
	"parsec/core/node/internal/batch"
)

// alone is a payload of one submission.
func alone(s *client.Submission) []byte {
	return batch.Append(batch.Begin(nil, batch.Salt{9}), &s.ID, s.Until, s.Data)
}

// voteFor has a node vote for payloads that no client submitted to it.
func (net *network) voteFor(i int, payloads ...[]byte) {
	net.t.Helper()
	var err error
	if e := net.nodes[i].call(net.t.Context(), func(l *loop) {
		err = l.core.Vote(payloads...)
		l.pace.progress()
	}); e != nil || err != nil {
		net.t.Fatal(e, err)
	}
}

// isAt checks that all nodes have a submission, with its data, at a position.
func (net *network) isAt(s *client.Submission, at client.Position) {
	net.t.Helper()
	for i, n := range net.nodes {
		net.wait("it is shown", func() bool { shown, _, _ := n.ledger.totals(); return shown > at.Block })
		f, err := net.client(i).Blocks(net.t.Context(), at.Block, false)
		if err != nil {
			net.t.Fatal(err)
		}
		b, err := f.Next()
		if err != nil || at.Number < b.First || at.Number >= b.First+uint64(len(b.Items)) {
			net.t.Fatalf("node %d: %v, block %+v has no submission %d", i, err, b, at.Number)
		}
		if item := b.Items[at.Number-b.First]; item.ID != s.ID || item.Until != s.Until || !bytes.Equal(item.Data, s.Data) {
			net.t.Errorf("node %d has %q until %d at %v, and not %q until %d", i, item.Data, item.Until, at, s.Data, s.Until)
		}
		f.Close()
	}
}

// TestReplaced: a hostile member that knows what will be submitted, and has other data with the same id, the same with another
// until, or the same decided before, takes nothing from the client: that gets its own decided, once.
func TestReplaced(t *testing.T) {
	for _, mode := range []string{"single", "supermajority"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			net := newNetwork(t, 4, mode)
			net.wait("all may vote", func() bool {
				return !slices.ContainsFunc(net.nodes, func(n *Runtime) bool { return n.Status().State == client.StateLearning })
			})
			total := uint64(0)
			for k, c := range []struct {
				name  string
				robs  func(*client.Submission)
				again bool // it is the same submission
			}{
				{"other data", func(s *client.Submission) { s.Data = []byte("hostile") }, false},
				{"another until", func(s *client.Submission) { s.Until++ }, false},
				{"the same", func(*client.Submission) {}, true},
			} {
				own := submission(id(k), []byte("own"))
				var err error
				if own.Until, err = net.client(0).Until(t.Context()); err != nil {
					t.Fatal(err)
				}
				other := *own
				c.robs(&other)
				net.voteFor(3, alone(&other))
				total++
				net.decided(total)
				state, first, err := net.client(0).Find(t.Context(), other.Key())
				if state != client.Decided || err != nil {
					t.Fatalf("%s: the hostile one is %s, %v", c.name, state, err)
				}
				at, err := net.client(0).SubmitDecided(t.Context(), own)
				if err != nil || (at == first) != c.again {
					t.Errorf("%s: decided at %v, %v; the hostile one at %v", c.name, at, err, first)
				}
				if !c.again {
					total++
				}
				for i := range net.nodes { // whoever tries again elsewhere is told the same
					if again, err := net.client(i).SubmitDecided(t.Context(), own); err != nil || again != at {
						t.Errorf("%s: again at node %d: %v, %v, want %v", c.name, i, again, err, at)
					}
				}
				net.decided(total)
				net.isAt(own, at)
				net.isAt(&other, first)
				want := []client.Found{{Key: other.Key(), State: client.Decided, Position: first}}
				if !c.again {
					want = append(want, client.Found{Key: own.Key(), State: client.Decided, Position: at})
				}
				if found, more, err := net.client(1).List(t.Context(), own.ID); err != nil || more || fmt.Sprint(found) != fmt.Sprint(want) {
					t.Errorf("%s: by id %v, %v, %v, want %v", c.name, found, more, err, want)
				}
			}
		})
	}
}

// thief has a hostile node vote for other data, and for other untils, with the ids of whatever it sees in gossip, at once.
func (net *network) thief(ctx context.Context, i int) (robbed int) {
	seen := core.ObservationIndex(0)
	often := time.NewTicker(time.Millisecond) // without one it would leave its node no time
	defer often.Stop()
	for ctx.Err() == nil {
		<-often.C
		_ = net.nodes[i].call(ctx, func(l *loop) {
			for ; int(seen) < l.core.Observations(); seen++ {
				c := l.core.ObservationAt(seen)
				entries, n := batch.Entries(c.Payload)
				b := batch.Begin(nil, batch.Salt{})
				for range n {
					e, rest, _ := batch.Next(entries)
					entries = rest
					if !bytes.HasPrefix(e.Data, []byte("own")) {
						continue // its own
					}
					b = batch.Append(b, e.ID, e.Until, []byte("hostile"))
					b = batch.Append(b, e.ID, e.Until+7, []byte("hostile until"))
					robbed++
				}
				if len(b) > batch.Head && l.core.CanVote() == nil {
					_ = l.core.Vote(b)
					_ = l.core.Vote(c.Payload) // and for the same
					l.pace.progress()
				}
			}
		})
	}
	return robbed
}

// TestThief: submissions at honest nodes are decided with their own data, while a hostile member does what it can to come
// first. It rarely does: where it has, TestReplaced is what happens.
func TestThief(t *testing.T) {
	for _, mode := range []string{"single", "supermajority"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			net := newNetwork(t, 4, mode)
			ctx, cancel := context.WithCancel(t.Context())
			robbed := make(chan int, 1)
			go func() { robbed <- net.thief(ctx, 3) }()
			many := 30
			if testing.Short() {
				many = 12
			}
			var wait sync.WaitGroup
			own, at := make([]*client.Submission, many), make([]client.Position, many)
			for w := range 3 {
				wait.Go(func() {
					for k := w; k < many; k += 3 {
						var err error
						own[k] = submission(id(k), fmt.Appendf(nil, "own %d", k))
						if at[k], err = net.client(w).SubmitDecided(t.Context(), own[k]); err != nil {
							t.Errorf("%d: %v", k, err)
						}
					}
				})
			}
			wait.Wait()
			cancel()
			n := <-robbed
			if t.Failed() {
				return
			}
			before := 0
			for k := range own {
				net.isAt(own[k], at[k])
				found, _, err := net.client(0).List(t.Context(), own[k].ID)
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range found {
					if f.State == client.Decided && f.Position.Number < at[k].Number {
						before++
					}
				}
			}
			if n < many/2 {
				t.Errorf("%d were robbed of %d: the attacker was asleep", n, many)
			}
			t.Logf("%d attempts, %d decided before what they were to replace", n, before)
		})
	}
}

// TestExpiresInBlock: what a block decides too late, or too early, is left out at every node, and its client is told what to do.
func TestExpiresInBlock(t *testing.T) {
	for _, mode := range []string{"single", "supermajority"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			net := newNetwork(t, 4, mode)
			if _, err := net.client(0).SubmitDecided(t.Context(), submission(id(0), nil)); err != nil {
				t.Fatal(err)
			}
			net.decided(1)
			late := &client.Submission{ID: id(1), Until: 1, Data: []byte("late")}
			early := &client.Submission{ID: id(2), Until: 1000 + client.Window, Data: []byte("early")}
			net.voteFor(3, alone(late), alone(early))
			last := submission(id(3), nil)
			if _, err := net.client(3).SubmitDecided(t.Context(), last); err != nil {
				t.Fatal(err)
			}
			net.decided(2) // neither of them
			for i := range net.nodes {
				c := net.client(i)
				if state, _, err := c.Find(t.Context(), late.Key()); state != client.Expired || err != nil {
					t.Errorf("node %d: late is %s, %v", i, state, err)
				}
				if _, err := c.SubmitDecided(t.Context(), late); !errors.Is(err, client.ErrExpired) {
					t.Errorf("node %d: late again: %v", i, err)
				}
				if state, _, err := c.Find(t.Context(), early.Key()); state != client.Unknown || err != nil {
					t.Errorf("node %d: early is %s, %v", i, state, err)
				}
				if err := c.Submit(t.Context(), early); !errors.Is(err, client.ErrTooFar) {
					t.Errorf("node %d: early again: %v", i, err)
				}
				f, err := c.Blocks(t.Context(), 0, false)
				if err != nil {
					t.Fatal(err)
				}
				empty := 0
				for b, err := f.Next(); err != io.EOF; b, err = f.Next() {
					if err != nil {
						t.Fatal(err)
					}
					if b.Kind == client.KindSubmissions && len(b.Items) == 0 {
						empty++
					}
				}
				if empty != 2 {
					t.Errorf("node %d: %d blocks that decide nothing, want 2", i, empty)
				}
			}
			late.Until = 0 // another
			if _, err := net.client(1).SubmitDecided(t.Context(), late); err != nil {
				t.Errorf("late, with a later until: %v", err)
			}
			net.decided(3)
		})
	}
}
