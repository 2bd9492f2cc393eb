//go:build !purego

package columns

import "golang.org/x/sys/cpu"

// vector reports whether the processor has what merge_amd64.s needs.
var vector = cpu.X86.HasAVX2

// mergeRows sets row to the entrywise maximum of a and b. All have the same length, a multiple of 4. See
// mergeRowsPlain, which computes the same.
func mergeRows(row, a, b []Index) {
	if vector && len(row) > 0 {
		mergeRowsVector(&row[0], &a[:len(row)][0], &b[:len(row)][0], len(row))
		return
	}
	mergeRowsPlain(row, a, b)
}

// mergeRowsVector is mergeRows. Width is a positive multiple of 4.
//
//go:noescape
func mergeRowsVector(row, a, b *Index, width int)
