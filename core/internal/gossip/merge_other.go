//go:build !amd64 || purego

package gossip

func mergeRows(row, a, b []Index) { mergeRowsPlain(row, a, b) }
