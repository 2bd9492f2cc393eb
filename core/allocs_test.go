package core_test

import (
	"testing"

	"parsec/core"
)

// TestReceiveAllocations counts what handling a message allocates once a node has been running, beside payloads: the
// sums over batches of signatures, which are two allocations up to 188 signatures and signers and three above. The
// arena's chunks, slabs of payloads and growing tables go by events: 0.015 an event at most.
func TestReceiveAllocations(t *testing.T) {
	for batch, most := range map[int]float64{16: 2, 64: 2, 256: 3} {
		warm := max(24, 2048/batch)
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
		}) / float64(warm)
		t.Logf("batch %d: %.2f allocations a message", batch, per)
		if most += 0.015 * float64(tr.events) / float64(len(tr.frames)); per > most {
			t.Errorf("batch %d: %.2f allocations a message, want at most %.2f", batch, per, most)
		}
	}
}
