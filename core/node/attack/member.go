package attack

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/klauspost/compress/s2"

	"parsec/core"
	"parsec/core/internal/wire"
	"parsec/core/node/internal/transport"
)

// oversize is how many bytes a frame has that no node takes.
const oversize = wire.MaxFrame + 64<<10

// Member attacks with a member's key until ctx ends. It connects as a node does, again at once when it is cut off, and
// sends in turn: garbage, bytes that begin as a frame of the section, frames that decompress to more than they may and
// to as much as they may, and a request of a node that knows nothing, which asks for all that there is: the same again
// and again. Now and then comes a frame that is too large. It makes four events a second for each target: valid ones
// in any number are what [Greedy] makes.
//
// The node whose key it is may run beside it, or ran before: then those events fork it.
func Member(ctx context.Context, c Config) (Counts, error) {
	if !slices.Contains(c.Section.Genesis, core.IdentityOf(c.Seed)) {
		return Counts{}, errors.New("attack: the key is none of the section's founders")
	}
	asks, err := c.ignorant()
	if err != nil {
		return Counts{}, err
	}
	id := asks.node.SectionID()
	n := new(counts)
	listen := c.Listen
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	t, err := transport.Listen(transport.Config{
		Seed: c.Seed, Listen: listen, Section: id,
		Allowed: func(transport.ID) bool { return true },
		Deliver: func(_ transport.ID, frame []byte) {
			n.answers.Add(1)
			n.answerBytes.Add(uint64(len(frame)))
		},
		MaxFrame: oversize, QueueBytes: 2*oversize + 4<<10,
		BackoffMin: pause, BackoffMax: pause, StableAfter: pause,
	})
	if err != nil {
		return Counts{}, fmt.Errorf("attack: %w", err)
	}
	defer t.Close()
	for _, target := range c.Targets {
		t.SetPeer(target.ID, target.Address)
	}
	frames, tooLarge := c.frames(id), make([]byte, oversize)
	var wait sync.WaitGroup
	c.each(ctx, &wait, 9, func(ctx context.Context, target Target, rng *rand.Rand) bool {
		frame := asks.request(target.ID)
		// Requests are half of all: they look well, so the work is the target's.
		if k := rng.IntN(2 * len(frames)); k < len(frames) {
			frame = frames[k]
		}
		if rng.IntN(300) == 0 {
			frame = tooLarge
		}
		for !t.Send(target.ID, frame) {
			n.waits.Add(1)
			if sleep(ctx, pause); ctx.Err() != nil {
				return true
			}
		}
		n.frames.Add(1)
		return true
	})
	for ctx.Err() == nil {
		if sleep(ctx, fresh); asks.ask() != nil {
			break // it can ask no more; what there is goes on
		}
	}
	wait.Wait()
	s := t.Stats()
	n.bytes.Store(s.BytesOut)
	n.refused.Store(s.Reasons[transport.ReasonClosed] + s.Reasons[transport.ReasonUnreachable])
	return n.sum(), nil
}

// fresh is how often a member makes a new request for each target. It bounds the events that it makes.
const fresh = 250 * time.Millisecond

// ignorant is a node with the member's key that never hears an answer.
type ignorant struct {
	node    *core.Node
	targets []Target

	mu       sync.Mutex
	requests map[core.Identity][]byte // the latest for each target
}

func (c *Config) ignorant() (*ignorant, error) {
	node, err := core.Recover(core.NodeConfig{Seed: c.Seed, Section: c.Section}, nil)
	if err != nil {
		return nil, fmt.Errorf("attack: %w", err)
	}
	g := &ignorant{node: node, targets: c.Targets, requests: map[core.Identity][]byte{}}
	return g, g.ask()
}

// ask makes a new request for each target.
func (g *ignorant) ask() error {
	for _, t := range g.targets {
		g.node.Ready()
		g.node.Advance()
		if err := g.node.Gossip(t.ID); err != nil {
			return fmt.Errorf("attack: %w", err)
		}
		for _, m := range g.node.Ready().Messages {
			if m.To == t.ID {
				g.mu.Lock()
				g.requests[m.To] = append([]byte{prefixCore}, m.Frame...)
				g.mu.Unlock()
			}
		}
		g.node.Advance()
	}
	return nil
}

func (g *ignorant) request(to core.Identity) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.requests[to]
}

// frames returns those that no node takes in.
func (c *Config) frames(id core.Hash) [][]byte {
	rng := rand.New(rand.NewPCG(c.Random, 1))
	random := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		return b
	}
	header := append([]byte{wire.Version, 0}, id[:wire.FrameHeader-2]...)
	packed := append([]byte{wire.Version, 1}, header[2:]...)

	// It shrinks about twenty times: less than a frame may.
	bomb := make([]byte, wire.MaxRaw)
	for i := 0; i < len(bomb); i += 400 {
		copy(bomb[i:], random(20))
	}
	bomb[0] = byte(wire.KindRequest)
	frames := [][]byte{
		random(1000),
		append(append([]byte(nil), header...), random(1000)...),
		append(append([]byte(nil), packed...), s2.Encode(nil, make([]byte, wire.MaxRaw))...), // shrinks more
		append(append([]byte(nil), packed...), s2.Encode(nil, bomb)...),
		append(append([]byte(nil), packed...), 0xff, 0xff, 0xff, 0xff, 0x0f), // claims 4 GiB
		append(append([]byte(nil), header...), make([]byte, 100_000)...),
	}
	for i, f := range frames {
		frames[i] = append([]byte{prefixCore}, f...)
	}
	return frames
}
