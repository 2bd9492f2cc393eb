package core_test

import (
	"errors"
	"flag"
	"fmt"
	"testing"

	"parsec/core"
	"parsec/core/recording"
)

var forkLimit = flag.Bool("limits.forks", false, "have TestForkLimit make as many forks as the engine takes")

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
			if _, err := e.Insert(s.rec.Event(from)); err != nil {
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

// A peer can fork only so often; the engine then refuses further branches, and takes everything else.
func TestForkLimit(t *testing.T) {
	if !*forkLimit {
		t.Skip("takes 20 seconds; to run it: go test ./core -run TestForkLimit -limits.forks")
	}
	cfg := trio()
	cfg.Genesis = cfg.Genesis[:2]
	e := newEngine(t, cfg)
	branches := 0
	for ; branches < 1<<14; branches++ {
		_, err := e.Insert(core.Event{Creator: 2, Cause: core.Initial})
		if errors.Is(err, core.ErrLimit) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d branches", branches)
	if branches < 1000 || branches == 1<<14 {
		t.Errorf("%d branches were taken", branches)
	}
	first, err := e.Insert(core.Event{Creator: 0, Cause: core.Initial})
	if err != nil || int(first) != branches {
		t.Fatalf("place %d, %v", first, err)
	}
	if _, err := e.Insert(core.Event{Creator: 0, Cause: core.Requesting, SelfParent: first}); err != nil {
		t.Error(err)
	}
	if _, err := e.Insert(core.Event{Creator: 0, Cause: core.Initial}); !errors.Is(err, core.ErrLimit) {
		t.Errorf("a fork by another: %v", err)
	}
	if _, err := e.AddPeer(core.Identity{'d'}); !errors.Is(err, core.ErrLimit) {
		t.Errorf("another peer: %v", err)
	}
}
