// Package core orders what the members of a section vote for, by PARSEC: a Protocol for Asynchronous,
// Reliable, Secure and Efficient Consensus. The members gossip events; every member reads the same blocks,
// in the same order, out of the shape of the graph that those events form. There is no leader, and fewer
// than a third of the members may be hostile.
//
// An [Engine] is the ordering alone: a gossip graph goes in, blocks come out. It neither signs nor checks
// signatures, does no input or output, reads no clock and starts no goroutine. Whoever embeds it today
// keeps events, hashes and signatures; a node that does so by itself is to be built on it.
//
// # What the caller sees to
//
//   - Every event is inserted after its parents, and once. Members that insert the same events get the same
//     blocks, whatever the order; when a block comes out, and with how many votes, may differ.
//   - An event was made by its creator: its signature was checked.
//   - A peer that forks is accused and removed, and few branches of it are taken in the meantime, by a rule that
//     depends on the graph alone. An engine takes [MaxBranches] in all and refuses what would be one more:
//     members that met different ones first would then differ in what they can insert. Each branch costs
//     every later event four bytes.
//   - Identities of peers differ, and so do hashes of observations ([Engine.AddObservation] does not look).
//   - One goroutine at a time uses an engine.
//   - Blocks are copied before the next call if they are to be kept: see [Engine.Blocks].
//
// # The loop
//
//	engine, err := core.NewEngine(core.Config{Peers: peers, Genesis: genesis, Coin: core.PredictableRoundParityCoin})
//	for event := range events {
//		place, err := engine.Insert(event) // place names it as a parent of later events
//		for _, block := range engine.Blocks() {
//			apply(block)
//		}
//	}
//
// # Terms
//
// A peer is an identity; those whose votes count now are the voters, the genesis group at first. An
// observation is what is voted on: an application's payload, or that a peer be added or removed. A vote is
// an observation that an event carries; it may carry several. A block is a decided observation with the votes for it.
//
// An event x descends from what can be reached from it over parents. Two events of one creator with the
// same number in its chain are a fork; x sees y if it descends from y and from no fork by y's creator; it
// strongly sees y if events by a supermajority of the voters, more than two thirds, that x sees do see y.
//
// Blocks are decided by one meta-election after the other. In it, an event's interesting content is what
// enough voters voted for as far as the event can tell; an observer is an event that strongly sees the first
// interesting event of a supermajority of voters. From observers on, events carry meta-votes: one binary
// agreement for each voter on whether its first interesting event counts. When an event has all of them
// decided, the contents that count are decided, in an order that all members compute alike.
//
// core/design/SPEC.md sections 1 to 4 say all this exactly.
package core
