// Package gossip holds the gossip graph: events, their ancestry and their forks (SPEC section 2). core/design/arena.md
// says how ancestry is stored, core/design/forks.md what a fork can cost.
package gossip

// Peer is a peer's dense number in one graph, in order of first mention. It says nothing about the
// order of identities.
type Peer uint16

// Index is an event's place in the order of insertion, from 1; 0 is "no event".
type Index uint32

// Cause is why an event was made (SPEC section 1).
type Cause uint8

const (
	Initial     Cause = iota // the creator's first event, no parents
	Observation              // carries a vote
	Requesting               // made just before a gossip request is sent
	Request                  // made on receipt of a gossip request
	Response                 // made on receipt of a gossip response
)

// Sync reports whether events of this cause take part in the meta-election.
func (c Cause) Sync() bool { return c >= Requesting }

// Receive reports whether events of this cause have other-parents.
func (c Cause) Receive() bool { return c >= Request }
