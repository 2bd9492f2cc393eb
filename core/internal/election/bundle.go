package election

import "parsec/core/internal/gossip"

// An observation event carries a vote, or several in order. Several are what as many events in a row would be:
// each has an index by creator of its own, and the event's is the last. A vote's index is the event's but for
// the votes after it, which are kept for events with several votes only: others pay nothing.

// bundled marks the Datum of an event with several votes: the rest of it is the event's place in bundles.many.
const bundled = 1 << 31

// bundles are the events with several votes.
type bundles struct {
	all   []bundle
	after []uint32 // by vote logged, from bundle.at on: how many votes the event carries after it
	total int      // votes of such events, logged or not
}

// bundle is one event of several votes of which some were logged.
type bundle struct {
	first uint32 // the first vote logged; the others follow it
	at    uint32 // its place in bundles.after
}

// logVotes is logVote for several votes. It reports whether any was logged.
func (e *Election) logVotes(x gossip.Index, ev *gossip.Event, votes []uint32) (logged bool) {
	b := &e.bundles
	b.total += len(votes)
	first, at := len(e.votes), len(b.after)
	for i, o := range votes {
		if e.logVote(x, ev, o) {
			b.after = append(b.after, uint32(len(votes)-1-i))
		}
	}
	ev.Datum = votes[0]
	if len(e.votes) == first {
		return false
	}
	ev.Datum = bundled | uint32(len(b.all))
	b.all = append(b.all, bundle{uint32(first), uint32(at)})
	return true
}

// nth returns vote v's index by creator; ev is its event.
func (e *Election) nth(v uint32, ev *gossip.Event) uint32 {
	if ev.Datum < bundled {
		return ev.Nth
	}
	b := &e.bundles.all[ev.Datum&^bundled]
	return ev.Nth - e.bundles.after[b.at+v-b.first]
}
