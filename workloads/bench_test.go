package workloads

import (
	"fmt"
	"testing"

	"parsec/core"
)

// BenchmarkLarge is what making a load costs, not what it costs an engine.
func BenchmarkLarge(b *testing.B) {
	for _, peers := range []int{8, 32, 256} {
		for order, name := range []string{AsSeen: "as-seen", Creation: "creation"} {
			b.Run(fmt.Sprintf("peers=%d/order=%s", peers, name), func(b *testing.B) {
				const events = 100_000
				p, err := LargeParams(core.Single, peers, events, 1)
				if err != nil {
					b.Fatal(err)
				}
				p.Order = Order(order)
				b.ReportAllocs()
				for b.Loop() {
					if _, err := Generate(p); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/events, "us/event")
			})
		}
	}
}
