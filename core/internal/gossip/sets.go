package gossip

import (
	"hash/maphash"
	"math/bits"
)

// sets holds what events descend from of peers that forked, where that is not all on one self-parent chain: for each
// chain of the peer, by its number among them, the last event of that chain; all that a chain goes back to is there
// too. So a set is a map from small numbers to places, two merge by the greater place for each number, and descent is
// one look-up.
//
// A map is a tree of nodes of eight, keyed by the digits of the number, highest first, and as high as the greatest
// number needs. Nodes are interned: equal maps are the same tree, whoever came to them in whichever way, and maps that
// differ in one chain share all but a path. The nodes of an event come after those of the events before.
type sets struct {
	nodes  []node   // from 1; 0 is the empty map
	height []uint8  // by node: digits below it
	table  []uint32 // by hash: a node, 0 for none; linear probing, half empty
	memo   []merged // by hash of two nodes: what they merged to, some of the last
	seed   maphash.Seed
}

// node has eight nodes of the next lower height or, at height 0, eight places; 0 for none.
type node [fan]uint32

const (
	digit    = 3
	fan      = 1 << digit
	maxNodes = 1 << 29 // room for what one event makes is left below the 1<<30 that marks have place for
	memos    = 1 << 12
)

// set marks the entries of rows that are nodes. As signed numbers these are less than all places.
const set Index = 0xC0000000

// merged says what two nodes of one height merged to.
type merged struct{ a, b, to uint32 }

// get returns the place that the map n has for a number, 0 for none. Time O(log of the greatest number).
func (s *sets) get(n, number uint32) uint32 {
	if n == 0 {
		return 0
	}
	h := uint(s.height[n]) * digit
	if number>>h >= fan {
		return 0
	}
	for ; h > 0; h -= digit {
		if n = s.nodes[n][number>>h%fan]; n == 0 {
			return 0
		}
	}
	return s.nodes[n][number%fan]
}

// heightFor returns how high the map must be that has the number.
func heightFor(number uint32) uint8 { return uint8(max(bits.Len32(number)-1, 0) / digit) }

// with returns map n with the place for the number. Time O(log of the greatest number).
func (s *sets) with(n, number, place uint32) uint32 {
	if s.nodes == nil {
		s.grow()
	}
	h := heightFor(number)
	switch {
	case n == 0:
		return s.put(0, h, number, place)
	case s.height[n] >= h:
		return s.put(n, s.height[n], number, place)
	}
	var k node
	k[0] = s.raise(n, h-1)
	k[number>>(uint(h)*digit)] = s.put(0, h-1, number, place)
	return s.intern(&k, h)
}

// put is with for a node of height h, or none.
func (s *sets) put(n uint32, h uint8, number, place uint32) uint32 {
	k := s.nodes[n]
	at := &k[number>>(uint(h)*digit)%fan]
	if h == 0 {
		*at = place
	} else {
		*at = s.put(*at, h-1, number, place)
	}
	return s.intern(&k, h)
}

// raise returns a node of height h over n alone, for a tree that is higher.
func (s *sets) raise(n uint32, h uint8) uint32 {
	for s.height[n] < h {
		n = s.intern(&node{n}, s.height[n]+1)
	}
	return n
}

// union returns the map that has the greater place for each number. Time and new nodes O(log of the greatest number)
// for each number that the two do not have alike, at most; equal parts cost nothing.
func (s *sets) union(a, b uint32) uint32 {
	switch {
	case a == 0:
		return b
	case b == 0:
		return a
	case s.height[a] < s.height[b]:
		return s.merge(b, s.height[b], a)
	}
	return s.merge(a, s.height[a], b)
}

// merge is union with a a node of height h, or none, and b not higher.
func (s *sets) merge(a uint32, h uint8, b uint32) uint32 {
	switch {
	case a == b || b == 0:
		return a
	case a == 0:
		return s.raise(b, h)
	case s.height[b] < h:
		k := s.nodes[a]
		k[0] = s.merge(k[0], h-1, b)
		return s.intern(&k, h)
	case h == 0:
		k, o := s.nodes[a], &s.nodes[b]
		for i := range k {
			k[i] = max(k[i], o[i])
		}
		return s.intern(&k, 0)
	}
	m := &s.memo[(a*0x9E3779B1^b*0x85EBCA6B)>>20%memos]
	if m.a == a && m.b == b {
		return m.to
	}
	k, o := s.nodes[a], s.nodes[b]
	for i := range k {
		k[i] = s.merge(k[i], h-1, o[i])
	}
	n := s.intern(&k, h)
	*m = merged{a, b, n}
	return n
}

// intern returns the node of a height with this content, which is not empty.
func (s *sets) intern(k *node, h uint8) uint32 {
	if 2*len(s.nodes) >= len(s.table) {
		s.grow()
	}
	mask := uint64(len(s.table) - 1)
	for i := s.hash(k, h) & mask; ; i = (i + 1) & mask {
		n := s.table[i]
		if n == 0 {
			n = uint32(len(s.nodes))
			s.nodes = append(s.nodes, *k)
			s.height = append(s.height, h)
			s.table[i] = n
			return n
		}
		if s.nodes[n] == *k && s.height[n] == h {
			return n
		}
	}
}

func (s *sets) hash(k *node, h uint8) uint64 { return maphash.Comparable(s.seed, *k) + uint64(h) }

// grow makes the table, or one twice as large.
func (s *sets) grow() {
	if s.table == nil {
		s.seed = maphash.MakeSeed() // members choose what is hashed
		s.memo = make([]merged, memos)
		s.nodes, s.height = make([]node, 1, 64), make([]uint8, 1, 64)
	}
	s.table = make([]uint32, max(256, 2*len(s.table)))
	mask := uint64(len(s.table) - 1)
	for n := 1; n < len(s.nodes); n++ {
		i := s.hash(&s.nodes[n], s.height[n]) & mask
		for s.table[i] != 0 {
			i = (i + 1) & mask
		}
		s.table[i] = uint32(n)
	}
}

// truncate drops the nodes from number n on. They came last, and no node is between them and what they were put behind
// in the table, so that their places can be emptied from the last on.
func (s *sets) truncate(n int) {
	if n >= len(s.nodes) {
		return
	}
	mask := uint64(len(s.table) - 1)
	for last := len(s.nodes) - 1; last >= max(n, 1); last-- {
		i := s.hash(&s.nodes[last], s.height[last]) & mask
		for s.table[i] != uint32(last) {
			i = (i + 1) & mask
		}
		s.table[i] = 0
	}
	s.nodes, s.height = s.nodes[:max(n, 1)], s.height[:max(n, 1)]
	clear(s.memo)
}
