package election

import (
	"math"
	"math/bits"
	"slices"

	"parsec/core/internal/bug"
	"parsec/core/internal/gossip"
)

// node is one key in the content of an interesting event.
type node struct {
	event gossip.Index
	key   uint32
	next  uint32
}

// content is the interesting content of the events by voters, and how far each view has read the votes. A view is the
// self-parent chain of a voter: one for each voter that did not fork, with the voter's number, and after those one for
// each path of a forker that somebody sees (paths.go).
//
// The votes of a peer that did not fork are read in order, up to the one that the event's row tells of. Those of one
// that did are read as the events by it that the event descends from and the one before did not: a difference of what
// two rows tell (forks.md).
type content struct {
	stride int            // peers there is room for in a row
	unread []gossip.Index // view*stride+peer: the event of the next vote to read, never for none and for forkers
	cursor []uint32       // view*stride+peer: that vote
	spread []bool         // by view: its last event descends from events of a supermajority of voters
	queue  []queue        // by view
	from   gossip.Index   // nothing before this event was undecided when the views began
	nodes  []node         // from 1; free ones linked from free
	free   uint32

	tallies  int            // places handed out
	recycled []uint32       // places of done keys
	room     int            // places there is room for
	seen     []uint16       // view*room+place: voters of the key that the chain has read
	own      []uint32       // likewise: 1 + the index by creator of the chain's own vote, if it has read that
	fresh    []ranked       // scratch
	news     []uint64       // scratch: a bit a peer
	met      []gossip.Index // scratch: a forker's events

	words int      // of a view in forks
	forks []uint64 // view*words: a bit a pair, of a key and a forker, whose vote the chain has read
}

// queue holds the contents of a chain's interesting events that are not done, in order.
type queue struct{ head, tail uint32 }

// ranked is a key with what orders it in a content.
type ranked struct {
	own    uint32 // index by creator of the creator's own vote (nth), MaxUint32 for none
	key    uint32
	prefix uint64
}

// peerAdded makes room for a new peer.
func (e *Election) peerAdded() {
	e.cast = append(e.cast, castVotes{})
	c := &e.content
	if len(e.cast) > 64*len(c.news) {
		c.news = append(c.news, 0)
	}
	views := len(c.queue)
	if (len(e.cast)+3)&^3 <= c.stride || views == 0 {
		return
	}
	stride := (len(e.cast) + len(e.cast)/4 + 7) &^ 3
	unread := make([]gossip.Index, views*stride)
	cursor := make([]uint32, views*stride)
	for i := range unread {
		unread[i] = never
	}
	for v := range views {
		copy(unread[v*stride:], c.unread[v*c.stride:(v+1)*c.stride])
		copy(cursor[v*stride:], c.cursor[v*c.stride:(v+1)*c.stride])
	}
	c.unread, c.cursor, c.stride = unread, cursor, stride
}

// addContent computes the interesting content of x, a sync event of view v (SPEC section 3.1). It reads
// the votes that x is the first of its chain to descend from. Time O(peers), and O(1) per vote read, but O(log votes)
// for each event of a forker.
func (e *Election) addContent(x gossip.Index, ev *gossip.Event, row []gossip.Index, v int) {
	c := &e.content
	first := !c.spread[v]
	if first {
		if !e.isSpread(row) {
			return
		}
		c.spread[v] = true
	}
	i := v * c.stride
	unread := c.unread[i : i+(len(e.cast)+3)&^3]
	if ev.Cause == gossip.Requesting {
		if unread[ev.By] <= x {
			e.read(ev, v, ev.By, x)
		}
	} else if len(unread) == 4 {
		u, r := (*[4]gossip.Index)(unread), (*[4]gossip.Index)(row)
		for p := range gossip.Peer(4) {
			if int32(u[p]) <= int32(r[p]) {
				e.read(ev, v, p, r[p])
			}
		}
	} else {
		setOf(c.news, row, unread)
		for i, news := range c.news {
			for ; news != 0; news &= news - 1 {
				p := gossip.Peer(i*64 + bits.TrailingZeros64(news))
				e.read(ev, v, p, row[p])
			}
		}
	}
	if len(e.forkers) > 0 {
		e.readForkers(x, ev, v, first)
	}
	if len(c.fresh) > 0 {
		e.list(x, v)
	}
}

// readForkers takes in the votes of peers that forked and that the sync event before x on its chain does not descend
// from; if nothing was read for the view before, then those from the first undecided one on.
func (e *Election) readForkers(x gossip.Index, ev *gossip.Event, v int, first bool) {
	before := gossip.Index(0)
	if first {
		before = e.lastBefore(ev.Self, e.content.from)
	} else if ev.Self != 0 {
		before = e.g.Event(ev.Self).Sync
	}
	for _, p := range e.forkers {
		if ev.Cause != gossip.Requesting || p == ev.By { // else it knows what its self-parent did
			e.readForker(x, ev, v, p, before)
		}
	}
}

// lastBefore returns the last event before place from on the self-parent chain of x, 0 for none.
func (e *Election) lastBefore(x, from gossip.Index) gossip.Index {
	for x >= from && x != 0 {
		x = e.g.Event(x).Self
	}
	return x
}

// isSpread reports whether an event with this row descends from events of a supermajority of voters.
func (e *Election) isSpread(row []gossip.Index) bool {
	n := 0
	for _, p := range e.voters {
		if row[p] != 0 {
			n++
		}
	}
	return n >= e.quorum
}

// read takes in the votes of peer p up to event last.
func (e *Election) read(ev *gossip.Event, v int, p gossip.Peer, last gossip.Index) {
	c := &e.content
	i := v*c.stride + int(p)
	w := c.cursor[i]
	for w != 0 && e.votes[w].event <= last {
		vt := &e.votes[w]
		k := &e.keys[vt.key]
		switch {
		case k.done:
		case k.single:
			own := uint32(math.MaxUint32)
			if k.by == ev.By {
				own = e.nth(w, e.g.Event(vt.event))
			}
			c.fresh = append(c.fresh, ranked{own, vt.key, k.prefix})
		case e.vbit[p] >= 0 || bug.On(bug.CountStrangers):
			t := e.tallyOf(k) // it may make room
			t += v * c.room
			if p == ev.By {
				c.own[t] = e.nth(w, e.g.Event(vt.event)) + 1
			}
			e.count(vt.key, k, t)
		}
		w = vt.next
	}
	c.cursor[i] = w
	c.unread[i] = never
	if w != 0 {
		c.unread[i] = e.votes[w].event
	}
}

// count counts a further voter of a Supermajority key, whose tally is at t.
func (e *Election) count(id uint32, k *key, t int) {
	c := &e.content
	c.seen[t]++
	if int(c.seen[t]) == e.quorum {
		c.fresh = append(c.fresh, ranked{0, id, k.prefix}) // own is filled in by list
	}
}

// readForker takes in the votes of peer p, which forked, that x descends from and before does not. Of the votes of a
// peer with one key, which may be on many branches, the first that is met counts.
func (e *Election) readForker(x gossip.Index, ev *gossip.Event, v int, p gossip.Peer, before gossip.Index) {
	if e.head(p) == 0 {
		return
	}
	c := &e.content
	c.met = e.g.MissingBy(c.met[:0], p, before, x)
	for _, y := range c.met {
		if y < c.from || e.g.Event(y).Cause != gossip.Observation {
			continue
		}
		w, _ := slices.BinarySearchFunc(e.votes[1:], y, func(v vote, y gossip.Index) int { return int(v.event) - int(y) })
		for w++; w < len(e.votes) && e.votes[w].event == y; w++ {
			e.readForked(ev, v, uint32(w))
		}
	}
}

// readForked takes in vote w, by a peer that forked.
func (e *Election) readForked(ev *gossip.Event, v int, w uint32) {
	c := &e.content
	vt := &e.votes[w]
	k := &e.keys[vt.key]
	y := e.g.Event(vt.event)
	if k.done || !k.single && e.vbit[y.By] < 0 && !bug.On(bug.CountStrangers) {
		return
	}
	t := e.tallyOf(k) // it may make room
	t += v * c.room
	if y.By == ev.By {
		if nth := e.nth(w, y) + 1; c.own[t] == 0 || nth < c.own[t] {
			c.own[t] = nth
		}
	}
	read := &c.forks[v*c.words+int(vt.pair>>6)]
	if *read>>(vt.pair&63)&1 != 0 {
		return
	}
	*read |= 1 << (vt.pair & 63)
	if k.single {
		c.fresh = append(c.fresh, ranked{math.MaxUint32, vt.key, k.prefix})
		return
	}
	e.count(vt.key, k, t)
}

// tallyOf returns the place of k's tallies in content.seen.
func (e *Election) tallyOf(k *key) int {
	c := &e.content
	if k.tally == noKey {
		if n := len(c.recycled); n > 0 {
			k.tally = c.recycled[n-1]
			c.recycled = c.recycled[:n-1]
		} else {
			k.tally = uint32(c.tallies)
			c.tallies++
			if c.tallies > c.room {
				room := max(32, 2*c.room)
				c.seen, c.own = widened(c.seen, len(c.queue), c.room, room), widened(c.own, len(c.queue), c.room, room)
				c.room = room
			}
		}
	}
	return int(k.tally)
}

// widened returns rows of more entries, with those of the old ones.
func widened[T any](old []T, rows, stride, wider int) []T {
	s := make([]T, rows*wider)
	for i := range rows {
		copy(s[i*wider:], old[i*stride:(i+1)*stride])
	}
	return s
}

// list makes the fresh keys the content of x.
func (e *Election) list(x gossip.Index, v int) {
	c := &e.content
	for i := range c.fresh {
		r := &c.fresh[i]
		if k := &e.keys[r.key]; k.tally != noKey {
			r.own = c.own[v*c.room+int(k.tally)] - 1
		}
	}
	e.sort(c.fresh)
	q := &c.queue[v]
	if q.head == 0 && v < e.n {
		e.noteFirst(v, x)
	}
	for _, r := range c.fresh {
		i := c.free
		if i != 0 {
			c.free = c.nodes[i].next
		} else {
			i = uint32(len(c.nodes))
			c.nodes = append(c.nodes, node{})
		}
		c.nodes[i] = node{event: x, key: r.key}
		if q.tail != 0 {
			c.nodes[q.tail].next = i
		} else {
			q.head = i
		}
		q.tail = i
	}
	c.fresh = c.fresh[:0]
}

// sort orders the keys of a content: by insertion while they are few, as most often.
func (e *Election) sort(keys []ranked) {
	if len(keys) > 16 {
		slices.SortFunc(keys, func(a, b ranked) int {
			if e.before(&a, &b) {
				return -1
			}
			return 1 // no two are equal
		})
		return
	}
	for i := 1; i < len(keys); i++ {
		for j := i; j > 0 && e.before(&keys[j], &keys[j-1]); j-- {
			keys[j], keys[j-1] = keys[j-1], keys[j]
		}
	}
}

func (e *Election) before(a, b *ranked) bool {
	switch {
	case a.own != b.own:
		return a.own < b.own
	case a.prefix != b.prefix && !bug.On(bug.ArrivalOrder):
		return a.prefix < b.prefix
	}
	return e.compare(a.key, b.key) < 0
}

// pop drops the done keys at the head of view v's queue and returns its first event with content left,
// never for none.
func (e *Election) pop(v int) gossip.Index {
	c := &e.content
	q := &c.queue[v]
	for q.head != 0 && e.keys[c.nodes[q.head].key].done {
		i := q.head
		q.head = c.nodes[i].next
		c.nodes[i].next = c.free
		c.free = i
	}
	if q.head == 0 {
		q.tail = 0
		return never
	}
	return c.nodes[q.head].event
}
