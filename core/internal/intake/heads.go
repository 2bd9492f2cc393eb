package intake

import (
	"slices"

	"parsec/core/internal/bug"
	"parsec/core/internal/gossip"
	"parsec/core/internal/history"
	"parsec/core/internal/members"
)

// picker finds the heads of a message: the events that this node is to build on. What it keeps is reused.
type picker struct {
	need  []bool   // by event: it is behind a head, or one
	met   []uint32 // by seat: the stamp of the last choice in which an event by it was looked at
	stamp uint32
	built []gossip.Index // what this node will have built on by then
}

// pick lists the heads among the events that are in the graph: for each creator that this node may build on, the last
// sync event, later ones first. It reports by event whether a head descends from it. An honest sender's own last event is
// the only head, unless a long history comes in parts.
//
// Only where there is no sync event to build on are others taken, as elections are slow then (core/design/levels.md).
func (k *picker) pick(h *history.History, m *Message, s *selection, base Base, pending []gossip.Index) (need []bool) {
	k.need = append(k.need[:0], make([]bool, len(m.events))...)
	k.built = append(append(k.built[:0], base.Last), pending...)
	if base.Learning {
		k.pickOwn(h, m, s, base.Last)
	} else if !k.pickAmong(h, m, s, false) {
		k.pickAmong(h, m, s, true)
	}
	return k.need
}

// pickOwn takes this node's own last event as head: while it learns, what others have of it is all that it takes in.
func (k *picker) pickOwn(h *history.History, m *Message, s *selection, last gossip.Index) {
	for i := len(m.events) - 1; i >= 0; i-- {
		x := s.places[i]
		if len(s.tops) == 0 && x != 0 && m.events[i].by == h.Members.Self() && (last == 0 || x != last && h.Graph().OnChain(last, x)) {
			s.tops = append(s.tops, i)
			k.need[i] = true
		}
		k.mark(m, i)
	}
}

// pickAmong is pick among sync events, or all. It reports whether there was any that this node may build on, or has.
func (k *picker) pickAmong(h *history.History, m *Message, s *selection, all bool) (any bool) {
	k.stamp++
	for i := len(m.events) - 1; i >= 0; i-- {
		a, x := &m.events[i], s.places[i]
		if x != 0 && !k.need[i] && (all || m.Wire.Events[i].Cause.Sync()) && k.first(a.by) {
			switch {
			case k.behind(h, x):
				any = true
			case k.takes(h, h.Maker(x)):
				any = true
				s.tops = append(s.tops, i)
				k.built = append(k.built, x)
				k.need[i] = true
			}
		}
		k.mark(m, i)
	}
	return any
}

// behind reports whether this node will have built on x by then.
func (k *picker) behind(h *history.History, x gossip.Index) bool {
	return slices.ContainsFunc(k.built, func(y gossip.Index) bool { return y != 0 && h.Graph().Descends(y, x) })
}

// first reports whether p is somebody of whom no event was looked at yet.
func (k *picker) first(p *members.Peer) bool {
	if p == nil {
		return false
	}
	for p.Seat >= len(k.met) {
		k.met = append(k.met, 0)
	}
	was := k.met[p.Seat]
	k.met[p.Seat] = k.stamp
	return was != k.stamp
}

// takes reports whether this node may build on an event by p after all that it builds on before: not on its own, on a
// peer's that was removed, or on one's of which that shows a fork.
func (k *picker) takes(h *history.History, p *members.Peer) bool {
	if p == h.Members.Self() || !h.Voter(p) {
		return false
	}
	return !h.Forks(k.built, p.Index) || bug.On(bug.TakeForkers)
}

// mark marks the parents of event i as needed if it is, and not there already.
func (k *picker) mark(m *Message, i int) {
	if !k.need[i] || m.events[i].place != 0 {
		return
	}
	ev := &m.Wire.Events[i]
	if j, ok := ev.Self.Event(); ok {
		k.need[j] = true
	}
	for _, other := range ev.Others {
		if j, ok := other.Event(); ok {
			k.need[j] = true
		}
	}
}
