package attack

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/klauspost/compress/s2"

	"parsec/core"
	"parsec/core/internal/wire"
	"parsec/core/node/internal/transport"
)

// oversize is how many bytes a frame has that no node takes.
const oversize = wire.MaxFrame + 64<<10

// noise attacks with a member's key. It connects as a node does, again at once when it is cut off, and sends in turn:
// garbage, bytes that begin as a frame of the section, frames that decompress to more than they may and to as much as they
// may, messages with more of everything than there may be, and a request of a node that knows nothing, which asks for all
// that there is: the same again and again. Now and then comes a frame that is too large. It makes four events a second
// for each target: valid ones in any number are what [Greedy] makes.
//
// The node whose key it is may run beside it, or ran before: then those events fork it.
func noise(ctx context.Context, c *Config, m Member) (Counts, error) {
	asks, err := c.ignorant(m)
	if err != nil {
		return Counts{}, err
	}
	l, err := c.connect(m, func(t *transport.Config) {
		t.MaxFrame, t.QueueBytes = oversize, 2*oversize+4<<10
	}, func(*links, core.Identity, []byte) {})
	if err != nil {
		return Counts{}, err
	}
	frames, tooLarge := c.frames(asks.node.SectionID()), make([]byte, oversize)
	var wait sync.WaitGroup
	c.workers(ctx, &wait, 9, func(ctx context.Context, target Target, rng *rand.Rand) bool {
		frame := asks.request(target.ID)
		// Requests are half of all: they look well, so the work is the target's.
		if k := rng.IntN(2 * len(frames)); k < len(frames) {
			frame = frames[k]
		}
		if rng.IntN(300) == 0 {
			frame = tooLarge
		}
		l.send(ctx, target.ID, frame)
		return true
	})
	for ctx.Err() == nil {
		if sleep(ctx, fresh); asks.ask() != nil {
			break // it can ask no more; what there is goes on
		}
	}
	wait.Wait()
	return l.close(), nil
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

func (c *Config) ignorant(m Member) (*ignorant, error) {
	node, _, err := c.founded(m)
	if err != nil {
		return nil, err
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
			return err
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
	for _, m := range past() {
		frames = append(frames, append(append([]byte(nil), packed...), s2.Encode(nil, wire.Append(nil, m))...))
	}
	for i, f := range frames {
		frames[i] = append([]byte{prefixCore}, f...)
	}
	return frames
}

// past returns messages that shrink well and have as many events as they may, of a kind that says more than others; and
// more than they may of each.
func past() (all []*wire.Message) {
	events := func(kind wire.MessageKind, n int) *wire.Message {
		m := &wire.Message{Kind: kind, Known: 4, Creators: []wire.Creator{{ByNumber: true}}, Parents: []wire.Hash{{1}}}
		for i := range n {
			e := wire.Event{Cause: wire.Requesting, Self: wire.Outside(0)}
			if i > 0 {
				e.Self = wire.InMessage(i - 1)
			}
			m.Events = append(m.Events, e)
		}
		return m
	}
	many := events(wire.KindRequest, 1)
	many.Creators = make([]wire.Creator, wire.MaxCreators+1)
	orphans := events(wire.KindRequest, 1)
	orphans.Parents = make([]wire.Hash, wire.MaxParents+1)
	return []*wire.Message{
		events(wire.KindPartRequest, wire.MaxEvents), events(wire.KindRequest, wire.MaxEvents+1), many, orphans,
		{Kind: wire.KindAsk, Wants: make([]wire.Hash, wire.MaxWants+1)},
	}
}
