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

// TestSearchCost counts how many items the search for bad ones sums up, beside the sum of the whole batch.
func TestSearchCost(t *testing.T) {
	const n = 256
	halves := n/2 + n/4 + n/8 + n/16 // 16 items are left, fewer than bisectMin
	for _, test := range []struct {
		what string
		bad  func(i int) bool
		want int
	}{
		{"the last", func(i int) bool { return i == n-1 }, halves}, // only left halves
		{"the first", func(i int) bool { return i == 0 }, 2 * halves},
		{"all", func(int) bool { return true }, 2 * n},
		{"every eighth", func(i int) bool { return i%8 == 5 }, 2 * n},
	} {
		v, items := members(16, n)
		for i := range items {
			if test.bad(i) {
				items[i].Message[31] ^= 1
			}
		}
		var bad [n / 64]uint64
		v.Check(items, bad[:], true)
		if got := 2*n - v.budget; got != test.want {
			t.Errorf("%s bad: summed %d items, want %d", test.what, got, test.want)
		}
	}
}
