package election

import "parsec/core/internal/gossip"

// chains lists, by column, the events that can change anything in an election: those by which a voter
// received something. All others have the ancestry of their self-parent. An event's place in its chain
// counts from the first ever listed; those before head are dropped. Rows lie side by side, so that
// looking along a chain reads memory in order.
type chains struct {
	rows  []gossip.Index // of column c the row of place k at ((c*room + k - from[c])*width
	width int            // entries of a row, a multiple of 4
	room  uint32         // places of a column
	from  []uint32       // by column: the place that comes first in rows
	head  []uint32       // by column: the first place that may be looked at
	tail  []uint32       // by column: the place after the last
}

const firstRoom = 16

func (c *chains) reset(width int) {
	marks := make([]uint32, 3*width)
	*c = chains{
		rows:  make([]gossip.Index, width*firstRoom*width),
		width: width,
		room:  firstRoom,
		from:  marks[:width:width],
		head:  marks[width : 2*width : 2*width],
		tail:  marks[2*width:],
	}
}

// stretch returns the rows of a column's chain from place k to before place end.
func (c *chains) stretch(col gossip.Column, k, end uint32) []gossip.Index {
	first := int(uint32(col)*c.room + k - c.from[col])
	return c.rows[first*c.width : (first+int(end-k))*c.width]
}

// row returns the row of the event at place k.
func (c *chains) row(col gossip.Column, k uint32) []gossip.Index {
	i := int(uint32(col)*c.room+k-c.from[col]) * c.width
	return c.rows[i : i+c.width : i+c.width]
}

// at returns the event at place k.
func (c *chains) at(col gossip.Column, k uint32) gossip.Index {
	return c.rows[int(uint32(col)*c.room+k-c.from[col])*c.width+int(col)]
}

// last returns the last event of a chain, 0 for none that is kept.
func (c *chains) last(col gossip.Column) gossip.Index {
	if c.tail[col] == c.from[col] {
		return 0
	}
	return c.at(col, c.tail[col]-1)
}

// push appends an event.
func (c *chains) push(col gossip.Column, row []gossip.Index) {
	if c.tail[col]-c.from[col] == c.room {
		c.slide(col)
	}
	c.tail[col]++
	copy(c.row(col, c.tail[col]-1), row)
}

// slide drops what is before head from a full chain. If that is less than half of it, all chains get
// twice the room.
func (c *chains) slide(col gossip.Column) {
	if c.head[col]-c.from[col] >= c.room/2 {
		start := c.rows[int(uint32(col)*c.room)*c.width:]
		copy(start, c.stretch(col, c.head[col], c.tail[col]))
		c.from[col] = c.head[col]
		return
	}
	was := *c
	c.room *= 2
	c.rows = make([]gossip.Index, len(c.head)*int(c.room)*c.width)
	c.from = make([]uint32, len(c.head))
	for i := range c.head {
		col := gossip.Column(i)
		c.from[col] = c.head[col]
		copy(c.stretch(col, c.head[col], c.tail[col]), was.stretch(col, c.head[col], c.tail[col]))
	}
}
