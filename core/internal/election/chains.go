package election

import "parsec/core/internal/gossip"

// chains lists, by column, the events that can change what a voter's chain holds in an election: those by
// which the voter received something. All others have the ancestry of their self-parent. An event's place
// in its chain counts from the first ever listed; those before head are dropped.
type chains struct {
	events []gossip.Index // of column c the event at place k at c*room + k%room
	room   uint32         // a power of two
	head   []uint32       // by column
	tail   []uint32       // by column: the place after the last
}

const firstRoom = 16

func (c *chains) reset(columns int) {
	*c = chains{
		events: make([]gossip.Index, columns*firstRoom),
		room:   firstRoom,
		head:   make([]uint32, columns),
		tail:   make([]uint32, columns),
	}
}

// at returns the event at place k of a column's chain.
func (c *chains) at(col gossip.Column, k uint32) gossip.Index {
	return c.events[uint32(col)*c.room+k&(c.room-1)]
}

// push appends an event, and makes room for as many again if there is none.
func (c *chains) push(col gossip.Column, x gossip.Index) {
	if c.tail[col]-c.head[col] == c.room {
		was := *c
		c.room *= 2
		c.events = make([]gossip.Index, len(c.head)*int(c.room))
		for i := range c.head {
			i := gossip.Column(i)
			for k := c.head[i]; k < c.tail[i]; k++ {
				c.events[uint32(i)*c.room+k&(c.room-1)] = was.at(i, k)
			}
		}
	}
	c.events[uint32(col)*c.room+c.tail[col]&(c.room-1)] = x
	c.tail[col]++
}
