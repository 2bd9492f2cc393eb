package workloads

import (
	"errors"
	"os"
	"strings"
	"testing"

	"parsec/core"
	"parsec/core/recording"
)

func TestNamedAreValid(t *testing.T) {
	for _, w := range Named() {
		t.Run(w.Name, func(t *testing.T) {
			for _, peers := range []int{w.MinPeers, 4, 5, 10, 33} {
				for seed := range uint64(4) {
					z := Size{Peers: max(peers, w.MinPeers), Events: 50 * max(peers, w.MinPeers), Seed: seed}
					rec := generate(t, w.Name, z)
					if err := rec.Validate(); err != nil {
						t.Fatalf("%s: %v", rec.Name, err)
					}
					if len(rec.Events) != z.Events {
						t.Errorf("%s: %d events", rec.Name, len(rec.Events))
					}
					if rec.Mode != w.mode {
						t.Errorf("%s: mode %v, want %v", rec.Name, rec.Mode, w.mode)
					}
					if len(rec.Genesis) != z.Peers {
						t.Errorf("%s: %d genesis members", rec.Name, len(rec.Genesis))
					}
				}
			}
		})
	}
}

func TestNamedRefuse(t *testing.T) {
	for _, w := range Named() {
		for _, z := range []Size{{}, {Peers: w.MinPeers - 1, Events: 1000}, {Peers: 8}, {Peers: 8, Events: -1}, {Peers: 8, Events: recording.MaxEvents + 1}} {
			if _, err := w.Generate(z); !errors.Is(err, ErrParams) {
				t.Errorf("%s %+v: error %v", w.Name, z, err)
			}
		}
	}
	if _, ok := Lookup("none of these"); ok {
		t.Error("found a workload that is not there")
	}
}

func TestREADMEListsAll(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range Named() {
		if !strings.Contains(string(text), "| [`"+w.Name+"`](pages/"+w.Name+".md) |") {
			t.Errorf("README.md has no row for %s", w.Name)
		}
	}
	if rows := strings.Count(string(text), "\n| [`"); rows != len(named) {
		t.Errorf("README.md has %d rows", rows)
	}
}

// votes returns, by observation number, where the votes are.
func votes(rec *recording.Recording) [][]int {
	out := make([][]int, len(rec.Observations))
	for i, e := range rec.Events {
		if e.Cause == core.Observing {
			out[e.Observation] = append(out[e.Observation], i)
		}
	}
	return out
}

func TestVoters(t *testing.T) {
	for name, want := range map[string]int{"single": 1, "supermajority": 10, "partial-votes": 7} {
		rec := generate(t, name, Size{Peers: 10, Events: 5000, Seed: 3})
		all := votes(rec)
		for o, at := range all {
			if len(at) == 0 || at[len(at)-1] > 4500 || rec.Observations[o].Kind == core.Genesis {
				continue // the last ones are cut off
			}
			who := make(map[core.PeerIndex]bool)
			for _, i := range at {
				who[rec.Events[i].Creator] = true
			}
			if at[0] < 4000 && (len(at) != want || len(who) != want) {
				t.Errorf("%s: observation %d has %d votes of %d peers, want %d", name, o, len(at), len(who), want)
			}
		}
	}
}

func TestChurnChanges(t *testing.T) {
	for _, name := range []string{"churn", "churn-single"} {
		rec := generate(t, name, Size{Peers: 7, Events: 7000, Seed: 5})
		first, last := make([]int, len(rec.Peers)), make([]int, len(rec.Peers))
		for i, e := range rec.Events {
			if first[e.Creator] == 0 {
				first[e.Creator] = i + 1
			}
			last[e.Creator] = i + 1
		}
		adds, removes := 0, 0
		for o, at := range votes(rec) {
			obs := rec.Observations[o]
			switch obs.Kind {
			case core.Add:
				adds++
				if len(at) < 6 || at[0] > first[obs.Peer] || last[obs.Peer] < 6500 {
					t.Errorf("%s: peer %d is added at %v, first seen at %d, last at %d", name, obs.Peer, at, first[obs.Peer], last[obs.Peer])
				}
			case core.Remove:
				removes++
				if len(at) < 6 || at[len(at)-1] > last[obs.Peer] || last[obs.Peer] > 4500 {
					t.Errorf("%s: peer %d is removed at %v, last seen at %d", name, obs.Peer, at, last[obs.Peer])
				}
			}
		}
		if adds != 3 || removes != 1 {
			t.Errorf("%s: %d added, %d removed", name, adds, removes)
		}
	}
}

func TestForksFork(t *testing.T) {
	for name, want := range map[string]int{"forks": 3, "forks-single": 3, "late-forks": 1, "accuse": 3, "wild-forks": 3, "single": 0, "churn": 0, "wild": 0} {
		for seed := range uint64(5) {
			rec := generate(t, name, Size{Peers: 10, Events: 4000, Seed: seed})
			if got := len(forkers(rec)); got != want {
				t.Errorf("%s: %d forkers, want %d", rec.Name, got, want)
			}
		}
	}
}

func TestAccusedStop(t *testing.T) {
	rec := generate(t, "accuse", Size{Peers: 10, Events: 8000, Seed: 2})
	forked := forkers(rec)
	last := make(map[core.PeerIndex]int)
	for i, e := range rec.Events {
		last[e.Creator] = i
	}
	accused := 0
	for o, at := range votes(rec) {
		obs := rec.Observations[o]
		if obs.Kind != core.Accusation {
			continue
		}
		accused++
		if !forked[obs.Peer] {
			t.Errorf("peer %d is accused of no fork", obs.Peer)
		}
		if len(at) < 7 || last[obs.Peer] < at[0] || last[obs.Peer] > at[0]+1500 {
			t.Errorf("peer %d: accused at %v, last event %d", obs.Peer, at, last[obs.Peer])
		}
		for _, i := range at {
			if rec.Events[i].Creator == obs.Peer {
				t.Errorf("peer %d accuses itself", obs.Peer)
			}
		}
	}
	if accused != 3 {
		t.Errorf("%d accused, want 3", accused)
	}
}

func TestLossyLoses(t *testing.T) {
	calm, lossy := Mix(generate(t, "supermajority", Size{Peers: 8, Events: 8000})), Mix(generate(t, "lossy", Size{Peers: 8, Events: 8000}))
	answered := func(s Shares) float64 { return s.Response / s.Requesting }
	if answered(calm) < 0.97 || answered(lossy) > 0.6 {
		t.Errorf("of requests answered: %.2f calm, %.2f lossy", answered(calm), answered(lossy))
	}
}
