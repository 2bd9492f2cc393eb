package client

import "parsec/core/node/internal/batch"

// ID names a submission, together with its data and its until: 16 bytes that its submitter draws, at random or as it likes.
// Whoever learns an id can submit other data with it. That is another submission, and takes nothing from the first.
type ID = batch.ID

// MaxData is how many bytes one submission may have.
const MaxData = batch.MaxData

// How far ahead until may lie: what a submission is given that says nothing, and the most that a node takes in, in blocks
// after those that it has decided. See [Client.Until].
const (
	Ahead  = batch.Ahead
	Window = batch.Window
)

// Submission is what users want ordered. A section decides one with the same ID, Until and Data once, however often and
// at however many nodes it is submitted.
type Submission struct {
	ID    ID
	Until uint64 // number of the last block at which it counts; 0: to be filled in by the method that it is given to
	Data  []byte
}

// Key says which submission is meant: its id, the BLAKE3 hash of its data, and its until.
type Key = batch.Key

// KeySize is how many bytes a key has in frames of blocks.
const KeySize = 16 + 8 + 32

// Key returns the submission's key. It hashes the data.
func (s *Submission) Key() Key { return batch.KeyOf(&s.ID, s.Until, s.Data) }

// Position is where a submission was decided, the same at every node.
type Position struct {
	Number uint64 // of the submission: the first decided is 0
	Block  uint64 // number of the block that has it; block 0 is the section's genesis
}

// State is how far a submission is, at the node that was asked.
type State string

// States of a submission. Decided and Expired are final, and the same at every node that has come so far.
const (
	Unknown      State = "unknown"      // this node has not seen it
	Pending      State = "pending"      // taken in; whether it is durable is not told
	Acknowledged State = "acknowledged" // durable at this node
	Decided      State = "decided"      // in a block
	Expired      State = "expired"      // the block of its until is decided, and it was not: it never will be
)

// MaxFound is how many submissions are named that have one id.
const MaxFound = 8

// Found is a submission that a node knows of.
type Found struct {
	Key      Key
	State    State
	Position Position // if Decided
}

// Kinds of blocks.
const (
	KindGenesis     = "genesis"
	KindSubmissions = "submissions"
	KindAdd         = "add"
	KindRemove      = "remove"
	KindOther       = "other"
)

// Block is a decided block. All nodes have the same.
type Block struct {
	Number uint64
	Kind   string // genesis, submissions, add, remove, or other: a payload that no node of this kind made
	By     string // who voted for it, in Single mode: 64 hexadecimal digits; else empty
	Peer   string // add, remove: whom
	Info   []byte // add, remove: what the vote said beside
	First  uint64 // Number of the first of Items
	Items  []Item // submissions decided by it, in order; those that were decided before, or do not count, are left out
}

// Item is a decided submission.
type Item struct {
	ID    ID
	Until uint64
	Data  []byte   // nil where only ids were asked for
	Hash  [32]byte // BLAKE3 of the data, where only ids were asked for; else zero
}

// States of a node.
const (
	StateVoting   = "voting"
	StateJoining  = "joining"  // it is no voter yet
	StateLearning = "learning" // it learns its own events before it makes one
	StateRemoved  = "removed"
	StateReading  = "reading" // it cannot write its log, and makes no events
	StateForked   = "forked"  // its key made events that it did not: it takes part no more
)

// Status is how a node is. Counts begin with 0 when its process starts, but for what is said to be of the section.
type Status struct {
	Identity string `json:"identity"` // 64 hexadecimal digits
	Section  string `json:"section"`  // name
	Mode     string `json:"mode"`     // single, supermajority
	State    string `json:"state"`    // StateVoting, ...
	Reason   string `json:"reason,omitempty"`
	Voters   int    `json:"voters"`

	Blocks    uint64 `json:"blocks"`    // decided, of the section
	Decided   uint64 `json:"decided"`   // submissions, of the section
	Order     string `json:"order"`     // hash of all Decided submissions, in order: the same at every node that has as many
	Events    uint64 `json:"events"`    // in the graph
	Undecided int    `json:"undecided"` // votes that this node knows and that have no block
	Waiting   int    `json:"waiting"`   // submissions taken in and not voted for yet

	Received     uint64 `json:"received_events"`  // events that came in messages
	Duplicates   uint64 `json:"duplicate_events"` // of them, those that were here
	Requests     uint64 `json:"requests"`         // gossip begun by this node
	Refused      uint64 `json:"refused"`          // messages and connections refused in whole or in part, for a fault of the sender
	Held         uint64 `json:"held"`             // frames whose sender had more than its share, and had to wait
	BytesIn      uint64 `json:"bytes_in"`         // from peers
	BytesOut     uint64 `json:"bytes_out"`        // to peers
	Syncs        uint64 `json:"syncs"`            // of the log
	LogBytes     uint64 `json:"log_bytes"`        // written to the log
	Acknowledged uint64 `json:"acknowledged"`     // submissions

	Awaits []string `json:"awaits,omitempty"` // StateLearning: identities of members that have not told which events of this node they know
	Forked []string `json:"forked,omitempty"` // identities of members whose forks this node has seen, itself included

	Uptime     float64 `json:"uptime_seconds"`
	CPU        float64 `json:"cpu_seconds"` // user and system
	Resident   uint64  `json:"resident_bytes"`
	Heap       uint64  `json:"heap_bytes"` // live after the last collection
	Goroutines int     `json:"goroutines"`
	Files      int     `json:"open_files"` // -1 where the system does not tell
	Peers      []Peer  `json:"peers"`
}

// Peer is what a node says of another.
type Peer struct {
	Identity  string `json:"identity"`
	Address   string `json:"address"`
	Connected bool   `json:"connected"`
	Voter     bool   `json:"voter"`
}
