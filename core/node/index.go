package node

import (
	"bytes"
	"hash/maphash"
	"sync"

	"parsec/core/node/client"
	"parsec/core/node/internal/batch"

	"github.com/zeebo/blake3"
)

// place is where a submission is laid out: an entry of a block's payload, or of a claim's.
type place uint64

const (
	claimed    place = 1 << 63
	offsetBits       = 20
)

const _ = uint(1<<offsetBits - batch.MaxPayload) // offsets have room

func blockPlace(block uint64, offset int) place { return place(block<<offsetBits | uint64(offset)) }
func claimPlace(claim uint64, offset int) place { return blockPlace(claim, offset) | claimed }

// of returns the number of the block or claim.
func (p place) of() uint64 { return uint64(p&^claimed) >> offsetBits }

func (p place) offset() int { return int(p & (1<<offsetBits - 1)) }

// index finds submissions by what they are, and by their ids. It has 8 bytes of hash and 8 of place for each, 24 to 38
// with the map's (BenchmarkLedger): what they are stands in the payloads, which are kept anyway, and is compared there.
//
// The first [client.MaxFound] with an id stand one after the other from the hash of the id on. Any others, which nobody
// makes in good faith, stand by the hash of their whole key: so to find one takes no longer however many with its id a
// hostile member makes. The hashes have a secret seed: nobody can make many that collide.
//
// Nothing is taken out. It is not safe for concurrent use, but for lookups.
type index struct {
	read    func(place) batch.Entry
	seed    maphash.Seed
	places  map[uint64]place
	crowded map[batch.ID]struct{} // ids with more than client.MaxFound

	mu     sync.Mutex
	hashes map[place][32]byte // of large data that was asked for lately
}

func newIndex(read func(place) batch.Entry) index {
	return index{read: read, seed: maphash.MakeSeed(), places: make(map[uint64]place), crowded: make(map[batch.ID]struct{})}
}

// slot is where something stands in the index, or would.
type slot struct {
	key    uint64
	beyond bool // after client.MaxFound with its id
}

// find returns where an entry with these bytes is.
func (x *index) find(e *batch.Entry) (s slot, p place, ok bool) {
	return x.search(e.ID, func(_ place, other *batch.Entry) bool { return bytes.Equal(e.Bytes, other.Bytes) }, e.Key)
}

// findKey returns where the submission with that key is.
func (x *index) findKey(k *batch.Key) (p place, ok bool) {
	_, p, ok = x.search(&k.ID, func(p place, e *batch.Entry) bool { return x.is(p, e, k) }, func() batch.Key { return *k })
	return p, ok
}

// search looks for what has an id and is the one that is meant. key is called if there are many with that id.
func (x *index) search(id *batch.ID, meant func(place, *batch.Entry) bool, key func() batch.Key) (s slot, p place, ok bool) {
	s.key = maphash.Bytes(x.seed, id[:])
	for same := 0; same < client.MaxFound; s.key++ {
		if p, ok = x.places[s.key]; !ok {
			return s, 0, false
		}
		if e := x.read(p); *e.ID == *id {
			if meant(p, &e) {
				return s, p, true
			}
			same++
		}
	}
	s.beyond = true
	for s.key = maphash.Comparable(x.seed, key()); ; s.key++ {
		if p, ok = x.places[s.key]; !ok {
			return s, 0, false
		}
		if e := x.read(p); *e.ID == *id && meant(p, &e) {
			return s, p, true
		}
	}
}

// put has a place in a slot that find returned. Nothing was put elsewhere since.
func (x *index) put(s slot, id *batch.ID, p place) {
	x.places[s.key] = p
	if s.beyond {
		x.crowded[*id] = struct{}{}
	}
}

// list returns the places of the first client.MaxFound with an id, and whether there are more.
func (x *index) list(id *batch.ID) (all []place, more bool) {
	for key := maphash.Bytes(x.seed, id[:]); len(all) < client.MaxFound; key++ {
		p, ok := x.places[key]
		if !ok {
			break
		}
		if e := x.read(p); *e.ID == *id {
			all = append(all, p)
		}
	}
	_, more = x.crowded[*id]
	return all, more
}

// Whoever waits for a decision asks after each block. Small data is hashed each time.
const (
	large     = 4 << 10
	maxHashes = 4096
)

// is reports whether an entry is the submission that is meant.
func (x *index) is(p place, e *batch.Entry, k *batch.Key) bool {
	if len(e.Data) < large || *e.ID != k.ID || e.Until != k.Until {
		return e.Is(k)
	}
	x.mu.Lock()
	hash, ok := x.hashes[p]
	x.mu.Unlock()
	if !ok {
		hash = blake3.Sum256(e.Data)
		x.mu.Lock()
		if x.hashes == nil || len(x.hashes) == maxHashes {
			x.hashes = make(map[place][32]byte)
		}
		x.hashes[p] = hash
		x.mu.Unlock()
	}
	return hash == k.Hash
}
