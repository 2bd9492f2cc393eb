package core

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"parsec/core/internal/gossip"
	"parsec/core/internal/wire"
)

// noPeer is no peer.
const noPeer = gossip.Peer(NoPeer)

const (
	leafShift = 10
	leafSize  = 1 << leafShift
)

// leaf holds what the graph has no use for of leafSize consecutive events: 104 bytes an event, no pointers.
type leaf struct {
	id        [leafSize]wire.Hash
	signature [leafSize][64]byte
	first     [leafSize]uint32 // into store.votes
	count     [leafSize]uint16
	recipient [leafSize]gossip.Peer // requesting events
}

// content is an observation that some event votes for.
type content struct {
	hash  wire.Hash
	body  []byte       // encoded; the application's payloads alias it
	first gossip.Index // the first event that votes for it
	votes uint32       // votes by which it is undecided, in store.open; 0 for none
	kind  wire.Kind

	stamp, slot uint32 // its place in the message being written, if the stamp is that message's
}

// store holds what events and observations consist of, by place and by number, and finds them by hash. Places
// are the graph's; observations have the numbers that the election gave them.
type store struct {
	leaves   []*leaf
	votes    []uint32 // observation numbers
	contents []content
	events   index
	known    index
	slab     []byte // room for bodies
}

func (s *store) id(x gossip.Index) *wire.Hash {
	return &s.leaves[x>>leafShift].id[x&(leafSize-1)]
}

func (s *store) signature(x gossip.Index) *[64]byte {
	return &s.leaves[x>>leafShift].signature[x&(leafSize-1)]
}

func (s *store) recipient(x gossip.Index) gossip.Peer {
	return s.leaves[x>>leafShift].recipient[x&(leafSize-1)]
}

// ballot returns the observations that x votes for. It aliases the store.
func (s *store) ballot(x gossip.Index) []uint32 {
	l, i := s.leaves[x>>leafShift], x&(leafSize-1)
	return s.votes[l.first[i]:][:l.count[i]:l.count[i]]
}

// put stores the event at place x, which is the next.
func (s *store) put(x gossip.Index, id *wire.Hash, signature *[64]byte, votes []uint32, recipient gossip.Peer) {
	n, i := int(x>>leafShift), x&(leafSize-1)
	if n == len(s.leaves) {
		s.leaves = append(s.leaves, new(leaf))
	}
	l := s.leaves[n]
	l.id[i], l.signature[i], l.recipient[i] = *id, *signature, recipient
	l.first[i], l.count[i] = uint32(len(s.votes)), uint16(len(votes))
	s.votes = append(s.votes, votes...)
	s.events.add(uint32(x), id)
}

func (s *store) eventHash(x uint32) *wire.Hash   { return s.id(gossip.Index(x)) }
func (s *store) contentHash(o uint32) *wire.Hash { return &s.contents[o-1].hash }

// find returns the place of the event with an id, 0 for none.
func (s *store) find(id *wire.Hash) gossip.Index {
	return gossip.Index(s.events.find(id, s.eventHash))
}

// number returns the number of the observation with a hash.
func (s *store) number(hash *wire.Hash) (o uint32, ok bool) {
	o = s.known.find(hash, s.contentHash)
	return o - 1, o != 0
}

// learn stores an observation, whose number is the next. It copies the body.
func (s *store) learn(hash *wire.Hash, kind wire.Kind, body []byte) {
	s.contents = append(s.contents, content{hash: *hash, kind: kind, body: s.keep(body)})
	s.known.add(uint32(len(s.contents)), hash)
}

// keep copies a body, small ones into slabs.
func (s *store) keep(body []byte) []byte {
	const slab = 64 << 10
	if len(body) > slab/4 {
		return bytes.Clone(body)
	}
	if len(body) > cap(s.slab)-len(s.slab) {
		s.slab = make([]byte, 0, slab)
	}
	from := len(s.slab)
	s.slab = append(s.slab, body...)
	return s.slab[from:len(s.slab):len(s.slab)]
}

// index finds numbers from 1 on by hash: open addressing, with a secret seed, so that nobody can choose ids that
// collide. The hashes themselves stay where they are. A slot has 32 bits of what places a hash beside the number: other
// hashes are passed by, and the table grows, without a look at them, each of which is a miss of the cache (without,
// finding events took a quarter of a node's time beside signatures). 8 bytes a slot, 11 to 22 an entry.
type index struct {
	slots []uint64 // 0 is empty; else where the hash starts, and below it the number
	used  int
	seed  uint64 // odd
}

func (t *index) start(h *wire.Hash) uint32 {
	a, b := binary.LittleEndian.Uint64(h[:]), binary.LittleEndian.Uint64(h[8:])
	hi, lo := bits.Mul64(a^t.seed, b|1)
	return uint32((hi ^ lo) * t.seed >> 32)
}

func (t *index) find(h *wire.Hash, at func(uint32) *wire.Hash) uint32 {
	if t.used == 0 {
		return 0
	}
	start, mask := t.start(h), uint32(len(t.slots)-1)
	for i := start & mask; ; i = (i + 1) & mask {
		s := t.slots[i]
		if s == 0 {
			return 0
		}
		if n := uint32(s); uint32(s>>32) == start && *at(n) == *h {
			return n
		}
	}
}

// add adds number n, whose hash is h and is not in it.
func (t *index) add(n uint32, h *wire.Hash) {
	if 4*(t.used+1) > 3*len(t.slots) {
		old := t.slots
		t.slots = make([]uint64, max(64, 2*len(old)))
		for _, s := range old {
			if s != 0 {
				t.place(s)
			}
		}
	}
	t.put(n, h)
}

// put is add where there is room.
func (t *index) put(n uint32, h *wire.Hash) {
	t.place(uint64(t.start(h))<<32 | uint64(n))
	t.used++
}

func (t *index) place(s uint64) {
	mask := uint32(len(t.slots) - 1)
	i := uint32(s>>32) & mask
	for t.slots[i] != 0 {
		i = (i + 1) & mask
	}
	t.slots[i] = s
}
