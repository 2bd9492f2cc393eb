package wire

import (
	"encoding/binary"

	"github.com/zeebo/blake3"
)

// Hash is a BLAKE3 hash, or a peer's identity: its Ed25519 public key.
type Hash = [32]byte

// The tags that hashes begin with. None is the beginning of another, so that what is hashed for one
// purpose is never what is hashed for another. The number is a version: whatever changes in what follows
// a tag changes it.
const (
	sectionTag     = "parsec section 1\n"
	observationTag = "parsec observation 1\n"
	eventTag       = "parsec event 1\n"
)

// Section holds what all hashes of one section begin with, so that nothing replays into another one. It
// does not change once it is made.
type Section struct {
	ID          Hash
	observation Hash // BLAKE3(observationTag || ID)
	event       Hash // BLAKE3(eventTag || ID)
}

// NewSection returns the section that is described. Whatever sections can differ in must be in the
// description, in one encoding: mode, genesis group, a name, limits.
func NewSection(description []byte) *Section {
	return SectionOf(blake3.Sum256(append([]byte(sectionTag), description...)))
}

// SectionOf returns the section with the given id, which is all that hashes depend on: so proofs can be
// checked by who does not know the description.
func SectionOf(id Hash) *Section {
	return &Section{
		ID:          id,
		observation: blake3.Sum256(append([]byte(observationTag), id[:]...)),
		event:       blake3.Sum256(append([]byte(eventTag), id[:]...)),
	}
}

// inPlace is up to what length a prefix and a body are put together on the stack. BLAKE3 hashes as many
// bytes in one go; for longer bodies a hasher, which is 10 kB, does not matter.
const inPlace = 1024

// Observation returns the hash that identifies an observation in the section, of its encoded body. It
// does not allocate.
func (s *Section) Observation(body []byte) Hash {
	if len(body) <= inPlace-len(s.observation) {
		var buf [inPlace]byte
		copy(buf[:], s.observation[:])
		n := copy(buf[len(s.observation):], body)
		return blake3.Sum256(buf[:len(s.observation)+n])
	}
	h := blake3.New()
	h.Write(s.observation[:])
	h.Write(body)
	var sum Hash
	h.Sum(sum[:0])
	return sum
}

// Cause is why an event was made (SPEC section 1).
type Cause uint8

const (
	Initial    Cause = iota // the creator's first event, no parents
	Observing               // carries votes
	Requesting              // made just before a gossip request is sent
	Request                 // made on receipt of a gossip request
	Response                // made on receipt of a gossip response
)

// Sync reports whether events of this cause take part in the meta-election.
func (c Cause) Sync() bool { return c >= Requesting }

// Receive reports whether events of this cause have an other-parent.
func (c Cause) Receive() bool { return c >= Request }

// Valid reports whether it is one of the five.
func (c Cause) Valid() bool { return c <= Response }

// Header is what an event's id covers: all of the event but its signature. An id that covered the
// signature would let a signer fork itself with identical content.
type Header struct {
	Creator      Hash
	Index        uint32 // place in the creator's chain, from 0
	Cause        Cause
	SelfParent   Hash   // its id; of all causes but Initial
	OtherParents []Hash // their ids; of Request and Response one
	Recipient    Hash   // of Requesting
	Votes        uint32 // how many; of Observing
	Root         Hash   // of the tree of votes: see Tree; of Observing
}

// longestEvent is how many bytes are hashed for an event with votes: prefix, cause, index, creator,
// self-parent, number of votes, root.
const longestEvent = 32 + 1 + 4 + 32 + 32 + 4 + 32

// Event returns the id of the event with the header h: what is signed. Fields that events of its cause do
// not have are left out, whatever they hold. It does not allocate, and panics if there is no such cause.
func (s *Section) Event(h *Header) Hash {
	var buf [longestEvent]byte
	copy(buf[:32], s.event[:])
	buf[32] = byte(h.Cause)
	binary.LittleEndian.PutUint32(buf[33:], h.Index)
	copy(buf[37:69], h.Creator[:])
	end := 69
	if h.Cause != Initial {
		copy(buf[69:101], h.SelfParent[:])
	}
	switch h.Cause {
	case Initial:
	case Observing:
		binary.LittleEndian.PutUint32(buf[101:], h.Votes)
		copy(buf[105:137], h.Root[:])
		end = 137
	case Requesting:
		copy(buf[101:133], h.Recipient[:])
		end = 133
	case Request, Response:
		copy(buf[101:133], h.OtherParents[0][:])
		end = 133
	default:
		panic("wire: an event without a cause")
	}
	return blake3.Sum256(buf[:end])
}
