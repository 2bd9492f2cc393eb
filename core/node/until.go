package node

import (
	"fmt"

	"parsec/core/node/client"
	"parsec/core/node/internal/api"
	"parsec/core/node/internal/batch"
)

// admits returns nil if a block to come can decide each of these entries, or has already, and if not, which one it cannot:
// [api.ErrExpired] and [api.ErrTooFar].
func (l *ledger) admits(entries []byte, sum batch.Sum) error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	height := uint64(len(l.blocks))
	if batch.Counts(sum.First, height) && batch.Counts(sum.Last, height) {
		return nil
	}
	for len(entries) > 0 {
		e, rest, _ := batch.Next(entries) // they were read before
		entries = rest
		switch {
		case batch.Counts(e.Until, height):
		case e.Until > height:
			return fmt.Errorf("%w: id %x has until %d, and %d blocks are decided here: until may be at most %d more",
				api.ErrTooFar, *e.ID, e.Until, height, batch.Window)
		default:
			if _, p, known := l.index.find(&e); known && p&claimed == 0 && batch.Counts(e.Until, p.of()) {
				continue // tried again: it was decided
			}
			return fmt.Errorf("%w: id %x has until %d, and %d blocks are decided here", api.ErrExpired, *e.ID, e.Until, height)
		}
	}
	return nil
}

// until returns what a submission is given whose submitter gave nothing: what one with the same id and data has that did not
// expire, so that who tries again gets one decision, and else so many blocks that a decision should come long before.
func (l *ledger) until(id *batch.ID, hash [32]byte) uint64 {
	found, _ := l.list(id)
	for _, f := range found {
		if f.Key.Hash == hash && f.State != client.Expired {
			return f.Key.Until
		}
	}
	return l.height() + batch.Ahead
}
