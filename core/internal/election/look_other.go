//go:build !amd64 || purego

package election

import "parsec/core/internal/gossip"

const (
	vector        = false
	strongColumns = 0
)

func look(rows []gossip.Index, n int, level []gossip.Index, need int) int {
	return lookPlain(rows, n, level, need)
}

func setOf(bits []uint64, row, level []gossip.Index) { setPlain(bits, row, level) }

func strong([]uint64, []*gossip.Index, []gossip.Index, int) { panic("election: no vectors") }
