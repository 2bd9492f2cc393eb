package sign

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
)

// workers returns an executor of so many goroutines, which take pieces as they come.
func workers(k int) func(n int, do func(i int)) {
	return func(n int, do func(i int)) {
		pieces := make(chan int)
		var all sync.WaitGroup
		for range k {
			all.Go(func() {
				for i := range pieces {
					do(i)
				}
			})
		}
		for i := range n {
			pieces <- i
		}
		close(pieces)
		all.Wait()
	}
}

// backwards does the pieces one by one, the last first.
func backwards(n int, do func(i int)) {
	for i := n - 1; i >= 0; i-- {
		do(i)
	}
}

// TestPieces compares verdicts in pieces with those without, on random mixes of good and bad signatures.
func TestPieces(t *testing.T) {
	v, all := members(5, 2600)
	random := rand.New(rand.NewPCG(3, 1))
	sizes := []int{0, 1, 63, 127, 128, 129, 191, 192, 255, 256, 383, 384, 1023, 1024, 1025, 2600}
	rounds := 60
	if testing.Short() {
		rounds = 25
	}
	executors := []func(int, func(int)){workers(3), backwards, workers(1), nil}
	found := 0
	for round := range rounds {
		size := random.IntN(700)
		if round < len(sizes) {
			size = sizes[round]
		}
		items := slices.Clone(all[:size])
		damaged := map[int]bool{}
		if size > 0 {
			for range []int{0, 1, 2, size / 50, size / 5}[round%5] {
				i := random.IntN(size)
				if random.IntN(4) == 0 {
					i = size - 1
				}
				damaged[i] = true
				items[i].Message[3] = byte(1 + random.IntN(255))
			}
		}
		words := (size + 63) / 64
		bad := make([]uint64, words+1)
		for i := range bad {
			bad[i] = 0xaaaa_aaaa_aaaa_aaaa
		}
		trusted := round%3 != 2
		got := v.CheckPieces(items, bad, trusted, executors[round%len(executors)])
		if want := len(damaged) == 0; got != want {
			t.Fatalf("%d items, %d bad: all = %t", size, len(damaged), got)
		}
		for i := range items {
			if isBad := bad[i/64]>>(i%64)&1 == 1; isBad != damaged[i] || items[i].Verified().OK() == isBad {
				t.Fatalf("item %d of %d is bad = %t, want %t", i, size, isBad, damaged[i])
			}
		}
		if bad[words] != 0xaaaa_aaaa_aaaa_aaaa {
			t.Fatal("a word beyond the items was written")
		}
		found += len(damaged)
	}
	if found == 0 {
		t.Error("nothing was bad")
	}
}

// Pieces are all of the items, at least pieceMin each, and each begins at a word of its own.
func TestPieceBorders(t *testing.T) {
	for items := range 5000 {
		n := piecesOf(items)
		if n == 1 {
			continue
		}
		for i := range n {
			first, end := border(items, i, n), border(items, i+1, n)
			if first%64 != 0 || end-first < pieceMin || end-first > 2*pieceSize || i == 0 && first != 0 || i == n-1 && end != items {
				t.Fatalf("piece %d of %d of %d items is [%d, %d)", i, n, items, first, end)
			}
		}
	}
}

// Beside what the sums take, splitting allocates nothing.
func TestPiecesAllocations(t *testing.T) {
	v, items := members(4, 256)
	bad := make([]uint64, 4)
	one := func(n int, do func(int)) { backwards(n, do) }
	v.CheckPieces(items, bad, true, one)
	if n := testing.AllocsPerRun(10, func() { v.CheckPieces(items, bad, true, one) }); n > 4 { // two for each of two
		t.Errorf("%v allocations", n)
	}
}

// A key that is added later is known to pieces too.
func TestPiecesAddKey(t *testing.T) {
	v, items := members(2, 256)
	bad := make([]uint64, 4)
	if !v.CheckPieces(items, bad, true, backwards) {
		t.Fatal("a good one is bad")
	}
	s := NewSigner([32]byte{9, 9, 9})
	number, err := v.AddKey(s.Public())
	if err != nil {
		t.Fatal(err)
	}
	items[200].Peer = uint16(number)
	items[200].Signature = s.Sign(&items[200].Message)
	if !v.CheckPieces(items, bad, true, backwards) {
		t.Fatal("the new key's signature is bad")
	}
}

// BenchmarkPieces is the wall time of a signature by how many goroutines there are; workers=0 is Check.
func BenchmarkPieces(b *testing.B) {
	for _, n := range []int{128, 256, 1024} {
		for _, k := range []int{0, 1, 2} {
			b.Run(fmt.Sprintf("keys=4/batch=%d/workers=%d", n, k), func(b *testing.B) {
				v, items := members(4, n)
				bad := make([]uint64, n/64)
				var parallel func(int, func(int))
				if k > 0 {
					parallel = workers(k)
				}
				if k > runtime.GOMAXPROCS(0) {
					b.Skip("fewer processors")
				}
				v.CheckPieces(items, bad, true, parallel)
				for b.Loop() {
					v.CheckPieces(items, bad, true, parallel)
				}
				perSignature(b, n)
			})
		}
	}
}
