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

// compare gives the accepted operations to the oracle, which takes an event of many votes as many events. Its
// peers are numbered by identity, and it knows all that there is ever word of.
func (r *operations) compare() {
	r.everybody()
	rec, place := r.recording()
	g, forks := newOracle(rec, nil), newTolerance(rec)
	if r.coin == core.ConcreteCoin {
		identities := make([][32]byte, len(rec.Peers))
		for _, id := range r.all {
			identities[r.rank(id)] = id
		}
		g.Concrete(identities)
	}
	hashes := make([]core.Hash, len(rec.Events))
	for i, x := range place {
		hashes[x] = r.events[i].Hash
	}
	for i, e := range rec.Events {
		known := len(g.Blocks)
		g.Insert(plainEvent(e, hashes[i]))
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
			got := r.translate(r.blocks[known+k], place)
			if got.At != want.At || got.Observation != want.Observation || got.By != want.By || !slices.Equal(got.Voters, want.Voters) {
				r.t.Fatalf("block %+v, want %+v", got, want)
			}
		}
	}
	if len(r.blocks) > len(g.Blocks) {
		r.t.Fatalf("block %+v is too many", r.translate(r.blocks[len(g.Blocks)], place))
	}
	voters := g.Voters()
	for _, id := range r.all {
		p, ok := r.engine.Peer(id)
		if votes, want := ok && r.engine.Voter(p), slices.Contains(voters, r.rank(id)); votes != want {
			r.t.Fatalf("peer %x votes: %t", id[:2], votes)
		}
	}
}

// everybody lists the identities of all peers, and then of those that never got a number.
func (r *operations) everybody() {
	r.all = slices.Clone(r.identities)
	for _, o := range r.observations {
		if aboutPeer(o.Kind) && o.Peer == core.NoPeer && !slices.Contains(r.all, o.Identity) {
			r.all = append(r.all, o.Identity)
		}
	}
}

// rank returns an identity's place in the order of all.
func (r *operations) rank(of core.Identity) int {
	rank := 0
	for _, id := range r.all {
		if slices.Compare(id[:], of[:]) < 0 {
			rank++
		}
	}
	return rank
}

func (r *operations) translate(b core.Block, place []int32) plain.Block {
	out := plain.Block{Observation: int(b.Observation), By: -1, At: int(place[b.At])}
	if b.By != core.NoPeer {
		out.By = r.rank(r.identities[b.By])
	}
	for _, p := range b.Voters {
		out.Voters = append(out.Voters, r.rank(r.identities[p]))
	}
	return out
}

// recording returns the accepted operations, with an event for each vote, and the places of the engine's events
// there: of one with many votes that of the last.
func (r *operations) recording() (*recording.Recording, []int32) {
	rec := &recording.Recording{Name: "fuzz", Mode: r.mode, Rules: r.rules, Peers: make([]string, len(r.all))}
	ranks := make([]core.PeerIndex, len(r.identities))
	for p, id := range r.identities {
		ranks[p] = core.PeerIndex(r.rank(id))
	}
	for _, p := range r.genesis {
		rec.Genesis = append(rec.Genesis, ranks[p])
	}
	for _, o := range r.observations {
		obs := recording.Observation{ID: o.Hash, Kind: o.Kind}
		switch {
		case aboutPeer(o.Kind) && o.Peer == core.NoPeer:
			obs.Peer = core.PeerIndex(r.rank(o.Identity))
		case aboutPeer(o.Kind):
			obs.Peer = ranks[o.Peer]
		}
		rec.Observations = append(rec.Observations, obs)
	}
	var place []int32
	for _, ev := range r.events {
		e := blank(ranks[ev.Creator], ev.Cause)
		if ev.Cause != core.Initial {
			e.SelfParent = place[ev.SelfParent]
		}
		if ev.Cause >= core.Request {
			e.OtherParent = place[ev.OtherParents[0]]
		}
		for i, o := range votes(ev) {
			if i > 0 {
				rec.Events = append(rec.Events, e)
				e.SelfParent = int32(len(rec.Events) - 1)
			}
			e.Observation = int32(o)
		}
		place = append(place, int32(len(rec.Events)))
		rec.Events = append(rec.Events, e)
	}
	return rec, place
}
