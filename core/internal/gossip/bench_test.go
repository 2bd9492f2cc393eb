package gossip

import (
	"fmt"
	"testing"
)

// BenchmarkAncestryRow merges the rows of two parents.
func BenchmarkAncestryRow(b *testing.B) {
	for _, n := range []int{4, 8, 16, 32, 64, 100, 256} {
		b.Run(fmt.Sprintf("peers=%d", n), func(b *testing.B) {
			row, p, q := make([]Index, n), make([]Index, n), make([]Index, n)
			for i := range n {
				p[i], q[i] = Index(i*7919%1000), Index(i*104729%1000)
			}
			for b.Loop() {
				mergeRows(row, p, q)
			}
		})
	}
}

// BenchmarkInsert adds events to a graph: requests around a ring, without any election.
func BenchmarkInsert(b *testing.B) {
	for _, n := range []int{4, 8, 16, 32, 64, 100, 256} {
		b.Run(fmt.Sprintf("peers=%d", n), func(b *testing.B) {
			var g Graph
			last := make([]Index, n)
			begin := func() {
				g = Graph{}
				for p := range n {
					if _, err := g.AddPeer(); err != nil {
						b.Fatal(err)
					}
					last[p], _ = g.Insert(Peer(p), Initial, 0, nil, 1)
				}
			}
			begin()
			var other [1]Index
			for i := 0; b.Loop(); i++ {
				if i&(1<<16-1) == 1<<16-1 {
					begin() // so that memory does not grow with the time the benchmark runs
				}
				p := i % n
				other[0] = last[(p+n-1)%n]
				x, err := g.Insert(Peer(p), Request, last[p], other[:], 1)
				if err != nil {
					b.Fatal(err)
				}
				last[p] = x
			}
		})
	}
}
