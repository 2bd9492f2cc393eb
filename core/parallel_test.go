package core_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"

	"parsec/core"
	"parsec/core/internal/wire"
)

// goroutines lends a node so many, and counts how often.
func goroutines(k int, calls *int) func(n int, do func(i int)) {
	return func(n int, do func(i int)) {
		*calls++
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

// damage returns a frame with so many signatures changed.
func damage(t *testing.T, section core.Section, frame []byte, r *rand.Rand, bads int) []byte {
	t.Helper()
	id, err := section.ID()
	if err != nil {
		t.Fatal(err)
	}
	s := wire.SectionOf(wire.Hash(id))
	var f wire.Framer
	var m wire.Message
	raw, err := f.Open(s, frame)
	if err != nil {
		t.Fatal(err)
	}
	if err := wire.Decode(bytes.Clone(raw), s, &m); err != nil {
		t.Fatal(err)
	}
	for range bads {
		m.Events[r.IntN(len(m.Events))].Signature[r.IntN(64)] ^= 1 << r.IntN(8)
	}
	return bytes.Clone(f.Seal(nil, s, wire.Append(nil, &m)))
}

// TestParallel feeds two nodes alike, one of which checks signatures by several goroutines: on honest messages and on
// such with bad signatures in random places, all that they say and do is the same.
func TestParallel(t *testing.T) {
	tr := newTraffic(t, core.Single, 4, 700, 3)
	rounds := 12
	if testing.Short() {
		rounds = 6
	}
	calls, refused := 0, 0
	for round := range rounds {
		r := rand.New(rand.NewPCG(uint64(round), 5))
		frames := slices.Clone(tr.frames)
		for k := range frames {
			if bads := []int{0, 1, 3, 15, 40, 200}[(round+k)%6]; bads > 0 {
				frames[k] = damage(t, tr.cfg.Section, frames[k], r, bads)
			}
		}
		frames = append(frames, tr.frames...)
		var nodes [2]*core.Node
		for i := range nodes {
			cfg := tr.cfg
			if i == 1 {
				cfg.Parallel = goroutines(3, &calls)
			}
			n, err := core.Start(cfg)
			if err != nil {
				t.Fatal(err)
			}
			nodes[i] = n
		}
		for k, frame := range frames {
			var told [2]string
			var done [2]core.Ready
			for i, n := range nodes {
				err := n.Handle(tr.from, frame)
				told[i] = fmt.Sprint(err)
				done[i] = n.Ready()
				if err != nil {
					refused++
				}
			}
			if told[0] != told[1] {
				t.Fatalf("round %d, frame %d: %s, else %s", round, k, told[1], told[0])
			}
			if !bytes.Equal(done[0].Record, done[1].Record) || fmt.Sprint(done[0].Messages) != fmt.Sprint(done[1].Messages) ||
				len(done[0].Blocks) != len(done[1].Blocks) || nodes[0].Counts() != nodes[1].Counts() {
				t.Fatalf("round %d, frame %d: the outputs differ", round, k)
			}
			nodes[0].Advance()
			nodes[1].Advance()
		}
		if nodes[0].State() != nodes[1].State() {
			t.Fatalf("round %d: the states differ", round)
		}
	}
	if calls == 0 || refused == 0 {
		t.Errorf("%d calls, %d messages refused: not much of a test", calls, refused)
	}
}

// A small message is not split.
func TestParallelSmall(t *testing.T) {
	tr := newTraffic(t, core.Single, 4, 32, 8)
	calls := 0
	tr.cfg.Parallel = goroutines(2, &calls)
	tr.feed(t)
	if calls != 0 {
		t.Errorf("%d calls", calls)
	}
}

// BenchmarkParallel is BenchmarkReceive by how many goroutines check signatures; workers=0 is without. It is wall time.
func BenchmarkParallel(b *testing.B) {
	for _, batch := range []int{256, 1024} {
		tr := newTraffic(b, core.Single, 4, batch, frameCount(batch))
		for _, k := range []int{0, 1, 2} {
			b.Run(fmt.Sprintf("peers=4/batch=%d/workers=%d", batch, k), func(b *testing.B) {
				if k > runtime.GOMAXPROCS(0) {
					b.Skip("fewer processors")
				}
				with, calls := *tr, 0
				if k > 0 {
					with.cfg.Parallel = goroutines(k, &calls)
				}
				for b.Loop() {
					with.feed(b)
				}
				report(b, tr)
			})
		}
	}
}
