package core_test

import (
	"errors"
	"fmt"
	"runtime"
	"testing"

	"parsec/core"
	"parsec/core/recording"
)

// Sections of far more voters than PARSEC is meant for decide, if slowly.
func TestManyVoters(t *testing.T) {
	sizes := []int{130, 256, 300}
	if testing.Short() {
		sizes = sizes[:1]
	}
	for _, n := range sizes {
		t.Run(fmt.Sprintf("voters=%d", n), func(t *testing.T) {
			s := newScript(core.Supermajority, n, n+1)
			s.vote(s.observe(core.Opaque, 0), upTo(n)...)
			s.vote(s.observe(core.Add, n), upTo(n)...)
			for range 8 {
				s.meet(upTo(n + 1)...)
			}
			decided, err := decide(s.rec)
			if err != nil || len(decided) != 2 {
				t.Errorf("%v; %v", decided, err)
			}
		})
	}
}

// A peer that becomes known when half of the events are there joins, is voted in, and votes.
func TestAddPeerLater(t *testing.T) {
	s := newScript(core.Supermajority, 3, 3)
	s.vote(s.observe(core.Opaque, 0), 0, 1, 2)
	for range 8 {
		s.meet(0, 1, 2)
	}
	e := recEngine(t, s.rec)
	from := 0
	feed := func() (out []core.Block) {
		for ; from < len(s.rec.Events); from++ {
			if _, err := s.rec.Insert(e, from); err != nil {
				t.Fatal(err)
			}
			out = append(out, taken(e)...)
		}
		return out
	}
	know := func(kind core.Kind) {
		o := s.rec.Observations[s.observe(kind, 3)]
		if _, err := e.AddObservation(core.Observation{Hash: o.ID, Kind: kind, Peer: o.Peer}); err != nil {
			t.Fatal(err)
		}
	}
	if b := feed(); len(b) != 1 {
		t.Fatalf("blocks %v", b)
	}
	if _, err := e.Insert(core.Event{Creator: 3, Cause: core.Initial}); !errors.Is(err, core.ErrUnknownPeer) {
		t.Fatalf("a stranger's event: %v", err)
	}
	if p, err := e.AddPeer(identity(3)); err != nil || p != 3 {
		t.Fatalf("number %d, %v", p, err)
	}
	know(core.Add)
	s.vote(1, 0, 1, 2)
	s.last = append(s.last, recording.None)
	s.rec.Peers = append(s.rec.Peers, "p0003")
	s.add(blank(3, core.Initial))
	for range 8 {
		s.meet(0, 1, 2, 3)
	}
	if b := feed(); len(b) != 1 || !e.Voter(3) {
		t.Fatalf("blocks %v, the new peer votes: %t", b, e.Voter(3))
	}
	know(core.Opaque)
	s.vote(2, 3, 1, 0)
	for range 8 {
		s.meet(3, 2, 1, 0)
	}
	if b := feed(); len(b) != 1 || fmt.Sprint(b[0].Voters) != "[0 1 3]" {
		t.Errorf("blocks %v", b)
	}
}

// Peers can fork as often as they make events: nothing is refused.
func TestNoForkLimit(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a second")
	}
	e := newEngine(t, trio())
	o, err := e.AddObservation(core.Observation{})
	if err != nil {
		t.Fatal(err)
	}
	for _, ev := range []core.Event{
		{Creator: 0, Cause: core.Initial},
		{Creator: 1, Cause: core.Initial},
		{Creator: 2, Cause: core.Initial},
		{Creator: 0, Cause: core.Observing, SelfParent: 0, Observation: o},
	} {
		if _, err := e.Insert(ev); err != nil {
			t.Fatal(err)
		}
	}
	branch := core.Event{Creator: 2, Cause: core.Requesting, SelfParent: 2}
	const branches = 50_000
	for i := range branches {
		if _, err := e.Insert(branch); err != nil {
			t.Fatalf("branch %d: %v", i, err)
		}
	}
	for _, ev := range []core.Event{branch, {Creator: 2, Cause: core.Initial}, {Creator: 0, Cause: core.Requesting, SelfParent: 0}} {
		if _, err := e.Insert(ev); err != nil {
			t.Errorf("one more, by %d: %v", ev.Creator, err)
		}
	}
	if x, err := e.Insert(core.Event{Creator: 0, Cause: core.Request, SelfParent: 3, OtherParents: []core.EventIndex{4}}); err != nil || x != branches+7 {
		t.Errorf("place %d, %v", x, err)
	}
	if _, err := e.AddPeer(core.Identity{'d'}); err != nil {
		t.Errorf("another peer: %v", err)
	}
}

// A voter's content may hold any number of keys, and its order is that of the voter's own votes.
func TestLongContent(t *testing.T) {
	const n = 70_000
	for _, m := range []core.Mode{core.Supermajority, core.Single} {
		s := newScript(m, 1, 1)
		for o := range n {
			// Hashes that have nothing to do with the order.
			h := uint32(o) * 2654435761
			s.rec.Observations = append(s.rec.Observations, recording.Observation{
				ID: core.Hash{byte(h >> 24), byte(h >> 16), byte(h >> 8), byte(h)}, Kind: core.Opaque})
			s.vote(int32(o), 0)
		}
		s.add(blank(0, core.Requesting))
		decided, err := decide(s.rec)
		if err != nil || len(decided) != n {
			t.Fatalf("%v: %d decided, %v", m, len(decided), err)
		}
		for i, d := range decided {
			if d.observation != i {
				t.Fatalf("%v: place %d is taken by observation %d", m, i, d.observation)
			}
		}
	}
}

// What one voter makes while an election does not end costs its own events' room only: a row each, in the graph
// and in the election. In a section that has known a thousand peers it must not cost that for each of them.
func TestChattyVoter(t *testing.T) {
	const n, peers, events = 4, 1000, 1000
	s := newScript(core.Single, n, peers)
	s.rec.Events = s.rec.Events[:n]
	for p := n; p < peers; p++ {
		s.last[p] = recording.None
	}
	s.vote(s.observe(core.Opaque, 0), 0)
	s.meet(upTo(n)...)
	for range events {
		s.hear(1, 0)
	}
	e := recEngine(t, s.rec)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range s.rec.Events {
		if _, err := s.rec.Insert(e, i); err != nil {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	if used, most := after.TotalAlloc-before.TotalAlloc, uint64(8*4*peers*events); used > most {
		t.Errorf("%d bytes for %d events, want at most %d", used, len(s.rec.Events), most)
	}
}

// A voter that forks as often as the limit allows, with a vote on each branch, is told about once: nothing is
// computed anew for branches after the first, and time goes with the branches an event descends from.
func TestManyBranches(t *testing.T) {
	const n, branches = 7, 300
	for _, m := range []core.Mode{core.Supermajority, core.Single} {
		for _, nested := range []bool{false, true} {
			s := newScript(m, n, n)
			s.meet(upTo(n)...)
			o := s.observe(core.Opaque, 0)
			s.vote(o, upTo(n-1)...)
			forker := n - 1
			at := s.last[forker]
			for range branches {
				s.last[forker] = at
				s.vote(o, forker)
				s.hear(forker, 0)
				if nested {
					at = s.last[forker]
					s.hear(forker, 0)
				}
				s.hear(1, forker)
			}
			for range 8 {
				s.meet(upTo(n - 1)...)
			}
			e := recEngine(t, s.rec)
			blocks, _, err := s.rec.Replay(e)
			if err != nil || blocks == 0 {
				t.Fatalf("%v, nested %v: %d blocks, %v", m, nested, blocks, err)
			}
			if got := e.Stats().Resets; got > 5 {
				t.Errorf("%v, nested %v: everything was computed anew %d times", m, nested, got)
			}
			small := s.rec.Events
			if len(small) > 300 {
				small = small[:300]
			}
			part := *s.rec
			part.Events = small
			if err := compare(&part, nil, variant{metas: seldom}, variant{metas: never}); err != nil {
				t.Errorf("%v, nested %v: %v", m, nested, err)
			}
		}
	}
}
