package sim

import (
	"fmt"

	"parsec/core"
)

// checkWhole checks, after every call of an honest node, that nothing is in its graph that its events do not show: all
// is behind its last event, or behind heads that the next one may take as parents. What others never hear of by its
// events it could not be sure of to share.
func (s *run) checkWhole(p *process) {
	if !p.honest || p.node == nil {
		return
	}
	if event, why := p.probe.Loose(); why != "" {
		s.violated("%v has event %x, which its own do not descend from and its next may not: %s", p, event[:4], why)
	}
}

// loose is the same at the end of a run, without the node: it says what neither the event at place last descends from
// nor heads that an event after it may take, "" if there is nothing. Last is -1 for none. Time O(events) for each head.
func loose(events []core.Event, last int) string {
	under := make([]bool, len(events))   // last descends from it
	covered := make([]bool, len(events)) // an event that last does not descend from does
	if last >= 0 {
		under[last] = true
	}
	taken := make(map[core.PeerIndex]bool)
	for i := len(events) - 1; i >= 0; i-- {
		ev := &events[i]
		for _, x := range parents(ev) {
			under[x] = under[x] || under[i]
			covered[x] = covered[x] || !under[i]
		}
		if under[i] || covered[i] {
			continue
		}
		if taken[ev.Creator] {
			return fmt.Sprintf("event %d is the second head by its creator", i)
		}
		taken[ev.Creator] = true
		if last < 0 {
			continue
		}
		if ev.Creator == events[last].Creator {
			return fmt.Sprintf("event %d is its own, and not its last", i)
		}
		if sees(events, last, ev.Creator) {
			return fmt.Sprintf("event %d is by a peer that forked", i)
		}
	}
	return ""
}
