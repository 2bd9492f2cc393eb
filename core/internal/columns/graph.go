package columns

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Column numbers the entries of ancestry rows. A peer's first chain of events has the column that came
// with the peer; each further branch of a fork gets a column of its own, so that events of one column
// always form a chain and comparing places decides descent, forks or not.
type Column uint16

// NoColumn is no column.
const NoColumn Column = math.MaxUint16

// Limits of one graph.
const (
	MaxPeers    = 4096
	MaxBranches = 1 << 15       // of all forks together: every event pays for each
	MaxEvents   = math.MaxInt32 // places must leave room for the differences taken of them
)

// Errors of Insert. The graph is unchanged when one is returned.
var (
	ErrCreator     = errors.New("unknown creator")
	ErrCause       = errors.New("unknown cause")
	ErrSelfParent  = errors.New("unknown self-parent")
	ErrOtherParent = errors.New("unknown other-parent")
	ErrNotOwn      = errors.New("self-parent by another creator")
	ErrForks       = errors.New("too many forks")
	ErrFull        = errors.New("graph is full")
	ErrPeers       = errors.New("too many peers")
)

// Event is one event as the arena holds it: 28 bytes, no pointers.
type Event struct {
	Self  Index  // self-parent
	Other Index  // other-parent
	Sync  Index  // the nearest sync event on the self-parent chain, this event included
	Nth   uint32 // index by creator, of the last of the places it takes (see Lengthen)
	Datum uint32 // for the election: what an observation event votes for, or where to find out
	By    Peer
	Col   Column
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

// column is what is known of one chain.
type column struct {
	by     Peer
	parent Column // the column it branched off, NoColumn for none
	base   Index  // the event of parent that it branched off at, 0 for none
	tip    Index  // its last event
	sync   Index  // the last sync event of the tip's self-parent chain, 0 for none
	nth    uint32 // the tip's index by creator
}

// Graph is the arena of events with their ancestry rows.
//
// Invariants:
//  1. Rows: entry c of event x's row is the last event of column c that x descends from (x itself in
//     its own column), 0 if there is none.
//  2. Parents precede their children, so places along every path ascend.
//  3. Events of one column form a self-parent chain; a branch's first event has column.base, in
//     column.parent, as self-parent, or none.
type Graph struct {
	chunks  []chunk
	size    Index // events inserted; the last one's place
	columns []column
	main    []Column   // by peer: its first column
	forked  []Peer     // peers with more than one column
	all     [][]Column // by peer: nil, or all its columns once it forked
	stride  int        // entries of the rows being written
	short   [2][]Index // rows of older, narrower chunks, widened
}

// Len returns the number of events, which is the place of the last.
func (g *Graph) Len() Index { return g.size }

// Peers returns the number of peers.
func (g *Graph) Peers() int { return len(g.main) }

// Columns returns the number of columns.
func (g *Graph) Columns() int { return len(g.columns) }

// Main returns p's first column.
func (g *Graph) Main(p Peer) Column { return g.main[p] }

// Forked lists the peers that forked.
func (g *Graph) Forked() []Peer { return g.forked }

// Of returns all columns of a peer that forked, nil for one that did not.
func (g *Graph) Of(p Peer) []Column { return g.all[p] }

// By returns whose column c is.
func (g *Graph) By(c Column) Peer { return g.columns[c].by }

// Grow makes room for so many more peers.
func (g *Graph) Grow(peers int) {
	g.columns = slices.Grow(g.columns, peers)
	g.main = slices.Grow(g.main, peers)
	g.all = slices.Grow(g.all, peers)
}

// AddPeer makes a further peer known. Cost: none, but for one chunk's rows when they must widen.
func (g *Graph) AddPeer() (Peer, error) {
	if len(g.main) == MaxPeers {
		return 0, ErrPeers
	}
	p := Peer(len(g.main))
	g.main = append(g.main, g.addColumn(column{by: p, parent: NoColumn}))
	g.all = append(g.all, nil)
	return p, nil
}

func (g *Graph) addColumn(c column) Column {
	g.columns = append(g.columns, c)
	if n := len(g.columns); n > g.stride {
		g.stride = (n + 3) &^ 3
	}
	return Column(len(g.columns) - 1)
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

// Row returns x's ancestry row, of at least Columns entries. It is valid until the next call with the
// same scratch, which is 0 or 1.
func (g *Graph) Row(x Index, scratch int) []Index {
	row := g.chunks[x>>chunkShift].row(x)
	if len(row) != g.stride {
		row = g.wide(row, scratch)
	}
	return row
}

// Stored returns x's row as it is stored, for good: with as many entries as rows had when x was inserted, or at
// the last Widen that reached it.
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

// At returns the last event of column c that x descends from, 0 for none.
func (g *Graph) At(x Index, c Column) Index {
	row := g.chunks[x>>chunkShift].row(x)
	if int(c) >= len(row) {
		return 0
	}
	return row[c]
}

// Descends reports whether x descends from y.
func (g *Graph) Descends(x, y Index) bool { return g.At(x, g.Event(y).Col) >= y }

// Insert adds an event; parents that its cause does not have are ignored. It returns the event's place, the
// event, its row as [Graph.Row] does, and whether it began a new branch of a fork. Time O(columns).
func (g *Graph) Insert(by Peer, cause Cause, self, other Index, datum uint32) (x Index, ev *Event, row []Index, branched bool, err error) {
	if int(by) >= len(g.main) || cause > Response || g.size == MaxEvents {
		return 0, nil, nil, false, g.refuse(by, cause)
	}
	x = g.size + 1
	col := g.main[by]
	c := &g.columns[col]
	nth, sync := c.nth+1, c.sync
	if cause == Initial {
		self, other, nth, sync = 0, 0, 0, 0
		branched = c.tip != 0
	} else {
		if self == 0 || self > g.size {
			return 0, nil, nil, false, ErrSelfParent
		}
		if c.tip != self { // else all there is to know of the self-parent is at hand
			parent := g.Event(self)
			if parent.By != by {
				return 0, nil, nil, false, fmt.Errorf("%w: by %d, not %d", ErrNotOwn, parent.By, by)
			}
			col, nth, sync = parent.Col, parent.Nth+1, parent.Sync
			c = &g.columns[col]
			branched = c.tip != self
		}
		if !cause.Receive() {
			other = 0
		} else if other == 0 || other > g.size {
			return 0, nil, nil, false, ErrOtherParent
		}
	}
	if branched {
		if col, err = g.branch(by, col, self); err != nil {
			return 0, nil, nil, false, err
		}
		c = &g.columns[col]
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
	*ev = Event{Self: self, Other: other, Sync: sync, Nth: nth, Datum: datum, By: by, Col: col, Cause: cause}
	row = k.row(x)
	if self != 0 {
		g.fill(row, self, other)
	}
	row[col] = x
	if invariants {
		g.verify(x)
	}
	return x, ev, row, branched, nil
}

// Lengthen lets event x, the last of its column, take so many more indices by its creator than one: its own is then
// the last of them, and the next event's follows. The caller sees to it that indices stay below 1<<32.
func (g *Graph) Lengthen(x Index, further uint32) {
	ev := g.Event(x)
	ev.Nth += further
	g.columns[ev.Col].nth = ev.Nth
}

// fill sets a row to the entrywise maximum of the parents'. Other may be 0.
func (g *Graph) fill(row []Index, self, other Index) {
	k := &g.chunks[self>>chunkShift]
	if other == 0 {
		other = self
	}
	m := &g.chunks[other>>chunkShift]
	if n := chunkSize * 4; len(row) == 4 && len(k.rows) == n && len(m.rows) == n {
		r := (*[4]Index)(row)
		a := (*[4]Index)(k.rows[self&(chunkSize-1)*4:])
		b := (*[4]Index)(m.rows[other&(chunkSize-1)*4:])
		r[0], r[1], r[2], r[3] = max(a[0], b[0]), max(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])
		return
	}
	if a := g.Row(self, 0); other == self {
		copy(row, a)
	} else {
		mergeRows(row, a, g.Row(other, 1))
	}
}

func (g *Graph) refuse(by Peer, cause Cause) error {
	switch {
	case int(by) >= len(g.main):
		return fmt.Errorf("%w %d of %d", ErrCreator, by, len(g.main))
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
