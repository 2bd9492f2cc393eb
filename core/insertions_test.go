package core_test

import (
	"math/rand/v2"

	"parsec/core"
	"parsec/core/recording"
)

// requesting returns a graph with a requesting event after some of the sync events.
func requesting(rec *recording.Recording, rng *rand.Rand) *recording.Recording {
	return insertAfter(rec, false, func(i int) bool { return rec.Events[i].Cause >= core.Requesting && rng.IntN(2) == 0 })
}

// tidy returns a graph in which no observation event is an other-parent: a requesting event after it is, which
// sees the same. Engines compute by levels only while that is so, and random graphs are mostly otherwise.
func tidy(rec *recording.Recording) *recording.Recording {
	other := make([]bool, len(rec.Events))
	for _, e := range rec.Events {
		if e.OtherParent != recording.None {
			other[e.OtherParent] = true
		}
	}
	return insertAfter(rec, true, func(i int) bool { return rec.Events[i].Cause == core.Observing && other[i] })
}

// insertAfter returns a graph with a requesting event after each that after says. What went on from that goes
// on from the new one; what has it as other-parent has the new one as that if others is set.
func insertAfter(rec *recording.Recording, others bool, after func(i int) bool) *recording.Recording {
	out := *rec
	out.Events = nil
	self := make([]int32, len(rec.Events)) // of an event: what takes its place as self-parent
	other := self
	if !others {
		other = make([]int32, len(rec.Events))
	}
	for i, e := range rec.Events {
		if e.SelfParent != recording.None {
			e.SelfParent = self[e.SelfParent]
		}
		if e.OtherParent != recording.None {
			e.OtherParent = other[e.OtherParent]
		}
		other[i] = int32(len(out.Events))
		out.Events = append(out.Events, e)
		if after(i) {
			more := blank(e.Creator, core.Requesting)
			more.SelfParent = other[i]
			out.Events = append(out.Events, more)
		}
		self[i] = int32(len(out.Events) - 1)
	}
	return &out
}
