package core_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"parsec/core"
	"parsec/core/internal/gossip"
	"parsec/core/internal/plain"
)

// accounts keeps the votes that count as it is said: those whose key is not done when they come, the first with
// the key on each chain.
type accounts struct {
	*comparison
	votes   map[plain.Key][]int // events that are not held together
	pending []plain.Key         // votes of a run so far
	total   int
}

// insert feeds event i to all, and counts its vote when the engine has it.
func (a *accounts) insert(i int) error {
	e := a.rec.Events[i]
	if e.Cause == core.Observing {
		if k := a.oracle.Key(int(e.Observation), int(e.Creator)); !a.oracle.Done(k) {
			a.pending = append(a.pending, k)
		}
	}
	if err := a.comparison.insert(i); err != nil {
		return err
	}
	p := a.pairs[0]
	if p.runs[i] {
		return nil
	}
	inner := core.Inner(p.engine)
	chain := func(i int) gossip.Chain { return inner.Graph().Event(gossip.Index(p.place[i] + 1)).Chain }
	for _, k := range a.pending {
		if !slices.ContainsFunc(a.votes[k], func(j int) bool { return chain(j) == chain(i) }) {
			a.votes[k] = append(a.votes[k], i)
			a.total++
		}
	}
	a.pending = a.pending[:0]
	if got := inner.Votes(); got != a.total {
		return fmt.Errorf("event %d: %d votes count, want %d", i, got, a.total)
	}
	return nil
}

// check asks the engine all that there is to ask.
func (a *accounts) check() error {
	p := a.pairs[0]
	inner := core.Inner(p.engine)
	for o := range a.rec.Observations {
		for peer := range a.rec.Peers {
			k := a.oracle.Key(o, peer)
			var want, got []gossip.Index
			has := false
			for _, i := range a.votes[k] {
				want = append(want, gossip.Index(p.place[i]+1))
				has = has || int(a.rec.Events[i].Creator) == peer
			}
			inner.VotesFor(uint32(o), gossip.Peer(peer), func(x gossip.Index) bool {
				got = append(got, x)
				return true
			})
			slices.Reverse(got)
			if !slices.Equal(got, want) {
				return fmt.Errorf("votes for %v are at %v, want %v", k, got, want)
			}
			calls := 0
			inner.VotesFor(uint32(o), gossip.Peer(peer), func(gossip.Index) bool { calls++; return false })
			if calls > 1 {
				return fmt.Errorf("votes for %v: %d calls after the last", k, calls-1)
			}
			if got := inner.HasVoted(uint32(o), gossip.Peer(peer)); got != has {
				return fmt.Errorf("peer %d has voted for %v: %t", peer, k, got)
			}
			if got := inner.Done(uint32(o), gossip.Peer(peer)); got != a.oracle.Done(k) {
				return fmt.Errorf("%v is done: %t", k, got)
			}
		}
	}
	var voters []int
	for _, v := range inner.Voters() {
		voters = append(voters, int(v))
	}
	if want := a.oracle.Voters(); !slices.Equal(voters, want) {
		return fmt.Errorf("voters are %v, want %v", voters, want)
	}
	return nil
}

// What the engine tells of votes and keys is what comes of counting them.
func TestAccounts(t *testing.T) {
	seeds := uint64(40)
	if testing.Short() {
		seeds = 20
	}
	votes, counted := 0, 0
	for seed := range seeds {
		tr, err := newTrial(seed + 3e6)
		if err != nil {
			t.Fatal(err)
		}
		rec := inflate(tr.rec, rand.New(rand.NewPCG(seed, 11)), 6)
		c, err := newComparison(rec, tr.coin, variant{many: seed%3 > 0, metas: never})
		if err != nil {
			t.Fatal(err)
		}
		a := &accounts{comparison: c, votes: map[plain.Key][]int{}}
		for i, e := range rec.Events {
			if err = a.insert(i); err == nil && (i == len(rec.Events)-1 || i%97 == 0 && !c.pairs[0].runs[i]) {
				err = a.check()
			}
			if err == errTorn {
				break
			}
			if err != nil {
				t.Fatalf("seed %d: %s: event %d: %v", seed, tr.what, i, err)
			}
			if e.Cause == core.Observing {
				votes++
			}
		}
		counted += a.total
	}
	t.Logf("%d of %d votes count", counted, votes)
	if counted == 0 || counted == votes {
		t.Error("the graphs are poor")
	}
}

// What is unknown has no votes.
func TestAccountsOfUnknown(t *testing.T) {
	inner := core.Inner(recEngine(t, meeting(core.Single)))
	for _, o := range []uint32{0, 3, 1 << 31, 1<<32 - 1} {
		for _, p := range []gossip.Peer{0, 99, 1<<16 - 1} {
			inner.VotesFor(o, p, func(x gossip.Index) bool { t.Errorf("observation %d, peer %d: %d", o, p, x); return true })
			if inner.Done(o, p) || inner.HasVoted(o, p) {
				t.Errorf("observation %d, peer %d", o, p)
			}
		}
	}
}
