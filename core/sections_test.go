package core_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"parsec/core"
	"parsec/core/recording"
	"parsec/workloads"
)

// script builds a graph by hand: each call is one or more events. Members are peers 0 to n-1; peer n is an
// outsider.
type script struct {
	rec  *recording.Recording
	last []int32 // by peer: its last event
}

func newScript(m core.Mode, n, peers int) *script {
	s := &script{rec: &recording.Recording{Name: "script", Mode: m, Coin: recording.RoundParity}}
	for p := range peers {
		s.rec.Peers = append(s.rec.Peers, fmt.Sprintf("p%04d", p))
		s.last = append(s.last, recording.None)
		if p < n {
			s.rec.Genesis = append(s.rec.Genesis, core.PeerIndex(p))
		}
	}
	for p := range peers {
		s.add(blank(core.PeerIndex(p), core.Initial))
	}
	return s
}

func (s *script) add(e recording.Event) {
	e.SelfParent = s.last[e.Creator]
	s.last[e.Creator] = int32(len(s.rec.Events))
	s.rec.Events = append(s.rec.Events, e)
}

// observe makes an observation. Hashes ascend.
func (s *script) observe(kind core.Kind, about int) int32 {
	o := len(s.rec.Observations)
	s.rec.Observations = append(s.rec.Observations, recording.Observation{
		ID: core.Hash{byte(o >> 8), byte(o)}, Kind: kind, Peer: core.PeerIndex(about)})
	return int32(o)
}

// vote has members vote for an observation.
func (s *script) vote(o int32, by ...int) {
	for _, p := range by {
		e := blank(core.PeerIndex(p), core.Observing)
		e.Observation = o
		s.add(e)
	}
}

// hear has one peer make a sync event on another's last.
func (s *script) hear(p, from int) {
	e := blank(core.PeerIndex(p), core.Request)
	e.OtherParent = s.last[from]
	s.add(e)
}

// meet has the first of the peers hear all others, and then all others hear it.
func (s *script) meet(peers ...int) {
	for _, p := range peers[1:] {
		s.hear(peers[0], p)
	}
	for _, p := range peers[1:] {
		s.hear(p, peers[0])
	}
}

// upTo returns 0 to n-1.
func upTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// TestBoundaries takes sections over the numbers of voters at which the engine changes the way it computes,
// up and down: a peer is added, something is decided, the peer is removed, something is decided. Some
// members miss each meeting.
func TestBoundaries(t *testing.T) {
	sizes := []int{1, 2, 3, 4, 5, 7, 8, 9, 16}
	if !testing.Short() {
		sizes = append(sizes, 31, 32, 33, 63, 64)
	}
	for _, n := range sizes {
		for _, m := range []core.Mode{core.Supermajority, core.Single} {
			if n > 33 && m == core.Single {
				continue
			}
			t.Run(fmt.Sprintf("mode=%v/voters=%d", m, n), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(uint64(n), uint64(m)))
				s := newScript(m, n, n+1)
				want := 0
				for k, kind := range []core.Kind{core.Opaque, core.Add, core.Opaque, core.Remove, core.Opaque} {
					voters := n + k/2%2
					s.vote(s.observe(kind, n), upTo(voters)...)
					if want++; kind == core.Opaque && m == core.Single {
						want += voters - 1
					}
					for range 9 {
						var here []int
						for _, p := range rng.Perm(n + 1) {
							if n < 4 || p == n || rng.IntN(12) > 0 {
								here = append(here, p)
							}
						}
						s.meet(here...)
					}
				}
				c, err := newComparison(s.rec, nil, usual()...)
				if err == nil {
					err = c.run()
				}
				if err != nil {
					t.Fatal(err)
				}
				if got := len(c.oracle.Blocks); got != want {
					t.Errorf("%d blocks, want %d", got, want)
				}
			})
		}
	}
}

// TestLargeSections compares engine and oracle on wild graphs of more voters than random trials have, with
// genuine flips in them. The oracle's time grows with the third power of the voters.
func TestLargeSections(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	for _, p := range []workloads.WildParams{
		{Seed: 0, Peers: 17, Events: 2500, FreshPercent: 100, Causes: true},
		{Seed: 1, Peers: 32, Events: 3000, FreshPercent: 95, Forkers: 10},
		{Seed: 2, Peers: 33, Events: 3000, FreshPercent: 90, Causes: true, Mode: core.Single},
		{Seed: 4, Peers: 40, Events: 2600, FreshPercent: 95},
		{Seed: 5, Peers: 65, Events: 3500, FreshPercent: 100, Causes: true},
	} {
		p.Observations, p.VotePercent = 5, 10
		t.Run(fmt.Sprintf("voters=%d", p.Peers), func(t *testing.T) {
			rec, err := workloads.Wild(p)
			if err == nil {
				var coin tossing
				if p.Seed%2 == 0 {
					coin = newOddCoin(p.Seed)
				}
				err = compare(rec, coin, usual()...)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// A section shrinks to one voter, who has made many events in the meantime: it decides at once all that it
// voted for, one election after the other.
func TestBacklogOfOne(t *testing.T) {
	for _, m := range []core.Mode{core.Supermajority, core.Single} {
		s := newScript(m, 2, 2)
		s.vote(s.observe(core.Remove, 1), 0, 1)
		for range 5 {
			s.vote(s.observe(core.Opaque, 0), 0)
			for range 400 {
				s.add(blank(0, core.Requesting))
			}
		}
		for range 8 {
			s.meet(0, 1)
		}
		if err := compare(s.rec, nil, usual()...); err != nil {
			t.Errorf("%v: %v", m, err)
		}
		decided, err := decide(s.rec)
		if err != nil || len(decided) != 6 {
			t.Errorf("%v: decides %v, %v", m, decided, err)
		}
	}
}

// StartDkg and DkgMessage are decided like the rest, and give no block: the first needs a supermajority in
// every mode, the second is Single in every mode, so that each voter's is decided by itself.
func TestKindsWithoutBlock(t *testing.T) {
	for _, m := range []core.Mode{core.Supermajority, core.Single} {
		s := newScript(m, 4, 4)
		message := s.observe(core.DKGMessage, 0)
		for _, step := range []struct {
			observation int32
			voters      []int
			ends        int // elections
		}{
			{s.observe(core.StartDKG, 0), upTo(4), 1},
			{s.observe(core.StartDKG, 0), upTo(2), 0}, // too few
			{message, []int{1}, 1},
			{message, []int{1}, 0}, // again
			{message, []int{2}, 1},
		} {
			before := newOracle(s.rec, nil)
			for _, e := range s.rec.Events {
				before.Insert(plainEvent(e, core.Hash{}))
			}
			s.vote(step.observation, step.voters...)
			for range 8 {
				s.meet(upTo(4)...)
			}
			c, err := newComparison(s.rec, nil, usual()...)
			if err == nil {
				err = c.run()
			}
			if err != nil {
				t.Fatalf("%v: %v", m, err)
			}
			if got := c.oracle.Decisions - before.Decisions; got != step.ends || len(c.oracle.Blocks) > 0 {
				t.Errorf("%v: observation %d by %v: %d elections ended, want %d; blocks %v", m, step.observation, step.voters, got, step.ends, c.oracle.Blocks)
			}
		}
	}
}

func TestParseMode(t *testing.T) {
	for _, mode := range []core.Mode{core.Single, core.Supermajority} {
		if got, err := core.ParseMode(mode.String()); got != mode || err != nil {
			t.Errorf("%v reads as %v, %v", mode, got, err)
		}
	}
	if _, err := core.ParseMode("Single"); err == nil || err.Error() != `mode "Single": want single or supermajority` {
		t.Errorf("%v", err)
	}
}
