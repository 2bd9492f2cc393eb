package attack

import (
	"context"
	"sync"

	"parsec/core"
	"parsec/core/internal/sign"
	"parsec/core/internal/wire"
)

// greedy attacks with a member's key, by what no node can refuse a member: it makes valid events as fast
// as it can, each a request to a target, and never shows that it took in an answer: so each asks for all that there is.
// It asks for all contents that answers name, and says in between how many blocks it has, many more than anybody.
func greedy(ctx context.Context, c *Config, m Member) (Counts, error) {
	g, err := newGreed(c, m)
	if err != nil {
		return Counts{}, err
	}
	l, err := c.connect(m, nil, func(l *links, from core.Identity, frame []byte) {
		if ask := g.wants(frame); ask != nil && l.Send(from, ask) {
			l.n.frames.Add(1)
		}
	})
	if err != nil {
		return Counts{}, err
	}
	status := [9]byte{prefixStatus, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}
	var frame []byte
	for ctx.Err() == nil {
		sent := false
		for i, target := range c.Targets {
			if !l.Connected(target.ID) {
				g.sent[i] = 0 // what was on its way is lost
				continue
			}
			if !l.Send(target.ID, status[:]) {
				continue // its queue is full: it takes no more
			}
			var upTo int
			frame, upTo = g.request(frame[:0], i)
			if l.Send(target.ID, frame) {
				g.sent[i] = upTo
				l.n.frames.Add(2)
				sent = true
			}
		}
		if !sent {
			l.n.waits.Add(1)
			sleep(ctx, pause)
		}
	}
	l.n.events.Store(uint64(len(g.chain)))
	return l.close(), nil
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

func newGreed(c *Config, m Member) (*greed, error) {
	node, frame, err := c.founded(m)
	if err != nil {
		return nil, err
	}
	g := &greed{section: wire.SectionOf(node.SectionID()), signer: sign.NewSigner(m.Seed), sent: make([]int, len(c.Targets))}
	for _, t := range c.Targets {
		g.targets = append(g.targets, t.ID)
	}
	// The raw message stays: what was decoded lies in it.
	raw, err := g.framer.Open(g.section, frame)
	if err == nil {
		err = wire.Decode(raw, g.section, &g.first)
	}
	if err != nil {
		return nil, err
	}
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
	g.mu.Lock()
	defer g.mu.Unlock()
	if opened(g.section, &g.opener, frame, &g.answer) == nil {
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
