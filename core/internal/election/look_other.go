//go:build !amd64

package election

import "parsec/core/internal/gossip"

func look(rows, level []gossip.Index, need int) int { return lookPlain(rows, level, need) }

func setOf(bits []uint64, row, level []gossip.Index) { setPlain(bits, row, level) }

func strong([]uint64, *gossip.Graph, []uint32, []gossip.Index, int) bool { return false }
