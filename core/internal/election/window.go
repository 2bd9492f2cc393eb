package election

import (
	"parsec/core/internal/bug"
	"parsec/core/internal/gossip"
)

// window holds, side by side, what passes read of recent events. An event's entry is at its place less
// base. There is always one before the first interesting event, so that what comes before has an entry to
// stand for it.
type window struct {
	base   gossip.Index
	size   int            // entries in use
	stride int            // voters; 0 where the rows of the graph serve
	rows   []gossip.Index // by entry, then voter: what the graph's row has; none where stride is 0
	info   []info
	votes  []uint32 // by entry: the number of its meta-votes in the running election, 0 for none
	sets   []uint64 // by entry, width words each: S, see observers
	width  int
}

// info is what a pass needs to know of an event.
type info struct {
	self  gossip.Index
	other gossip.Index
	sync  gossip.Index // the nearest sync event before it on the self-parent chain, 0 for none
	voter int16        // whose it is
	own   int16        // 1 + the voter whose first interesting event it is in the running election, 0 for none
	kind  kind
}

// kind tells the events that take part in elections from the others.
type kind uint8

const (
	bystander  kind = iota // no sync event, or not by a voter
	requesting             // has its self-parent's row
	receiving
)

// row returns by voter the last event that the event at entry i sees; 0 for none, and less, as signed numbers go, of
// one whose fork it descends from.
func (e *Election) row(i int) []gossip.Index {
	w := &e.window
	if w.stride == 0 {
		return e.g.Row(w.base+gossip.Index(i), 0)[:e.n]
	}
	return w.rows[i*w.stride:][:w.stride:w.stride]
}

// push appends event x, whose ancestry row is all.
func (e *Election) push(x gossip.Index, ev *gossip.Event, all []gossip.Index) {
	w := &e.window
	i := int(x - w.base)
	if i >= len(w.info) {
		w.slide(min(e.observers.lowest, e.next) - 1)
		i = int(x - w.base)
	}
	w.size = i + 1
	w.votes[i] = 0
	if w.stride != 0 {
		row := e.row(i)
		for j, p := range e.voters {
			row[j] = all[p]
		}
		if bug.On(bug.IgnoreForks) {
			for _, v := range e.forked {
				row[v], _ = e.g.Tip(x, e.voters[v])
			}
		}
	}
	in := &w.info[i]
	*in = info{self: ev.Self}
	if others := e.g.Others(x); len(others) > 0 {
		in.other = others[0]
	}
	if v := e.vbit[ev.By]; v >= 0 && ev.Cause.Sync() {
		in.voter = v
		in.kind = requesting
		if ev.Cause.Receive() {
			in.kind = receiving
		}
		if ev.Self != 0 {
			in.sync = e.g.Event(ev.Self).Sync
		}
		if e.observers.first[v] == x {
			in.own = v + 1
		}
	}
}

// slide drops the entries before keep, and makes room for as many as are left.
func (w *window) slide(keep gossip.Index) {
	drop := min(int(keep-w.base), w.size)
	left := w.size - drop
	size := len(w.info)
	for size < left+left/2 {
		size += size / 2
	}
	rows, infos, votes, sets := w.rows, w.info, w.votes, w.sets
	if size != len(w.info) {
		rows, infos = make([]gossip.Index, size*w.stride), make([]info, size)
		votes, sets = make([]uint32, size), make([]uint64, size*w.width)
	}
	copy(rows, w.rows[drop*w.stride:w.size*w.stride])
	copy(infos, w.info[drop:w.size])
	copy(votes, w.votes[drop:w.size])
	copy(sets, w.sets[drop*w.width:w.size*w.width])
	w.rows, w.info, w.votes, w.sets = rows, infos, votes, sets
	w.base = keep
	w.size = left
}

// restart empties the window for events from x on.
func (w *window) restart(x gossip.Index) {
	w.base, w.size = x-1, 1
}

// reset makes a window for n voters. Direct says that the graph's rows begin with theirs.
func (w *window) reset(n int, direct bool) {
	w.stride, w.width = n, (n+63)/64
	if direct && !bug.On(bug.IgnoreForks) {
		w.stride = 0
	}
	const size = 256
	w.rows, w.info = make([]gossip.Index, size*w.stride), make([]info, size)
	w.votes, w.sets = make([]uint32, size), make([]uint64, size*w.width)
	w.size = 1
}
