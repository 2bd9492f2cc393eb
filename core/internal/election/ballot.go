package election

import gossip "parsec/core/internal/columns"

// An observation event carries a vote, or several in order. Several are what as many events in a row would be:
// each has an index by creator of its own, and the event's is the last. A vote's index is the event's but for
// the votes after it, which are kept for events with several votes only: others pay nothing.

// manyVotes marks the Datum of an event with several votes: the rest of it is the event's place in ballots.many.
const manyVotes = 1 << 31

// ballots are the events with several votes.
type ballots struct {
	many  []ballot
	after []uint32 // by vote logged, from ballot.at on: how many votes the event carries after it
	total int      // votes of such events, logged or not
}

// ballot is one event of several votes of which some were logged.
type ballot struct {
	first uint32 // the first vote logged; the others follow it
	at    uint32 // its place in ballots.after
}

// logVotes is logVote for several votes. It reports whether any was logged.
func (e *Election) logVotes(x gossip.Index, ev *gossip.Event, votes []uint32) (logged bool) {
	b := &e.many
	b.total += len(votes)
	e.g.Lengthen(x, uint32(len(votes)-1))
	first, at := len(e.votes), len(b.after)
	for i, o := range votes {
		if e.logVote(x, ev, o) {
			b.after = append(b.after, uint32(len(votes)-1-i))
		}
	}
	if len(e.votes) == first {
		return false
	}
	ev.Datum = manyVotes | uint32(len(b.many))
	b.many = append(b.many, ballot{uint32(first), uint32(at)})
	return true
}

// nth returns vote v's index by creator; ev is its event.
func (e *Election) nth(v uint32, ev *gossip.Event) uint32 {
	if ev.Datum < manyVotes {
		return ev.Nth
	}
	b := &e.many.many[ev.Datum&^manyVotes]
	return ev.Nth - e.many.after[b.at+v-b.first]
}
