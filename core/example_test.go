package core_test

import (
	"crypto/sha256"
	"fmt"

	"parsec/core"
)

// Three peers agree on one payload. Each votes for it, and they gossip in a ring; the events here are what
// one of them comes to know. After every event the blocks are taken.
func ExampleEngine() {
	engine, err := core.NewEngine(core.Config{
		Mode:    core.Supermajority,
		Peers:   []core.Identity{{'A'}, {'B'}, {'C'}}, // public keys, in earnest
		Genesis: []core.PeerIndex{0, 1, 2},
	})
	if err != nil {
		panic(err)
	}
	payload, err := engine.AddObservation(core.Observation{Hash: core.Hash{1, 2, 3}, Kind: core.Opaque})
	if err != nil {
		panic(err)
	}
	insert := func(e core.Event) core.EventIndex {
		// The id: in earnest the hash of what its creator signed, the same for all.
		e.Hash = sha256.Sum256(fmt.Appendf(nil, "%d %d %d %d", e.Creator, e.Cause, e.SelfParent, e.OtherParents))
		x, err := engine.Insert(e)
		if err != nil {
			panic(err)
		}
		for _, b := range engine.Blocks() {
			fmt.Printf("event %d decides observation %d, with the votes of peers %v\n", b.At, b.Observation, b.Voters)
		}
		return x
	}
	var last [3]core.EventIndex
	for p := range core.PeerIndex(3) {
		first := insert(core.Event{Creator: p, Cause: core.Initial})
		last[p] = insert(core.Event{Creator: p, Cause: core.Observing, SelfParent: first, Observation: payload})
	}
	for i := range core.PeerIndex(24) {
		// One sends a request to the next: the recipient makes an event on it.
		from, to := i%3, (i+1)%3
		last[from] = insert(core.Event{Creator: from, Cause: core.Requesting, SelfParent: last[from]})
		last[to] = insert(core.Event{Creator: to, Cause: core.Request, SelfParent: last[to], OtherParents: []core.EventIndex{last[from]}})
	}
	// Output:
	// event 25 decides observation 0, with the votes of peers [0 1 2]
}
