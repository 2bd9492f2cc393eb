package core_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"parsec/core"
	"parsec/core/internal/election"
	"parsec/core/internal/gossip"
	"parsec/core/recording"
)

// What an election decides does not depend on what the graph has beyond the events taken in: here the graph is ahead of
// it, by events that come later and by others, branches among them, that are dropped again.
func TestGraphAhead(t *testing.T) {
	most := 1500
	if testing.Short() {
		most = 400
	}
	dropped := 0
	bundled(t, func(i int, rec *recording.Recording) {
		if len(rec.Events) > most {
			return
		}
		rng := rand.New(rand.NewPCG(uint64(i), 6))
		engine, err := rec.Engine()
		if err != nil {
			t.Fatal(err)
		}
		e := core.Inner(engine)
		g := e.Graph()
		stage := func(j int) {
			ev := &rec.Events[j]
			var others []gossip.Index
			if ev.OtherParent >= 0 {
				others = append(others, gossip.Index(ev.OtherParent+1))
			}
			if x, err := g.Insert(gossip.Peer(ev.Creator), gossip.Cause(ev.Cause), gossip.Index(ev.SelfParent+1), others, 1); err != nil || x != gossip.Index(j+1) {
				t.Fatalf("%s: event %d is at %d, %v", rec.Name, j, x, err)
			}
			g.Event(gossip.Index(j + 1)).Odd = ev.Odd
		}
		var got []recording.Block
		came := 0
		for came < len(rec.Events) {
			for int(g.Len()) < min(came+1+rng.IntN(20), len(rec.Events)) {
				stage(int(g.Len()))
			}
			n := g.Len()
			for range rng.IntN(6) { // forks, mostly
				self := 1 + gossip.Index(rng.IntN(int(n)))
				other := []gossip.Index{1 + gossip.Index(rng.IntN(int(g.Len())))}
				if _, err := g.Insert(g.Event(self).By, gossip.Request, self, other, 1); err != nil {
					t.Fatal(err)
				}
			}
			add := came + 1 + rng.IntN(int(n)-came)
			for ; came < add; came++ {
				var votes []uint32
				if ev := &rec.Events[came]; ev.Cause == core.Observing {
					votes = append(votes, uint32(ev.Observation))
				}
				e.Add(gossip.Index(came+1), votes)
				got = append(got, blocksOf(e.Blocks())...)
			}
			keep := gossip.Index(came)
			if n > keep {
				keep += gossip.Index(rng.IntN(int(n-keep) + 1))
			}
			dropped += int(g.Len() - keep)
			g.Truncate(keep)
		}
		if !slices.EqualFunc(got, rec.Blocks, func(a, b recording.Block) bool {
			return a.Observation == b.Observation && a.At == b.At && slices.Equal(a.Voters, b.Voters)
		}) {
			t.Errorf("%s: %d blocks, want %d, or others", rec.Name, len(got), len(rec.Blocks))
		}
	})
	if dropped < 1000 {
		t.Errorf("only %d events were dropped", dropped)
	}
}

func blocksOf(blocks []election.Block) (out []recording.Block) {
	for _, b := range blocks {
		r := recording.Block{Observation: core.ObservationIndex(b.Observation), At: core.EventIndex(b.At - 1)}
		for _, v := range b.Voters {
			r.Voters = append(r.Voters, core.PeerIndex(v))
		}
		out = append(out, r)
	}
	return out
}
