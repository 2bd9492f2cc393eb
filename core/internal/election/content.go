package election

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
	"slices"

	"parsec/core/internal/bug"
	gossip "parsec/core/internal/columns"
)

// observation is an observation and its keys: one, or in Single mode one for each voter of it.
type observation struct {
	Observation
	keys uint32 // the first, linked by key.next; noKey for none
}

const noKey = math.MaxUint32

// key identifies an observation in the election.
type key struct {
	prefix      uint64 // what the observation's hash begins with
	observation uint32
	next        uint32       // the next key of the observation
	votes       uint32       // the first vote with it, linked by vote.alike
	tally       uint32       // supermajority keys: its place in content.seen while it is not done, noKey else
	asked       gossip.Index // with forks: the last event at which it was asked whether it is interesting
	listed      uint32       // with forks: the last node with it, linked by content.alike
	lowest      uint32       // while a decision is made: lowest position in a content
	count       uint16       // while a decision is made: voters with it in their content
	by          gossip.Peer
	single      bool
	done        bool
	columns     uint64 // of the first 64, those with a vote with it
}

// vote is an observation event whose key was not done when it came, the first on its column with it.
type vote struct {
	event gossip.Index
	key   uint32
	next  uint32 // the next on the column, 0 for none
	alike uint32 // the next with the key, 0 for none
}

// columnVotes are the votes of one column.
type columnVotes struct {
	head uint32 // the first that may not be done, 0 for none
	tail uint32 // the last, done or not
	view int16  // the column's view, -1 if its peer is no voter
}

// node is one key in the content of an interesting event.
type node struct {
	event gossip.Index
	key   uint32
	next  uint32
}

// content is the interesting content of the events by voters, and how far each chain has read the votes
// of each column. A view is a voter's chain: its column, or a branch if it forked.
type content struct {
	stride int             // columns there is room for in a row
	views  []gossip.Column // by view
	voter  []int16         // by view: whose it is
	unread []gossip.Index  // view*stride+column: the event of the next vote to read, never for none
	cursor []uint32        // view*stride+column: that vote
	spread []bool          // by view: its last event descends from events of a supermajority of voters
	queue  []queue         // by view
	nodes  []node          // from 1; free ones linked from free
	alike  []uint32        // with forks, by node: another with the same key, 0 for none
	free   uint32

	tallies  int      // places handed out
	recycled []uint32 // places of done keys
	room     int      // places there is room for
	seen     []uint16 // view*room+place: voters of the key that the chain has read
	own      []uint32 // likewise: 1 + the index by creator of the chain's own vote, if it has read that
	fresh    []ranked // scratch
	news     []uint64 // scratch: a bit a column
	voted    []uint64 // scratch: a bit a voter

	forks bool // votes on several columns of one peer matter: keys are recounted
}

// queue holds the contents of a chain's interesting events that are not done, in order.
type queue struct{ head, tail uint32 }

// ranked is a key with what orders it in a content.
type ranked struct {
	own    uint32 // index by creator of the creator's own vote (nth), MaxUint32 for none
	key    uint32
	prefix uint64
}

// columnAdded makes room for a new column.
func (e *Election) columnAdded() {
	e.column = append(e.column, columnVotes{view: -1})
	c := &e.content
	if len(e.column) > 64*len(c.news) {
		c.news = append(c.news, 0)
	}
	if (len(e.column)+3)&^3 <= c.stride || len(c.views) == 0 {
		return
	}
	stride := (len(e.column) + len(e.column)/4 + 7) &^ 3
	unread := make([]gossip.Index, len(c.views)*stride)
	cursor := make([]uint32, len(c.views)*stride)
	for i := range unread {
		unread[i] = never
	}
	for v := range c.views {
		copy(unread[v*stride:], c.unread[v*c.stride:(v+1)*c.stride])
		copy(cursor[v*stride:], c.cursor[v*c.stride:(v+1)*c.stride])
	}
	c.unread, c.cursor, c.stride = unread, cursor, stride
}

// hasVotes reports whether p has votes that are not done.
func (e *Election) hasVotes(p gossip.Peer) bool {
	if e.head(e.g.Main(p)) != 0 {
		return true
	}
	for _, c := range e.g.Of(p) {
		if e.head(c) != 0 {
			return true
		}
	}
	return false
}

// head returns the first vote on column c that is not done, 0 for none.
func (e *Election) head(c gossip.Column) uint32 {
	k := &e.column[c]
	for k.head != 0 && e.keys[e.votes[k.head].key].done {
		k.head = e.votes[k.head].next
	}
	return k.head
}

// keyOf returns the key of a vote by p for observation o, making it if there is none.
func (e *Election) keyOf(o uint32, p gossip.Peer) uint32 {
	if k := e.find(o, p); k != noKey {
		return k
	}
	obs := &e.observations[o]
	single := e.isSingle(obs.Kind)
	prefix := binary.BigEndian.Uint64(obs.Hash[:])
	e.keys = append(e.keys, key{prefix: prefix, observation: o, next: obs.keys, by: p, single: single, tally: noKey})
	obs.keys = uint32(len(e.keys) - 1)
	return obs.keys
}

// logVote notes a vote that observation event x carries, unless its key is done or was voted for on the column
// before: whatever descends from x descends from the first.
func (e *Election) logVote(x gossip.Index, ev *gossip.Event, o uint32) (logged bool) {
	k := e.keyOf(o, ev.By)
	if e.keys[k].done {
		return false
	}
	if e.votedOn(&e.keys[k], ev.Col) {
		return false
	}
	e.appendVote(x, k, ev.Col)
	return true
}

// votedOn reports whether a vote on the column has the key. Time O(1) for the first 64 columns, else O(votes with it).
func (e *Election) votedOn(k *key, col gossip.Column) bool {
	if col < 64 {
		return k.columns>>col&1 == 1
	}
	for v := k.votes; v != 0; v = e.votes[v].alike {
		if e.g.Event(e.votes[v].event).Col == col {
			return true
		}
	}
	return false
}

// forkMatters reports whether a vote by the peer, which has been logged, makes everything start over: it is the first
// of a peer that forked to matter.
func (e *Election) forkMatters(by gossip.Peer) bool { return !e.content.forks && e.g.Of(by) != nil }

func (e *Election) appendVote(x gossip.Index, k uint32, col gossip.Column) {
	v := uint32(len(e.votes))
	e.votes = append(e.votes, vote{event: x, key: k, alike: e.keys[k].votes})
	e.keys[k].votes = v
	if col < 64 {
		e.keys[k].columns |= 1 << col
	}
	on := &e.column[col]
	if on.tail != 0 {
		e.votes[on.tail].next = v
	}
	if on.head == 0 {
		on.head = v
	}
	on.tail = v
	c := &e.content
	for i := int(col); i < len(c.unread); i += c.stride {
		if c.unread[i] == never {
			c.unread[i], c.cursor[i] = x, v
		}
	}
}

// addContent computes the interesting content of x, a sync event of view v (SPEC section 3.1). It reads
// the votes that x is the first of its chain to descend from. Time O(columns), and O(1) per vote read.
func (e *Election) addContent(x gossip.Index, ev *gossip.Event, row []gossip.Index, v int) {
	c := &e.content
	if !c.spread[v] {
		if !e.isSpread(x) {
			return
		}
		c.spread[v] = true
	}
	i := v * c.stride
	unread := c.unread[i : i+(len(e.column)+3)&^3]
	if ev.Cause == gossip.Requesting && !c.forks {
		if unread[ev.Col] <= x {
			e.read(x, ev, v, ev.Col, x)
		}
	} else if len(unread) == 4 {
		u, r := (*[4]gossip.Index)(unread), (*[4]gossip.Index)(row)
		for col := range gossip.Column(4) {
			if u[col] <= r[col] {
				e.read(x, ev, v, col, r[col])
			}
		}
	} else {
		setOf(c.news, row, unread)
		for i, news := range c.news {
			for ; news != 0; news &= news - 1 {
				col := i*64 + bits.TrailingZeros64(news)
				e.read(x, ev, v, gossip.Column(col), row[col])
			}
		}
	}
	if len(c.fresh) > 0 {
		e.list(x, v)
	}
}

// isSpread reports whether x descends from events by a supermajority of voters.
func (e *Election) isSpread(x gossip.Index) bool {
	n := 0
	for _, p := range e.voters {
		here := e.g.At(x, e.g.Main(p)) != 0
		for _, c := range e.g.Of(p) {
			here = here || e.g.At(x, c) != 0
		}
		if here {
			n++
		}
	}
	return n >= e.quorum
}

// read takes in the votes of column col up to event last.
func (e *Election) read(x gossip.Index, ev *gossip.Event, v int, col gossip.Column, last gossip.Index) {
	c := &e.content
	i := v*c.stride + int(col)
	w := c.cursor[i]
	for w != 0 && e.votes[w].event <= last {
		vt := &e.votes[w]
		k := &e.keys[vt.key]
		switch {
		case k.done:
		case c.forks:
			e.recount(x, ev, vt.key)
		case k.single:
			own := uint32(math.MaxUint32)
			if k.by == ev.By {
				own = e.nth(w, e.g.Event(vt.event))
			}
			c.fresh = append(c.fresh, ranked{own, vt.key, k.prefix})
		case e.vbit[e.g.By(col)] >= 0 || bug.On(bug.CountStrangers):
			t := e.tallyOf(k) // it may make room
			t += v * c.room
			if col == ev.Col {
				c.own[t] = e.nth(w, e.g.Event(vt.event)) + 1
			}
			c.seen[t]++
			if int(c.seen[t]) == e.quorum {
				c.fresh = append(c.fresh, ranked{0, vt.key, k.prefix}) // own is filled in by list
			}
		}
		w = vt.next
	}
	c.cursor[i] = w
	c.unread[i] = never
	if w != 0 {
		c.unread[i] = e.votes[w].event
	}
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
				c.seen, c.own = widened(c.seen, len(c.views), c.room, room), widened(c.own, len(c.views), c.room, room)
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

// retire marks k done and frees what counted it.
func (e *Election) retire(k *key) {
	k.done = true
	if c := &e.content; k.tally != noKey {
		for i := int(k.tally); i < len(c.seen); i += c.room {
			c.seen[i], c.own[i] = 0, 0
		}
		c.recycled = append(c.recycled, k.tally)
		k.tally = noKey
	}
}

// ownVote returns the index by creator of the first vote by x's creator for key k that x descends from,
// MaxUint32 for none. Time O(votes with k).
func (e *Election) ownVote(x gossip.Index, ev *gossip.Event, k uint32) uint32 {
	own := uint32(math.MaxUint32)
	for v := e.keys[k].votes; v != 0; v = e.votes[v].alike {
		if u := e.g.Event(e.votes[v].event); u.By == ev.By && e.g.Descends(x, e.votes[v].event) {
			own = min(own, e.nth(v, u))
		}
	}
	return own
}

// recount is read's way with a key while votes of forked peers are about: it counts from the graph, once at
// each event. Time O(votes with the key).
func (e *Election) recount(x gossip.Index, ev *gossip.Event, id uint32) {
	c := &e.content
	k := &e.keys[id]
	if k.asked == x {
		return
	}
	k.asked = x
	if e.knows(x, ev, k) {
		return
	}
	if !k.single {
		clear(c.voted)
		n := 0
		for w := k.votes; w != 0; w = e.votes[w].alike {
			y := e.votes[w].event
			if v := e.vbit[e.g.Event(y).By]; v >= 0 && c.voted[v>>6]>>(v&63)&1 == 0 && e.g.Descends(x, y) {
				c.voted[v>>6] |= 1 << (v & 63)
				n++
			}
		}
		if n < e.quorum {
			return
		}
	}
	c.fresh = append(c.fresh, ranked{e.ownVote(x, ev, id), id, k.prefix})
}

// knows reports whether the key is in the content of an event by x's creator that x descends from. Time
// O(chains).
func (e *Election) knows(x gossip.Index, ev *gossip.Event, k *key) bool {
	c := &e.content
	for i := k.listed; i != 0; i = c.alike[i] {
		y := c.nodes[i].event
		if e.g.Event(y).By == ev.By && e.g.Descends(x, y) {
			return true
		}
	}
	return false
}

// list makes the fresh keys the content of x.
func (e *Election) list(x gossip.Index, v int) {
	c := &e.content
	if !c.forks {
		for i := range c.fresh {
			r := &c.fresh[i]
			if k := &e.keys[r.key]; !k.single {
				r.own = c.own[v*c.room+int(k.tally)] - 1
			}
		}
	}
	e.sort(c.fresh)
	q := &c.queue[v]
	if q.head == 0 {
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
		if c.forks {
			for len(c.alike) < len(c.nodes) {
				c.alike = append(c.alike, 0)
			}
			k := &e.keys[r.key]
			c.alike[i], k.listed = k.listed, i
		}
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

// compare is the order of keys: by hash, then by peer identity.
func (e *Election) compare(a, b uint32) int {
	if bug.On(bug.ArrivalOrder) {
		return int(a) - int(b)
	}
	x, y := &e.keys[a], &e.keys[b]
	if x.observation != y.observation {
		if c := bytes.Compare(e.observations[x.observation].Hash[:], e.observations[y.observation].Hash[:]); c != 0 {
			return c
		}
	}
	return bytes.Compare(e.identities[x.by][:], e.identities[y.by][:])
}
