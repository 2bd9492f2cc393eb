package election

import (
	"testing"

	"parsec/core/internal/gossip"
)

// A voter that waits for a coin and makes events that hear of nothing, and a leader that makes such, do not make
// tosses walk along their chains from the beginning: what k events cost grows with k.
func TestWalksAreShort(t *testing.T) {
	for _, c := range []struct {
		what string
		is   leader
		hear bool // each event of the waiting voter hears of one by the leader
	}{
		{"leader unheard of", unheard, false},
		{"leader without a value", early, false},
		{"leader without a value makes events too", early, true},
	} {
		var steps [2]int
		for i, events := range []int{500, 1000} {
			s, err := stageWait(4, c.is, 0, -1, false)
			if err != nil {
				t.Fatal(err)
			}
			e := s.e
			e.next = s.x + 1
			e.metaVotes.walks.steps = 0
			x, other, evals := s.x, s.last[s.leader], e.Stats.Evals
			insert := func(by gossip.Peer, cause gossip.Cause, self, other gossip.Index) gossip.Index {
				y, err := insertAs(e, by, cause, self, other, false, 0)
				if err != nil {
					t.Fatal(err)
				}
				return y
			}
			for range events {
				if c.hear {
					other = insert(s.leader, gossip.Requesting, other, 0)
					x = insert(s.own, gossip.Request, x, other)
				} else {
					x = insert(s.own, gossip.Requesting, x, 0)
				}
			}
			if got := e.Stats.Evals - evals; got < uint64(events) {
				t.Fatalf("%s: %d of %d events were evaluated: they do not wait", c.what, got, events)
			}
			if steps[i] = e.metaVotes.walks.steps; steps[i] < events {
				t.Fatalf("%s: %d steps for %d events: they do not toss", c.what, steps[i], events)
			}
		}
		if steps[1] > 5*steps[0]/2 {
			t.Errorf("%s: %d steps for 500 events, %d for 1000", c.what, steps[0], steps[1])
		}
		t.Logf("%s: %d steps for 500 events, %d for 1000", c.what, steps[0], steps[1])
	}
}
