package attack

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

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
// and again. Now and then comes a frame that is too large. It makes one event for each target, and no more: valid
// events in any number are what no node can refuse a member.
//
// The node whose key it is may run beside it, or ran before: then those events fork it.
func Member(ctx context.Context, c Config) (Counts, error) {
	if !slices.Contains(c.Section.Genesis, core.IdentityOf(c.Seed)) {
		return Counts{}, errors.New("attack: the key is none of the section's founders")
	}
	requests, id, err := c.requests()
	if err != nil {
		return Counts{}, err
	}
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
		frame := requests[target.ID]
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
	wait.Wait()
	s := t.Stats()
	n.bytes.Store(s.BytesOut)
	n.refused.Store(s.Reasons[transport.ReasonClosed] + s.Reasons[transport.ReasonUnreachable])
	return n.sum(), nil
}

// requests returns, for each target, the request of a node with that key and an empty log.
func (c *Config) requests() (map[core.Identity][]byte, core.Hash, error) {
	node, err := core.Recover(core.NodeConfig{Seed: c.Seed, Section: c.Section}, nil)
	if err != nil {
		return nil, core.Hash{}, fmt.Errorf("attack: %w", err)
	}
	requests := map[core.Identity][]byte{}
	for _, t := range c.Targets {
		node.Ready()
		node.Advance()
		if err := node.Gossip(t.ID); err != nil {
			return nil, core.Hash{}, fmt.Errorf("attack: %w", err)
		}
		for _, m := range node.Ready().Messages {
			if m.To == t.ID {
				requests[m.To] = append([]byte(nil), m.Frame...)
			}
		}
		node.Advance()
	}
	return requests, node.SectionID(), nil
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
	return [][]byte{
		random(1000),
		append(append([]byte(nil), header...), random(1000)...),
		append(append([]byte(nil), packed...), s2.Encode(nil, make([]byte, wire.MaxRaw))...), // shrinks more
		append(append([]byte(nil), packed...), s2.Encode(nil, bomb)...),
		append(append([]byte(nil), packed...), 0xff, 0xff, 0xff, 0xff, 0x0f), // claims 4 GiB
		append(append([]byte(nil), header...), make([]byte, 100_000)...),
	}
}
