package outbox

import (
	"fmt"

	"parsec/core/internal/gossip"
	"parsec/core/internal/members"
	"parsec/core/internal/reason"
	"parsec/core/internal/wire"
)

// Learn asks a peer for this node's own events beyond those that it has, of which last is the last, 0 for none, and what they
// descend from. The answer has the nonce. It names some of its events, the further back the fewer: the last may be one that
// nobody was sent.
func (b *Outbox) Learn(p *members.Peer, nonce wire.Hash, last gossip.Index) {
	m := &b.message
	m.Wants, m.Nonce = m.Wants[:0], nonce
	for x, back := last, 0; x != 0 && len(m.Wants) < wire.MaxTold; x, back = b.h.Graph().Event(x).Self, back+1 {
		if back&(back-1) == 0 { // 0, 1, 2, 4, 8 and so on
			m.Wants = append(m.Wants, *b.h.Store.ID(x))
		}
	}
	b.send(p, wire.KindLearn)
}

// Teach answers a peer that asks for its own events: those beyond the first of the named that is here, with what they descend
// from, as far as event last, this node's, does. A node that is learning itself answers too, with what it has. A part ends where the next
// question goes on: with an event of the peer's own. Bodies go along: it may have lost what it was sent before.
func (b *Outbox) Teach(p *members.Peer, m *wire.Message, last gossip.Index) error {
	l, g := b.link(p), b.h.Graph()
	known := knownEvents{}
	for i := range m.Wants {
		if x := b.h.Store.Find(&m.Wants[i]); x != 0 && b.h.Maker(x) == p {
			known.tip = x
			break
		}
	}
	if !l.asked.may(m.Nonce, known.tip) {
		return fmt.Errorf("%w: it asks for what it was sent", reason.ErrDuplicateMessage)
	}
	l.has, l.shown = nil, 0
	b.events = b.events[:0]
	if p.Index != members.None && last != 0 {
		// If it forked, a branch that it does not go on from tells it.
		tip := gossip.Index(0)
		for _, x := range g.Tips(last, p.Index) {
			if tip == 0 || known.tip != 0 && !g.OnChain(known.tip, x) {
				tip = x
			}
		}
		b.events = g.Missing(b.events, known.tip, 0, tip)
	}
	b.message.Nonce = m.Nonce
	b.sendEvents(p, wire.KindTeach, known)
	l.asked.next = 0
	if k := len(b.message.Events); b.message.More {
		for l.asked.next == 0 && k > 0 {
			k--
			if x := b.events[k]; b.h.Maker(x) == p {
				l.asked.next = x
			}
		}
	}
	return nil
}

// maxQuestions is how often a peer may begin to ask for its own events, and ask again for the same part of them, until
// maxQuestions*refill events of its own have come: an answer takes a hundred thousand times the bytes of a question.
const (
	maxQuestions = 8
	refill       = 128
)

// asked is what a peer asked for last, and how much of its quota of questions it has used: each of its events gives
// back one part in refill of a question.
type asked struct {
	nonce wire.Hash
	next  gossip.Index // the peer's last event in the last answer, if that was a part; else 0
	times int
}

// may notes that a peer asks for what comes after an event of its own, 0 for all, and reports whether it may. Who goes on
// where the last part ended, or later, may always: so it is sent nothing twice. Any later event than in the question before
// would not do: a peer has thousands, and the answer to each is nearly all that there is.
func (a *asked) may(nonce wire.Hash, after gossip.Index) bool {
	if nonce == a.nonce && a.next != 0 && after >= a.next {
		return true
	}
	if a.times >= maxQuestions*refill {
		return false
	}
	a.times += refill
	a.nonce = nonce
	return true
}

// Came notes that so many events of a peer came in: they are what its questions are paid with.
func (b *Outbox) Came(p *members.Peer, events int) {
	if l := b.link(p); l.asked.times > 0 {
		l.asked.times = max(0, l.asked.times-events)
	}
}

// maxFarewells is how often a removed peer is told so, and one that forked.
const maxFarewells = 16

// TellFork answers a peer that forked, of whom nothing is taken any more, with what it has on one branch beyond another, as
// far as event last, this node's, descends from them: whoever has made one of them, and not the other, sees that its key is used
// elsewhere. Branches take turns, for who asks does not say which one it is on.
func (b *Outbox) TellFork(p *members.Peer, last gossip.Index) {
	l, g := b.link(p), b.h.Graph()
	tips := g.Tips(last, p.Index)
	if len(tips) < 2 || l.farewells == maxFarewells {
		return
	}
	from := tips[l.farewells%len(tips)]
	to := tips[(l.farewells+1)%len(tips)]
	l.farewells++
	l.has, l.shown = nil, 0
	b.events = g.Missing(b.events[:0], from, 0, to)
	b.sendEvents(p, wire.KindResponse, knownEvents{tip: from})
}

// Remove notes up to which event, one of this node's own, a removed peer may be told.
func (b *Outbox) Remove(p *members.Peer, last gossip.Index) {
	l := b.link(p)
	l.removedAt, l.farewells = last, 0
}

// Farewell answers a removed peer, of whom nothing is taken any more, with what it needs to decide its removal too:
// what this node had when it did, and nothing newer. A peer that stays behind by more than a message does not get
// there; it is no member.
func (b *Outbox) Farewell(p *members.Peer) {
	if l := b.link(p); l.removedAt != 0 && l.farewells < maxFarewells {
		l.farewells++
		b.Gossip(p, wire.KindResponse, l.removedAt)
	}
}
