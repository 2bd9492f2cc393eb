package core_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parsec/core"
	"parsec/core/recording"
)

// shrink returns a graph that still fails with as few events as it can find by leaving out some, in the
// time there is.
func shrink(rec *recording.Recording, patience time.Duration, fails func(*recording.Recording) bool) *recording.Recording {
	end := time.Now().Add(patience)
	for size := (len(rec.Events) + 1) / 2; size > 0; {
		smaller := false
		for from := max(0, len(rec.Events)-size); time.Now().Before(end); from = max(0, from-size) {
			if less := without(rec, from, min(from+size, len(rec.Events))); fails(less) {
				rec, smaller = less, true
			}
			if from == 0 {
				break
			}
		}
		if !smaller || size > len(rec.Events) {
			size /= 2
		}
	}
	return rec
}

// without returns rec without the events from one place up to another. What builds on them builds on the
// events before them on their chains; what then has no self-parent goes too.
func without(rec *recording.Recording, from, to int) *recording.Recording {
	out := *rec
	out.Events = nil
	// By event: its new place or, if it is gone, that of the last before it on its chain.
	place := make([]int32, len(rec.Events))
	for i, e := range rec.Events {
		self := recording.None
		if e.SelfParent != recording.None {
			self = place[e.SelfParent]
		}
		if i >= from && i < to || self == recording.None && e.Cause != core.Initial {
			place[i] = self
			continue
		}
		e.SelfParent = self
		if e.OtherParent != recording.None {
			if e.OtherParent = place[e.OtherParent]; e.OtherParent == recording.None {
				e.Cause, e.Recipient = core.Requesting, 0
			}
		}
		place[i] = int32(len(out.Events))
		out.Events = append(out.Events, e)
	}
	return &out
}

// show writes down a graph: mode, rules, genesis group, the observations voted for, and an event a line.
func show(rec *recording.Recording) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v, %v, %d peers, genesis %v\n", rec.Mode, rec.Rules, len(rec.Peers), rec.Genesis)
	for o, obs := range rec.Observations {
		if slices.ContainsFunc(rec.Events, func(e recording.Event) bool { return e.Observation == int32(o) }) {
			fmt.Fprintf(&b, "observation %d: %v of peer %d, %x...\n", o, obs.Kind, obs.Peer, obs.ID[:4])
		}
	}
	for i, e := range rec.Events {
		fmt.Fprintf(&b, "%4d: peer %d, %v", i, e.Creator, e.Cause)
		if e.SelfParent != recording.None {
			fmt.Fprintf(&b, ", self-parent %d", e.SelfParent)
		}
		if e.OtherParent != recording.None {
			fmt.Fprintf(&b, ", other-parent %d", e.OtherParent)
		}
		if e.Cause == core.Observing {
			fmt.Fprintf(&b, ", observation %d", e.Observation)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// A shrunk graph is a graph, and the least one that fails is found where leaving out finds it.
func TestShrink(t *testing.T) {
	for seed := range uint64(20) {
		tr, err := newTrial(seed)
		if err != nil {
			t.Fatal(err)
		}
		votes := func(rec *recording.Recording) (n int) {
			e, err := rec.Engine()
			if err != nil {
				t.Fatal(err)
			}
			for i, ev := range rec.Events {
				if _, err := rec.Insert(e, i); err != nil {
					t.Fatalf("seed %d: event %d of %d: %v", seed, i, len(rec.Events), err)
				}
				if ev.Cause == core.Observing {
					n++
				}
			}
			return n
		}
		if votes(tr.rec) < 3 {
			continue
		}
		least := shrink(tr.rec, time.Minute, func(rec *recording.Recording) bool { return votes(rec) >= 3 })
		// Three votes and one to three initial events.
		if n := len(least.Events); n > 6 || votes(least) != 3 {
			t.Errorf("seed %d: %d events are left:\n%s", seed, n, show(least))
		}
	}
}
