package core_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"parsec/core"
	"parsec/core/recording"
	"parsec/workloads"
)

// trial is a random graph to try the engine on. A seed gives the same trial for ever, as long as this file
// and package workloads stay as they are.
type trial struct {
	what string // where the graph is from
	rec  *recording.Recording
	coin tossing
}

// sizes are the numbers of voters that trials have: the engine computes in other ways from 5, 9, 33 and 65
// voters on. Large ones are rare, since the oracle's time grows with the third power.
var sizes = []int{1, 2, 2, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 6, 7, 7, 7, 8, 8, 8, 9, 9, 9, 10, 10, 11, 12, 13}

func newTrial(seed uint64) (trial, error) {
	rng := rand.New(rand.NewPCG(seed, 0x7061_7273_6563))
	n := sizes[rng.IntN(len(sizes))]
	var t trial
	var err error
	switch k := rng.IntN(100); {
	case k < 2:
		t = largeTangle(rng)
	case k < 40:
		t = smallTangle(rng, n)
	case k < 65:
		t, err = gossipTrial(rng, n)
	case k < 85:
		t, err = namedTrial(rng, n)
	default:
		t, err = wildTrial(rng, n)
	}
	if err != nil {
		return t, fmt.Errorf("%s: %w", t.what, err)
	}
	if rng.IntN(4) == 0 {
		t.rec.Rules = core.Crate073
		t.what += ", by the rules of the crate"
	}
	switch rng.IntN(6) {
	case 0, 1:
		t.coin = newOddCoin(seed)
		t.what += ", an odd coin"
	case 2, 3, 4:
		t.coin = concreteCoin(seed)
		t.what += ", the concrete coin"
	}
	if rng.IntN(2) == 0 {
		t.rec = tidy(t.rec)
		t.what += ", tidied"
	}
	who := core.PeerIndex(rng.IntN(len(t.rec.Peers)))
	switch rng.IntN(8) {
	case 0, 1, 2:
		t.rec = workloads.Shuffle(t.rec, seed)
		t.what += ", shuffled"
	case 3:
		t.rec = workloads.Early(t.rec, who)
		t.what += fmt.Sprintf(", %d early", who)
	case 4:
		t.rec = workloads.Late(t.rec, who)
		t.what += fmt.Sprintf(", %d late", who)
	}
	if rng.IntN(3) == 0 {
		t.rec = inflate(t.rec, rng, 1+rng.IntN(9))
		t.what += ", with votes in a row"
	}
	return t, nil
}

// variants draws how two engines are used: one that computes as it likes, and one by passes.
func (t *trial) variants(seed uint64) []variant {
	rng := rand.New(rand.NewPCG(seed, 6))
	both := []variant{{}, {passes: true}}
	for i := range both {
		if rng.IntN(2) == 0 {
			both[i].late = rand.New(rand.NewPCG(seed, uint64(7+i)))
			both[i].strange = rng.IntN(2) == 0
		}
		both[i].metas = looking(rng.IntN(3))
		both[i].many = rng.IntN(2) == 0
	}
	return both
}

// mode draws a consensus mode.
func mode(rng *rand.Rand) core.Mode { return core.Mode(rng.IntN(2)) }

// tolerable draws a number of forkers among n voters, mostly none.
func tolerable(rng *rand.Rand, n int) int {
	if rng.IntN(2) == 0 {
		return 0
	}
	return rng.IntN((n-1)/3 + 1)
}

func smallTangle(rng *rand.Rand, n int) trial {
	forks := tolerable(rng, n)
	if rng.IntN(5) == 0 {
		forks = rng.IntN(n + 1)
	}
	g := newTangle(rng, n+rng.IntN(4), n, forks)
	g.rec.Mode = mode(rng)
	what := fmt.Sprintf("a tangle of %d voters of %d peers, %d forkers", n, len(g.rec.Peers), forks)
	return trial{what: what, rec: g.make(1 + rng.IntN(n*(40+rng.IntN(120))))}
}

func largeTangle(rng *rand.Rand) trial {
	large := []int{17, 31, 32, 33, 33, 40, 64, 65}
	n := large[rng.IntN(len(large))]
	forks := 0
	if rng.IntN(3) == 0 {
		forks = rng.IntN(4)
	}
	g := newTangle(rng, n+rng.IntN(3), n, forks)
	g.rec.Mode = mode(rng)
	what := fmt.Sprintf("a tangle of %d voters of %d peers, %d forkers", n, len(g.rec.Peers), forks)
	return trial{what: what, rec: g.make(min(n*(20+rng.IntN(40)), 2400))}
}

// gossipTrial is a simulated section with anything going wrong.
func gossipTrial(rng *rand.Rand, n int) (trial, error) {
	events := n * (40 + rng.IntN(100))
	interval := 400 * time.Millisecond
	length := interval * time.Duration(events) / time.Duration(3*n)
	delay := func(most time.Duration) workloads.Delay {
		shapes := []workloads.Shape{workloads.Fixed, workloads.Jittered, workloads.Uniform, workloads.Exponential, workloads.HeavyTailed}
		return workloads.Delay{Shape: shapes[rng.IntN(len(shapes))], Mean: 1 + time.Duration(rng.Int64N(int64(most)))}
	}
	p := workloads.Params{
		Seed:         rng.Uint64(),
		Mode:         mode(rng),
		Peers:        n,
		Events:       events,
		Order:        workloads.Order(rng.IntN(2)),
		Burst:        1 + rng.IntN(4),
		Every:        workloads.Delay{Shape: workloads.Exponential, Mean: length / time.Duration(1+rng.IntN(20))},
		VoterPercent: []int{0, 67, 80, 100, 100}[rng.IntN(5)],
		Spread:       delay(interval),
		Gossip:       workloads.Delay{Shape: workloads.Exponential, Mean: interval},
		Fanout:       1 + rng.IntN(max(1, min(3, n-1))),
		Delay:        delay(interval * 2),
		LossPercent:  max(0, rng.IntN(60)-30),
		SlowPercent:  max(0, rng.IntN(80)-40),
		SlowDelay:    delay(10 * interval),
		Forkers:      tolerable(rng, n),
		ForkAt:       time.Duration(rng.Int64N(int64(length))),
		ForkOverlap:  rng.IntN(101),
	}
	p.Fanout = min(p.Fanout, max(n-1, 1))
	for range max(0, rng.IntN(5)-2) {
		from := time.Duration(rng.Int64N(int64(length)))
		until := from + time.Duration(rng.Int64N(int64(length/3)))
		p.Partitions = append(p.Partitions, workloads.Partition{From: from, Until: until, Groups: []int{1 + rng.IntN(n)}})
	}
	leaves := 0
	for range max(0, rng.IntN(7)-2) {
		kind := []core.Kind{core.Add, core.Add, core.Remove, core.Accusation}[rng.IntN(4)]
		if kind != core.Add {
			if leaves++; leaves+p.Forkers >= n {
				continue
			}
		}
		p.Changes = append(p.Changes, workloads.Change{Kind: kind, At: time.Duration(rng.Int64N(int64(length))), Lag: length / 10})
	}
	rec, err := workloads.Generate(p)
	return trial{what: fmt.Sprintf("gossip of %d peers, %d forkers, %d changes", n, p.Forkers, len(p.Changes)), rec: rec}, err
}

// namedTrial is one of the named workloads, small.
func namedTrial(rng *rand.Rand, n int) (trial, error) {
	all := slices.DeleteFunc(workloads.Named(), func(w workloads.Workload) bool { return w.MinPeers > n })
	w := all[rng.IntN(len(all))]
	rec, err := w.Generate(workloads.Size{Peers: n, Events: n * (32 + rng.IntN(100)), Seed: rng.Uint64()})
	return trial{what: fmt.Sprintf("workload %s of %d peers", w.Name, n), rec: rec}, err
}

func wildTrial(rng *rand.Rand, n int) (trial, error) {
	n = max(n, 2)
	events := n * (20 + rng.IntN(90))
	p := workloads.WildParams{
		Seed:         rng.Uint64(),
		Mode:         mode(rng),
		Peers:        n,
		Events:       events,
		Observations: rng.IntN(12),
		VotePercent:  rng.IntN(20),
		FreshPercent: 20 + rng.IntN(81),
		Causes:       rng.IntN(2) == 0,
		Forkers:      tolerable(rng, n),
		Branches:     rng.IntN(5),
	}
	rec, err := workloads.Wild(p)
	return trial{what: fmt.Sprintf("a wild graph of %d peers, %d forkers", n, p.Forkers), rec: rec}, err
}
