package core_test

import (
	"slices"
	"testing"

	"parsec/core"
	"parsec/core/internal/plain"
	"parsec/core/recording"
)

// FuzzInsert reads its input as a configuration and a list of operations, right and wrong ones, for one
// engine. Nothing may panic; what is refused must be refused for the right reason and leave no trace; and
// the blocks must be those of the oracle, which is given the accepted operations only.
//
// Where the graph is torn (see tolerance), the comparison ends.
func FuzzInsert(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) {
		run := &operations{t: t, input: data}
		if run.configure() {
			run.operate()
			run.compare()
		}
	})
}

// compare gives the accepted operations to the oracle. Its peers are numbered by identity.
func (r *operations) compare() {
	rec := r.recording()
	g, forks := newOracle(rec, nil), newTolerance(rec)
	if r.coin == core.ConcreteCoin {
		identities := make([][32]byte, len(r.identities))
		for p, id := range r.identities {
			identities[r.rank(core.PeerIndex(p))] = id
		}
		g.Concrete(identities)
	}
	for i, e := range rec.Events {
		known := len(g.Blocks)
		g.Insert(plainEvent(e, r.events[i].Hash))
		forks.insert(rec, i, g.Blocks[known:])
		if g.Torn && forks.tolerated() {
			r.t.Fatalf("event %d: the graph is torn, with forkers that are to be tolerated", i)
		}
		if g.Torn {
			return
		}
		for k, want := range g.Blocks[known:] {
			if known+k >= len(r.blocks) {
				r.t.Fatalf("block %+v is missing", want)
			}
			if got := r.translate(r.blocks[known+k]); got.At != want.At || got.Observation != want.Observation || got.By != want.By || !slices.Equal(got.Voters, want.Voters) {
				r.t.Fatalf("block %+v, want %+v", got, want)
			}
		}
	}
	if len(r.blocks) > len(g.Blocks) {
		r.t.Fatalf("block %+v is too many", r.translate(r.blocks[len(g.Blocks)]))
	}
}

// rank returns a peer's place in the order of identities.
func (r *operations) rank(p core.PeerIndex) int {
	rank := 0
	for _, id := range r.identities {
		if slices.Compare(id[:], r.identities[p][:]) < 0 {
			rank++
		}
	}
	return rank
}

func (r *operations) translate(b core.Block) plain.Block {
	out := plain.Block{Observation: int(b.Observation), By: -1, At: int(b.At)}
	if b.By != core.NoPeer {
		out.By = r.rank(b.By)
	}
	for _, p := range b.Voters {
		out.Voters = append(out.Voters, r.rank(p))
	}
	return out
}

// recording returns the accepted operations.
func (r *operations) recording() *recording.Recording {
	rec := &recording.Recording{Name: "fuzz", Mode: r.mode, Rules: r.rules, Peers: make([]string, len(r.identities))}
	ranks := make([]core.PeerIndex, len(r.identities))
	for p := range ranks {
		ranks[p] = core.PeerIndex(r.rank(core.PeerIndex(p)))
	}
	for _, p := range r.genesis {
		rec.Genesis = append(rec.Genesis, ranks[p])
	}
	for _, o := range r.observations {
		obs := recording.Observation{ID: o.Hash, Kind: o.Kind}
		if o.Kind == core.Add || o.Kind == core.Remove || o.Kind == core.Accusation {
			obs.Peer = ranks[o.Peer]
		}
		rec.Observations = append(rec.Observations, obs)
	}
	for _, ev := range r.events {
		e := blank(ranks[ev.Creator], ev.Cause)
		if ev.Cause != core.Initial {
			e.SelfParent = int32(ev.SelfParent)
		}
		if ev.Cause >= core.Request {
			e.OtherParent = int32(ev.OtherParent)
		}
		if ev.Cause == core.Observing {
			e.Observation = int32(ev.Observation)
		}
		rec.Events = append(rec.Events, e)
	}
	return rec
}
