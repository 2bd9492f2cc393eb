package sign

import (
	"runtime"
	"testing"
)

// TestAllocations checks what the docs of Check state: nothing is allocated but by the sum of a batch.
func TestAllocations(t *testing.T) {
	for _, test := range []struct {
		keys, items int
		trusted     bool
		most        float64 // allocations
		bytes       uint64
	}{
		{16, 1, true, 0, 0},
		{16, batchMin - 1, true, 0, 0},
		{16, 300, false, 0, 0},
		{16, 64, true, 2, 160 << 10},
		{94, 94, true, 2, 300 << 10},
		{16, 256, true, 3, 100 << 10},
		{batchMax, batchMax, true, 3, 450 << 10},
	} {
		v, items := members(test.keys, test.items)
		bad := make([]uint64, (test.items+63)/64)
		check := func() {
			if !v.Check(items, bad, test.trusted) {
				t.Fatal("good items are bad")
			}
		}
		check() // what is kept grows
		if got := testing.AllocsPerRun(10, check); got > test.most {
			t.Errorf("%+v: %v allocations", test, got)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		check()
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > test.bytes+4096 { // others' too
			t.Errorf("%+v: %d bytes", test, got)
		}
	}
}
