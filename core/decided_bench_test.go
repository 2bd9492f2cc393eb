package core_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"parsec/core"
)

// rounds lets a section of peers decide: in each round there are load new payloads of 128 bytes, then each node
// gossips once. In Single mode each payload is voted for by one node; in Supermajority mode all nodes vote for all, the
// payloads of a round by one event each. It calls start after so many rounds that about as much is decided as comes
// in, stop after count more, and goes on without load until all is decided by all.
func rounds(tb testing.TB, mode core.Mode, peers, load, count int, start, stop func()) {
	warm := 6 + peers/2
	blocks := 0
	var order []*core.Node
	section := core.Section{Name: "rounds", Mode: mode}
	for i := range peers {
		section.Genesis = append(section.Genesis, core.IdentityOf(seedOf(i)))
	}
	for i := range peers {
		n, err := core.Start(core.NodeConfig{Seed: seedOf(i), Section: section})
		if err != nil {
			tb.Fatal(err)
		}
		order = append(order, n)
	}
	r := rand.New(rand.NewPCG(uint64(peers), uint64(load)))
	carry := func(n *core.Node) (out []core.Outgoing) {
		todo := n.Ready()
		blocks += len(todo.Blocks)
		return todo.Messages
	}
	vote := func(n *core.Node, payloads [][]byte) {
		if len(payloads) == 0 {
			return
		}
		if err := n.Vote(payloads...); err != nil {
			tb.Fatal(err)
		}
		carry(n)
		n.Advance()
	}
	payloads := make([][]byte, load)
	total := (warm + count) * load
	for round := 0; blocks < peers*(total+1); round++ {
		switch round {
		case warm:
			start()
		case warm + count:
			stop()
		case 10 * (warm + count):
			tb.Fatalf("%d blocks of %d", blocks/peers, total+1)
		}
		for i := range payloads {
			payloads[i] = make([]byte, 128)
			binary.LittleEndian.PutUint64(payloads[i], uint64(round*load+i))
		}
		for i, n := range order {
			mine := payloads
			if round >= warm+count {
				mine = nil
			} else if mode == core.Single {
				mine = payloads[i*load/peers : (i+1)*load/peers]
			}
			vote(n, mine)
		}
		for i, n := range order {
			to := order[(i+1+r.IntN(peers-1))%peers]
			if err := n.Gossip(to.Identity()); err != nil {
				tb.Fatal(err)
			}
			request := carry(n)
			if err := to.Handle(n.Identity(), request[0].Frame); err != nil {
				tb.Fatal(err)
			}
			n.Advance()
			response := carry(to)
			if err := n.Handle(to.Identity(), response[0].Frame); err != nil {
				tb.Fatal(err)
			}
			to.Advance()
			carry(n)
			n.Advance()
		}
	}
}

// BenchmarkDecided is what a block costs one node, all told: to make events, send, receive, verify, insert and order.
// The load is in payloads a round, a round being one request by each node.
func BenchmarkDecided(b *testing.B) {
	for _, peers := range []int{4, 16, 32} {
		for _, load := range []int{1, 4} {
			for _, mode := range []core.Mode{core.Single, core.Supermajority} {
				b.Run(fmt.Sprintf("mode=%v/peers=%d/load=%d", mode, peers, load*peers), func(b *testing.B) {
					const count = 8
					for b.Loop() {
						b.StopTimer()
						rounds(b, mode, peers, load*peers, count, b.StartTimer, b.StopTimer)
						b.StartTimer()
					}
					blocks := float64(b.N) * count * float64(load*peers) * float64(peers)
					b.ReportMetric(b.Elapsed().Seconds()*1e6/blocks, "us/block")
				})
			}
		}
	}
}

// BenchmarkModes runs both modes in turns, and reports what a block costs in Supermajority mode in per cent of what it
// costs in Single mode, by the least time of each.
func BenchmarkModes(b *testing.B) {
	for _, peers := range []int{16, 32} {
		for _, load := range []int{1, 4} {
			b.Run(fmt.Sprintf("peers=%d/load=%d", peers, load*peers), func(b *testing.B) {
				const count = 8
				least := [2]time.Duration{math.MaxInt64, math.MaxInt64}
				for i := 0; b.Loop(); i++ {
					for k := range 2 {
						which := k ^ i&1
						var begun time.Time
						rounds(b, []core.Mode{core.Single, core.Supermajority}[which], peers, load*peers, count,
							func() { begun = time.Now() }, func() { least[which] = min(least[which], time.Since(begun)) })
					}
				}
				blocks := float64(count * load * peers * peers)
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(float64(least[0].Nanoseconds())/1e3/blocks, "single-us/block")
				b.ReportMetric(float64(least[1].Nanoseconds())/1e3/blocks, "supermajority-us/block")
				b.ReportMetric(100*float64(least[1])/float64(least[0]), "%single")
			})
		}
	}
}
