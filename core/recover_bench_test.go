package core_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"testing"

	"parsec/core"
	"parsec/core/internal/simulation"
)

// newLog lets a section of peers gossip at random until one node's graph has so many events, of which a tenth vote for
// a payload of 100 bytes, and returns that node's records. Signatures are left out: recovery does not look at them.
func newLog(tb testing.TB, mode core.Mode, peers, events int) (cfg core.NodeConfig, records [][]byte) {
	section := core.Section{Name: "log", Mode: mode}
	for i := range peers {
		section.Genesis = append(section.Genesis, core.IdentityOf(seedOf(i)))
	}
	nodes := map[core.Identity]*core.Node{}
	var order []*core.Node
	for i := range peers {
		c := core.NodeConfig{Seed: seedOf(i), Section: section, Simulation: &simulation.Options{Unsigned: true}}
		n, err := core.Start(c)
		if err != nil {
			tb.Fatal(err)
		}
		nodes[n.Identity()] = n
		if order = append(order, n); i == 0 {
			cfg = c
		}
	}
	var do func(n *core.Node)
	do = func(n *core.Node) {
		todo := n.Ready()
		if n == order[0] && len(todo.Record) > 0 {
			records = append(records, slices.Clone(todo.Record))
		}
		messages := slices.Clone(todo.Messages)
		for i := range messages {
			messages[i].Frame = slices.Clone(messages[i].Frame)
		}
		n.Advance()
		for _, m := range messages {
			if err := nodes[m.To].Handle(n.Identity(), m.Frame); err != nil {
				tb.Fatal(err)
			}
			do(nodes[m.To])
		}
	}
	r := rand.New(rand.NewPCG(uint64(peers), 6))
	payload := make([]byte, 100)
	for order[0].Len() < events {
		a := r.IntN(peers)
		if r.IntN(3) == 0 { // an exchange is three events
			for i := range payload {
				payload[i] = byte(r.Uint32())
			}
			if err := order[a].Vote(payload); err != nil {
				tb.Fatal(err)
			}
		}
		b := (a + 1 + r.IntN(peers-1)) % peers
		if err := order[a].Gossip(order[b].Identity()); err != nil {
			tb.Fatal(err)
		}
		do(order[a])
	}
	return cfg, records
}

// recoverEvents is how many events BenchmarkRecover recovers: PARSEC_BENCH_EVENTS sets it.
var recoverEvents = 100_000

func init() {
	if n, err := strconv.Atoi(os.Getenv("PARSEC_BENCH_EVENTS")); err == nil {
		recoverEvents = n
	}
}

// BenchmarkRecover is the recovery of a node from its log in memory. B/event is what the node keeps, alloc-B/event what
// was allocated on the way.
func BenchmarkRecover(b *testing.B) {
	for _, peers := range []int{4, 16} {
		cfg, records := newLog(b, core.Single, peers, recoverEvents)
		cfg.Applied = 1 << 40 // no block is delivered again: the application has a snapshot
		b.Run(fmt.Sprintf("mode=single/peers=%d", peers), func(b *testing.B) {
			var before, after runtime.MemStats
			events, size := 0, 0
			for _, r := range records {
				size += len(r)
			}
			var kept, allocated uint64
			for b.Loop() {
				b.StopTimer()
				runtime.GC()
				runtime.ReadMemStats(&before)
				b.StartTimer()
				n, err := core.Recover(cfg, stored(records))
				if err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				runtime.GC()
				runtime.ReadMemStats(&after)
				events, kept, allocated = n.Len(), after.HeapAlloc-before.HeapAlloc, after.TotalAlloc-before.TotalAlloc
				runtime.KeepAlive(n)
				b.StartTimer()
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/float64(events), "ns/event")
			b.ReportMetric(float64(kept)/float64(events), "B/event")
			b.ReportMetric(float64(allocated)/float64(events), "alloc-B/event")
			b.ReportMetric(float64(size)/float64(events), "log-B/event")
		})
	}
}
