// Package simulation holds what the simulator may switch off in a node or see of it, and nobody else: its types
// cannot be named outside this module, and a node's options are a pointer, so that a node of a user has none.
package simulation

import "parsec/core/internal/election"

// Options are a node's. The zero value is the real thing.
type Options struct {
	// Unsigned leaves signatures out: events carry zeros, and none are checked.
	Unsigned bool
	// PredictableCoin is the round-parity coin of recordings, to show what an adversary can do with it.
	PredictableCoin bool
	// Passes has all elections computed by passes, as they are where members have forked. It gives the same blocks.
	Passes bool
	// Probe, if it is not nil, lets the node be looked into.
	Probe *Probe
}

// Probe looks into a node. The node sets it.
type Probe struct {
	// View returns what the node's last event sees of the running election. Cost: it spells out all meta-votes of the
	// last events of all voters.
	View func() View
	// Loose returns the hash of an event that is not behind the node's last one, and why not; "" if there is none, as
	// always between two calls. Cost: O(log n) for each event since the call before.
	Loose func() (event [32]byte, why string)
}

// View is what an event sees of an election. Slices are by voter, in order of identity.
type View struct {
	Height uint64                  // blocks decided before
	Nth    []uint32                // the index by creator of the last event by each voter, 0 for none too
	Votes  [][][]election.MetaVote // what that event holds about each voter; nil if it has no meta-votes
}
