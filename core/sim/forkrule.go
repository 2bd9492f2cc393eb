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
		seen := make([]sight, len(events))
		for i := range events {
			ev := &events[i]
			now := sight{tip: -1}
			if ev.Cause != core.Initial {
				now = seen[ev.SelfParent]
			}
			if ev.Cause == core.Request || ev.Cause == core.Response {
				if now.fork && int(events[ev.OtherParent].Creator) == p && s.isHonest(peers[ev.Creator]) {
					return i
				}
				now = join(events, now, seen[ev.OtherParent])
			}
			if int(ev.Creator) == p {
				now = join(events, now, sight{tip: i})
			}
			seen[i] = now
		}
	}
	return -1
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
