package wire

import "encoding/binary"

// proofVersion is the first byte of every proof.
const proofVersion = 1

// proofFixed is how many bytes a proof has besides its path: version, section, creator, index,
// self-parent, number of votes, position, observation, signature.
const proofFixed = 1 + 32 + 32 + 4 + 32 + 4 + 4 + 32 + 64

// Proof proves that one peer voted for one observation: it holds what an event's id is computed from, with
// a path to one vote instead of all votes, and the signature of that id. Who knows the public keys of the
// section can check it; nothing else is needed. It does not prove that the vote was counted, or where its
// block stands.
type Proof struct {
	Section     Hash // the section's id
	Header           // of the event. Its cause is Observing; Root follows from the path and is not encoded
	Position    uint32
	Observation Hash
	Path        []Hash // see Tree.Path
	Signature   [64]byte
}

// ID returns the id of the event, which p.Signature must be over with the key p.Creator; p.Root is not
// looked at. It reports false if there is no such event: the path has not the shape that position
// and number of votes demand, the event is one that has no votes, or has too many.
func (p *Proof) ID() (Hash, bool) {
	if p.Cause != Observing || p.Index == 0 {
		return Hash{}, false
	}
	h := p.Header
	root, ok := PathRoot(p.Observation, int(p.Position), int(p.Votes), p.Path)
	if !ok {
		return Hash{}, false
	}
	h.Root = root
	return SectionOf(p.Section).Event(&h), true
}

// Append appends the encoding of p to dst and returns it. A proof without an ID is refused by ParseProof.
func (p *Proof) Append(dst []byte) []byte {
	dst = append(dst, proofVersion)
	dst = append(dst, p.Section[:]...)
	dst = append(dst, p.Creator[:]...)
	dst = binary.LittleEndian.AppendUint32(dst, p.Index)
	dst = append(dst, p.SelfParent[:]...)
	dst = binary.LittleEndian.AppendUint32(dst, p.Votes)
	dst = binary.LittleEndian.AppendUint32(dst, p.Position)
	dst = append(dst, p.Observation[:]...)
	dst = appendHashes(dst, p.Path)
	return append(dst, p.Signature[:]...)
}

// ParseProof decodes b, all of it: there is exactly one encoding of a proof. Path is overwritten and keeps
// its memory, at most MaxPath hashes. What it accepts has an ID; whether the signature is right is another
// question. Errors are of type [Error].
func ParseProof(b []byte, into *Proof) error {
	if len(b) > MaxProof {
		return fail(ErrTooLarge, "proof: more bytes than MaxProof", 0)
	}
	r := reader{p: b}
	if v := r.byte("version of a proof"); r.err == nil && v != proofVersion {
		return fail(ErrVersion, "proof: its first byte is not the version", 0)
	}
	p := Proof{Section: r.hash("section of a proof")}
	p.Cause = Observing
	p.Creator = r.hash("creator")
	p.Index = r.fixed("index")
	if r.err == nil && p.Index == 0 {
		r.fail(ErrMalformed, "index: 0 is of an event without votes")
	}
	p.SelfParent = r.hash("self-parent")
	p.Votes = r.fixed("number of votes")
	if p.Votes > MaxVotes {
		r.fail(ErrTooLarge, "number of votes: more than MaxVotes")
	}
	p.Position = r.fixed("position")
	if r.err == nil && p.Position >= p.Votes {
		r.fail(ErrMalformed, "position: not among the votes")
	}
	p.Observation = r.hash("observation")
	if r.err != nil {
		return r.err
	}
	p.Path = r.hashes(into.Path, pathLength(int(p.Position), int(p.Votes)))
	if b := r.bytes("signature", len(p.Signature)); b != nil {
		p.Signature = [64]byte(b)
	}
	if r.err == nil && r.at < len(b) {
		r.fail(ErrMalformed, "proof: bytes after its end")
	}
	*into = p
	return r.err
}

// fixed reads a number of four bytes, the lowest first.
func (r *reader) fixed(what string) uint32 {
	if b := r.bytes(what, 4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}
