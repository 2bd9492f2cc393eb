//go:build !purego

package election

import (
	"golang.org/x/sys/cpu"

	"parsec/core/internal/gossip"
)

// vector reports whether the processor has what look_amd64.s needs.
var vector = cpu.X86.HasAVX2 && cpu.X86.HasBMI2 && cpu.X86.HasPOPCNT

// look holds n rows, as long as level each, one after the other against level, and returns the number of the
// first in which at least need entries are as great as level's or greater; n if there is none. The length of
// level is a multiple of 4. See lookPlain, which computes the same.
func look(rows []gossip.Index, n int, level []gossip.Index, need int) int {
	if vector && n > 0 {
		return lookVector(&rows[:n*len(level)][0], n, &level[0], len(level), need)
	}
	return lookPlain(rows, n, level, need)
}

// setOf sets the bits of the entries of row that are as great as level's or greater. See setPlain.
func setOf(bits []uint64, row, level []gossip.Index) {
	if vector {
		setVector(&bits[0], &row[:len(level)][0], &level[0], len(level))
		return
	}
	setPlain(bits, row, level)
}

// strongColumns is up to how many columns counting along columns of rows is faster than by planes.
const strongColumns = 64

// strong sets the bits of the columns in which at least need of the rows have got to level. Rows are as long
// as level, up to strongColumns.
func strong(bits []uint64, rows []*gossip.Index, level []gossip.Index, need int) {
	strongVector(&bits[0], &rows[0], len(rows), &level[0], len(level), need)
}

// strongVector is strong. There are rows, and width is a positive multiple of 4 up to strongColumns.
//
//go:noescape
func strongVector(bits *uint64, rows **gossip.Index, n int, level *gossip.Index, width, need int)

// lookVector is look. Width is a positive multiple of 4.
//
//go:noescape
func lookVector(rows *gossip.Index, n int, level *gossip.Index, width, need int) int

// setVector is setOf. Width is a positive multiple of 4.
//
//go:noescape
func setVector(bits *uint64, row, level *gossip.Index, width int)
