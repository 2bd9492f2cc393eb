package plain

// Causes, as package gossip numbers them.
const (
	Initial = iota
	Observing
	Requesting
	Request
	Response
)

// Event is one event; parents and observation are places from 0, -1 for none.
type Event struct {
	Creator     int
	Cause       int
	Self, Other int
	Observation int
	Odd         bool // the lowest bit of its id
}

type slot struct{ peer, index int }

// graph is SPEC section 2, with the set of all ancestors kept for each event.
type graph struct {
	events    []Event
	index     []int      // by creator
	ancestors [][]uint64 // bit y of ancestors[x]: x descends from y
	last      [][]int    // per peer, highest index among x's ancestors by that peer, -1 for none
	at        map[slot][]int
	forked    map[int][]int // peer -> indices that two events share
}

func (g *graph) insert(e Event, peers int) int {
	x := len(g.events)
	anc := make([]uint64, x/64+1)
	anc[x/64] |= 1 << (x % 64)
	last := make([]int, peers)
	for p := range last {
		last[p] = -1
	}
	index := 0
	for _, y := range []int{e.Self, e.Other} {
		if y < 0 {
			continue
		}
		for i, w := range g.ancestors[y] {
			anc[i] |= w
		}
		for p, i := range g.last[y] {
			last[p] = max(last[p], i)
		}
	}
	if e.Self >= 0 {
		index = g.index[e.Self] + 1
	}
	last[e.Creator] = max(index, last[e.Creator])
	g.events = append(g.events, e)
	g.index = append(g.index, index)
	g.ancestors = append(g.ancestors, anc)
	g.last = append(g.last, last)
	s := slot{e.Creator, index}
	g.at[s] = append(g.at[s], x)
	if len(g.at[s]) == 2 {
		g.forked[e.Creator] = append(g.forked[e.Creator], index)
	}
	return x
}

func (g *graph) descends(x, y int) bool {
	return y <= x && g.ancestors[x][y/64]>>(y%64)&1 == 1
}

// seesForkBy reports whether x descends from two events that form a fork by p.
func (g *graph) seesForkBy(x, p int) bool {
	for _, i := range g.forked[p] {
		k := 0
		for _, e := range g.at[slot{p, i}] {
			k += count(g.descends(x, e))
		}
		if k > 1 {
			return true
		}
	}
	return false
}

func (g *graph) sees(x, y int) bool {
	return g.descends(x, y) && !g.seesForkBy(x, g.events[y].Creator)
}

// lastBy returns the events at x's last-ancestor index by p.
func (g *graph) lastBy(x, p int) []int {
	if p >= len(g.last[x]) || g.last[x][p] < 0 {
		return nil
	}
	return g.at[slot{p, g.last[x][p]}]
}

// selfSyncParent returns the nearest sync event before x on its self-parent chain, -1 for none.
func (g *graph) selfSyncParent(x int) int {
	x = g.events[x].Self
	for x >= 0 && g.events[x].Cause < Requesting {
		x = g.events[x].Self
	}
	return x
}
