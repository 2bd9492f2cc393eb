package core_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"parsec/core"
	"parsec/core/recording"
)

// TestLongSplit stops an election at each of its stages for long: after some meetings of all, the section
// falls into halves that gossip and vote by themselves, for more events than the engine's chunks and
// windows hold; then all meet again. In one half a member joins the graph late, and in one it forks.
func TestLongSplit(t *testing.T) {
	long := 2600
	if testing.Short() {
		long = 300
	}
	for _, n := range []int{4, 5, 8, 9} {
		for meetings := range 5 {
			for _, m := range []core.Mode{core.Supermajority, core.Single} {
				if (n+meetings)%2 == int(m) { // each size and stage in one mode is enough
					continue
				}
				t.Run(fmt.Sprintf("voters=%d/meetings=%d", n, meetings), func(t *testing.T) {
					rng := rand.New(rand.NewPCG(uint64(n), uint64(meetings)))
					s := newScript(m, n, n+1)
					s.vote(s.observe(core.Opaque, 0), upTo(n)...)
					for range meetings {
						s.meet(upTo(n)...)
					}
					half := [2][]int{upTo(n)[:n/2], upTo(n)[n/2:]}
					for k := 0; k < long; k++ {
						group := half[rng.IntN(2)]
						p := group[rng.IntN(len(group))]
						switch {
						case k%200 == 0:
							s.vote(s.observe(core.Opaque, 0), p)
						case k == long/2:
							s.rec.Peers = append(s.rec.Peers, "late")
							s.last = append(s.last, recording.None)
							s.add(blank(core.PeerIndex(n+1), core.Initial))
							s.hear(p, n+1)
						case k == long*3/4:
							s.last[n-1] = s.rec.Events[s.last[n-1]].SelfParent
						default:
							s.hear(p, group[rng.IntN(len(group))])
						}
					}
					for range 9 {
						s.meet(append(rng.Perm(n), n+1)...)
					}
					variants := usual()
					if m == core.Supermajority {
						variants[0].late = rand.New(rand.NewPCG(1, 1))
					}
					if err := compare(s.rec, nil, variants...); err != nil {
						t.Error(err)
					}
					decided, err := decide(s.rec)
					if err != nil || len(decided) < 1 {
						t.Errorf("decides %v, %v", decided, err)
					}
				})
			}
		}
	}
}
