//go:build !amd64

package gossip

func mergeRows(row, a, b []Index) { mergeRowsPlain(row, a, b) }
