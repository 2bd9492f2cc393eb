package attack

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"sync"

	"parsec/core"
	"parsec/core/internal/wire"
	"parsec/core/node/internal/transport"
)

// Frames between nodes begin with what they are (package node).
const (
	prefixCore   = 0
	prefixStatus = 1
)

// each has every member attack by itself, and adds up what they did.
func each(f func(context.Context, *Config, Member) (Counts, error)) func(context.Context, *Config) (Counts, error) {
	return func(ctx context.Context, c *Config) (all Counts, err error) {
		ctx, cancel := context.WithCancel(ctx) // if one cannot begin, none goes on
		defer cancel()
		var wait sync.WaitGroup
		var mu sync.Mutex
		for _, m := range c.Members {
			wait.Go(func() {
				n, wrong := f(ctx, c, m)
				mu.Lock()
				defer mu.Unlock()
				all.add(n)
				if wrong != nil {
					err = errors.Join(err, wrong)
					cancel()
				}
			})
		}
		wait.Wait()
		return all, err
	}
}

// links are a member's connections to its targets.
type links struct {
	*transport.Transport
	n counts
}

// connect listens as a member, and connects to the targets. Deliver is called with what comes, by one goroutine for each
// connection; it is not called before connect has returned.
func (c *Config) connect(m Member, change func(*transport.Config), deliver func(l *links, from core.Identity, frame []byte)) (*links, error) {
	id, err := c.Section.ID()
	if err != nil {
		return nil, err
	}
	l := new(links)
	ready := make(chan struct{})
	cfg := transport.Config{
		Seed: m.Seed, Listen: m.Listen, Section: id,
		Allowed: func(transport.ID) bool { return true },
		Deliver: func(from transport.ID, frame []byte) {
			<-ready
			l.n.answers.Add(1)
			l.n.answerBytes.Add(uint64(len(frame)))
			deliver(l, from, frame)
		},
		BackoffMin: pause, BackoffMax: pause, StableAfter: pause,
		ReceiveFrames: 1 << 20, ReceiveBytes: 1 << 30,
	}
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	if change != nil {
		change(&cfg)
	}
	if l.Transport, err = transport.Listen(cfg); err != nil {
		return nil, err
	}
	close(ready)
	for _, t := range c.Targets {
		l.SetPeer(t.ID, t.Address)
	}
	return l, nil
}

// send sends a frame, and waits for room while ctx lasts. It reports whether it was sent.
func (l *links) send(ctx context.Context, to core.Identity, frame []byte) bool {
	for !l.Send(to, frame) {
		l.n.waits.Add(1)
		if sleep(ctx, pause); ctx.Err() != nil {
			return false
		}
	}
	l.n.frames.Add(1)
	return true
}

// ahead is how many bytes may be queued to a target before new frames are made for it.
const ahead = 64 << 10

// room waits until next to nothing is queued to a target, while ctx lasts: what is made and not read costs it nothing, and
// the attacker a processor.
func (l *links) room(ctx context.Context, to core.Identity) {
	for ctx.Err() == nil && l.Stats().Peers[to].Queued > ahead {
		l.n.waits.Add(1)
		sleep(ctx, pause)
	}
}

// close ends the connections and says what was done.
func (l *links) close() Counts {
	l.Close()
	s := l.Stats()
	l.n.bytes.Store(s.BytesOut)
	l.n.refused.Store(s.Reasons[transport.ReasonClosed] + s.Reasons[transport.ReasonUnreachable])
	return l.n.sum()
}

// workers runs f for each target, several times at once, until ctx ends. It is called again and again; what it returns tells
// whether to pause before.
func (c *Config) workers(ctx context.Context, wait *sync.WaitGroup, number uint64, f func(context.Context, Target, *rand.Rand) bool) {
	for i, t := range c.Targets {
		for w := range cmp.Or(c.Workers, 2) {
			rng := rand.New(rand.NewPCG(c.Random, number<<32|uint64(i)<<8|uint64(w)))
			wait.Go(func() {
				for ctx.Err() == nil {
					if !f(ctx, t, rng) {
						sleep(ctx, pause)
					}
				}
			})
		}
	}
}

// founded returns a node with a member's key that has begun, and what it would have sent first: a request to the first
// target.
func (c *Config) founded(m Member) (*core.Node, []byte, error) {
	node, err := core.Recover(core.NodeConfig{Seed: m.Seed, Section: c.Section}, nil)
	if err != nil {
		return nil, nil, err
	}
	node.Ready()
	node.Advance()
	if err := node.Gossip(c.Targets[0].ID); err != nil {
		return nil, nil, err
	}
	frame := append([]byte(nil), node.Ready().Messages[0].Frame...)
	node.Advance()
	return node, frame, nil
}

// opened returns the message of a core's frame; nil if it is none. The buffers are the framer's.
func opened(section *wire.Section, f *wire.Framer, frame []byte, into *wire.Message) *wire.Message {
	if len(frame) == 0 || frame[0] != prefixCore {
		return nil
	}
	raw, err := f.Open(section, frame[1:])
	if err != nil || wire.Decode(raw, section, into) != nil {
		return nil
	}
	return into
}
