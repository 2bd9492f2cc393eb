package election

import "parsec/core/internal/gossip"

// lookPlain holds n rows, as long as level each, one after the other against level, and returns the number of
// the first in which at least need entries are as great as level's or greater; n if there is none. The length
// of level is a multiple of 4. It is look in portable code.
func lookPlain(rows []gossip.Index, n int, level []gossip.Index, need int) int {
	most := uint32(len(level) - need) // entries that may be less
	for i := range n {
		if lessPlain(rows[:len(level)], level) <= most {
			return i
		}
		rows = rows[len(level):]
	}
	return n
}

// lessPlain returns how many entries of row are less than level's.
func lessPlain(row, level []gossip.Index) (less uint32) {
	row = row[:len(level)]
	for len(level) >= 4 && len(row) >= 4 {
		less += uint32(row[0]-level[0])>>31 + uint32(row[1]-level[1])>>31 +
			uint32(row[2]-level[2])>>31 + uint32(row[3]-level[3])>>31
		row, level = row[4:], level[4:]
	}
	return less
}

// setPlain sets the bits of the entries of row that are as great as level's or greater. It is setOf in
// portable code.
func setPlain(bits []uint64, row, level []gossip.Index) {
	row = row[:len(level)]
	clear(bits)
	for i, l := range level {
		bits[i>>6] |= uint64(uint32(l-row[i]-1)>>31) << (i & 63)
	}
}
