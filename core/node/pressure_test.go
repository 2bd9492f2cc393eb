package node

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parsec/core"
	"parsec/core/node/client"
	"parsec/core/node/internal/api"
	"parsec/core/node/internal/batch"
)

// lone starts node 0 of a section of n, whose others are state machines of the test's: they have started, and say
// nothing yet.
func lone(t *testing.T, n int, mode string) (net *network, others []*core.Node) {
	t.Helper()
	net = &network{t: t, dir: t.TempDir(), nodes: make([]*Runtime, n)}
	s := Setup{Name: t.Name(), Mode: mode}
	for i := range n {
		s.Seeds = append(s.Seeds, [32]byte{byte(i + 1), 78})
		s.Peers = append(s.Peers, "127.0.0.1:1")
	}
	if err := Create(net.dir, s); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { net.stop(0) })
	net.start(0, nil)
	if err := net.nodes[0].call(t.Context(), func(l *loop) { _ = l.core.Begin() }); err != nil { // nobody is there to be asked
		t.Fatal(err)
	}
	for _, seed := range s.Seeds[1:] {
		m, err := core.Start(core.NodeConfig{Seed: seed, Section: net.nodes[0].section})
		if err != nil {
			t.Fatal(err)
		}
		m.Ready()
		m.Advance()
		others = append(others, m)
	}
	return net, others
}

// request returns a request of m's to a node, as the transport hands it over.
func request(t *testing.T, m *core.Node, to core.Identity) []byte {
	t.Helper()
	if err := m.Gossip(to); err != nil {
		t.Fatal(err)
	}
	frame := append([]byte{frameCore}, m.Ready().Messages[0].Frame...)
	m.Advance()
	return frame
}

// noise returns bytes that cannot be compressed, and that are a batch of one submission.
func noise(n int, seed uint64) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(seed, 5))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return batch.Append(batch.Begin(nil, batch.Salt(b[16:])), (*batch.ID)(b), batch.Ahead, b[24:])
}

func vote(t *testing.T, m *core.Node, payloads ...[]byte) {
	t.Helper()
	if err := m.Vote(payloads...); err != nil {
		t.Fatal(err)
	}
	m.Ready()
	m.Advance()
}

// What comes in large messages at a time is more than a record of the log may have.
func TestLargeMessagesAtOnce(t *testing.T) {
	net, others := lone(t, 8, "single")
	n := net.nodes[0]
	hold := make(chan struct{})
	go n.call(t.Context(), func(*loop) { <-hold })
	var came atomic.Int32
	for i, m := range others {
		for k := range uint64(2) {
			vote(t, m, noise(1<<20-64, uint64(100*i)+3*k), noise(1<<20-64, uint64(100*i)+3*k+1), noise(1<<20-64, uint64(100*i)+3*k+2))
		}
		frame := request(t, m, n.identity)
		go func() { n.deliver(m.Identity(), frame); came.Add(1) }()
	}
	time.Sleep(300 * time.Millisecond) // they wait, most likely, to be taken in together
	close(hold)
	net.wait("all were taken in", func() bool { return int(came.Load()) == len(others) })
	n.call(t.Context(), func(*loop) {})
	if s := n.Status(); s.State != client.StateVoting || s.Undecided < 6*len(others) {
		t.Errorf("%s: %s; %d undecided", s.State, s.Reason, s.Undecided)
	}
}

// All that others propose is voted for, though one event cannot.
func TestProposalsOfManyBytes(t *testing.T) {
	net, others := lone(t, 2, "supermajority")
	n, m := net.nodes[0], others[0]
	for k := range uint64(3) {
		vote(t, m, noise(1<<20-64, 2*k), noise(1<<20-64, 2*k+1))
	}
	n.deliver(m.Identity(), request(t, m, n.identity))
	net.wait("it votes for all", func() bool {
		votes := 0
		n.call(t.Context(), func(l *loop) {
			for _, c := range l.core.Undecided() {
				if c.Kind == core.Opaque {
					votes++
				}
			}
		})
		return votes == 6
	})
}

// A submission that this node has voted for as another's is no conflict, nor are those that come with it.
func TestResubmittedElsewhere(t *testing.T) {
	net, others := lone(t, 2, "supermajority")
	n, m := net.nodes[0], others[0]
	one := submission(id(1), []byte("hello"))
	one.Until = batch.Ahead
	vote(t, m, batch.Append(batch.Begin(nil, batch.Salt{}), &one.ID, one.Until, one.Data))
	n.deliver(m.Identity(), request(t, m, n.identity))
	net.wait("it votes for it", func() bool {
		votes := 0
		n.call(t.Context(), func(l *loop) { votes = len(l.core.Undecided()) })
		return votes == 2 // the genesis is undecided too
	})
	if err := net.client(0).Submit(t.Context(), one); err != nil {
		t.Error(err)
	}
	if state, _, err := net.client(0).Find(t.Context(), one.Key()); err != nil || state != client.Pending {
		t.Error(state, err)
	}
}

// Where nothing can be decided, submissions wait when there is no more room, and none is refused for that. In
// Supermajority mode there stays room for the votes that others need.
func TestNoRoom(t *testing.T) {
	for mode, least := range map[string]int{"single": 0, "supermajority": core.MaxUndecidedSize / 4 * 3} {
		t.Run(mode, func(t *testing.T) {
			if testing.Short() && mode == "single" {
				t.Skip("it fills 64 MiB")
			}
			net, _ := lone(t, 4, mode)
			n := net.nodes[0]
			ctx, cancel := context.WithCancel(t.Context())
			var taken, refused atomic.Int32
			full := make(chan error)
			go func() {
				for k := uint64(0); ; k++ {
					entries := noise(1<<20-64, k)[batch.Head:]
					err := backend{n}.Submit(ctx, entries, batch.Sum{Count: 1, First: batch.Ahead, Last: batch.Ahead}, func(err error) {
						if err == nil {
							taken.Add(1)
						} else if !errors.Is(err, api.ErrStopping) {
							refused.Add(1)
						}
					})
					if err != nil {
						full <- err
						return
					}
				}
			}()
			size := 0
			net.wait("there is no room for another", func() bool {
				done := false
				n.call(t.Context(), func(l *loop) {
					l.flight = flight{} // another bound, for the sake of speed
					_, size = l.core.Room()
					done = l.room() < 1<<20
				})
				return done
			})
			net.wait("the intake is full", func() bool {
				_, waiting := n.intake.waiting()
				return waiting > maxIntake-1<<20
			})
			cancel()
			if err := <-full; !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			if refused.Load() > 0 || taken.Load() < 12 {
				t.Errorf("%d taken, %d refused", taken.Load(), refused.Load())
			}
			if size < least || size > least+4<<20 {
				t.Errorf("room for %d bytes, want %d or a little more", size, least)
			}
		})
	}
}

// A node that cannot write its log waits, and does not turn.
func TestFailedLog(t *testing.T) {
	net, _ := lone(t, 1, "single")
	n := net.nodes[0]
	first := submission(id(0), nil)
	if _, err := net.client(0).SubmitDecided(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if err := n.wal.Close(); err != nil {
		t.Fatal(err)
	}
	if err := net.client(0).Submit(t.Context(), submission(id(1), nil)); !errors.Is(err, client.ErrUnavailable) {
		t.Errorf("a submission: %v", err)
	}
	net.wait("it only reads", func() bool { return n.Status().State == client.StateReading })
	if state, _, err := net.client(0).Find(t.Context(), first.Key()); err != nil || state != client.Decided {
		t.Error(state, err)
	}
	n.call(t.Context(), func(l *loop) {
		now := time.Now()
		l.toldAt = now.Add(-time.Minute)
		if at := l.wake(now); !at.After(now) {
			t.Errorf("it wakes %v before now", now.Sub(at))
		}
	})
}

// A start that fails, before anything was said or after, leaves a node that can start.
func TestFirstStartFails(t *testing.T) {
	for _, which := range []string{"listen", "http", "debug"} {
		folder := filepath.Join(t.TempDir(), "net")
		if err := Create(folder, Setup{Name: "s", Mode: "single", Seeds: [][32]byte{{1}}, Peers: []string{"127.0.0.1:1"}}); err != nil {
			t.Fatal(err)
		}
		taken, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		cfg, err := LoadConfig(filepath.Join(folder, "node0"))
		if err != nil {
			t.Fatal(err)
		}
		cfg.Listen, cfg.HTTP, cfg.Debug = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
		*map[string]*string{"listen": &cfg.Listen, "http": &cfg.HTTP, "debug": &cfg.Debug}[which] = taken.Addr().String()
		if _, err := Start(cfg); err == nil {
			t.Fatalf("%s: it listens where another does", which)
		}
		if err := taken.Close(); err != nil {
			t.Fatal(err)
		}
		n, err := Start(cfg)
		if err != nil {
			t.Fatalf("%s: %v", which, err)
		}
		if err := n.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// Sections of one and of two decide, before and after all have restarted.
func TestSmallSections(t *testing.T) {
	for _, mode := range []string{"single", "supermajority"} {
		for size := 1; size <= 2; size++ {
			net := newNetwork(t, size, mode)
			for round := range 2 {
				for i := range net.nodes {
					if _, err := net.client(i).SubmitDecided(t.Context(), submission(id(10*round+i), bytes.Repeat([]byte{7}, 100))); err != nil {
						t.Fatal(err)
					}
				}
				net.decided(uint64((round + 1) * size))
				for i := range net.nodes {
					net.stop(i)
				}
				for i := range net.nodes {
					net.start(i, nil)
				}
				net.decided(uint64((round + 1) * size))
			}
		}
	}
}

// Whatever keeps votes from being decided, a peer that comes is asked at once.
func TestPeerComes(t *testing.T) {
	net := newNetwork(t, 4, "single")
	net.decided(0)
	net.wait("all know the genesis", func() bool { return net.nodes[0].ledger.height() == 1 })
	for i := 1; i < 4; i++ {
		net.stop(i)
	}
	n := net.nodes[0]
	if err := net.client(0).Submit(t.Context(), submission(id(0), nil)); err != nil {
		t.Fatal(err)
	}
	n.call(t.Context(), func(l *loop) { l.pace.idle = 10 * patience })
	net.start(1, nil) // two of four decide nothing
	net.wait("its pace is that of a beginning", func() bool {
		slow := false
		n.call(t.Context(), func(l *loop) { slow = l.pace.idle >= 10*patience })
		return !slow
	})
}

// Clients that are told of the end and do not leave, and submissions that cannot be decided, hold up the end of a node
// for some seconds, and make it no failure.
func TestCloseWithClients(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for clients")
	}
	net, _ := lone(t, 4, "single")
	c := net.client(0)
	follower, err := c.Follow(t.Context(), 0, false)
	if err != nil {
		t.Fatal(err)
	}
	defer follower.Close()
	stream, err := c.Stream(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if err := c.Submit(t.Context(), submission(id(1), nil)); err != nil {
		t.Fatal(err)
	}
	waits := make(chan error)
	go func() {
		_, err := c.SubmitDecided(t.Context(), submission(id(2), nil))
		waits <- err
	}()
	net.wait("the other is there too", func() bool { return net.nodes[0].Status().Acknowledged == 2 })
	net.stop(0)
	if err := <-waits; !errors.Is(err, client.ErrUnavailable) {
		t.Errorf("whoever waits for a decision: %v", err)
	}
}

// Nothing waits for ever for a loop that a disk holds up, and Close says what is wrong.
func TestHungDisk(t *testing.T) {
	net, _ := lone(t, 2, "single")
	n := net.nodes[0]
	hold, held := make(chan struct{}), make(chan struct{})
	go n.call(t.Context(), func(*loop) { close(held); <-hold }) // as when the log takes nothing in
	<-held
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := (backend{n}).Vote(ctx, api.Remove, n.identity, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a vote: %v", err)
	}
	n.hung = 20 * time.Millisecond
	if err := n.Close(ctx); err == nil || !strings.Contains(err.Error(), "the log's disk has not answered") {
		t.Errorf("Close: %v", err)
	}
	net.nodes[0] = nil
	close(hold)
	select {
	case <-n.released:
	case <-time.After(within):
		t.Fatal("it does not end when the disk goes on")
	}
	n.transport.Close() // both wait for what is on its way
	if err := n.wal.Close(); err != nil {
		t.Error(err)
	}
}
