// Package recording reads and writes recordings: gossip graphs with the blocks that must come out of
// them.
//
// # The caller's duties
//
// [Read] and [ReadFile] return only recordings that are valid; whoever makes or changes one in memory
// calls [Recording.Validate] before relying on it ([Recording.Write] does so by itself). Validity is
// about form: that the blocks are the ones the graph decides is found out by replaying it. Reading may
// go on in many goroutines at once; a Recording is plain data and has no lock.
//
// The input may come from anyone. Nothing in it makes a reader panic, nothing it claims is believed
// before it is there, and the limits ([MaxBytes] and the others) hold for every file; what they add up
// to in memory is said at [Read].
//
// # The format
//
// A recording is one JSON object, in UTF-8, plain or compressed with zstd. Readers tell the two apart
// by the first bytes. All keys are there, once, in any order:
//
//	format        "parsec-recording/1", or /2: see below
//	name          what to call it
//	mode          "supermajority" or "single" (SPEC section 1)
//	coin          "round-parity"
//	rules         "crate-0.7.3" or "rfc-0049": whose events count in strongly-sees (SPEC section 2)
//	peers         names; a peer's number is its place here, and identities sort as the numbers do
//	genesis       the numbers of the first voters, ascending
//	observations  [{"id": 64 hex digits, "kind": ..., ...}, ...]
//	events        in graph order: parents before children
//	blocks        what comes out: [{"observation": ..., "voters": [...], "at": ...}, ...]
//
// An observation has, beside its id (the hash that key order compares) and kind:
//
//	"genesis"            group: the same numbers as the recording's genesis
//	"add", "remove"      peer: a number
//	"accusation"         peer: the offender; malice: its name, such as "Fork"
//	"opaque"             payload: a string
//
// An event is an array; parents are places in the list of events:
//
//	[creator, "initial"]
//	[creator, "observation", self-parent, observation]
//	[creator, "requesting", self-parent, recipient]
//	[creator, "request", self-parent, other-parent]
//	[creator, "response", self-parent, other-parent]
//
// A block names its observation, the voters whose votes it holds, ascending, and the place of the
// event whose insertion brings it out. The events are fed to an engine in order; after each, its blocks
// are taken. All must come out, in this order, at these places, and no more.
//
// # With the concrete coin
//
// Where a section used the concrete coin, and it was tossed, what comes out depends on identities and on the ids of
// events. Format "parsec-recording/2" has them. It differs in this:
//
//	format        "parsec-recording/2", before the events
//	coin          "concrete"
//	peers         identities, as 64 lower-case hex digits, ascending
//	events        each array has one element more, the last: the lowest bit of the event's id, 0 or 1
//
// An event that carries several votes is as many observation events in a row, in either format; of these only the
// last has the bit of the event's id, and that of the others, which no coin reads, is 0.
//
// # Meta-votes
//
// [ReadMetaVotes] reads another kind of file: single steps of the binary agreement that decides each
// voter's say (SPEC section 4), one JSON object to a line.
package recording
