package wire

// MessageKind is what a message is for.
type MessageKind uint8

const (
	KindRequest      MessageKind = iota + 1 // gossip: events, to be answered
	KindResponse                            // gossip: events, the answer
	KindAsk                                 // hashes of observations whose bodies are wanted
	KindSupply                              // bodies of observations
	KindLearn                               // what a restored node has: it wants all else, and makes no event for it
	KindTeach                               // events, the answer to that
	KindPartRequest                         // a request that has not all of the events that it is about: more than fits
	KindPartResponse                        // likewise
)

// gossip reports whether messages of this kind carry events.
func (k MessageKind) gossip() bool { return k.Asks() || k.Answers() || k == KindTeach }

// Asks reports whether it is a request, whole or in part.
func (k MessageKind) Asks() bool { return k == KindRequest || k == KindPartRequest }

// Answers reports whether it is a response, whole or in part.
func (k MessageKind) Answers() bool { return k == KindResponse || k == KindPartResponse }

// Part reports whether it is one in part. Two that lack more of each other than a message holds would send the same
// parts for ever: what shows that they have one is behind the others. So each says what it has of the other's.
func (k MessageKind) Part() bool { return k == KindPartRequest || k == KindPartResponse }

// Message is one message, decoded. The zero value is ready to be decoded into, and its slices are used
// again by every Decode. Bodies alias the raw message that was decoded.
//
// Requests and responses have at least one event and no Wants (a teach may have no event); an ask has Wants and nothing else; a
// supply has Observations, all with bodies, and nothing else. A learn has a Nonce and up to MaxTold of Wants,
// and a teach what a response has, with the Nonce of the learn it answers. One in part has Has. Known is in all. Tables may be in any order
// and may name the same thing twice, but each entry is used: creators and parents by an event,
// observations by a vote.
type Message struct {
	Kind         MessageKind
	Known        uint32        // how many peers the sender knows by number
	Nonce        Hash          // of a learn, and of the teach that answers it
	More         bool          // of a teach: this is not all yet
	Has          Hash          // of one in part: the recipient's last event that the sender's last descends from
	Creators     []Creator     // who made or receives events; at most MaxCreators, and two an event
	Observations []Observation // what is voted for: at most MaxObservations, and as many as votes; in a supply 1 to MaxWants
	Parents      []Hash        // parents that are not in the message; at most MaxParents, and two an event
	Wants        []Hash        // observations whose bodies are asked for, 1 to MaxWants; of a learn, events of the sender's own, the last first, or none
	Events       []Event       // parents before children; the last is the one the recipient answers. 1 to MaxEvents
	Votes        []uint32      // places in Observations, the events' one after the other; at most MaxMessageVotes

	used uses  // buffers of Decode
	refs []Ref // likewise: what Others of the events are slices of
}

// Creator is a peer: by number if the recipient is known to know it so, else by identity. It takes 1 to 5
// bytes by number, 33 by identity.
type Creator struct {
	ByNumber bool
	Number   uint32 // at most MaxNumber
	Key      Hash
}

// MaxNumber is the highest number that a peer can have in a message: one less than fits.
const MaxNumber = 1<<32 - 2

// Observation is something that is voted for.
type Observation struct {
	Hash Hash   // Append leaves it out if there is a body; Decode computes it from that
	Body []byte // encoded, see Body; nil if it is not in the message
}

// Event is an event without its id, and without its place in its creator's chain, which is one more than
// its self-parent's. Fields that events of its cause do not have are zero.
type Event struct {
	Creator   uint16 // place in Creators
	Cause     Cause
	Self      Ref    // of all causes but Initial
	Others    []Ref  // other-parents; of Request and Response one
	Recipient uint16 // place in Creators; of Requesting
	First     uint32 // where its votes begin in Votes: with the event before it they end there
	Count     uint32 // how many votes it has: of Observing 1 to MaxVotes, else none
	Signature [64]byte
}

// Ref is a parent: an event that comes earlier in the message, or an entry of Parents. The zero value is
// no parent.
type Ref uint32

// InMessage returns the Ref to the event at place i of the message.
func InMessage(i int) Ref { return Ref(i)*2 + 1 }

// Outside returns the Ref to the entry at place p of Parents.
func Outside(p int) Ref { return Ref(p)*2 + 2 }

// Event returns the place of the event that r refers to, and reports whether it is in the message.
func (r Ref) Event() (i int, ok bool) {
	if r&1 == 0 {
		return 0, false
	}
	return int(r / 2), true
}

// Parent returns the place in Parents that r refers to, and reports whether there is one: whether r is a
// parent that is not in the message.
func (r Ref) Parent() (p int, ok bool) {
	if r&1 == 1 || r == 0 {
		return 0, false
	}
	return int(r/2 - 1), true
}
