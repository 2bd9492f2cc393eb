package attack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"parsec/core"
	"parsec/core/internal/sign"
	"parsec/core/internal/wire"
	"parsec/core/node/internal/transport"
)

// Frames between nodes begin with what they are (package node).
const (
	prefixCore   = 0
	prefixStatus = 1
)

// Greedy attacks with a member's key until ctx ends, by what no node can refuse a member: it makes valid events as fast
// as it can, each a request to a target, and never shows that it took in an answer: so each asks for all that there is.
// It asks for all contents that answers name, and says in between how many blocks it has, many more than anybody.
//
// The node whose key it is must not run, and must never have run: its events would be forks.
func Greedy(ctx context.Context, c Config) (Counts, error) {
	if !slices.Contains(c.Section.Genesis, core.IdentityOf(c.Seed)) {
		return Counts{}, errors.New("attack: the key is none of the section's founders")
	}
	g, err := newGreed(&c)
	if err != nil {
		return Counts{}, err
	}
	n := new(counts)
	listen := c.Listen
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	var t *transport.Transport
	ready := make(chan struct{})
	t, err = transport.Listen(transport.Config{
		Seed: c.Seed, Listen: listen, Section: g.section.ID,
		Allowed: func(transport.ID) bool { return true },
		Deliver: func(from transport.ID, frame []byte) {
			n.answers.Add(1)
			n.answerBytes.Add(uint64(len(frame)))
			<-ready
			if ask := g.wants(frame); ask != nil && t.Send(from, ask) {
				n.frames.Add(1)
			}
		},
		BackoffMin: pause, BackoffMax: pause, StableAfter: pause,
		ReceiveFrames: 1 << 20, ReceiveBytes: 1 << 30,
	})
	if err != nil {
		return Counts{}, fmt.Errorf("attack: %w", err)
	}
	close(ready)
	defer t.Close()
	for _, target := range c.Targets {
		t.SetPeer(target.ID, target.Address)
	}
	status := [9]byte{prefixStatus, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}
	var frame []byte
	for ctx.Err() == nil {
		sent := false
		for i, target := range c.Targets {
			if !t.Connected(target.ID) {
				g.sent[i] = 0 // what was on its way is lost
				continue
			}
			if !t.Send(target.ID, status[:]) {
				continue // its queue is full: it takes no more
			}
			var upTo int
			frame, upTo = g.request(frame[:0], i)
			if t.Send(target.ID, frame) {
				g.sent[i] = upTo
				n.frames.Add(2)
				sent = true
			}
		}
		if !sent {
			n.waits.Add(1)
			sleep(ctx, pause)
		}
	}
	s := t.Stats()
	n.bytes.Store(s.BytesOut)
	n.refused.Store(s.Reasons[transport.ReasonClosed] + s.Reasons[transport.ReasonUnreachable])
	n.events.Store(uint64(len(g.chain)))
	return n.sum(), nil
}

// maxSent is how many events a request has: what a target lacks beyond follows with the next.
const maxSent = 4096

// greed makes a member's events, without a node's care.
type greed struct {
	section *wire.Section
	signer  *sign.Signer
	targets []core.Identity
	first   wire.Message // what begins the chain: the founding of the section, and a request
	chain   []forged
	sent    []int // by target: of the chain

	framer  wire.Framer
	message wire.Message
	raw     []byte

	mu     sync.Mutex // answers come from several connections
	answer wire.Message
	opener wire.Framer
}

// forged is an event of the chain.
type forged struct {
	id        wire.Hash
	index     uint32
	cause     wire.Cause
	recipient wire.Hash
	signature [64]byte
}

func newGreed(c *Config) (*greed, error) {
	node, err := core.Recover(core.NodeConfig{Seed: c.Seed, Section: c.Section}, nil)
	if err != nil {
		return nil, fmt.Errorf("attack: %w", err)
	}
	g := &greed{section: wire.SectionOf(node.SectionID()), signer: sign.NewSigner(c.Seed), sent: make([]int, len(c.Targets))}
	for _, t := range c.Targets {
		g.targets = append(g.targets, t.ID)
	}
	node.Ready()
	node.Advance()
	if err := node.Gossip(c.Targets[0].ID); err != nil {
		return nil, fmt.Errorf("attack: %w", err)
	}
	// The raw message stays: what was decoded lies in it.
	raw, err := g.framer.Open(g.section, slices.Clone(node.Ready().Messages[0].Frame))
	if err == nil {
		err = wire.Decode(raw, g.section, &g.first)
	}
	if err != nil {
		return nil, fmt.Errorf("attack: %w", err)
	}
	node.Advance()
	var tree wire.Tree
	for i := range g.first.Events {
		e := &g.first.Events[i]
		h := g.header(e.Cause, max(1, e.Count))
		if e.Cause == wire.Requesting {
			h.Recipient = wire.Hash(g.targets[0])
		}
		if e.Count > 0 {
			var hashes []wire.Hash
			for _, o := range g.first.Votes[e.First:][:e.Count] {
				hashes = append(hashes, g.first.Observations[o].Hash)
			}
			h.Votes, h.Root = e.Count, tree.Root(hashes)
		}
		g.chain = append(g.chain, forged{g.section.Event(&h), h.Index, e.Cause, h.Recipient, e.Signature})
	}
	return g, nil
}

// header begins the next event.
func (g *greed) header(cause wire.Cause, step uint32) wire.Header {
	h := wire.Header{Creator: g.signer.Public(), Cause: cause}
	if n := len(g.chain); n > 0 {
		h.SelfParent, h.Index = g.chain[n-1].id, g.chain[n-1].index+step
	}
	return h
}

// request appends a frame to dst: a new request to a target, with those before it that the target lacks. The target
// then has the chain up to upTo.
func (g *greed) request(dst []byte, target int) (frame []byte, upTo int) {
	h := g.header(wire.Requesting, 1)
	h.Recipient = wire.Hash(g.targets[target])
	id := g.section.Event(&h)
	g.chain = append(g.chain, forged{id, h.Index, h.Cause, h.Recipient, g.signer.Sign(&id)})

	m := &g.message
	*m = wire.Message{
		Kind: wire.KindRequest, Creators: append(m.Creators[:0], wire.Creator{Key: h.Creator}),
		Events: m.Events[:0], Votes: m.Votes[:0], Parents: m.Parents[:0],
	}
	from := g.sent[target]
	to := min(len(g.chain), from+maxSent)
	if from == 0 {
		m.Observations, m.Votes = g.first.Observations, append(m.Votes, g.first.Votes...)
	}
	for i, f := range g.chain[from:to] {
		e := wire.Event{Cause: f.cause, Signature: f.signature, First: uint32(len(m.Votes))}
		switch {
		case i > 0:
			e.Self = wire.InMessage(i - 1)
		case from > 0:
			e.Self = wire.Outside(0)
			m.Parents = append(m.Parents, g.chain[from-1].id)
		}
		if f.cause == wire.Requesting {
			e.Recipient = g.creator(f.recipient)
		}
		if from == 0 && i < len(g.first.Events) {
			e.First, e.Count = g.first.Events[i].First, g.first.Events[i].Count
		}
		m.Events = append(m.Events, e)
	}
	g.raw = wire.Append(g.raw[:0], m)
	return g.framer.Seal(append(dst, prefixCore), g.section, g.raw), to
}

// creator returns the place of a key in the message's table.
func (g *greed) creator(key wire.Hash) uint16 {
	m := &g.message
	for i, c := range m.Creators {
		if c.Key == key {
			return uint16(i)
		}
	}
	m.Creators = append(m.Creators, wire.Creator{Key: key})
	return uint16(len(m.Creators) - 1)
}

// wants returns a frame that asks for all contents that an answer names and does not have; nil if there are none.
func (g *greed) wants(frame []byte) []byte {
	if len(frame) == 0 || frame[0] != prefixCore {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	raw, err := g.opener.Open(g.section, frame[1:])
	if err != nil || wire.Decode(raw, g.section, &g.answer) != nil {
		return nil
	}
	ask := wire.Message{Kind: wire.KindAsk}
	for _, o := range g.answer.Observations {
		if o.Body == nil && len(ask.Wants) < wire.MaxWants {
			ask.Wants = append(ask.Wants, o.Hash)
		}
	}
	if ask.Wants == nil {
		return nil
	}
	return g.opener.Seal([]byte{prefixCore}, g.section, wire.Append(nil, &ask))
}
