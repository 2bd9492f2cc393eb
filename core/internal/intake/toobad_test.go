package intake

import (
	"fmt"
	"testing"

	"parsec/core/internal/forge"
	"parsec/core/internal/wire"
)

// A message in which all is bad is gone through a bounded number of times, whatever is bad in it and whatever would take
// the place of what was refused: a sender pays nothing for bad signatures.
func TestAllBad(t *testing.T) {
	const events = 2000
	for _, c := range []struct {
		what string
		make func(w *world) []*forge.Event
	}{
		{"a chain", func(w *world) (out []*forge.Event) {
			tip := w.tips[1]
			for range events {
				tip = unsigned(w.Ask(tip, w.IDs[0]))
				out = append(out, tip)
			}
			return out
		}},
		{"branches, each a head when the one after it is refused", func(w *world) (out []*forge.Event) {
			for i := range events {
				out = append(out, unsigned(w.Ask(w.tips[1], wire.Hash{byte(i), byte(i >> 8)})))
			}
			return out
		}},
		{"branches under this node's key", func(w *world) (out []*forge.Event) {
			for i := range events {
				out = append(out, unsigned(w.Ask(w.tips[0], wire.Hash{byte(i), byte(i >> 8)})))
			}
			return out
		}},
		{"a chain under this node's key", func(w *world) (out []*forge.Event) {
			tip := w.tips[0]
			for range events {
				tip = unsigned(w.Ask(tip, w.IDs[1]))
				out = append(out, tip)
			}
			return out
		}},
		{"branches that are signed, and vote about keys that are none", func(w *world) (out []*forge.Event) {
			for i := range events / 10 {
				bad := wire.Hash{2, byte(i), byte(i >> 8)}
				v := w.Vote(w.tips[1], forge.About(wire.Add, bad, fmt.Append(nil, i)))
				out = append(out, v, w.Ask(v, w.IDs[0]))
			}
			return out
		}},
	} {
		t.Run(c.what, func(t *testing.T) {
			w := newWorld(t, 4, 0, true)
			before := w.h.Len()
			m := w.request(1, c.make(w)...)
			w.take(m)
			if w.h.Len() != before || m.Fork != nil || m.Refused() == nil {
				t.Fatalf("%d events came in; a fork: %v; refused: %v", w.h.Len()-before, m.Fork, m.Refused())
			}
			if got := w.in.passes; got > 2*maxBad+4 {
				t.Errorf("gone through %d times", got)
			}
			if got := w.in.Counts.BadSignatures; got > checkedInBatches {
				t.Errorf("%d bad signatures were checked", got)
			}
			// What is good comes in after it.
			good := w.Ask(w.tips[1], w.IDs[0])
			if w.take(w.request(1, good)); !w.has(good) {
				t.Error("a good event after it is refused")
			}
		})
	}
}
