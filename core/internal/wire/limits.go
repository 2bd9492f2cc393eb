package wire

// What the protocol allows at most. Encodings past a limit are refused with [ErrTooLarge], before
// anything is allocated for them.
const (
	// MaxRaw is the most bytes of a message before compression.
	MaxRaw = 8 << 20
	// MaxFrame is the most bytes of a frame: any message fits into one, if need be uncompressed.
	MaxFrame = MaxRaw + FrameHeader
	// MaxRatio is how many times as long as its compressed form a message may be. It bounds what a frame
	// can make its recipient allocate; what shrinks more is sent uncompressed.
	MaxRatio = 32

	MaxEvents       = 16384   // events a message
	MaxVotes        = 8192    // votes an event
	MaxMessageVotes = 1 << 16 // votes a message, all events together
	MaxCreators     = 4096    // peers that events of a message name
	MaxParents      = 32768   // parents outside a message
	MaxObservations = 1 << 16 // observations a message: as many as votes, as each is voted for
	MaxWants        = 4096    // observations asked for by a message
	MaxTold         = 16      // events of its own that a peer names in a question to learn what it lacks

	MaxPayload = 1 << 20        // bytes of an application's payload
	MaxInfo    = 1 << 10        // bytes that go with adding or removing a peer, or with a genesis group
	MaxGroup   = 256            // members of a genesis group; at least one
	MaxBody    = 1 + MaxPayload // bytes of an encoded observation

	// MaxPath is the most hashes of a path from a vote to its event's root: 15 others in each of three
	// levels of the tree, and one in the last.
	MaxPath = 46
	// MaxProof is the most bytes of an encoded proof.
	MaxProof = proofFixed + 32*MaxPath
)
