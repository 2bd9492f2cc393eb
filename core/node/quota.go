package node

import (
	"time"

	"parsec/core"
)

// What a peer may have of this node, by the measure of what it needs. A peer that has had more is not read from until
// its share has come up with it; others go on. All of it is about what is valid: who sends what is refused is punished
// besides (take).
const (
	// An honest member makes a request an interval, to one of the others in turn, and has one at a time under way to
	// each. So requestShare times its share of them is what a node takes in of a peer, and requestLeast a second in any
	// case. A status is a tenth of one.
	requestShare = 2
	requestLeast = 10
	requestBurst = 32
	statusCost   = 0.1

	// All members keep every event for good, whoever brings it. Honest ones make some five an interval, about as many
	// as each other. A member may make eventRatio times the mean of the others, and eventShare an interval: so what a
	// node catches up with is held against nobody (it was made by a quorum), and a graph grows by a member that makes as
	// many as it can two and a half times as fast as by an honest one at most. One may have been cut off, hence the burst.
	eventRatio = 2
	eventShare = 2
	eventBurst = 2048

	// What a peer was sent already and does not show to have, in bytes a second: so asking for everything again and
	// again brings no more than this.
	againRate  = 1 << 20
	againBurst = 16 << 20

	// maxHold is the longest that one frame holds up its sender; what is owed beyond that holds up the next.
	maxHold = time.Minute
)

// bucket leaks at a rate. It has no clock: it is told the time. The zero value is empty.
type bucket struct {
	level float64
	at    time.Time
}

// add puts something in. less than nothing takes out.
func (b *bucket) add(now time.Time, amount, rate float64) {
	b.level = max(0, b.level-rate*max(0, now.Sub(b.at).Seconds())) // before the first time, it is empty anyway
	b.at = now
	b.level = max(0, b.level+amount)
}

// over returns how long it takes until no more than burst is in it, by what was there when it was last added to.
func (b *bucket) over(now time.Time, rate, burst float64) time.Duration {
	excess := b.level - rate*now.Sub(b.at).Seconds() - burst
	if excess <= 0 {
		return 0
	}
	return time.Duration(min(excess/rate, 3600) * float64(time.Second))
}

// quota is what a peer has had.
type quota struct {
	requests bucket // frames that came, less the requests that they may answer
	events   bucket // that it made
	again    bucket // bytes
	made     int    // its events, as they were counted last
	all      int    // those of all, likewise
}

// rates are what peers may have, a second, and how many other voters there are.
type rates struct{ requests, events, others float64 }

// rates returns what peers may have now. A section whose nodes are told to gossip faster or more slowly (Config.Gossip)
// are to be told alike.
func (p *pacer) rates() rates {
	interval := p.base().Seconds()
	others := float64(max(p.voters-1, 1))
	return rates{requests: max(requestShare/interval/others, requestLeast), events: eventShare / interval, others: others}
}

// charge notes that a frame came, and returns how long the peer is to wait for that. made is how many events there are
// of the peer, and all how many in all.
func (q *quota) charge(now time.Time, r rates, status bool, made, all int) time.Duration {
	cost := 1.0
	if status {
		cost = statusCost
	}
	q.requests.add(now, cost, r.requests)
	own := float64(made - q.made)
	q.events.add(now, own-eventRatio*(float64(all-q.all)-own)/r.others, r.events)
	q.made, q.all = made, all
	return min(maxHold, max(
		q.requests.over(now, r.requests, max(requestBurst, r.requests)),
		q.events.over(now, r.events, eventBurst),
		q.again.over(now, againRate, againBurst),
	))
}

// asked notes a request to the peer, which is to answer it.
func (q *quota) asked(now time.Time, r rates) { q.requests.add(now, -1, r.requests) }

// sent notes that the peer was sent so many bytes again.
func (q *quota) sent(now time.Time, bytes int) { q.again.add(now, float64(bytes), againRate) }

// deaf reports whether the peer is sent the same again and again: there is no use in asking it.
func (q *quota) deaf(now time.Time) bool { return q.again.over(now, againRate, againBurst) > 0 }

// neighbour returns what is known of a peer.
func (l *loop) neighbour(id core.Identity) *neighbour {
	p := l.peers[id]
	if p == nil {
		p = new(neighbour)
		p.quota.made, p.quota.all = l.core.Made(id), int(l.core.Len()) // what was there before is not held against it
		l.peers[id] = p
	}
	return p
}
