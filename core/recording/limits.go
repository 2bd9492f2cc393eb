package recording

// What a recording may hold at most. Readers, writers and [Recording.Validate] all refuse more. The
// largest of the bundled recordings has 82,718 events in 2.3 MB; the limits leave room for two hundred
// times that.
const (
	// MaxBytes is the most bytes of JSON, and also the most compressed bytes, in one input.
	MaxBytes = 512 << 20
	// MaxWindow is the largest zstd window, in bytes: what `zstd` uses up to level 19, and what RFC 8878
	// tells decoders to support. Files made with --ultra or --long need more and are refused.
	MaxWindow = 8 << 20

	MaxPeers        = 4096    // peers; also the longest list of peer numbers
	MaxObservations = 1 << 20 // observations
	MaxEvents       = 1 << 24 // events
	MaxBlocks       = 1 << 22 // blocks

	MaxName    = 256     // bytes in a name, of a recording, a peer or a malice; none may be empty
	MaxPayload = 1 << 16 // bytes in the payload of an opaque observation

	// MaxLine is the most bytes in a line of a file of meta-votes, its end not counted.
	MaxLine = 1 << 20
)
