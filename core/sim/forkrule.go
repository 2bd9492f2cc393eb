package sim

import "parsec/core"

// sight is what an event sees of one peer: its last event, or that it forked.
type sight struct {
	tip  int // place, -1 for none
	fork bool
}

// fedFork returns an event by an honest creator whose other-parent is by a peer that its self-parent sees a fork by,
// -1 if there is none: no member feeds what a forker makes into the section once it knows of the fork. Time
// O(events) for each peer that forked, and the length of chains at places where they are compared.
func (s *run) fedFork(events []core.Event, forked []bool, peers []core.Identity) int {
	for p, is := range forked {
		if !is {
			continue
		}
		seen := sights(events, core.PeerIndex(p))
		for i := range events {
			ev := &events[i]
			if ev.Cause == core.Initial || !s.isHonest(peers[ev.Creator]) || !seen[ev.SelfParent].fork {
				continue
			}
			for _, x := range parents(ev)[1:] {
				if int(events[x].Creator) == p {
					return i
				}
			}
		}
	}
	return -1
}

// sights returns by event what it sees of a peer.
func sights(events []core.Event, p core.PeerIndex) []sight {
	seen := make([]sight, len(events))
	for i := range events {
		now := sight{tip: -1}
		for k, x := range parents(&events[i]) {
			if k == 0 {
				now = seen[x]
			} else {
				now = join(events, now, seen[x])
			}
		}
		if events[i].Creator == p {
			now = join(events, now, sight{tip: i})
		}
		seen[i] = now
	}
	return seen
}

// join is what an event sees whose parents see a and b.
func join(events []core.Event, a, b sight) sight {
	switch {
	case a.fork || b.fork:
		return sight{tip: -1, fork: true}
	case a.tip < b.tip:
		a, b = b, a
	}
	if b.tip < 0 {
		return a
	}
	for x := a.tip; ; x = int(events[x].SelfParent) {
		if x == b.tip {
			return a
		}
		if x < b.tip || events[x].Cause == core.Initial {
			return sight{tip: -1, fork: true}
		}
	}
}
