package election

import "parsec/core/internal/gossip"

// lookPlain holds rows, as long as level each, one after the other against level, and returns the number of
// the first in which at least need entries are as great as level's or greater; the number of rows if there is
// none. The length of level is a multiple of 4. It is look in portable code.
func lookPlain(rows, level []gossip.Index, need int) int {
	most := uint32(len(level) - need) // entries that may be less
	if len(level) == 4 {
		a, b, c, d := level[0], level[1], level[2], level[3]
		n := 0
		for ; len(rows) >= 4; rows = rows[4:] {
			less := uint32(rows[0]-a)>>31 + uint32(rows[1]-b)>>31 + uint32(rows[2]-c)>>31 + uint32(rows[3]-d)>>31
			if less <= most {
				break
			}
			n++
		}
		return n
	}
	n := 0
	for ; len(rows) > 0; n++ {
		if lessPlain(rows[:len(level)], level) <= most {
			break
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
