package election

import (
	"slices"

	"parsec/core/internal/gossip"
)

// reset starts over for the present voters: views are emptied, and content is computed anew from the
// first event that votes for something undecided on (SPEC section 3, "After a decision").
func (e *Election) reset() {
	e.Stats.Resets++
	e.earliest, e.next = 0, e.came+1
	e.resetVoters()
	from := min(e.firstUndecided(), e.came+1)
	e.resetViews(from)
	o := &e.observers
	o.first = slices.Grow(o.first[:0], e.n)[:e.n]
	o.from = slices.Grow(o.from[:0], e.n)[:e.n]
	for i := range o.first {
		o.first[i] = never
	}
	clear(o.from)
	o.lowest = never
	e.resetLevels()
	e.subjects = slices.Grow(e.subjects[:0], e.n/64+1)[:e.n/64+1]
	e.backs = slices.Grow(e.backs[:0], e.n/64+1)[:e.n/64+1]
	e.window.reset(e.n, e.aligned)
	e.metaVotes.reset(e.n)
	e.metaVotes.forked = len(e.forked) > 0
	e.g.Widen(from)
	if from <= e.came && e.forkersAlone() {
		e.startAt(from)
	}
	for x := from; x <= e.came; x++ {
		e.enter(x, e.g.Event(x), e.g.Row(x, 0))
	}
	e.begin()
}

// noteFork takes in that a peer has forked, and reports whether everything is to start over: for the first branch of a
// voter, or of a peer with votes that are undecided. Later branches change nothing that was computed, which is what
// keeps a peer that forks again and again from having everything computed anew each time.
func (e *Election) noteFork(p gossip.Peer) bool {
	if e.forks[p] {
		return false
	}
	e.forks[p] = true
	e.forkers = append(e.forkers, p)
	c := &e.content
	for i := int(p); i < len(c.unread); i += c.stride {
		c.unread[i], c.cursor[i] = never, 0
	}
	return e.member[p] || e.head(p) != 0
}

// resetVoters lists the voters anew.
func (e *Election) resetVoters() {
	e.voters, e.forked, e.counted = e.voters[:0], e.forked[:0], e.counted[:0]
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
		e.aligned = e.aligned && i == int(v)
		if e.forks[p] {
			e.forked = append(e.forked, v)
		}
	}
	e.n = len(e.voters)
	e.quorum, e.third = quorum(e.n), third(e.n)
	e.small = e.n <= nibbleVoters
}

// resetViews lets the view of each voter read again from the first votes that are not done, of which none is before
// event from.
func (e *Election) resetViews(from gossip.Index) {
	c := &e.content
	e.paths = slices.Grow(e.paths[:0], e.n)[:e.n]
	clear(e.paths)
	e.freeViews = e.freeViews[:0]
	views := e.n
	c.from = from
	c.stride = max(c.stride, (len(e.cast)+4)&^3)
	size := views * c.stride
	c.unread = slices.Grow(c.unread[:0], size)[:size]
	c.cursor = slices.Grow(c.cursor[:0], size)[:size]
	c.spread = slices.Grow(c.spread[:0], views)[:views]
	c.queue = slices.Grow(c.queue[:0], views)[:views]
	clear(c.spread)
	clear(c.queue)
	c.nodes, c.free = c.nodes[:1], 0
	c.fresh = c.fresh[:0]
	e.readAnew(0, views)
	for p := range e.cast {
		for w := e.head(gossip.Peer(p)); w != 0; w = e.votes[w].next {
			k := &e.keys[e.votes[w].key]
			k.tally, k.pairs = noKey, 0
		}
	}
	c.tallies, c.recycled = 0, c.recycled[:0]
	c.seen = slices.Grow(c.seen[:0], views*c.room)[:views*c.room]
	c.own = slices.Grow(c.own[:0], views*c.room)[:views*c.room]
	c.forks = slices.Grow(c.forks[:0], views*c.words)[:views*c.words]
	clear(c.seen)
	clear(c.own)
	clear(c.forks)
	e.pairs = append(e.pairs[:0], pair{})
	for _, p := range e.forkers {
		for w := e.head(p); w != 0; w = e.votes[w].next {
			if !e.keys[e.votes[w].key].done {
				e.pairUp(w)
			}
		}
	}
}

// readAnew lets the views from v up to before end read the votes of each peer that did not fork from the first that is
// not done.
func (e *Election) readAnew(v, end int) {
	c := &e.content
	unread, cursor := c.unread[v*c.stride:end*c.stride], c.cursor[v*c.stride:end*c.stride]
	for i := range unread {
		unread[i] = never
	}
	for p := range e.cast {
		if w := e.head(gossip.Peer(p)); w != 0 && !e.forks[p] {
			for i := p; i < len(unread); i += c.stride {
				unread[i], cursor[i] = e.votes[w].event, w
			}
		}
	}
}

// forkersAlone reports whether those that forked could be a supermajority. If so nobody else need have a first
// interesting event where an election begins.
func (e *Election) forkersAlone() bool { return e.n > 1 && len(e.forked) >= e.quorum }

// begin starts an election. Nothing before the first interesting event takes part, and nothing before
// the earliest observer of the last election of the same voters can observe in this one.
func (e *Election) begin() {
	e.next = e.came + 1
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
