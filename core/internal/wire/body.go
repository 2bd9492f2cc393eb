package wire

import "bytes"

// Kind is what an observation is about.
type Kind uint8

const (
	Opaque  Kind = iota // an application's payload
	Genesis             // the group that a section begins with
	Add                 // that a peer be added
	Remove              // that a peer be removed

	// 4 and up are reserved: accusation, start-dkg, dkg-message. They are refused with ErrReserved.
)

// Body is an observation: what is voted for. Its encoding is what is hashed, and there is exactly one.
// Fields that observations of its kind do not have are left out of it, whatever they hold.
type Body struct {
	Kind    Kind
	Peer    Hash   // of Add and Remove
	Info    []byte // what the application says about it, at most MaxInfo bytes; of Genesis, Add and Remove
	Payload []byte // at most MaxPayload bytes; of Opaque
	Group   []Hash // 1 to MaxGroup identities, ascending, none twice; of Genesis
}

// Check returns nil if b can be encoded: its kind is one of the four and it keeps their limits. The error
// is an [Error] without a place.
func (b *Body) Check() error {
	switch b.Kind {
	case Opaque:
		if len(b.Payload) > MaxPayload {
			return fail(ErrTooLarge, "payload: more bytes than MaxPayload", 0)
		}
		return nil
	case Genesis:
		if len(b.Group) < 1 {
			return fail(ErrMalformed, "genesis group: no members", 0)
		}
		if len(b.Group) > MaxGroup {
			return fail(ErrTooLarge, "genesis group: more members than MaxGroup", 0)
		}
		for i := range b.Group[1:] {
			if bytes.Compare(b.Group[i][:], b.Group[i+1][:]) >= 0 {
				return fail(ErrMalformed, "genesis group: not ascending", 0)
			}
		}
	case Add, Remove:
	default:
		return fail(ErrReserved, "kind of observation: not 0 to 3", 0)
	}
	if len(b.Info) > MaxInfo {
		return fail(ErrTooLarge, "info: more bytes than MaxInfo", 0)
	}
	return nil
}

// AppendBody appends the encoding of b to dst and returns it. It panics if b.Check returns an error: what
// came out would be refused by everyone.
func AppendBody(dst []byte, b *Body) []byte {
	if err := b.Check(); err != nil {
		panic(err)
	}
	dst = append(dst, byte(b.Kind))
	switch b.Kind {
	case Opaque:
		return append(dst, b.Payload...)
	case Genesis:
		dst = append(dst, byte(len(b.Group)-1))
		for i := range b.Group {
			dst = append(dst, b.Group[i][:]...)
		}
	default:
		dst = append(dst, b.Peer[:]...)
	}
	return append(dst, b.Info...)
}

// ParseBody decodes p, all of it. Info and Payload alias p and are not nil if the kind has them; Group is
// overwritten and keeps its memory, at most MaxGroup identities. After an error into is not to be used.
// Errors are of type [Error].
func ParseBody(p []byte, into *Body) error {
	rest, err := checkBody(p, 0)
	if err != nil {
		return err
	}
	*into = Body{Kind: Kind(p[0]), Group: into.Group[:0]}
	switch into.Kind {
	case Opaque:
		into.Payload = p[rest:]
		return nil
	case Genesis:
		for at := 2; at < rest; at += 32 {
			into.Group = append(into.Group, Hash(p[at:]))
		}
	default:
		into.Peer = Hash(p[1:])
	}
	into.Info = p[rest:]
	return nil
}

// checkBody checks an encoded observation that begins at the given offset of something larger, and
// returns where its last part, payload or info, begins in p. It does not allocate but for an error.
func checkBody(p []byte, offset int) (int, error) {
	if len(p) == 0 {
		return 0, fail(ErrMalformed, "kind of observation: missing", offset)
	}
	rest := 1
	switch Kind(p[0]) {
	case Opaque:
		if len(p) > 1+MaxPayload {
			return 0, fail(ErrTooLarge, "payload: more bytes than MaxPayload", offset)
		}
		return rest, nil
	case Genesis:
		if len(p) < 2 {
			return 0, fail(ErrMalformed, "genesis group: number of members missing", offset)
		}
		members := int(p[1]) + 1
		if rest = 2 + 32*members; len(p) < rest {
			return 0, fail(ErrMalformed, "genesis group: cut short", offset)
		}
		for at := 2 + 32; at < rest; at += 32 {
			if bytes.Compare(p[at-32:at], p[at:at+32]) >= 0 {
				return 0, fail(ErrMalformed, "genesis group: not ascending", offset+at)
			}
		}
	case Add, Remove:
		if rest = 1 + 32; len(p) < rest {
			return 0, fail(ErrMalformed, "peer to add or remove: cut short", offset)
		}
	default:
		return 0, fail(ErrReserved, "kind of observation: not 0 to 3", offset)
	}
	if len(p)-rest > MaxInfo {
		return 0, fail(ErrTooLarge, "info: more bytes than MaxInfo", offset+rest)
	}
	return rest, nil
}
