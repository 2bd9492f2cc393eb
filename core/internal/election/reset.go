package election

import (
	"slices"

	gossip "parsec/core/internal/columns"
)

// reset starts over for the present voters: views are emptied, and content is computed anew from the
// first event that votes for something undecided on (SPEC section 3, "After a decision").
func (e *Election) reset() {
	e.Stats.Resets++
	e.earliest, e.next = 0, e.g.Len()+1
	e.resetVoters()
	from := e.resetViews()
	o := &e.observers
	o.first = slices.Grow(o.first[:0], e.n)[:e.n]
	o.from = slices.Grow(o.from[:0], len(e.content.views))[:len(e.content.views)]
	for i := range o.first {
		o.first[i] = never
	}
	clear(o.from)
	o.lowest = never
	e.resetLevels()
	e.subjects = slices.Grow(e.subjects[:0], e.n/64+1)[:e.n/64+1]
	e.window.reset(e.n, e.aligned && len(e.forked) == 0)
	e.metaVotes.reset(e.n, len(e.content.views))
	e.metaVotes.forked = len(e.forked) > 0
	e.g.Widen(from)
	for x := from; x <= e.g.Len(); x++ {
		e.enter(x, e.g.Event(x), e.g.Row(x, 0))
	}
	e.begin()
}

// addBranch takes in the new column of a peer that forked, and reports whether all else may stay: not if it is
// a voter's first fork. (What a branch votes for is seen to by logVote.) It is what keeps a peer that forks again
// and again from having everything computed anew each time.
func (e *Election) addBranch(by gossip.Peer, col gossip.Column) bool {
	c := &e.content
	voter := e.vbit[by]
	switch {
	case e.everyPeer:
		return false
	case voter < 0:
		return true
	case !c.forks || len(e.g.Of(by)) == 2:
		return false
	}
	// The chain reads what it descends from on its own. Keys that its earlier events have in their contents
	// are known to be there.
	e.addView(col, voter)
	c.spread = append(c.spread, false)
	c.queue = append(c.queue, queue{})
	c.unread = append(c.unread, make([]gossip.Index, c.stride)...)
	c.cursor = append(c.cursor, make([]uint32, c.stride)...)
	e.readAnew(len(c.views) - 1)
	e.observers.from = append(e.observers.from, 0)
	e.metaVotes.cur = append(e.metaVotes.cur, make([]uint32, e.n)...)
	return true
}

// resetVoters lists the voters and their chains anew.
func (e *Election) resetVoters() {
	e.voters, e.vcol, e.forked, e.counted = e.voters[:0], e.vcol[:0], e.forked[:0], e.counted[:0]
	for i := range e.column {
		e.column[i].view = -1
	}
	c := &e.content
	c.views, c.voter = c.views[:0], c.voter[:0]
	e.aligned = true
	for i, votes := range e.member {
		p := gossip.Peer(i)
		if !votes {
			e.vbit[p] = -1
			if e.everyPeer {
				e.counted = append(e.counted, counted{p})
			}
			continue
		}
		v := int16(len(e.voters))
		e.vbit[p] = v
		e.voters = append(e.voters, p)
		e.vcol = append(e.vcol, e.g.Main(p))
		e.aligned = e.aligned && int(e.g.Main(p)) == int(v)
		e.addView(e.g.Main(p), v)
	}
	for v, p := range e.voters {
		if branches := e.g.Of(p); branches != nil {
			e.forked = append(e.forked, int16(v))
			for _, b := range branches[1:] {
				e.addView(b, int16(v))
			}
		}
	}
	e.n = len(e.voters)
	e.quorum, e.third = quorum(e.n), third(e.n)
	e.small = e.n <= nibbleVoters
	c.forks = slices.ContainsFunc(e.g.Forked(), func(p gossip.Peer) bool { return e.member[p] || e.hasVotes(p) })
}

func (e *Election) addView(col gossip.Column, voter int16) {
	c := &e.content
	e.column[col].view = int16(len(c.views))
	c.views = append(c.views, col)
	c.voter = append(c.voter, voter)
}

// resetViews lets every view read again from the first votes that are not done, and returns the first
// event that carries one.
func (e *Election) resetViews() gossip.Index {
	c := &e.content
	views := len(c.views)
	c.stride = max(c.stride, (len(e.column)+4)&^3)
	size := views * c.stride
	c.unread = slices.Grow(c.unread[:0], size)[:size]
	c.cursor = slices.Grow(c.cursor[:0], size)[:size]
	c.spread = slices.Grow(c.spread[:0], views)[:views]
	c.queue = slices.Grow(c.queue[:0], views)[:views]
	clear(c.spread)
	clear(c.queue)
	c.nodes, c.free = c.nodes[:1], 0
	c.fresh = c.fresh[:0]
	c.voted = slices.Grow(c.voted[:0], e.n/64+1)[:e.n/64+1]
	e.readAnew(0)
	from := e.g.Len() + 1
	for j := range e.column {
		w := e.head(gossip.Column(j))
		if w != 0 {
			from = min(from, e.votes[w].event)
		}
		for ; w != 0; w = e.votes[w].next {
			k := &e.keys[e.votes[w].key]
			k.tally, k.asked, k.listed = noKey, 0, 0
		}
	}
	c.tallies, c.recycled = 0, c.recycled[:0]
	c.seen = slices.Grow(c.seen[:0], views*c.room)[:views*c.room]
	c.own = slices.Grow(c.own[:0], views*c.room)[:views*c.room]
	clear(c.seen)
	clear(c.own)
	return from
}

// readAnew lets the views from v on read each column from the first vote that is not done.
func (e *Election) readAnew(v int) {
	c := &e.content
	unread, cursor := c.unread[v*c.stride:], c.cursor[v*c.stride:]
	for i := range unread {
		unread[i] = never
	}
	for j := range e.column {
		if w := e.head(gossip.Column(j)); w != 0 {
			for i := j; i < len(unread); i += c.stride {
				unread[i], cursor[i] = e.votes[w].event, w
			}
		}
	}
}

// begin starts an election. Nothing before the first interesting event takes part, and nothing before
// the earliest observer of the last election of the same voters can observe in this one.
func (e *Election) begin() {
	e.next = e.g.Len() + 1
	if e.observers.lowest != never {
		e.next = max(e.observers.lowest, e.earliest)
	}
	e.base = never
	e.earliest = 0
	e.coins = false
	e.seen = e.seen[:0]
	e.metaVotes.begin()
	e.beginLevels()
}
