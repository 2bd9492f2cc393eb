package core_test

import (
	"errors"
	"iter"
	"testing"

	"parsec/core"
)

// stored yields records as a log that can be read does.
func stored(records [][]byte) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// A log that can be read only in part gives no node, wherever the reading failed: cut short there, each of these logs
// would.
func TestRecoverUnreadable(t *testing.T) {
	w := newNetwork(t, core.Single, 4, 11)
	w.run(20)
	m := w.order[1]
	broken := errors.New("input/output error")
	for readable := range len(m.records) + 1 {
		asked := false
		n, err := core.Recover(m.cfg, func(yield func([]byte, error) bool) {
			for _, r := range m.records[:readable] {
				if !yield(r, nil) {
					return
				}
			}
			asked = yield([]byte("what was read of it"), broken)
		})
		if n != nil || !errors.Is(err, broken) || errors.Is(err, core.ErrRecord) || asked {
			t.Fatalf("%d of %d records can be read: %v, %v, asked for more: %v", readable, len(m.records), n, err, asked)
		}
		if n, err := core.Recover(m.cfg, stored(m.records[:readable])); err != nil || n == nil {
			t.Fatalf("of %d records: %v", readable, err)
		}
	}
}
