package election

import (
	"golang.org/x/sys/cpu"

	"parsec/core/internal/gossip"
)

// vector reports whether the processor has what look_amd64.s needs.
var vector = cpu.X86.HasAVX2 && cpu.X86.HasBMI2 && cpu.X86.HasPOPCNT

// look holds rows, as long as level each, one after the other against level, and returns the number of the
// first in which at least need entries are as great as level's or greater; the number of rows if there is
// none. The length of level is a multiple of 4. See lookPlain, which computes the same.
func look(rows, level []gossip.Index, need int) int {
	if vector && len(rows) > 0 {
		return lookVector(&rows[0], len(rows)/len(level), &level[0], len(level), need)
	}
	return lookPlain(rows, level, need)
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

// strong sets the bits of the columns in which at least need of the rows at the given events have got to
// level, if it can do that fast.
func strong(bits []uint64, g *gossip.Graph, at []uint32, level []gossip.Index, need int) bool {
	if !vector || len(level) > strongColumns {
		return false
	}
	var rows [strongColumns]*gossip.Index
	for i, x := range at {
		row := g.Stored(gossip.Index(x), len(level))
		if row == nil {
			return false
		}
		rows[i] = &row[0]
	}
	strongVector(&bits[0], &rows[0], len(at), &level[0], len(level), need)
	return true
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
