package gossip

import (
	"errors"
	"fmt"
	"math"
)

// Column numbers the entries of ancestry rows. A peer's first chain of events has the column that came
// with the peer; each further branch of a fork gets a column of its own, so that events of one column
// always form a chain and comparing places decides descent, forks or not.
type Column uint16

// NoColumn is no column.
const NoColumn Column = math.MaxUint16

// Limits of one graph.
const (
	MaxColumns = 1 << 13       // peers and branches of forks together
	MaxEvents  = math.MaxInt32 // places must leave room for the differences taken of them
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
	Nth   uint32 // index by creator
	Datum uint32 // for the election: what an observation event votes for
	By    Peer
	Col   Column
	Cause Cause
}

const (
	chunkShift = 10
	chunkSize  = 1 << chunkShift
)

// chunk holds chunkSize consecutive events and their ancestry rows.
type chunk struct {
	events *[chunkSize]Event
	rows   []Index // chunkSize rows of stride entries
	stride int
}

// column is what is known of one chain.
type column struct {
	by     Peer
	parent Column // the column it branched off, NoColumn for none
	first  Index  // its first event
	tip    Index  // its last event
}

// Graph is the arena of events with their ancestry rows.
//
// Invariants:
//  1. Rows: entry c of event x's row is the last event of column c that x descends from (x itself in
//     its own column), 0 if there is none.
//  2. Parents precede their children, so places along every path ascend.
//  3. Events of one column form a self-parent chain; a branch's first event has its self-parent in
//     column.parent, or none.
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

// AddPeer makes a further peer known. Cost: none, but for one chunk's rows when they must widen.
func (g *Graph) AddPeer() (Peer, error) {
	p := Peer(len(g.main))
	c, err := g.addColumn(column{by: p, parent: NoColumn})
	if err != nil {
		return 0, ErrPeers
	}
	g.main = append(g.main, c)
	g.all = append(g.all, nil)
	return p, nil
}

func (g *Graph) addColumn(c column) (Column, error) {
	if len(g.columns) == MaxColumns {
		return 0, ErrForks
	}
	g.columns = append(g.columns, c)
	if n := len(g.columns); n > g.stride {
		g.stride = (n + 3) &^ 3
	}
	return Column(len(g.columns) - 1), nil
}

// widen gives the last chunk rows of the present stride.
func (g *Graph) widen(c *chunk) {
	rows := make([]Index, chunkSize*g.stride)
	for i := range chunkSize {
		copy(rows[i*g.stride:], c.rows[i*c.stride:(i+1)*c.stride])
	}
	c.rows, c.stride = rows, g.stride
}

// Event returns the event at place x, which must be in the graph. It is not to be written to but for
// Datum.
func (g *Graph) Event(x Index) *Event {
	return &g.chunks[x>>chunkShift].events[x&(chunkSize-1)]
}

// Row returns x's ancestry row, of at least Columns entries. It is valid until the next call with the
// same scratch, which is 0 or 1.
func (g *Graph) Row(x Index, scratch int) []Index {
	c := &g.chunks[x>>chunkShift]
	i := int(x&(chunkSize-1)) * c.stride
	if c.stride == g.stride {
		return c.rows[i : i+c.stride : i+c.stride]
	}
	return g.wide(c.rows[i:i+c.stride], scratch)
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
	k := &g.chunks[x>>chunkShift]
	if int(c) >= k.stride {
		return 0
	}
	return k.rows[int(x&(chunkSize-1))*k.stride+int(c)]
}

// Descends reports whether x descends from y.
func (g *Graph) Descends(x, y Index) bool { return g.At(x, g.Event(y).Col) >= y }

// check validates e against the graph.
func (g *Graph) check(e *Event) error {
	switch {
	case int(e.By) >= len(g.main):
		return fmt.Errorf("%w %d of %d", ErrCreator, e.By, len(g.main))
	case e.Cause > Response:
		return fmt.Errorf("%w %d", ErrCause, e.Cause)
	case g.size == MaxEvents:
		return ErrFull
	}
	if e.Cause == Initial {
		return nil
	}
	if e.Self == 0 || e.Self > g.size {
		return ErrSelfParent
	}
	if by := g.Event(e.Self).By; by != e.By {
		return fmt.Errorf("%w: by %d, not %d", ErrNotOwn, by, e.By)
	}
	if e.Cause.Receive() && (e.Other == 0 || e.Other > g.size) {
		return ErrOtherParent
	}
	return nil
}

// Insert adds an event of which By, Cause, Datum and the parents its cause has are set; it fills in the
// rest. It returns the event's place and whether it began a new branch of a fork. Time O(columns).
func (g *Graph) Insert(e Event) (x Index, branched bool, err error) {
	if err := g.check(&e); err != nil {
		return 0, false, err
	}
	x = g.size + 1
	if !e.Cause.Receive() {
		e.Other = 0
	}
	if e.Cause == Initial {
		e.Self = 0
		e.Col = g.main[e.By]
		branched = g.columns[e.Col].tip != 0
	} else {
		self := g.Event(e.Self)
		e.Nth = self.Nth + 1
		e.Col = self.Col
		e.Sync = self.Sync
		branched = g.columns[e.Col].tip != e.Self
	}
	if e.Cause.Sync() {
		e.Sync = x
	}
	if branched {
		parent := NoColumn
		if e.Self != 0 {
			parent = e.Col
		}
		if e.Col, err = g.branch(e.By, parent); err != nil {
			return 0, false, err
		}
	}
	col := &g.columns[e.Col]
	if col.first == 0 {
		col.first = x
	}
	col.tip = x
	g.size = x
	c := g.room(x)
	c.events[x&(chunkSize-1)] = e
	row := c.rows[int(x&(chunkSize-1))*c.stride:][:c.stride]
	switch {
	case e.Other != 0:
		mergeRows(row, g.Row(e.Self, 0), g.Row(e.Other, 1))
	case e.Self != 0:
		copy(row, g.Row(e.Self, 0))
	}
	row[e.Col] = x
	return x, branched, nil
}

// room returns the chunk of place x with rows of the present stride.
func (g *Graph) room(x Index) *chunk {
	n := int(x >> chunkShift)
	if n == len(g.chunks) {
		g.chunks = append(g.chunks, chunk{
			events: new([chunkSize]Event),
			rows:   make([]Index, chunkSize*g.stride),
			stride: g.stride,
		})
	}
	c := &g.chunks[n]
	if c.stride != g.stride {
		g.widen(c)
	}
	return c
}

// mergeRows sets row to the entrywise maximum of a and b. All have the same length, a multiple of 4.
func mergeRows(row, a, b []Index) {
	for len(row) >= 4 && len(a) >= 4 && len(b) >= 4 {
		row[0] = max(a[0], b[0])
		row[1] = max(a[1], b[1])
		row[2] = max(a[2], b[2])
		row[3] = max(a[3], b[3])
		row, a, b = row[4:], a[4:], b[4:]
	}
}
