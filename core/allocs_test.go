package core_test

import (
	"testing"

	"parsec/core"
)

// TestReceiveAllocations counts what handling a message allocates once a node has been running, beside payloads: the
// sums over batches of signatures, which are two allocations up to 188 signatures and signers and three above. The
// arena's chunks and the slabs of payloads come to a fraction of one.
func TestReceiveAllocations(t *testing.T) {
	for batch, most := range map[int]float64{4: 2.5, 16: 2.5, 64: 2.5, 150: 2.5, 256: 3.5} {
		const warm = 16
		tr := newTraffic(t, core.Supermajority, 8, batch, 2*warm)
		n, err := core.Start(tr.cfg)
		if err != nil {
			t.Fatal(err)
		}
		rest := tr.frames
		per := testing.AllocsPerRun(1, func() { // it calls twice, and counts the second time
			for _, frame := range rest[:warm] {
				if err := n.Handle(tr.from, frame); err != nil {
					t.Fatal(err)
				}
				n.Ready()
				n.Advance()
			}
			rest = rest[warm:]
		}) / warm
		t.Logf("batch %d: %.2f allocations a message", batch, per)
		if per > most {
			t.Errorf("batch %d: %.2f allocations a message, want at most %.1f", batch, per, most)
		}
	}
}
