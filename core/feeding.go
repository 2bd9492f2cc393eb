package core

import (
	"fmt"
	"math"

	"parsec/core/internal/gossip"
	"parsec/core/internal/wire"
)

// Rule 6 of core/design/acceptance.md says which events feed forks. Insertion asks it of each event, when what the
// event descends from is in the graph already; of a message made for it, that would be any number of branches under
// an event that is refused. So where a message begins branches, the rule is asked of its events beforehand, and only
// what events that keep it descend from is inserted.

// feeding is what that takes, by place in the message.
type feeding struct {
	watched  []*peer                   // whose forks are looked at
	extended map[gossip.Index]struct{} // events of the graph that an event of the message follows
	followed []bool                    // by event of the message: likewise
	tips     []tip
	steps    int // left
}

// tip is the last event by a peer that something descends from: a place in the graph, or less than zero: -1 less a
// place in the message. 0 is none.
type tip int64

// forkTip is no tip: it descends from a fork.
const forkTip = tip(math.MinInt64)

// maxFeedingSteps bounds how many self-parents are followed for one message. Honest members' take a few an event.
const maxFeedingSteps = 1 << 22

// prune marks dead what must not be inserted of a message that begins branches, and what descends from that. Time
// O(events) where none is begun, else that for each peer that begins one, and for chains that are walked: only
// hostile members' events, signed, get it there.
func (n *Node) prune(p *peer, m *wire.Message) {
	f := &n.rx.feeding
	f.watched, f.steps = f.watched[:0], maxFeedingSteps
	for n.watch(m) {
		refused := false
		for _, q := range f.watched {
			refused = n.feeds(m, q) || refused
		}
		if !refused {
			return
		}
		n.bury(m)
		n.choose(p, m)
		n.check(p, m)
	}
}

// watch lists who begins branches by events that are to be inserted, and reports whether there is anybody new.
func (n *Node) watch(m *wire.Message) (more bool) {
	r := &n.rx
	f := &r.feeding
	if f.extended == nil {
		f.extended = make(map[gossip.Index]struct{})
	}
	clear(f.extended)
	for len(f.followed) < len(r.events) {
		f.followed = append(f.followed, false)
	}
	clear(f.followed)
	for i := range r.events {
		a := &r.events[i]
		if a.fate != fresh || !a.need || n.licensed(a.by) == nil || !n.branches(m, i) {
			continue
		}
		known := false
		for _, q := range f.watched {
			known = known || q == a.by
		}
		if !known {
			f.watched, more = append(f.watched, a.by), true
		}
	}
	return more
}

// branches reports whether event i of a message begins a branch, and notes what it follows.
func (n *Node) branches(m *wire.Message, i int) bool {
	r := &n.rx
	f := &r.feeding
	self := gossip.Index(0)
	if m.Events[i].Cause != wire.Initial {
		if j, ok := m.Events[i].Self.Event(); ok && r.events[j].fate != present {
			was := f.followed[j]
			f.followed[j] = true
			return was
		}
		self, _ = n.placeOf(m.Events[i].Self, true)
	}
	col := n.graph.First(r.events[i].by.index)
	if self != 0 {
		col = n.graph.Event(self).Chain
	}
	if n.graph.ChainTip(col) != self {
		return true
	}
	key := self
	if self == 0 {
		key = gossip.Index(math.MaxUint32) - gossip.Index(col)
	}
	_, was := f.extended[key]
	f.extended[key] = struct{}{}
	return was
}

// feeds marks dead the events that feed forks by q, and reports whether there are any.
func (n *Node) feeds(m *wire.Message, q *peer) (any bool) {
	r := &n.rx
	f := &r.feeding
	for len(f.tips) < len(r.events) {
		f.tips = append(f.tips, 0)
	}
	for i := range r.events {
		a, ev := &r.events[i], &m.Events[i]
		f.tips[i] = 0
		if a.fate == dead {
			continue
		}
		if a.fate == present {
			f.tips[i] = n.tipBehind(a.place, q)
			continue
		}
		self, other := tip(0), tip(0)
		if ev.Cause != wire.Initial {
			self = n.tipOf(ev.Self, q)
		}
		if ev.Cause.Receive() {
			other = n.tipOf(ev.Other, q)
			if j, ok := ev.Other.Event(); self == forkTip && (ok && r.events[j].by == q || !ok && n.by(n.rx.parents, ev.Other) == q) {
				a.fate, any = dead, true
				r.refused.add(fmt.Errorf("%w: event %x: its creator had seen a fork by the other-parent's", ErrInvalidEvent, a.id[:8]))
				continue
			}
		}
		switch both := n.later(m, self, other); {
		case a.by != q:
			f.tips[i] = both
		case both != self:
			a.fate, any = dead, true
			r.refused.add(fmt.Errorf("%w: event %x: it descends from a fork by its own creator", ErrInvalidEvent, a.id[:8]))
		default:
			f.tips[i] = -1 - tip(i)
		}
	}
	return any
}

// by returns who made a parent outside of the message.
func (n *Node) by(parents []gossip.Index, ref wire.Ref) *peer {
	if i, ok := ref.Parent(); ok && parents[i] != 0 {
		return n.peers[n.graph.Event(parents[i]).By]
	}
	return nil
}

// tipOf returns the tip of q that a parent descends from.
func (n *Node) tipOf(ref wire.Ref, q *peer) tip {
	if i, ok := ref.Event(); ok {
		return n.rx.feeding.tips[i]
	}
	if i, ok := ref.Parent(); ok && n.rx.parents[i] != 0 {
		return n.tipBehind(n.rx.parents[i], q)
	}
	return 0
}

func (n *Node) tipBehind(x gossip.Index, q *peer) tip {
	t, fork := n.tip(x, q.index)
	if fork {
		return forkTip
	}
	return tip(t)
}

// later returns the later of two tips of one peer, forkTip if neither is on the other's chain.
func (n *Node) later(m *wire.Message, a, b tip) tip {
	switch {
	case a == forkTip || b == forkTip:
		return forkTip
	case a == 0 || a == b:
		return b
	case b == 0:
		return a
	}
	if n.nth(a) < n.nth(b) {
		a, b = b, a
	}
	x := a
	for ; x != 0 && n.nth(x) > n.nth(b); n.rx.feeding.steps-- {
		if n.rx.feeding.steps <= 0 {
			return forkTip
		}
		x = n.before(m, x)
	}
	if x == 0 || *n.idOf(x) != *n.idOf(b) {
		return forkTip
	}
	return a
}

func (n *Node) nth(t tip) uint32 {
	if t < 0 {
		return n.rx.events[-1-t].index
	}
	return n.graph.Event(gossip.Index(t)).Nth
}

func (n *Node) idOf(t tip) *wire.Hash {
	if t < 0 {
		return &n.rx.events[-1-t].id
	}
	return n.store.id(gossip.Index(t))
}

// before returns the self-parent of a tip.
func (n *Node) before(m *wire.Message, t tip) tip {
	if t > 0 {
		return tip(n.graph.Event(gossip.Index(t)).Self)
	}
	ev := &m.Events[-1-t]
	if ev.Cause == wire.Initial {
		return 0
	}
	if i, ok := ev.Self.Event(); ok {
		if a := &n.rx.events[i]; a.fate == present {
			return tip(a.place)
		}
		return -1 - tip(i)
	}
	i, _ := ev.Self.Parent()
	return tip(n.rx.parents[i])
}
