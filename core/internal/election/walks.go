package election

import "parsec/core/internal/gossip"

// walks keeps what coins found on chains in the running election, so that nobody's chain is gone over for each toss:
// a member that waits and makes events that hear of nothing tosses at each of them, and a leader that makes such
// keeps others walking along them. Entries: one for each chain, subject and step that was asked about, and one for each
// event that waited.
type walks struct {
	carriers map[walk]carrierUpTo
	waits    map[awaited]int // how many responses were waited for
	steps    int             // events looked at, for tests
}

// walk is a question of coins: about a subject's meta-votes at a step, on a chain.
type walk struct {
	chain   gossip.Chain
	subject gossip.Peer
	step    int16
}

// awaited is one event's wait for a coin about a subject.
type awaited struct {
	event   gossip.Index
	subject gossip.Peer
	step    int16
}

// carrierUpTo is the carrier as seen from an event of the chain, 0 for none.
type carrierUpTo struct{ event, carrier gossip.Index }

// begin forgets all: numbers of meta-votes mean other things in another election.
func (w *walks) begin() {
	clear(w.carriers)
	clear(w.waits)
}
