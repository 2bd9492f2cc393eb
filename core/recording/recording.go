package recording

import "parsec/core"

// The formats this package reads and writes: which one a recording is written in, its coin decides.
const (
	Format         = "parsec-recording/1" // coin RoundParity
	FormatConcrete = "parsec-recording/2" // coin Concrete
)

// The coins that recordings know.
const (
	// RoundParity is the coin of all but simulated runs: that of round r is "r is odd". Whoever controls the
	// order of messages can predict it and hold agreement off for ever, so it is for replay only (SPEC
	// section 5).
	RoundParity = "round-parity"
	// Concrete is the coin that sections use: the lowest bit of an event's id. It depends on peers' identities
	// too, so their names are identities, as 64 lower-case hex digits, in ascending order.
	Concrete = "concrete"
)

// None stands for a parent, an observation or a recipient that an event of its cause does not have.
const None int32 = -1

// Recording is a gossip graph in the order in which one member inserted it, with the blocks that come
// out of it.
//
// The zero value is not valid: a recording has at least a name, a peer and a genesis group. What it has
// to fulfil is said at [Recording.Validate]. [Read] may keep the small lists of several blocks and
// observations in one array; it cuts their capacity, so appending to one never writes into another.
type Recording struct {
	Name         string
	Mode         core.Mode
	Rules        core.Rules
	Coin         string           // RoundParity or Concrete
	Peers        []string         // names, no two equal; a peer's number is its place here
	Genesis      []core.PeerIndex // ascending
	Observations []Observation
	Events       []Event
	Blocks       []Block
}

// Observation is what is voted on. Fields that its kind has no use for are zero.
type Observation struct {
	ID      core.Hash
	Kind    core.Kind
	Peer    core.PeerIndex   // add, remove, accusation
	Group   []core.PeerIndex // genesis
	Malice  string           // accusation
	Payload string           // opaque
}

// Event is one event; its number is its place in Recording.Events. It is a comparable value without memory of its own,
// so a copy can be renumbered in place; its other-parent is one number and no list, as in the format (parsec-recording/1).
type Event struct {
	Creator     core.PeerIndex
	Cause       core.Cause
	Odd         bool  // the lowest bit of its id; only with the coin Concrete
	SelfParent  int32 // place in Events; None for an initial event
	OtherParent int32 // place in Events; None unless request or response
	Observation int32 // place in Observations; None unless observation
	Recipient   int32 // peer number; None unless requesting
}

// Block is what comes out: Observation with the votes of Voters (ascending), at the insertion of
// event At.
type Block struct {
	Observation core.ObservationIndex
	Voters      []core.PeerIndex
	At          core.EventIndex
}
