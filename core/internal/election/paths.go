package election

import (
	"slices"

	"parsec/core/internal/gossip"
)

// A voter that forked has as many chains as it likes to make. Whoever sees events of it sees one self-parent chain of
// them, a path through its branches, and that only ever goes on: who hears of another branch sees no event of the
// forker any more. So of all that a forker makes, elections ask only for the paths that voters which did not fork see:
// one each at most. A path gets a view when it is first asked for, and the view moves on with it (forks.md).

// path is a view of a path of a forker, up to an event.
type path struct {
	view int
	tip  gossip.Index // the last event that was read
}

// firstOn returns the first interesting event of voter i, which forked, on the self-parent chain of event t, 0 for
// none, and the view that has its content. Time O(paths of the voter, log branches each), and that of reading what the path
// has not been read of.
func (e *Election) firstOn(i int16, t gossip.Index) (f gossip.Index, view int) {
	view = e.follow(i, t)
	if f = e.pop(view); f > t {
		return 0, view
	}
	return f, view
}

// follow returns the view of the path that event t of voter i is on, read up to t at least.
func (e *Election) follow(i int16, t gossip.Index) int {
	paths := e.paths[i]
	for j := len(paths) - 1; j >= 0; j-- { // the last are the last asked for
		switch p := paths[j]; {
		case e.g.OnChain(t, p.tip):
		case e.g.OnChain(p.tip, t):
			e.readOn(p.view, p.tip, t)
			paths[j].tip = t
		default:
			continue
		}
		if last := len(paths) - 1; j != last {
			p := paths[j]
			copy(paths[j:], paths[j+1:])
			paths[last] = p
		}
		return paths[len(paths)-1].view
	}
	if len(paths) > e.n && (e.n > 1 || e.pop(paths[0].view) == never) {
		// More than there are voters that did not fork: who asked for it does not see it any more.
		e.dropView(paths[0].view)
		paths = slices.Delete(paths, 0, 1)
	}
	p := path{e.newView(), t}
	e.readOn(p.view, 0, t)
	e.paths[i] = append(paths, p)
	return p.view
}

// readOn reads the content of the events after tip on the self-parent chain of t.
func (e *Election) readOn(view int, tip, t gossip.Index) {
	from := len(e.trail)
	for x := t; x != tip && x >= e.content.from; x = e.g.Event(x).Self {
		e.trail = append(e.trail, x)
	}
	for len(e.trail) > from {
		x := e.trail[len(e.trail)-1]
		e.trail = e.trail[:len(e.trail)-1]
		if ev := e.g.Event(x); ev.Cause.Sync() {
			e.addContent(x, ev, e.g.Row(x, 1), view)
		}
	}
}

// newView returns an empty view, beyond those of the voters.
func (e *Election) newView() int {
	c := &e.content
	v := len(c.queue)
	if n := len(e.freeViews); n > 0 {
		v = e.freeViews[n-1]
		e.freeViews = e.freeViews[:n-1]
	} else {
		c.spread = append(c.spread, false)
		c.queue = append(c.queue, queue{})
		c.unread = append(c.unread, make([]gossip.Index, c.stride)...)
		c.cursor = append(c.cursor, make([]uint32, c.stride)...)
		c.seen = append(c.seen, make([]uint16, c.room)...)
		c.own = append(c.own, make([]uint32, c.room)...)
		c.forks = append(c.forks, make([]uint64, c.words)...)
	}
	e.readAnew(v, v+1)
	return v
}

// dropView empties a view for another path.
func (e *Election) dropView(v int) {
	c := &e.content
	for c.queue[v].head != 0 {
		i := c.queue[v].head
		c.queue[v].head = c.nodes[i].next
		c.nodes[i].next = c.free
		c.free = i
	}
	c.queue[v] = queue{}
	c.spread[v] = false
	clear(c.seen[v*c.room:][:c.room])
	clear(c.own[v*c.room:][:c.room])
	clear(c.forks[v*c.words:][:c.words])
	e.freeViews = append(e.freeViews, v)
}
