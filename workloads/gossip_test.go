package workloads

import (
	"testing"
	"time"

	"parsec/core"
	"parsec/core/recording"
)

// TestGossipIsAsSpecified checks SPEC section 6 on the graph alone: a request event answers a requesting
// event for its creator, and every sync event tells its creator something.
func TestGossipIsAsSpecified(t *testing.T) {
	for _, name := range []string{"supermajority", "fan-out", "lossy", "slow-links", "churn", "forks", "late-forks", "large-single"} {
		rec := generate(t, name, Size{Peers: 7, Events: 3000, Seed: 4})
		g := graphOf(rec)
		for i, e := range rec.Events {
			if !hasOtherParent(e.Cause) {
				continue
			}
			other := rec.Events[e.OtherParent]
			if e.Cause == core.Request && (other.Cause != core.Requesting || other.Recipient != int32(e.Creator)) {
				t.Fatalf("%s: request %d answers %+v", name, i, other)
			}
			if e.Cause == core.Response && !asked(g, int32(i), other.Creator) {
				t.Fatalf("%s: response %d answers nothing", name, i)
			}
			if g.descends(e.SelfParent, e.OtherParent) {
				t.Fatalf("%s: event %d tells its creator nothing", name, i)
			}
		}
	}
}

// asked reports whether e's creator made a requesting event for peer p before e.
func asked(g graph, e int32, p core.PeerIndex) bool {
	for i := g.Events[e].SelfParent; i != recording.None; i = g.Events[i].SelfParent {
		if g.Events[i].Cause == core.Requesting && g.Events[i].Recipient == int32(p) {
			return true
		}
	}
	return false
}

func TestStartOfMembers(t *testing.T) {
	rec := generate(t, "churn", Size{Peers: 7, Events: 3000, Seed: 4})
	genesis := make(map[core.PeerIndex]bool)
	for _, p := range rec.Genesis {
		genesis[p] = true
	}
	seen := make(map[core.PeerIndex]int)
	for i, e := range rec.Events {
		k := seen[e.Creator]
		seen[e.Creator]++
		founds := k == 1 && genesis[e.Creator]
		votesGenesis := e.Cause == core.Observing && rec.Observations[e.Observation].Kind == core.Genesis
		if (k == 0) != (e.Cause == core.Initial) || founds != votesGenesis {
			t.Errorf("event %d, number %d of its creator: %+v", i, k, e)
		}
	}
}

func TestPartitionParts(t *testing.T) {
	p := calm(Size{Peers: 9, Events: 4000, Seed: 1}, core.Single, 0, 10)
	p.Order = Creation
	p.Partitions = []Partition{{From: 0, Until: time.Hour, Groups: []int{2, 3}}}
	group := []int{0, 0, 1, 1, 1, 2, 2, 2, 2}
	within := 0
	for _, e := range simulate(t, p).Events {
		if e.OtherParent != recording.None {
			within++
		}
	}
	rec := simulate(t, p)
	for i, e := range rec.Events {
		if e.OtherParent != recording.None && group[e.Creator] != group[rec.Events[e.OtherParent].Creator] {
			t.Fatalf("event %d crosses the partition", i)
		}
	}
	if within < 1000 {
		t.Errorf("only %d messages came within the groups", within)
	}
}

func TestForkInstances(t *testing.T) {
	// With no overlap each peer has other-parents of one instance only; with full overlap, of both.
	for _, overlap := range []int{0, 100} {
		p := calm(Size{Peers: 7, Events: 3000, Seed: 6}, core.Supermajority, 100, 5)
		p.Forkers, p.ForkOverlap = 2, overlap
		rec := simulate(t, p)
		branch := make([]int, len(rec.Events)) // 1 or 2 in a forker's branches
		split := make(map[int32]int)
		for i, e := range rec.Events {
			if e.SelfParent != recording.None {
				split[e.SelfParent]++
				branch[i] = branch[e.SelfParent]
			}
		}
		again := make(map[int32]int)
		for i, e := range rec.Events { // self-parents come first, so one pass settles it
			if e.SelfParent != recording.None {
				branch[i] = branch[e.SelfParent]
				if split[e.SelfParent] == 2 {
					again[e.SelfParent]++
					branch[i] = again[e.SelfParent]
				}
			}
		}
		both, one := 0, 0
		used := make(map[[2]core.PeerIndex]int) // forker, peer: bits for branches
		for _, e := range rec.Events {
			if e.OtherParent != recording.None && branch[e.OtherParent] > 0 {
				used[[2]core.PeerIndex{rec.Events[e.OtherParent].Creator, e.Creator}] |= branch[e.OtherParent]
			}
		}
		for _, b := range used {
			if b == 3 {
				both++
			} else {
				one++
			}
		}
		if both+one != 12 || overlap == 0 && both > 0 && !forkersMeet(used, both) || overlap == 100 && both < 10 {
			t.Errorf("overlap %d: %d pairs use one branch, %d both", overlap, one, both)
		}
	}
}

// forkersMeet reports whether all pairs that use both branches are pairs of forkers: the two instances
// of one may each talk to an instance of the other.
func forkersMeet(used map[[2]core.PeerIndex]int, both int) bool {
	for pair, b := range used {
		if _, forker := used[[2]core.PeerIndex{pair[1], pair[0]}]; b == 3 && forker {
			both--
		}
	}
	return both == 0
}

func TestSlowLinksAreSlow(t *testing.T) {
	// With every link slow, requests take as long as SlowDelay says: nearly none is answered.
	p := calm(Size{Peers: 5, Events: 1000, Seed: 1}, core.Single, 0, 10)
	p.SlowPercent, p.SlowDelay = 100, Delay{Fixed, time.Hour}
	if m := Mix(simulate(t, p)); m.Request != 0 {
		t.Errorf("messages came: %+v", m)
	}
}

func TestRunToTheEnd(t *testing.T) {
	p := calm(Size{Peers: 5, Seed: 1}, core.Supermajority, 100, 10)
	p.Observations, p.Settle = 20, 10*interval
	p.Changes = []Change{{core.Add, 200 * interval, interval}}
	rec := simulate(t, p)
	if len(rec.Observations) != 22 {
		t.Errorf("%d observations, want genesis, 20 and the addition", len(rec.Observations))
	}
	for o, at := range votes(rec) {
		if len(at) < 5 {
			t.Errorf("observation %d has %d votes", o, len(at))
		}
	}
	if tail := rec.Events[len(rec.Events)-50:]; Mix(&recording.Recording{Events: tail, Observations: rec.Observations}).Observing > 0 {
		t.Error("a vote among the last events: it did not settle")
	}
}

func TestSoleMember(t *testing.T) {
	rec := generate(t, "supermajority", Size{Peers: 1, Events: 100})
	m := Mix(rec)
	if m.Requesting == 0 || m.Request != 0 || m.Observing < 0.02 {
		t.Errorf("%+v", m)
	}
}
