package election

import "math/bits"

// A counter counts bits: plane b of it holds bit b of 64 counts.
type counter []uint64

// count sets c to how many of words[at[0]], words[at[1]], … have each bit, by carry-save adders, eight
// words at a time (Harley and Seal). c has room for len(at). Cost: about 5 operations a word.
func (c counter) count(words []uint64, at []uint32) {
	clear(c)
	var ones, twos, fours uint64
	for len(at) >= 8 {
		a, b := words[at[0]], words[at[1]]
		u := ones ^ a
		t0 := ones&a | u&b
		ones = u ^ b
		a, b = words[at[2]], words[at[3]]
		u = ones ^ a
		t1 := ones&a | u&b
		ones = u ^ b
		u = twos ^ t0
		f0 := twos&t0 | u&t1
		twos = u ^ t1
		a, b = words[at[4]], words[at[5]]
		u = ones ^ a
		t0 = ones&a | u&b
		ones = u ^ b
		a, b = words[at[6]], words[at[7]]
		u = ones ^ a
		t1 = ones&a | u&b
		ones = u ^ b
		u = twos ^ t0
		f1 := twos&t0 | u&t1
		twos = u ^ t1
		u = fours ^ f0
		carry := fours&f0 | u&f1
		fours = u ^ f1
		for p := 3; carry != 0; p++ {
			carry, c[p] = c[p]&carry, c[p]^carry
		}
		at = at[8:]
	}
	for _, i := range at {
		carry := words[i]
		carry, ones = ones&carry, ones^carry
		carry, twos = twos&carry, twos^carry
		carry, fours = fours&carry, fours^carry
		for p := 3; carry != 0; p++ {
			carry, c[p] = c[p]&carry, c[p]^carry
		}
	}
	for b, plane := range [3]uint64{ones, twos, fours} {
		if b < len(c) {
			c[b] = plane
		}
	}
}

// add counts the bits of word once more.
func (c counter) add(word uint64) {
	for b := 0; word != 0; b++ {
		word, c[b] = c[b]&word, c[b]^word
	}
}

// sub counts the bits of word once less; none of them has a count of 0.
func (c counter) sub(word uint64) {
	for b := 0; word != 0; b++ {
		word, c[b] = word&^c[b], c[b]^word
	}
}

// compare returns the bits whose count is greater than k, and those whose count is k.
func (c counter) compare(k int) (gt, eq uint64) {
	if k>>len(c) != 0 {
		return 0, 0
	}
	eq = ^uint64(0)
	for b := len(c) - 1; b >= 0; b-- {
		p := c[b]
		if k>>b&1 == 0 {
			gt |= eq & p
			eq &^= p
		} else {
			eq &= p
		}
	}
	return gt, eq
}

// halves sets c, which has a plane more than d, to the sums of the counts in the low and the high half of
// d, in the low half.
func (c counter) halves(d counter) {
	carry := uint64(0)
	for b, x := range d {
		y := x >> 32
		u := x ^ y
		c[b] = u ^ carry
		carry = x&y | u&carry
	}
	c[len(d)] = carry
}

// depth is how many planes count to n.
func depth(n int) int { return bits.Len(uint(n)) }
