package workloads

import (
	"cmp"
	"fmt"

	"parsec/core"
	"parsec/core/recording"
)

// recording renders the run in the order asked for, cut to the number of events asked for.
// Observations are numbered by their first vote in that order; those without a vote are left out.
func (s *section) recording() *recording.Recording {
	rec := &recording.Recording{
		Name:    cmp.Or(s.p.Name, "simulated"),
		Mode:    s.p.Mode,
		Rules:   core.RFC0049,
		Coin:    "round-parity",
		Peers:   peerNames(s.peers),
		Genesis: s.genesis,
	}
	if s.p.Order == AsSeen {
		rec.Events = reorder(s.events, s.logs.order[s.view.number])
	} else {
		rec.Events = s.events
	}
	if s.p.Events > 0 {
		rec.Events = rec.Events[:s.p.Events]
	}
	number := make([]int32, len(s.observations)) // new numbers, from 1
	for i := range rec.Events {
		e := &rec.Events[i]
		if e.Cause != core.Observing {
			continue
		}
		if number[e.Observation] == 0 {
			rec.Observations = append(rec.Observations, s.observations[e.Observation])
			number[e.Observation] = int32(len(rec.Observations))
		}
		e.Observation = number[e.Observation] - 1
	}
	return rec
}

// peerNames returns n names that sort as the peers' numbers do.
func peerNames(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("p%04d", i)
	}
	return names
}

// reorder returns the events at the places in order, which must be topological, with their parents
// renumbered.
func reorder(events []recording.Event, order []int32) []recording.Event {
	place := make([]int32, len(events))
	out := make([]recording.Event, len(order))
	for i, old := range order {
		place[old] = int32(i)
		e := events[old]
		if e.SelfParent != recording.None {
			e.SelfParent = place[e.SelfParent]
		}
		if e.OtherParent != recording.None {
			e.OtherParent = place[e.OtherParent]
		}
		out[i] = e
	}
	return out
}
