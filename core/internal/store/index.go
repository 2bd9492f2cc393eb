package store

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"parsec/core/internal/wire"
)

// Index finds numbers from 1 on by hash: open addressing, with a secret seed, so that nobody can choose ids that
// collide. The hashes themselves stay where they are. A slot has 32 bits of what places a hash beside the number: other
// hashes are passed by, and the table grows, without a look at them, each of which is a miss of the cache (without,
// finding events took a quarter of a node's time beside signatures). 8 bytes a slot, 11 to 22 an entry.
type Index struct {
	slots []uint64 // 0 is empty; else where the hash starts, and below it the number
	used  int
	seed  uint64 // odd
}

func (t *Index) start(h *wire.Hash) uint32 {
	a, b := binary.LittleEndian.Uint64(h[:]), binary.LittleEndian.Uint64(h[8:])
	hi, lo := bits.Mul64(a^t.seed, b|1)
	return uint32((hi ^ lo) * t.seed >> 32)
}

func (t *Index) Find(h *wire.Hash, at func(uint32) *wire.Hash) uint32 {
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

// Add adds number n, whose hash is h and is not in it.
func (t *Index) Add(n uint32, h *wire.Hash) {
	if 4*(t.used+1) > 3*len(t.slots) {
		old := t.slots
		t.slots = make([]uint64, max(64, 2*len(old)))
		for _, s := range old {
			if s != 0 {
				t.place(s)
			}
		}
	}
	t.place(uint64(t.start(h))<<32 | uint64(n))
	t.used++
}

func (t *Index) place(s uint64) {
	mask := uint32(len(t.slots) - 1)
	i := uint32(s>>32) & mask
	for t.slots[i] != 0 {
		i = (i + 1) & mask
	}
	t.slots[i] = s
}

// Remove takes out number n, whose hash is h and is in it. What follows moves up, so that no search ends early.
func (t *Index) Remove(n uint32, h *wire.Hash) {
	mask := uint32(len(t.slots) - 1)
	i := t.start(h) & mask
	for uint32(t.slots[i]) != n {
		i = (i + 1) & mask
	}
	t.used--
	for hole := i; ; {
		t.slots[hole] = 0
		for {
			i = (i + 1) & mask
			s := t.slots[i]
			if s == 0 {
				return
			}
			// It may stay where it is if it is to be found from a place after the hole.
			if home := uint32(s>>32) & mask; (i-home)&mask >= (i-hole)&mask {
				t.slots[hole] = s
				break
			}
		}
		hole = i
	}
}

// Reset empties the table, and makes room for so many entries.
func (t *Index) Reset(entries int, seed uint64) {
	size := 1 << bits.Len(uint(2*entries))
	t.slots = slices.Grow(t.slots[:0], size)[:size]
	clear(t.slots)
	t.used, t.seed = 0, seed|1
}
