package workloads

import (
	"parsec/core"
	"parsec/core/recording"
)

// The reorderings return a new recording of the same graph, with parents renumbered and observations
// as they were. It has no blocks: those that come out are the same observations in the same order, but
// at other events, and a block may hold other votes (SPEC section 3). rec must be valid and is left
// alone; the two share names, observations and groups. Each costs O(events).

// Shuffle returns rec in a random topological order: of the events whose parents are there, each is as
// likely to be next.
func Shuffle(rec *recording.Recording, seed uint64) *recording.Recording {
	rng := newRandom(seed, streamShuffle)
	g := childrenOf(rec.Events)
	ready, order := g.roots, make([]int32, 0, len(rec.Events))
	for len(ready) > 0 {
		k := rng.below(len(ready))
		e := ready[k]
		ready[k] = ready[len(ready)-1]
		ready = g.insert(e, ready[:len(ready)-1])
		order = append(order, e)
	}
	return reordered(rec, order)
}

// Late returns rec with the events of one creator, and so all that builds on them, as late as possible:
// an event of its comes only when nothing else can. The rest keeps its order. An engine is shown one
// member that seems to have stopped, then all it did.
func Late(rec *recording.Recording, creator core.PeerIndex) *recording.Recording {
	// An event's level is how many of the creator's events in a row it builds on. Parents' levels are
	// not higher, so sorting by level, stably, is topological.
	level := make([]int32, len(rec.Events))
	ends := []int32{0} // by level, first how many events it has, then where the next of it goes
	for i, e := range rec.Events {
		if e.SelfParent != recording.None {
			level[i] = level[e.SelfParent]
		}
		if e.OtherParent != recording.None {
			level[i] = max(level[i], level[e.OtherParent])
		}
		if e.Creator == creator {
			level[i]++
		}
		if int(level[i]) == len(ends) {
			ends = append(ends, 0)
		}
		ends[level[i]]++
	}
	start := int32(0)
	for l, size := range ends {
		ends[l], start = start, start+size
	}
	order := make([]int32, len(rec.Events))
	for i, l := range level {
		order[ends[l]] = int32(i)
		ends[l]++
	}
	return reordered(rec, order)
}

// Early returns rec depth first from one creator's events: each of them as early as possible, directly
// after those of its ancestors that are not there yet; last what the creator never learned. It is what
// a node sees that learns all from this member, one event at a time.
func Early(rec *recording.Recording, creator core.PeerIndex) *recording.Recording {
	events := rec.Events
	done := make([]bool, len(events))
	order := make([]int32, 0, len(events))
	var stack []int32
	visit := func(e int32) {
		stack = append(stack, e)
		for len(stack) > 0 {
			e := stack[len(stack)-1]
			if done[e] {
				stack = stack[:len(stack)-1]
				continue
			}
			before := len(stack)
			for _, p := range [2]int32{events[e].OtherParent, events[e].SelfParent} {
				if p != recording.None && !done[p] {
					stack = append(stack, p)
				}
			}
			if len(stack) == before {
				done[e] = true
				order = append(order, e)
			}
		}
	}
	for i, e := range events {
		if e.Creator == creator {
			visit(int32(i))
		}
	}
	for i := range events {
		visit(int32(i))
	}
	return reordered(rec, order)
}

func reordered(rec *recording.Recording, order []int32) *recording.Recording {
	out := *rec
	out.Events = reorder(rec.Events, order)
	out.Blocks = nil
	return &out
}

// children lists each event's children: those of e are list[first[e]:first[e+1]].
type children struct {
	first   []int32
	list    []int32
	missing []uint8 // by event: parents not inserted yet
	roots   []int32 // events without parents
}

func childrenOf(events []recording.Event) *children {
	g := &children{first: make([]int32, len(events)+2), missing: make([]uint8, len(events))}
	parents := func(each func(child int, parent int32)) {
		for i, e := range events {
			if e.SelfParent != recording.None {
				each(i, e.SelfParent)
			}
			if e.OtherParent != recording.None {
				each(i, e.OtherParent)
			}
		}
	}
	parents(func(child int, parent int32) {
		g.first[parent+2]++
		g.missing[child]++
	})
	for i := 2; i < len(g.first); i++ {
		g.first[i] += g.first[i-1]
	}
	g.list = make([]int32, g.first[len(events)+1])
	parents(func(child int, parent int32) {
		// first[parent+1] runs from parent's start to its end, which is the start of the next.
		g.list[g.first[parent+1]] = int32(child)
		g.first[parent+1]++
	})
	for i, m := range g.missing {
		if m == 0 {
			g.roots = append(g.roots, int32(i))
		}
	}
	return g
}

// insert appends to ready the events that can follow now that e has been inserted.
func (g *children) insert(e int32, ready []int32) []int32 {
	for _, c := range g.list[g.first[e]:g.first[e+1]] {
		if g.missing[c]--; g.missing[c] == 0 {
			ready = append(ready, c)
		}
	}
	return ready
}
