package attack

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"parsec/core"
	"parsec/core/node/internal/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const limit = time.Minute

// section is a section of four, and the seeds of its members.
func section() (s core.Section, seeds [4][32]byte) {
	s.Name, s.Mode = "attacked", core.Single
	for i := range seeds {
		seeds[i][0] = byte(i + 1)
		s.Genesis = append(s.Genesis, core.IdentityOf(seeds[i]))
	}
	return s, seeds
}

// victim is a node of that section, the first, with what it did.
type victim struct {
	*transport.Transport
	node *core.Node
	id   core.Hash

	mu      sync.Mutex
	honest  uint64 // frames from the second
	handled uint64 // others that were taken
	refused uint64
}

func newVictim(t *testing.T) *victim {
	t.Helper()
	s, seeds := section()
	v := new(victim)
	var err error
	if v.node, err = core.Recover(core.NodeConfig{Seed: seeds[0], Section: s}, nil); err != nil {
		t.Fatal(err)
	}
	v.id = v.node.SectionID()
	v.Transport, err = transport.Listen(transport.Config{
		Seed: seeds[0], Listen: "127.0.0.1:0", Section: v.id,
		Allowed: func(id transport.ID) bool { return slices.Contains(s.Genesis, core.Identity(id)) },
		Deliver: v.deliver,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return v
}

func (v *victim) deliver(from transport.ID, frame []byte) {
	s, _ := section()
	v.mu.Lock()
	defer v.mu.Unlock()
	if core.Identity(from) == s.Genesis[1] {
		v.honest++
		return
	}
	if len(frame) == 0 || frame[0] != prefixCore {
		return
	}
	if err := v.node.Handle(from, frame[1:]); err != nil {
		v.refused++
	} else {
		v.handled++
	}
	ready := v.node.Ready()
	for _, m := range ready.Messages {
		v.Send(m.To, append([]byte{prefixCore}, m.Frame...))
	}
	v.node.Advance()
}

// talk sends frames from the second member until the test ends.
func (v *victim) talk(t *testing.T) {
	t.Helper()
	_, seeds := section()
	h, err := transport.Listen(transport.Config{
		Seed: seeds[1], Listen: "127.0.0.1:0", Section: v.id, Deliver: func(transport.ID, []byte) {},
		Allowed: func(transport.ID) bool { return true }, BackoffMax: 10 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	h.SetPeer(v.ID(), v.Addr())
	var stop atomic.Bool
	var wait sync.WaitGroup
	wait.Go(func() {
		for !stop.Load() {
			h.Send(v.ID(), []byte("honest"))
			time.Sleep(time.Millisecond)
		}
	})
	t.Cleanup(func() {
		stop.Store(true)
		wait.Wait()
		h.Close()
	})
	v.await(t, "honest traffic before", func() bool { return v.honest > 0 })
}

func (v *victim) await(t *testing.T, what string, f func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); ; time.Sleep(time.Millisecond) {
		v.mu.Lock()
		ok := f()
		v.mu.Unlock()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func TestStranger(t *testing.T) {
	v := newVictim(t)
	v.talk(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan Counts)
	go func() {
		n, err := Run(ctx, Stranger, Config{Targets: []Target{{core.Identity(v.ID()), v.Addr()}}, Random: 1})
		if err != nil {
			t.Error(err)
		}
		done <- n
	}()
	refused := func(r transport.Reason) uint64 { return v.Stats().Reasons[r] }
	v.await(t, "strangers that are refused", func() bool {
		return refused(transport.ReasonStranger) > 0 && refused(transport.ReasonTooMany) > 0 && refused(transport.ReasonGarbage) > 0
	})
	v.mu.Lock()
	before := v.honest
	v.mu.Unlock()
	v.await(t, "honest traffic under attack", func() bool { return v.honest > before+100 })
	cancel()
	n := <-done
	if n.Connections < 100 || n.Handshakes == 0 || n.Refused == 0 || n.Bytes == 0 || n.Frames != 0 {
		t.Errorf("%+v", n)
	}
	if v.refused+v.handled != 0 {
		t.Error("frames of a stranger were delivered")
	}
}

func TestNoise(t *testing.T) {
	s, seeds := section()
	v := newVictim(t)
	v.talk(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var n Counts
	var err error
	done := make(chan struct{})
	// Where the member is reached is known after it listens only to itself: a free port.
	free, e := transport.Listen(transport.Config{Seed: seeds[3], Listen: "127.0.0.1:0",
		Allowed: func(transport.ID) bool { return false }, Deliver: func(transport.ID, []byte) {}})
	if e != nil {
		t.Fatal(e)
	}
	address := free.Addr()
	free.Close()
	v.SetPeer(transport.ID(s.Genesis[3]), address)
	began := time.Now()
	go func() {
		defer close(done)
		n, err = Run(ctx, Noise, Config{
			Targets: []Target{{core.Identity(v.ID()), v.Addr()}}, Section: s, Members: []Member{{seeds[3], address}}, Random: 1,
		})
	}()
	v.await(t, "answers to requests, and refusals", func() bool { return v.refused > 20 && v.handled > 0 })
	v.await(t, "a frame that is too large", func() bool { return v.Stats().Reasons[transport.ReasonOversize] > 0 })
	v.mu.Lock()
	before := v.honest
	v.mu.Unlock()
	v.await(t, "honest traffic under attack", func() bool { return v.honest > before+100 })
	sent := func() uint64 { return v.Stats().Peers[transport.ID(s.Genesis[3])].FramesOut }
	v.await(t, "answers", func() bool { return sent() > 1 })
	cancel()
	<-done
	if err != nil || n.Frames == 0 || n.Bytes == 0 || n.Answers == 0 || n.AnswerBytes == 0 {
		t.Errorf("%+v, %v", n, err)
	}
	// One request and its answer each time, and first events.
	v.mu.Lock()
	defer v.mu.Unlock()
	if got, most := v.node.Len(), 2*int(time.Since(began)/fresh)+8; got > most {
		t.Errorf("%d events in the graph, at most %d expected", got, most)
	}
}

// Each of the frames is one that a node refuses, and the requests are none.
func TestFrames(t *testing.T) {
	s, seeds := section()
	node, err := core.Recover(core.NodeConfig{Seed: seeds[0], Section: s}, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Section: s, Targets: []Target{{ID: s.Genesis[0]}, {ID: s.Genesis[2]}}}
	asks, err := c.ignorant(Member{Seed: seeds[3]})
	if err != nil || asks.node.SectionID() != node.SectionID() || len(asks.requests) != 2 {
		t.Fatal(err)
	}
	id := node.SectionID()
	for i, f := range c.frames(id) {
		if len(f) > oversize {
			t.Errorf("frame %d has %d bytes", i, len(f))
		}
		if err := node.Handle(s.Genesis[3], bytes.Clone(f[1:])); err == nil {
			t.Errorf("frame %d is taken", i)
		}
	}
	node.Ready()
	node.Advance()
	if err := node.Handle(s.Genesis[3], asks.request(s.Genesis[0])[1:]); err != nil {
		t.Errorf("the request is refused: %v", err)
	}
}
