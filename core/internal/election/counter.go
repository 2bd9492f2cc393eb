package election

// counterPlanes is the number of planes of a counter: it counts to 8191.
const counterPlanes = 13

// A counter counts bits: plane b of it holds bit b of 64 counts.
type counter [counterPlanes]uint64

// count sets c to how many of words[at[0]], words[at[1]], … have each bit, by carry-save adders, eight
// words at a time (Harley and Seal). Cost: about 10 instructions a word.
func (c *counter) count(words []uint64, at []uint32) {
	*c = counter{}
	var ones, twos, fours, eights uint64
	for len(at) >= 8 {
		i := (*[8]uint32)(at)
		a, b := words[i[0]], words[i[1]]
		u := ones ^ a
		t0 := ones&a | u&b
		ones = u ^ b
		a, b = words[i[2]], words[i[3]]
		u = ones ^ a
		t1 := ones&a | u&b
		ones = u ^ b
		u = twos ^ t0
		f0 := twos&t0 | u&t1
		twos = u ^ t1
		a, b = words[i[4]], words[i[5]]
		u = ones ^ a
		t0 = ones&a | u&b
		ones = u ^ b
		a, b = words[i[6]], words[i[7]]
		u = ones ^ a
		t1 = ones&a | u&b
		ones = u ^ b
		u = twos ^ t0
		f1 := twos&t0 | u&t1
		twos = u ^ t1
		u = fours ^ f0
		carry := fours&f0 | u&f1
		fours = u ^ f1
		carry, eights = eights&carry, eights^carry
		for p := 4; carry != 0 && p < counterPlanes; p++ {
			carry, c[p] = c[p]&carry, c[p]^carry
		}
		at = at[8:]
	}
	if len(at) >= 4 {
		i := (*[4]uint32)(at)
		a, b := words[i[0]], words[i[1]]
		u := ones ^ a
		t0 := ones&a | u&b
		ones = u ^ b
		a, b = words[i[2]], words[i[3]]
		u = ones ^ a
		t1 := ones&a | u&b
		ones = u ^ b
		u = twos ^ t0
		carry := twos&t0 | u&t1
		twos = u ^ t1
		carry, fours = fours&carry, fours^carry
		carry, eights = eights&carry, eights^carry
		for p := 4; carry != 0 && p < counterPlanes; p++ {
			carry, c[p] = c[p]&carry, c[p]^carry
		}
		at = at[4:]
	}
	for _, i := range at {
		carry := words[i]
		carry, ones = ones&carry, ones^carry
		carry, twos = twos&carry, twos^carry
		carry, fours = fours&carry, fours^carry
		carry, eights = eights&carry, eights^carry
		for p := 4; carry != 0 && p < counterPlanes; p++ {
			carry, c[p] = c[p]&carry, c[p]^carry
		}
	}
	c[0], c[1], c[2], c[3] = ones, twos, fours, eights
}

// A limit is what counts are compared with: plane b is all ones if bit b of it is set.
type limit [counterPlanes]uint64

func newLimit(k int) (l limit) {
	for b := range l {
		l[b] = -uint64(k >> b & 1)
	}
	return l
}

// compare returns the bits whose count is greater than k, and those whose count is k or more, where no
// count has more than depth bits.
func (c *counter) compare(depth int, k *limit) (greater, atLeast uint64) {
	gt, eq := uint64(0), ^uint64(0)
	planes, limits := c[:depth], k[:depth]
	for b := len(planes) - 1; b >= 0; b-- {
		p, q := planes[b], limits[b]
		gt |= eq & p &^ q
		eq &^= p ^ q
	}
	return gt, gt | eq
}

// compareTwo is compare with k, and the bits whose count is third or more.
func (c *counter) compareTwo(depth int, k, third *limit) (greater, atLeast, thirdOr uint64) {
	gt, eq := uint64(0), ^uint64(0)
	eqT := eq
	planes, limits, thirds := c[:depth], k[:depth], third[:depth]
	for b := len(planes) - 1; b >= 0; b-- {
		p, q, r := planes[b], limits[b], thirds[b]
		gt |= eq & p &^ q
		eq &^= p ^ q
		thirdOr |= eqT & p &^ r
		eqT &^= p ^ r
	}
	return gt, gt | eq, thirdOr | eqT
}

// pairs returns, in the lowest quarter, the sums of the counts in the two highest quarters, where neither
// the counts nor their sums have more than depth bits.
func (c *counter) pairs(depth int) (sum counter) {
	carry := uint64(0)
	for b, x := range c[:depth] {
		y := x >> 48
		x = x >> 32
		u := x ^ y
		sum[b] = u ^ carry
		carry = x&y | u&carry
	}
	return sum
}
