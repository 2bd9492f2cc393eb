package attack

import (
	"bytes"
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"parsec/core"
	"parsec/core/internal/wire"
	"parsec/core/node/internal/batch"
)

// replace is a member like others that makes and answers requests; but before it takes in a message, it votes for other
// data under the ids of all submissions in it, so that its own events are the first by which some hear of these.
func replace(ctx context.Context, c *Config, m Member) (Counts, error) {
	node, _, err := c.founded(m)
	if err != nil {
		return Counts{}, err
	}
	r := &rebinder{node: node, section: wire.SectionOf(node.SectionID()), seen: map[wire.Hash]bool{}}
	l, err := c.connect(m, nil, func(l *links, from core.Identity, frame []byte) { r.take(l, from, frame) })
	if err != nil {
		return Counts{}, err
	}
	rng := rand.New(rand.NewPCG(c.Random, 3))
	for ctx.Err() == nil {
		r.mu.Lock()
		if to := node.Recipients(); len(to) > 0 && node.Gossip(to[rng.IntN(len(to))]) == nil {
			l.n.events.Add(1)
		}
		r.release(l)
		r.mu.Unlock()
		sleep(ctx, 2500*time.Microsecond*time.Duration(len(c.Section.Genesis))) // as often as nodes do
	}
	return l.close(), nil
}

// rebinder is such a member.
type rebinder struct {
	mu      sync.Mutex // frames come over several connections
	node    *core.Node
	section *wire.Section
	framer  wire.Framer
	message wire.Message
	body    wire.Body
	seen    map[wire.Hash]bool // payloads that it made others for, and those
}

// take votes for other data than a message has, and takes it in.
func (r *rebinder) take(l *links, from core.Identity, frame []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m := opened(r.section, &r.framer, frame, &r.message); m != nil {
		for _, o := range m.Observations {
			if o.Body == nil || r.seen[o.Hash] || wire.ParseBody(o.Body, &r.body) != nil || r.body.Kind != wire.Opaque {
				continue
			}
			r.seen[o.Hash] = true
			if other := otherData(r.body.Payload); other != nil && r.node.Vote(other) == nil {
				r.seen[r.section.Observation(wire.AppendBody(nil, &wire.Body{Kind: wire.Opaque, Payload: other}))] = true
			}
		}
		// Errors are those of a member that knows less than the sender does, or more: it is nobody's node.
		_ = r.node.Handle(from, frame[1:])
	}
	r.release(l)
}

// release sends what the node wants sent. It has no log: its key is used once.
func (r *rebinder) release(l *links) {
	for _, m := range r.node.Ready().Messages {
		if l.Send(m.To, append([]byte{prefixCore}, m.Frame...)) {
			l.n.frames.Add(1)
		}
	}
	r.node.Advance()
}

// otherData returns a payload with the same ids, until the same blocks, and other data; nil if it is no batch of submissions.
func otherData(payload []byte) []byte {
	entries, n := batch.Entries(payload)
	if n == 0 {
		return nil
	}
	out := bytes.Clone(payload[:batch.Head])
	for len(entries) > 0 {
		e, rest, err := batch.Next(entries)
		if err != nil {
			return nil
		}
		other := append([]byte("not "), e.Data...)
		out = batch.Append(out, e.ID, e.Until, other[:max(1, len(e.Data))])
		entries = rest
	}
	return out
}
