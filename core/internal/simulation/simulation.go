// Package simulation holds what the simulator may switch off in a node or see of it, and nobody else: its types
// cannot be named outside this module, so that a node of a user always has their zero values.
package simulation

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
	// Estimates returns, for each voter in order of identity, the last meta-vote about it that the node's last event
	// carries; nil if it carries none. Cost: it spells out all meta-votes of the event.
	Estimates func() []Estimate
}

// Estimate is a meta-vote (SPEC section 4).
type Estimate struct {
	Round       uint32
	Step        uint8 // 0 forced true, 1 forced false, 2 genuine flip
	True, False bool  // estimates; neither while a coin is awaited
	Aux         int8  // auxiliary value: 0 none, 1 true, 2 false
	Decided     bool
}
