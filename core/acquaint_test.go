package core_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"parsec/core"
	"parsec/core/recording"
)

// shy returns a graph in which nobody makes events before it is a voter: what others would have made is left out,
// and what they make later begins with an initial event.
func shy(rec *recording.Recording) *recording.Recording {
	out := *rec
	out.Events = nil
	g := newOracle(rec, nil)
	known := map[int]bool{}
	place := make([]int32, len(rec.Events)) // None for one left out
	for i, e := range rec.Events {
		for _, p := range g.Voters() {
			known[p] = true
		}
		place[i] = recording.None
		if !known[int(e.Creator)] {
			continue
		}
		if e.SelfParent != recording.None {
			e.SelfParent = place[e.SelfParent]
		}
		if e.OtherParent != recording.None {
			e.OtherParent = place[e.OtherParent]
		}
		switch {
		case e.SelfParent == recording.None:
			e = blank(e.Creator, core.Initial)
		case e.Cause >= core.Request && e.OtherParent == recording.None:
			e.Cause, e.Recipient = core.Requesting, 0
		}
		place[i] = int32(len(out.Events))
		out.Events = append(out.Events, e)
		g.Insert(plainEvent(e, core.Hash{}))
	}
	return &out
}

// growing returns a section that adds six outsiders, some at once, and decides to remove some that are unknown. Some
// members miss each meeting.
func growing(rng *rand.Rand, n int) *recording.Recording {
	const outsiders = 6
	s := newScript(mode(rng), n, n+outsiders)
	members := upTo(n)
	order := rng.Perm(outsiders)
	for len(order) > 0 {
		k := 1 + rng.IntN(min(3, len(order)))
		for _, i := range order[:k] {
			if rng.IntN(2) == 0 {
				s.vote(s.observe([]core.Kind{core.Remove, core.Accusation}[rng.IntN(2)], n+order[rng.IntN(len(order))]), members...)
			}
			for range 1 + rng.IntN(2) {
				s.vote(s.observe(core.Add, n+i), members...)
			}
		}
		for range 10 {
			here := slices.DeleteFunc(append(upTo(n), members[n:]...), func(int) bool { return n >= 4 && rng.IntN(12) == 0 })
			rng.Shuffle(len(here), func(i, j int) { here[i], here[j] = here[j], here[i] })
			s.meet(here...)
		}
		for _, i := range order[:k] {
			members = append(members, n+i)
		}
		order = order[k:]
	}
	return s.rec
}

// Peers that get their numbers when their Add is decided: the oracle knows them from the start. TestSoak has
// variants of this kind too.
func TestStrangersBecomePeers(t *testing.T) {
	seeds := uint64(100)
	if testing.Short() {
		seeds = 40
	}
	strangers := 0
	for seed := range seeds {
		tr, err := newTrial(seed + 2e6)
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(seed, 10))
		if seed%2 == 0 {
			tr.what, tr.rec = "a growing section", growing(rng, 1+rng.IntN(7))
		}
		tr.rec = shy(tr.rec)
		c, err := newComparison(tr.rec, tr.coin, variant{late: rng, strange: true, metas: seldom, many: seed%3 == 0},
			variant{late: rng, strange: true, passes: true, metas: never})
		if err == nil {
			err = c.run()
		}
		if err != nil {
			t.Errorf("seed %d: %s: %v", seed, tr.what, err)
		}
		strangers += c.pairs[0].strangers
	}
	t.Logf("%d graphs, %d strangers became peers", seeds, strangers)
	if strangers < int(seeds)/4 {
		t.Error("too few strangers")
	}
}

// Whatever the order of insertion, strangers get the same numbers. Events of those that have none yet wait.
func TestStrangersNumbersAgree(t *testing.T) {
	for seed := range uint64(12) {
		rng := rand.New(rand.NewPCG(seed, 12))
		rec := shy(growing(rng, 1+rng.IntN(7)))
		var want []core.Identity
		for k := range 4 {
			got, err := numbers(rec)
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if k == 0 {
				want = got
			}
			if len(want) < len(rec.Genesis)+3 || !slices.Equal(got, want) {
				t.Errorf("seed %d: peers %x and %x", seed, got, want)
			}
			rec, _ = reorder(rec, rng)
		}
	}
}

// numbers lets an engine that knows only the genesis group insert a graph, and returns who has which number.
func numbers(rec *recording.Recording) (ids []core.Identity, err error) {
	e, err := core.NewEngine(core.Config{Mode: rec.Mode, Coin: core.PredictableRoundParityCoin,
		Peers: identities(len(rec.Genesis)), Genesis: rec.Genesis})
	if err != nil {
		return nil, err
	}
	for _, o := range rec.Observations {
		if _, err := e.AddObservation(core.Observation{Hash: o.ID, Kind: o.Kind, Peer: core.NoPeer, Identity: identity(int(o.Peer))}); err != nil {
			return nil, err
		}
	}
	place := map[int32]core.EventIndex{recording.None: 0}
	for more := true; more; {
		more = false
		for i, ev := range rec.Events {
			_, done := place[int32(i)]
			self, ok := place[ev.SelfParent]
			other, too := place[ev.OtherParent]
			p, known := e.Peer(identity(int(ev.Creator)))
			if done || !ok || !too || !known {
				continue
			}
			x, err := e.Insert(core.Event{Creator: p, Cause: ev.Cause, SelfParent: self, OtherParents: []core.EventIndex{other},
				Observation: core.ObservationIndex(ev.Observation)})
			if err != nil {
				return nil, err
			}
			place[int32(i)] = x
			more = true
		}
	}
	if len(place) != len(rec.Events)+1 {
		return nil, errors.New("some events were never inserted")
	}
	for p := range e.Peers() {
		ids = append(ids, e.Identity(core.PeerIndex(p)))
	}
	return ids, nil
}

// strangersOf is a section of one that decides observations about identities, one after the other.
type strangersOf struct {
	t    *testing.T
	e    *core.Engine
	last core.EventIndex
}

func newStrangersOf(t *testing.T, peers int) *strangersOf {
	s := &strangersOf{t: t, e: newEngine(t, core.Config{
		Coin: core.PredictableRoundParityCoin, Peers: identities(peers), Genesis: []core.PeerIndex{0}})}
	s.insert(core.Event{Cause: core.Initial})
	return s
}

func (s *strangersOf) insert(ev core.Event) {
	s.t.Helper()
	x, err := s.e.Insert(ev)
	if err != nil {
		s.t.Fatal(err)
	}
	s.last = x
}

// observe makes an observation about the peer of an identity.
func (s *strangersOf) observe(hash byte, kind core.Kind, id core.Identity) core.ObservationIndex {
	s.t.Helper()
	o, err := s.e.AddObservation(core.Observation{Hash: core.Hash{hash}, Kind: kind, Peer: core.NoPeer, Identity: id})
	if err != nil {
		s.t.Fatal(err)
	}
	return o
}

// decide has the voter vote and returns how many blocks come out.
func (s *strangersOf) decide(votes ...core.ObservationIndex) int {
	s.t.Helper()
	s.insert(core.Event{Cause: core.Observing, SelfParent: s.last, Observation: votes[0], Further: votes[1:]})
	s.insert(core.Event{Cause: core.Requesting, SelfParent: s.last})
	return len(s.e.Blocks())
}

// Nothing but a decision to add it gives a stranger a number, and two observations about one give it one.
func TestStrangersNumbers(t *testing.T) {
	s := newStrangersOf(t, 1)
	a, b, c := core.Identity{'a'}, core.Identity{'b'}, core.Identity{'c'}
	remove, accuse := s.observe(1, core.Remove, a), s.observe(2, core.Accusation, b)
	addC, addB, again := s.observe(3, core.Add, c), s.observe(4, core.Add, b), s.observe(5, core.Add, b)
	for id, o := range map[core.Identity]core.ObservationIndex{a: remove, b: addB} {
		if _, ok := s.e.Peer(id); ok || s.e.Peers() != 1 {
			t.Errorf("observation %d made its peer known", o)
		}
	}
	if n := s.decide(remove, accuse); n != 2 || s.e.Peers() != 1 {
		t.Errorf("%d blocks, %d peers", n, s.e.Peers())
	}
	if n := s.decide(addC); n != 1 || s.e.Peers() != 2 {
		t.Errorf("%d blocks, %d peers", n, s.e.Peers())
	}
	if p, ok := s.e.Peer(c); !ok || p != 1 || s.e.Identity(p) != c || !s.e.Voter(p) {
		t.Errorf("%x is peer %d, %t", c, p, ok)
	}
	// By AddPeer meanwhile, and by a decision of two voters.
	if p, err := s.e.AddPeer(b); err != nil || p != 2 {
		t.Fatal(p, err)
	}
	s.insert(core.Event{Creator: 1, Cause: core.Initial})
	ends := [2]core.EventIndex{s.last - 1, s.last}
	for p := range ends {
		s.insert(core.Event{Creator: core.PeerIndex(p), Cause: core.Observing, SelfParent: ends[p], Observation: addB,
			Further: []core.ObservationIndex{again}})
		ends[p] = s.last
	}
	blocks := 0
	for range 12 {
		for p := range ends {
			s.insert(core.Event{Creator: core.PeerIndex(p), Cause: core.Request, SelfParent: ends[p], OtherParents: []core.EventIndex{ends[1-p]}})
			ends[p] = s.last
			blocks += len(s.e.Blocks())
		}
	}
	if blocks == 0 || !s.e.Voter(2) || s.e.Peers() != 3 {
		t.Errorf("%d blocks, %d peers", blocks, s.e.Peers())
	}
}

// Where no number is left, to add a stranger has no effect, and the section goes on.
func TestTooManyStrangers(t *testing.T) {
	s := newStrangersOf(t, core.MaxPeers)
	if n := s.decide(s.observe(1, core.Add, core.Identity{'x'})); n != 1 || s.e.Peers() != core.MaxPeers {
		t.Errorf("%d blocks, %d peers", n, s.e.Peers())
	}
	if p, ok := s.e.Peer(core.Identity{'x'}); ok {
		t.Errorf("it is peer %d", p)
	}
	if n := s.decide(s.observe(2, core.Opaque, core.Identity{})); n != 1 {
		t.Errorf("%d blocks", n)
	}
	if _, err := s.e.AddObservation(core.Observation{Kind: core.Add, Peer: core.MaxPeers, Identity: core.Identity{'x'}}); !errors.Is(err, core.ErrUnknownPeer) {
		t.Error(err)
	}
}

// Votes for thousands of strangers make no row wider.
func TestStrangersCostNothing(t *testing.T) {
	s := newStrangersOf(t, 2)
	var votes []core.ObservationIndex
	for i := range 5000 {
		o, err := s.e.AddObservation(core.Observation{Hash: core.Hash{byte(i >> 8), byte(i)}, Kind: core.Add, Peer: core.NoPeer,
			Identity: core.Identity{'s', byte(i >> 8), byte(i)}})
		if err != nil {
			t.Fatal(err)
		}
		votes = append(votes, o)
	}
	s.insert(core.Event{Creator: 1, Cause: core.Initial})
	s.insert(core.Event{Creator: 1, Cause: core.Observing, SelfParent: s.last, Observation: votes[0], Further: votes[1:]})
	s.insert(core.Event{Creator: 0, Cause: core.Request, SelfParent: 0, OtherParents: []core.EventIndex{s.last}})
	if n := core.Inner(s.e).Graph().Chains(); n != 2 || s.e.Peers() != 2 || s.e.Blocks() != nil {
		t.Errorf("%d columns, %d peers", n, s.e.Peers())
	}
}
