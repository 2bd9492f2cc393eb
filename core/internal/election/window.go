package election

import "parsec/core/internal/gossip"

// window is a contiguous copy of what the elections read of recent events, so that a pass over them
// costs no look-up in the arena. An event's entry is at its place less base.
type window struct {
	base   gossip.Index
	size   int            // entries in use
	stride int            // voters
	rows   []gossip.Index // by entry, then voter: the last event by the voter that this one sees
	info   []info
	votes  []uint32 // by entry: the number of its meta-votes in the running election, 0 for none
}

// info is what a pass needs to know of an event.
type info struct {
	sync gossip.Index // the nearest sync event before it on the self-parent chain, 0 for none
	view int16        // its chain
	kind kind
}

// kind tells the events that take part in elections from the others.
type kind uint8

const (
	bystander  kind = iota // no sync event, or not by a voter
	requesting             // has its self-parent's row
	receiving
)

// row returns the entry's row.
func (w *window) row(i int) []gossip.Index {
	return w.rows[i*w.stride:][:w.stride:w.stride]
}

// push appends event x. Nothing before keep is wanted any more.
func (e *Election) push(x gossip.Index, ev *gossip.Event, keep gossip.Index) {
	w := &e.window
	i := int(x - w.base)
	if i >= len(w.info) {
		w.slide(min(keep, x))
		i = int(x - w.base)
	}
	w.size = i + 1
	in := &w.info[i]
	in.kind = bystander
	w.votes[i] = 0
	row := w.rows[i*w.stride:][:w.stride]
	all := e.g.Row(x, 0)
	if e.aligned {
		copy(row, all)
	} else {
		for j, c := range e.vcol[:len(row)] {
			row[j] = all[c]
		}
	}
	for _, v := range e.forked {
		row[v] = e.g.Tip(x, e.voters[v])
	}
	if v := e.column[ev.Col].view; v >= 0 && ev.Cause.Sync() {
		in.view = v
		in.kind = requesting
		in.sync = 0
		if ev.Cause.Receive() {
			in.kind = receiving
		}
		if ev.Self != 0 {
			in.sync = e.g.Event(ev.Self).Sync
		}
	}
}

// slide drops the entries before keep, and makes room for as many as are left.
func (w *window) slide(keep gossip.Index) {
	drop := min(int(keep-w.base), w.size)
	left := w.size - drop
	size := len(w.info)
	for size < 2*left || size < 256 {
		size = max(256, 2*size)
	}
	rows, infos, votes := w.rows, w.info, w.votes
	if size != len(w.info) {
		rows, infos, votes = make([]gossip.Index, size*w.stride), make([]info, size), make([]uint32, size)
	}
	copy(rows, w.rows[drop*w.stride:w.size*w.stride])
	copy(infos, w.info[drop:w.size])
	copy(votes, w.votes[drop:w.size])
	w.rows, w.info, w.votes = rows, infos, votes
	w.base = keep
	w.size = left
}

// restart empties the window for events from x on, with rows of n voters.
func (w *window) restart(x gossip.Index, n int) {
	if w.stride != n {
		w.stride = n
		w.rows, w.info, w.votes = nil, nil, nil
	}
	w.base, w.size = x, 0
}
