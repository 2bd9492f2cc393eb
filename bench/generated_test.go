package bench

import (
	"fmt"
	"sync"
	"testing"

	"parsec/core"
	"parsec/core/recording"
	"parsec/workloads"
)

// generated are the graphs to measure. They have 500 events a peer or more, which is what it takes to be
// like the recordings: see workloads.Large.
var generated = []struct{ peers, events int }{
	{4, 20_000},
	{8, 20_000},
	{16, 20_000},
	{32, 20_000},
	{64, 32_000},
	{100, 50_000},
	{256, 128_000},
}

var modes = []core.Mode{core.Single, core.Supermajority}

type size struct {
	mode          core.Mode
	peers, events int
}

var graphs = struct {
	sync.Mutex
	of map[size]*recording.Recording
}{of: map[size]*recording.Recording{}}

// graph returns a graph like the large recordings, of seed 1. It stays until the process ends: all of
// them together take some 60 MB, more than half of it for the long ones of BenchmarkFlat.
func graph(tb testing.TB, z size) *recording.Recording {
	tb.Helper()
	graphs.Lock()
	defer graphs.Unlock()
	rec, ok := graphs.of[z]
	if !ok {
		var err error
		if rec, err = workloads.Large(z.mode, z.peers, z.events, 1); err != nil {
			tb.Fatal(err)
		}
		graphs.of[z] = rec
	}
	return rec
}

func BenchmarkGenerated(b *testing.B) {
	for _, mode := range modes {
		for _, g := range generated {
			b.Run(fmt.Sprintf("mode=%v/peers=%d", mode, g.peers), func(b *testing.B) {
				benchmark(b, graph(b, size{mode, g.peers, g.events}))
			})
		}
	}
}
