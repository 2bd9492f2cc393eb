package journal

import (
	"encoding/binary"
	"errors"

	"parsec/core/internal/gossip"
	"parsec/core/internal/wire"
)

var errShort = errors.New("an entry that is cut short or names what is not there")

// reader reads the parts of a record. Where it cannot, it returns zeros and is short.
type reader struct {
	rest  []byte
	short bool
}

func (r *reader) byte() byte { return r.bytes(1)[0] }

// zeros are what bytes returns where there are none.
var zeros [wire.MaxInfo]byte

func (r *reader) bytes(k uint64) []byte {
	if k > uint64(len(r.rest)) {
		r.short, r.rest = true, nil
		return zeros[:min(k, uint64(len(zeros)))]
	}
	b := r.rest[:k]
	r.rest = r.rest[k:]
	return b
}

func (r *reader) hash() wire.Hash { return wire.Hash(r.bytes(32)) }

func (r *reader) uint32() uint32 { return binary.LittleEndian.Uint32(r.bytes(4)) }

func (r *reader) uvarint() uint64 {
	v, k := binary.Uvarint(r.rest)
	if k <= 0 {
		r.short, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[k:]
	return v
}

// below reads a number less than limit.
func (r *reader) below(limit uint64) uint64 {
	v := r.uvarint()
	if v >= limit {
		r.short = true
		return 0
	}
	return v
}

// within reads a number from 1 to limit.
func (r *reader) within(limit uint64) uint64 {
	v := r.uvarint()
	if v == 0 || v > limit {
		r.short = true
		return limit
	}
	return v
}

// back reads how far before place x an event is, and returns its place; 0 if there is none.
func (r *reader) back(x gossip.Index) gossip.Index {
	v := r.uvarint()
	if v == 0 || v >= uint64(x) {
		r.short = true
		return 0
	}
	return x - gossip.Index(v)
}

// fork reads the evidence of a fork by the node's own key.
func (r *reader) fork(self wire.Hash) (*Fork, error) {
	f := &Fork{Header: wire.Header{Creator: self, Cause: wire.Cause(r.byte()), Index: r.uint32(), Votes: r.uint32()}}
	f.Header.SelfParent, f.Header.Recipient, f.Header.Root = r.hash(), r.hash(), r.hash()
	for range r.byte() {
		f.Header.OtherParents = append(f.Header.OtherParents, r.hash())
	}
	copy(f.Signature[:], r.bytes(64))
	if r.short || !f.Header.Cause.Valid() {
		return nil, errShort
	}
	return f, nil
}
