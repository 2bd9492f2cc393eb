package gossip

// Reached returns how many entries of row have got to those of level: that is, how many columns' last
// ancestors in row are at or behind the places in level. Level is no longer than row, and its length is a
// multiple of 4.
func Reached(row, level []Index) int { return reachedPlain(row, level) }

// ReachedSet sets the bits of the columns whose last ancestors in row have got to level. Bits has room
// for them.
func ReachedSet(bits []uint64, row, level []Index) { reachedSetPlain(bits, row, level) }

func reachedPlain(row, level []Index) int {
	n := len(level)
	row = row[:n]
	missed := uint32(0)
	for len(level) >= 4 && len(row) >= 4 {
		missed += uint32(row[0]-level[0])>>31 + uint32(row[1]-level[1])>>31 +
			uint32(row[2]-level[2])>>31 + uint32(row[3]-level[3])>>31
		row, level = row[4:], level[4:]
	}
	return n - int(missed)
}

func reachedSetPlain(bits []uint64, row, level []Index) {
	row = row[:len(level)]
	clear(bits)
	for i, l := range level {
		bits[i>>6] |= uint64(uint32(l-row[i]-1)>>31) << (i & 63)
	}
}
