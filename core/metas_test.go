package core_test

import (
	"fmt"
	"slices"

	"parsec/core"
	"parsec/core/internal/election"
	"parsec/core/internal/gossip"
	"parsec/core/internal/plain"
)

// looking is when meta-events are compared. To look at one has the engine settle its election as far as it
// goes, much of which it else puts off, so that not looking is worth a test too.
type looking uint8

const (
	// After every event its own; and all that the oracle has if an election ended or the engine started over,
	// after every window events, and in small graphs. A change to another's is found up to a window late.
	always looking = iota
	seldom         // after one event of several, at random, all that the oracle has
	never
)

func (l looking) String() string { return [...]string{"always", "seldom", "never"}[l] }

// window is after how many events all meta-events are compared at the latest.
const window = 64

// compareMetas compares meta-events after event i, which has just been inserted. Again tells that they may all
// be others than before.
func (p *pair) compareMetas(i int, again bool) error {
	from := i
	switch {
	case p.metas == never, p.metas == seldom && p.chance.IntN(32) > 0:
		return nil
	case p.metas == seldom, again, i%window == 0, i == len(p.rec.Events)-1, len(p.rec.Events) <= window:
		from = 0
	}
	var voters []int // in the order of the engine's numbers
	for _, r := range p.rank {
		if p.engine.Voter(core.PeerIndex(p.peer[r])) {
			voters = append(voters, r)
		}
	}
	for x := from; x <= i; x++ {
		want := p.oracle.Metas[x]
		got, ok := core.Inner(p.engine).Inspect(gossip.Index(p.place[x] + 1))
		if want == nil {
			if e := p.rec.Events[x]; ok && (e.Cause < core.Requesting || !slices.Contains(voters, int(e.Creator))) {
				return fmt.Errorf("event %d by %d has a meta-event", x, e.Creator)
			}
			continue
		}
		if !ok {
			return fmt.Errorf("event %d has no meta-event", x)
		}
		if err := p.compareMeta(voters, want, &got); err != nil {
			return fmt.Errorf("meta-event of %d: %w", x, err)
		}
	}
	return nil
}

func (p *pair) compareMeta(voters []int, want *plain.Meta, got *election.Meta) error {
	var content []plain.Key
	for _, k := range got.Content {
		key := plain.Key{Observation: p.number[k.Observation], Peer: -1}
		if k.Peer >= 0 {
			key.Peer = p.rank[k.Peer]
		}
		content = append(content, key)
	}
	if !got.Forked && !slices.Equal(content, want.Content) {
		return fmt.Errorf("content %v, want %v", content, want.Content)
	}
	if plain.Observer(got.Observer) != want.Observer {
		return fmt.Errorf("observer state %d, want %d", got.Observer, want.Observer)
	}
	var observees []int
	for _, o := range got.Observees {
		observees = append(observees, p.rank[o])
	}
	slices.Sort(observees)
	var seen []int
	for o := range want.Observes {
		seen = append(seen, o)
	}
	slices.Sort(seen)
	if !slices.Equal(observees, seen) {
		return fmt.Errorf("observees %v, want %v", observees, seen)
	}
	if (got.Votes == nil) != (want.Votes == nil) {
		return fmt.Errorf("has meta-votes: %t, want %t", got.Votes != nil, want.Votes != nil)
	}
	if want.Votes == nil {
		return nil
	}
	if len(got.Votes) != len(voters) {
		return fmt.Errorf("meta-votes about %d voters, want %d", len(got.Votes), len(voters))
	}
	for j, subject := range voters {
		if g, w := got.Votes[j], want.Votes[subject]; !p.sameSequence(g, w) {
			return fmt.Errorf("meta-votes about %d:\n%+v\nwant\n%+v", subject, g, w)
		}
	}
	return nil
}

// sameSequence reports whether the engine's meta-votes are the oracle's. One that is decided at the end decides
// for whatever descends from it, so that levels leave it as it was then, while its undecided steps may yet hear of
// estimates, and one of them of a decision, which drops what follows.
func (p *pair) sameSequence(got []election.MetaVote, want []plain.MetaVote) bool {
	k := len(want) - 1
	if p.passes || k < 0 || len(got) <= k || want[k].Decision == plain.None {
		return slices.EqualFunc(got, want, sameVote)
	}
	for i, g := range got[:k] {
		if g.Decision != 0 || g.Round != want[i].Round || g.Step != want[i].Step {
			return false
		}
	}
	return plain.Tri(got[len(got)-1].Decision) == want[k].Decision
}

// sameVote reports whether the engine's meta-vote is the oracle's. Of a decided one the engine keeps the
// value only, which is all that counts.
func sameVote(g election.MetaVote, w plain.MetaVote) bool {
	if plain.Tri(g.Decision) != w.Decision || g.Round != w.Round || g.Step != w.Step {
		return false
	}
	return w.Decision != plain.None || g.EstT == w.Estimates.T && g.EstF == w.Estimates.F &&
		g.BinT == w.Bins.T && g.BinF == w.Bins.F && plain.Tri(g.Aux) == w.Aux
}
