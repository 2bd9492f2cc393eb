package gossip

import "slices"

// Missing appends to dst the events that to descends from, itself included, and neither from nor also does, ascending;
// both may be 0, for none. It is what somebody lacks who has those and what they descend from. Time O(columns + k log k) for k events; it
// allocates nothing but room in dst.
func (g *Graph) Missing(dst []Index, from, also, to Index) []Index {
	if to == 0 {
		return dst
	}
	start := len(dst)
	var had, hadToo []Index
	if from != 0 {
		had = g.Stored(from)
	}
	if also != 0 {
		hadToo = g.Stored(also)
	}
	for c, x := range g.Stored(to) {
		before := Index(0)
		if c < len(had) {
			before = had[c]
		}
		if c < len(hadToo) {
			before = max(before, hadToo[c])
		}
		// Down the column to what from has, or to the event of another column that this one branched off at.
		for x > before {
			ev := g.Event(x)
			if int(ev.Col) != c {
				break
			}
			dst = append(dst, x)
			x = ev.Self
		}
	}
	slices.Sort(dst[start:])
	return dst
}
