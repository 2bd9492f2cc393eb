package election

import (
	"fmt"
	"math"

	"parsec/core/internal/gossip"
)

// An observation event carries a vote, or several in order. Several are what as many events in a row would be:
// each has an index by creator of its own, and the event's is the last. A vote's index is the event's but for
// the votes after it, which are kept for events with several votes only: others pay nothing.

// manyVotes marks the Datum of an event with several votes: the rest of it is the event's place in ballots.many.
const manyVotes = 1 << 31

// ballots are the events with several votes.
type ballots struct {
	many  []ballot
	after []uint32 // by vote logged, from ballot.at on: how many votes the event carries after it
	total int      // votes but for the first of each event, logged or not
}

// ballot is one event of several votes of which some were logged.
type ballot struct {
	first uint32 // the first vote logged; the others follow it
	at    uint32 // its place in ballots.after
}

// checkFurther returns an error if votes after an event's first are not to be taken.
func (e *Election) checkFurther(further []uint32) error {
	if len(further) > math.MaxInt32-e.many.total { // with one vote an event, indices and votes stay below 1<<32
		return ErrVotes
	}
	for _, o := range further {
		if int(o) >= len(e.observations) {
			return fmt.Errorf("%w %d of %d", ErrObservation, o, len(e.observations))
		}
	}
	return nil
}

// logVotes notes the votes that observation event x carries, and reports whether they made everything start over:
// a vote of a peer that forked is the first such that matters.
func (e *Election) logVotes(x gossip.Index, ev *gossip.Event, datum uint32, further []uint32) (reset bool) {
	before := len(e.votes)
	if len(further) == 0 {
		e.logVote(x, ev, datum)
	} else {
		e.logMany(x, ev, datum, further)
	}
	if len(e.votes) > before && !e.content.forks && e.g.Of(ev.By) != nil {
		e.reset()
		return true
	}
	return false
}

func (e *Election) logMany(x gossip.Index, ev *gossip.Event, datum uint32, further []uint32) {
	b := &e.many
	b.total += len(further)
	e.g.Lengthen(x, uint32(len(further)))
	first, at := len(e.votes), len(b.after)
	if e.logVote(x, ev, datum) {
		b.after = append(b.after, uint32(len(further)))
	}
	for i, o := range further {
		if e.logVote(x, ev, o) {
			b.after = append(b.after, uint32(len(further)-1-i))
		}
	}
	if len(e.votes) > first {
		ev.Datum = manyVotes | uint32(len(b.many))
		b.many = append(b.many, ballot{uint32(first), uint32(at)})
	}
}

// nth returns vote v's index by creator; ev is its event.
func (e *Election) nth(v uint32, ev *gossip.Event) uint32 {
	if ev.Datum < manyVotes {
		return ev.Nth
	}
	b := &e.many.many[ev.Datum&^manyVotes]
	return ev.Nth - e.many.after[b.at+v-b.first]
}
