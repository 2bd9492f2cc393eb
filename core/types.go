package core

import "fmt"

// PeerIndex is a peer's number within one [Engine]: the place in the order in which peers became known, from 0,
// by AddPeer or by a decision to add one.
type PeerIndex uint16

// NoPeer is no peer's number.
const NoPeer PeerIndex = 0xFFFF

// EventIndex is an event's place in the order of insertion into one [Engine], from 0.
type EventIndex uint32

// ObservationIndex is an observation's number within one [Engine]: the place in the order of
// AddObservation calls, from 0.
type ObservationIndex uint32

// Identity is what peers are ordered by: keys that share a hash, and the voters of a block. It is
// the peer's public key wherever there is one.
type Identity [32]byte

// Hash identifies an observation, or an event. Hashes order keys bytewise (SPEC section 1, "key").
type Hash [32]byte

// Cause is why an event was made (SPEC section 1).
type Cause uint8

// The causes of events. Requesting, Request and Response are the sync events.
const (
	Initial    Cause = iota // the creator's first event; no parents
	Observing               // an observation event: self-parent, and the vote
	Requesting              // self-parent; made just before a gossip request is sent
	Request                 // self-parent and other-parent; made on receipt of a gossip request
	Response                // self-parent and other-parent; made on receipt of a gossip response
)

var causeNames = [...]string{"initial", "observation", "requesting", "request", "response"}

// String returns the name recordings use, such as "requesting".
func (c Cause) String() string {
	if int(c) < len(causeNames) {
		return causeNames[c]
	}
	return fmt.Sprintf("cause(%d)", uint8(c))
}

// Kind is what an observation is about (SPEC section 1).
type Kind uint8

// The kinds of observations.
const (
	Opaque     Kind = iota // an application's payload
	Genesis                // the first voters; Group names them
	Add                    // makes Peer a voter
	Remove                 // takes Peer out
	Accusation             // takes Peer, the offender, out
	StartDKG               // for the core itself: ordered, gives no block; always Supermajority
	DKGMessage             // for the core itself: ordered, gives no block; always Single
)

var kindNames = [...]string{"opaque", "genesis", "add", "remove", "accusation", "start-dkg", "dkg-message"}

// String returns the name recordings use, such as "opaque".
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// Mode says how many votes an Opaque observation needs (SPEC section 1, "consensus mode").
type Mode uint8

const (
	Supermajority Mode = iota // votes from a supermajority of the voters
	Single                    // one vote; the same payload voted for by two peers gives two blocks
)

// String returns the name recordings use: "supermajority" or "single".
func (m Mode) String() string {
	switch m {
	case Supermajority:
		return "supermajority"
	case Single:
		return "single"
	}
	return fmt.Sprintf("mode(%d)", uint8(m))
}

// ParseMode reads what [Mode.String] writes. The error says what it may be.
func ParseMode(name string) (Mode, error) {
	for _, m := range []Mode{Supermajority, Single} {
		if m.String() == name {
			return m, nil
		}
	}
	return 0, fmt.Errorf("mode %q: want %v or %v", name, Single, Supermajority)
}

// Rules says whose events count when one event strongly sees another (SPEC section 2).
type Rules uint8

const (
	// RFC0049 counts voters only. It is the rule to use.
	RFC0049 Rules = iota
	// Crate073 counts every peer, removed ones too, against the number of voters, as crate parsec
	// 0.7.3 does. Two quorums may then fail to overlap: it exists to replay recordings of that crate,
	// and for nothing else.
	Crate073
)

// String returns the name recordings use: "rfc-0049" or "crate-0.7.3".
func (r Rules) String() string {
	switch r {
	case RFC0049:
		return "rfc-0049"
	case Crate073:
		return "crate-0.7.3"
	}
	return fmt.Sprintf("rules(%d)", uint8(r))
}

// Observation is what is voted on.
type Observation struct {
	Hash Hash
	Kind Kind
	Peer PeerIndex // Add, Remove: whom; Accusation: the offender; else unused
	// Identity is whom an Add, a Remove or an Accusation is about if Peer is NoPeer; else unused. The peer may be
	// unknown until an Add of it is decided: see [Engine.AddObservation].
	Identity Identity
}

// Event is one vertex of the gossip graph. Fields that its cause has no use for are ignored.
type Event struct {
	Creator    PeerIndex
	Cause      Cause
	SelfParent EventIndex // all causes but Initial
	// OtherParents are those of a Request or a Response: one today, as no election decides on events with several yet. The
	// list is read during [Engine.Insert] only.
	OtherParents []EventIndex
	Observation  ObservationIndex // Observing
	// Further are the votes of an Observing event after the first, in order; nil for one vote. The event decides
	// what as many Observing events in a row would decide. It is read during [Engine.Insert] only.
	Further []ObservationIndex
	Hash    Hash // the event's id; only ConcreteCoin reads it, and keeps its lowest bit
}

// Block is a decided observation with the votes for it.
type Block struct {
	Observation ObservationIndex
	// By is the peer whose vote was decided on if that is done for each voter, as of Opaque observations in Single
	// mode; else NoPeer. The peer is a voter, and the only one of Voters: what is decided when it votes no more gives
	// no block.
	By PeerIndex
	// Voters are the peers whose votes the block holds, ordered by identity. The slice aliases the
	// engine's memory: see [Engine.Blocks].
	Voters []PeerIndex
	// At is the event whose insertion brought the block out. It depends on the order of insertion;
	// the observation does not.
	At EventIndex
}
