package sim

import (
	"fmt"

	"parsec/core"
)

// checkWhole checks, after every call of an honest node, that nothing is in its graph that its events do not show: all
// is behind its last event. What others never hear of by its events it could not be sure of to share.
func (s *run) checkWhole(p *process) {
	if !p.honest || p.node == nil {
		return
	}
	if event, why := p.probe.Loose(); why != "" {
		s.violated("%v has event %x, which its own do not show: %s", p, event[:4], why)
	}
}

// loose is the same at the end of a run, without the node: it says what the event at place last does not descend from, ""
// if there is nothing. Last is -1 for none. Time O(events).
func loose(events []core.Event, last int) string {
	under := make([]bool, len(events)) // last descends from it
	if last >= 0 {
		under[last] = true
	}
	for i := len(events) - 1; i >= 0; i-- {
		if !under[i] {
			return fmt.Sprintf("event %d is not behind event %d, its last", i, last)
		}
		for _, x := range parents(&events[i]) {
			under[x] = true
		}
	}
	return ""
}
