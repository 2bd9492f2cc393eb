package gossip

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Limits of one graph. There is none for branches: each is begun by an event, and costs what an event costs.
const (
	MaxPeers  = 4096
	MaxEvents = 1<<30 - 1
)

// Never is a place that no event has: later than all. In rows there are places below it, which the differences taken
// of places rest on, and marks of sets, which are less than all places as signed numbers.
const Never Index = MaxEvents + 1

// Errors of Insert and AddPeer. The graph is unchanged when one is returned.
var (
	ErrCreator     = errors.New("unknown creator")
	ErrCause       = errors.New("unknown cause")
	ErrSelfParent  = errors.New("unknown self-parent")
	ErrOtherParent = errors.New("unknown other-parent")
	ErrNotOwn      = errors.New("self-parent by another creator")
	ErrFull        = errors.New("graph is full")
	ErrPeers       = errors.New("too many peers")
)

// Event is one event as the arena holds it: 28 bytes, no pointers.
type Event struct {
	Self  Index // self-parent
	other [1]Index
	Sync  Index  // the nearest sync event on the self-parent chain, this event included
	Nth   uint32 // index by creator, of the last of the places it takes
	Datum uint32 // for the election: what an observation event votes for, or where to find out
	Chain Chain
	By    Peer
	Cause Cause
	Odd   bool // for coins: the lowest bit of the event's id
}

const (
	chunkShift = 10
	chunkSize  = 1 << chunkShift
)

// chunk holds chunkSize consecutive events and their ancestry rows.
type chunk struct {
	events *[chunkSize]Event
	rows   []Index // chunkSize rows of stride entries
}

func (c *chunk) stride() int { return len(c.rows) >> chunkShift }

// row returns x's row, of stride entries.
func (c *chunk) row(x Index) []Index {
	stride := c.stride()
	i := int(x&(chunkSize-1)) * stride
	return c.rows[i : i+stride : i+stride]
}

// Graph is the arena of events with their ancestry rows.
//
// Invariants:
//  1. Rows: entry p of event x's row tells which events by p x descends from: 0 if none; the last of them if all are
//     on one self-parent chain; else the mark of the interned set of the last of each chain (sets.go).
//  2. Parents precede their children, so places along every path ascend.
//  3. Events of one chain follow each other as self-parents; a branch's first event has chain.base, in chain.parent,
//     as self-parent, or none.
type Graph struct {
	chunks []chunk
	most   Index      // events it takes
	size   Index      // events inserted; the last one's place
	others []Index    // where events have several other-parents: how many, then they
	stride int        // entries of the rows being written
	short  [2][]Index // rows of older, narrower chunks, widened
	joined []Index    // scratch of fill: entries of the peers that forked

	chains []chain
	free   []Chain   // numbers of chains that are no more, and below those of others
	first  []Chain   // by peer: its first chain
	all    [][]Chain // by peer: nil, or all its chains once it forked
	forked []Peer    // the peers that forked, in the order met

	sets  sets
	nodes int     // how many there are
	made  []made  // which events made nodes of sets
	tips  []tipOf // scratch
	list  []Index // what Tips returns
}

// Len returns the number of events, which is the place of the last.
func (g *Graph) Len() Index { return g.size }

// Peers returns the number of peers.
func (g *Graph) Peers() int { return len(g.first) }

// Grow makes room for so many more peers.
func (g *Graph) Grow(peers int) {
	g.chains = slices.Grow(g.chains, peers)
	g.first = slices.Grow(g.first, peers)
	g.all = slices.Grow(g.all, peers)
}

// AddPeer makes a further peer known. Time O(1), but for one chunk's rows when they must widen.
func (g *Graph) AddPeer() (Peer, error) {
	if len(g.first) == MaxPeers {
		return 0, ErrPeers
	}
	if g.most == 0 {
		g.most = MaxEvents
	}
	p := Peer(len(g.first))
	g.first = append(g.first, Chain(len(g.chains)))
	g.chains = append(g.chains, chain{by: p, parent: NoChain})
	g.all = append(g.all, nil)
	if n := len(g.first); n > g.stride {
		g.stride = (n + 3) &^ 3
	}
	return p, nil
}

// widen gives a chunk rows of the present stride.
func (g *Graph) widen(c *chunk) {
	rows := make([]Index, chunkSize*g.stride)
	for i := range Index(chunkSize) {
		copy(rows[int(i)*g.stride:], c.row(i))
	}
	c.rows = rows
}

// Event returns the event at place x, which must be in the graph. It is not to be written to but for
// Datum and Odd.
func (g *Graph) Event(x Index) *Event {
	return &g.chunks[x>>chunkShift].events[x&(chunkSize-1)]
}

// Others returns x's other-parents: none, one or several. They are for reading, and valid while x is in the graph.
func (g *Graph) Others(x Index) []Index {
	ev := g.Event(x)
	switch o := ev.other[0]; {
	case o == 0:
		return nil
	case o < several:
		return ev.other[:]
	default:
		at := int(o &^ several)
		n := int(g.others[at])
		return g.others[at+1 : at+1+n : at+1+n]
	}
}

// several marks an Event.other that is a place in Graph.others.
const several Index = 1 << 31

// Row returns x's ancestry row, of at least Peers entries. It is valid until the next call with the
// same scratch, which is 0 or 1.
func (g *Graph) Row(x Index, scratch int) []Index {
	row := g.chunks[x>>chunkShift].row(x)
	if len(row) != g.stride {
		row = g.wide(row, scratch)
	}
	return row
}

// Stored returns x's row as it is stored: with as many entries as rows had when x was inserted, or at
// the last Widen that reached it. It is valid while x is in the graph.
func (g *Graph) Stored(x Index) []Index { return g.chunks[x>>chunkShift].row(x) }

// Widen stores the rows of the events from x on with as many entries as rows have now. Time O(1) if they are,
// else O(entries) for each event from a little before x on.
func (g *Graph) Widen(x Index) {
	for i := int(x >> chunkShift); i < len(g.chunks); i++ {
		if k := &g.chunks[i]; k.stride() != g.stride {
			g.widen(k)
		}
	}
}

func (g *Graph) wide(row []Index, scratch int) []Index {
	if len(g.short[scratch]) != g.stride {
		g.short[scratch] = make([]Index, g.stride)
	}
	wide := g.short[scratch]
	clear(wide[copy(wide, row):])
	return wide
}

// Insert adds an event; parents that its cause does not have are ignored. Indices is how many indices by its creator
// it takes, 1 or more: its own is the last of them, and the next event's follows. Others is not kept. It returns the
// event's place. Time O(peers) for each parent, and O(log branches) for each peer that forked and of which
// the parents do not know the same, but for the union of two sets (sets.union).
func (g *Graph) Insert(by Peer, cause Cause, self Index, others []Index, indices uint32) (Index, error) {
	x, ev, _, err := g.InsertRow(by, cause, self, others)
	if err != nil || indices == 1 {
		return x, err
	}
	nth := ev.Nth + (indices - 1)
	if nth < ev.Nth {
		g.Truncate(x - 1)
		return 0, fmt.Errorf("%w: index by creator past %d", ErrFull, uint32(math.MaxUint32))
	}
	ev.Nth, g.chains[ev.Chain].nth = nth, nth
	return x, nil
}

// InsertRow is Insert of an event that takes one index. It returns the event and its row too, as [Graph.Event] and
// [Graph.Stored] do.
func (g *Graph) InsertRow(by Peer, cause Cause, self Index, others []Index) (x Index, ev *Event, row []Index, err error) {
	if int(by) >= len(g.first) || cause > Response || g.size >= g.most {
		return 0, nil, nil, g.refuse(by, cause)
	}
	x = g.size + 1
	id := g.first[by]
	c := &g.chains[id]
	nth, sync, other, branched := c.nth+1, c.sync, Index(0), false
	if cause == Initial {
		self, others, nth, sync = 0, nil, 0, 0
		branched = c.tip != 0
	} else {
		if self == 0 || self > g.size {
			return 0, nil, nil, ErrSelfParent
		}
		if c.tip != self { // else all there is to know of the self-parent is at hand
			parent := g.Event(self)
			if parent.By != by {
				return 0, nil, nil, fmt.Errorf("%w: by %d, not %d", ErrNotOwn, parent.By, by)
			}
			id, nth, sync = parent.Chain, parent.Nth+1, parent.Sync
			c = &g.chains[id]
			branched = c.tip != self
		}
		if !cause.Receive() {
			others = nil
		} else if len(others) == 1 && others[0]-1 < g.size {
			other = others[0]
		} else if other, err = g.checkOthers(others); err != nil {
			return 0, nil, nil, err
		}
	}
	if branched {
		id = g.branch(by, id, self)
		c = &g.chains[id]
	}
	if cause.Sync() {
		sync = x
	}
	c.tip, c.nth, c.sync = x, nth, sync
	g.size = x
	n := int(x >> chunkShift)
	if n == len(g.chunks) || g.chunks[n].stride() != g.stride {
		g.room(n)
	}
	k := &g.chunks[n]
	ev = &k.events[x&(chunkSize-1)]
	*ev = Event{Self: self, Sync: sync, Nth: nth, Chain: id, By: by, Cause: cause}
	ev.other[0] = other
	if other >= several {
		g.others = append(append(g.others, Index(len(others))), others...)
	}
	row = k.row(x)
	if self != 0 {
		g.fill(row, self, others)
	} else {
		clear(row)
	}
	if len(g.forked) == 0 {
		row[by] = x
	} else {
		g.note(by, row, x)
	}
	if invariants {
		g.verify(x)
	}
	return x, ev, row, nil
}

// note enters event x, by a peer, into its own row where peers forked, and notes the nodes made for it.
func (g *Graph) note(by Peer, row []Index, x Index) {
	if g.all[by] == nil {
		row[by] = x
	} else {
		row[by] = g.join(by, row[by], x)
	}
	if n := len(g.sets.nodes); n != g.nodes {
		g.made = append(g.made, made{x, uint32(g.nodes)})
		g.nodes = n
		if n > maxNodes {
			g.most = x
		}
	}
}

// checkOthers returns what an event with other-parents keeps of them: the one, or where several are going to be.
func (g *Graph) checkOthers(others []Index) (Index, error) {
	if len(others) == 0 {
		return 0, ErrOtherParent
	}
	for _, o := range others {
		if o == 0 || o > g.size {
			return 0, ErrOtherParent
		}
	}
	if len(others) > 1 && len(g.others)+len(others) >= int(several)-1 {
		return 0, ErrFull
	}
	if len(others) == 1 {
		return others[0], nil
	}
	return several | Index(len(g.others)), nil
}

// fill sets a row to what the parents descend from. Others may be empty.
func (g *Graph) fill(row []Index, self Index, others []Index) {
	k := &g.chunks[self>>chunkShift]
	if len(row) == 4 && len(others) <= 1 && len(g.forked) == 0 {
		m, other := k, self
		if len(others) != 0 {
			other = others[0]
			m = &g.chunks[other>>chunkShift]
		}
		if n := chunkSize * 4; len(k.rows) == n && len(m.rows) == n {
			r := (*[4]Index)(row)
			a := (*[4]Index)(k.rows[self&(chunkSize-1)*4:])
			b := (*[4]Index)(m.rows[other&(chunkSize-1)*4:])
			r[0], r[1], r[2], r[3] = max(a[0], b[0]), max(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])
			return
		}
	}
	a := g.Row(self, 0)
	switch {
	case len(others) == 0:
		copy(row, a)
	case len(others) == 1 && len(g.forked) == 0:
		mergeRows(row, a, g.Row(others[0], 1))
	default:
		g.fillJoined(row, a, others)
	}
}

// fillJoined is fill, from the self-parent's row, where peers forked or there are several other-parents.
func (g *Graph) fillJoined(row, a []Index, others []Index) {
	for _, other := range others {
		b := g.Row(other, 1)
		g.joined = g.joined[:0]
		for _, p := range g.forked {
			g.joined = append(g.joined, g.join(p, a[p], b[p]))
		}
		mergeRows(row, a, b)
		for i, p := range g.forked {
			row[p] = g.joined[i]
		}
		a = row
	}
}

func (g *Graph) refuse(by Peer, cause Cause) error {
	switch {
	case int(by) >= len(g.first):
		return fmt.Errorf("%w %d of %d", ErrCreator, by, len(g.first))
	case cause > Response:
		return fmt.Errorf("%w %d", ErrCause, cause)
	}
	return ErrFull
}

// room makes chunk n, the last one, or gives it rows of the present stride.
func (g *Graph) room(n int) {
	if n < len(g.chunks) {
		g.widen(&g.chunks[n])
		return
	}
	g.chunks = append(g.chunks, chunk{
		events: new([chunkSize]Event),
		rows:   make([]Index, chunkSize*g.stride),
	})
}
