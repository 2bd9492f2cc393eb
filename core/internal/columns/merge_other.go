//go:build !amd64 || purego

package columns

func mergeRows(row, a, b []Index) { mergeRowsPlain(row, a, b) }
