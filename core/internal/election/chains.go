package election

import (
	"slices"

	"parsec/core/internal/gossip"
)

// chains lists, by peer, the events that can change anything in an election: those by which a voter
// received something. All others have the ancestry of their self-parent. An event's place in its chain
// counts from the first ever listed; those before head are dropped.
//
// Rows up to copiedWidth are copied and lie side by side, so that looking along a chain reads memory in
// order. Wider ones are read where the graph has them: the copies would be most of an engine's memory, and
// reading one takes long enough not to mind where the next is.
type chains struct {
	g     *gossip.Graph
	slots []gossip.Index // the entry of place k of chain c is at start[c] + k*entry: the row, or the event
	width int            // entries of a row, a multiple of 4
	entry int            // width, or 1 where rows are not copied
	start []int          // by peer
	from  []uint32       // by peer: the place that comes first in slots
	head  []uint32       // by peer: the first place that may be looked at
	tail  []uint32       // by peer: the place after the last
	room  []uint32       // by peer: how many places there are for, from from on
}

const (
	firstRoom   = 16
	copiedWidth = 8
)

// reset empties the chains of some voters, whose rows the graph stores with width entries or more.
func (c *chains) reset(g *gossip.Graph, width, voters int) {
	entry := width
	if width > copiedWidth {
		entry = 1
	}
	marks := make([]uint32, 4*width)
	*c = chains{
		g:     g,
		slots: make([]gossip.Index, 0, voters*firstRoom*entry),
		width: width,
		entry: entry,
		start: make([]int, width),
		from:  marks[:width:width],
		head:  marks[width : 2*width : 2*width],
		tail:  marks[2*width : 3*width : 3*width],
		room:  marks[3*width:],
	}
}

// slot returns where the entry of place k is in slots.
func (c *chains) slot(col gossip.Peer, k uint32) int { return c.start[col] + int(k)*c.entry }

// row returns the row of the event at place k.
func (c *chains) row(col gossip.Peer, k uint32) []gossip.Index {
	i := c.slot(col, k)
	if c.entry == 1 {
		return c.g.Stored(c.slots[i])[:c.width:c.width]
	}
	return c.slots[i : i+c.width : i+c.width]
}

// at returns the event at place k.
func (c *chains) at(col gossip.Peer, k uint32) gossip.Index {
	i := c.slot(col, k)
	if c.entry == 1 {
		return c.slots[i]
	}
	return c.slots[i+int(col)]
}

// look returns the place of the first event of a chain, from place k to before end, that descends from the
// level on at least need chains; end if there is none.
func (c *chains) look(col gossip.Peer, k, end uint32, level []gossip.Index, need int) uint32 {
	if c.entry != 1 {
		return k + uint32(look(c.slots[c.slot(col, k):], int(end-k), level, need))
	}
	for _, x := range c.slots[c.slot(col, k):c.slot(col, end)] {
		if look(c.g.Stored(x), 1, level, need) == 0 {
			break
		}
		k++
	}
	return k
}

// kept returns how many events may be looked at on the chains of cols.
func (c *chains) kept(cols []gossip.Peer) (n uint64) {
	for _, col := range cols {
		n += uint64(c.tail[col] - c.head[col])
	}
	return n
}

// last returns the last event of a chain, 0 for none that is kept.
func (c *chains) last(col gossip.Peer) gossip.Index {
	if c.tail[col] == c.from[col] {
		return 0
	}
	return c.at(col, c.tail[col]-1)
}

// push appends event x, whose row it is.
func (c *chains) push(col gossip.Peer, x gossip.Index, row []gossip.Index) {
	k := c.tail[col]
	if k-c.from[col] == c.room[col] {
		c.slide(col)
	}
	c.tail[col] = k + 1
	switch i := c.slot(col, k); c.entry {
	case 1:
		c.slots[i] = x
	case 4:
		*(*[4]gossip.Index)(c.slots[i:]) = *(*[4]gossip.Index)(row)
	default:
		copy(c.slots[i:i+c.width], row)
	}
}

// slide drops what is before head from a full chain. If that is less than half of it, it moves to where it has
// twice the room. (The place it leaves is lost until the next reset: at most as much as it has.)
func (c *chains) slide(col gossip.Peer) {
	head, was := c.head[col], c.room[col]
	rest := c.slots[c.slot(col, head):c.slot(col, c.tail[col])]
	at := c.slot(col, c.from[col])
	if was == 0 || head-c.from[col] < was/2 {
		c.room[col] = max(2*was, firstRoom)
		at = len(c.slots)
		size := int(c.room[col]) * c.entry
		c.slots = slices.Grow(c.slots, size)[:at+size]
	}
	copy(c.slots[at:], rest)
	c.from[col] = head
	c.start[col] = at - int(head)*c.entry
}
