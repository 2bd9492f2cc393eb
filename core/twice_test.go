package core_test

import (
	"fmt"
	"testing"

	"parsec/core"
	"parsec/core/internal/wire"
)

// TestSameEventTwice: a message that has an honest member's event twice makes that member a forker.
func TestHonestEventTwice(t *testing.T) {
	w := newNetwork(t, core.Single, 4, 1)
	for _, m := range w.order {
		w.carry(m)
	}
	h := newHostile(w, 3)
	evil, victim, honest := w.order[3], w.order[0], w.order[1]
	// What the hostile member knows of the honest one: its initial event and its vote for the genesis.
	var ids [3]wire.Hash
	var sigs [3][64]byte
	if err := honest.Gossip(evil.Identity()); err != nil {
		t.Fatal(err)
	}
	w.carry(honest)
	w.queue = nil
	for i := range ids {
		ids[i], sigs[i] = wire.Hash(honest.EventAt(core.EventIndex(i)).Hash), honest.SignatureAt(core.EventIndex(i))
	}
	i0, s0 := h.sign(&wire.Header{Cause: wire.Initial})
	i1, s1 := h.sign(&wire.Header{Cause: wire.Request, Index: 1, SelfParent: i0, OtherParents: []wire.Hash{ids[2]}})
	_, s2 := h.sign(&wire.Header{Cause: wire.Request, Index: 2, SelfParent: i1, OtherParents: []wire.Hash{ids[2]}})
	group := wire.AppendBody(nil, &wire.Body{Kind: wire.Genesis, Group: genesisOf(w)})
	m := &wire.Message{Kind: wire.KindRequest,
		Creators:     []wire.Creator{{Key: wire.Hash(honest.Identity())}, {Key: h.key}},
		Observations: []wire.Observation{{Body: group}}, Votes: []uint32{0},
		Events: []wire.Event{
			{Cause: wire.Initial, Signature: sigs[0]},
			{Cause: wire.Observing, Self: wire.InMessage(0), Count: 1, Signature: sigs[1]},
			{Cause: wire.Requesting, Self: wire.InMessage(1), Recipient: 1, Signature: sigs[2]},
			{Cause: wire.Requesting, Self: wire.InMessage(1), Recipient: 1, Signature: sigs[2]},
			{Creator: 1, Cause: wire.Initial, Signature: s0},
			{Creator: 1, Cause: wire.Request, Self: wire.InMessage(4), Others: []wire.Ref{wire.InMessage(2)}, Signature: s1},
			{Creator: 1, Cause: wire.Request, Self: wire.InMessage(5), Others: []wire.Ref{wire.InMessage(3)}, Signature: s2},
		}}
	err := victim.Handle(evil.Identity(), h.frame(m))
	w.carry(victim)
	seen := map[core.Hash]int{}
	for i := range victim.Len() {
		seen[victim.EventAt(core.EventIndex(i)).Hash]++
	}
	for id, k := range seen {
		if k > 1 {
			t.Errorf("event %x is in the graph %d times", id[:4], k)
		}
	}
	t.Logf("Handle: %v; the victim gossips to %d of 3", err, len(victim.Recipients()))
	delete(w.nodes, evil.Identity())
	w.order = w.order[:3]
	w.queue = nil
	w.sloppy = true
	for i := range 20 {
		for _, m := range w.order {
			_ = m.Vote(fmt.Appendf(nil, "%d of %x", i, m.Identity()))
			w.carry(m)
		}
		w.run(30)
	}
	for i, m := range w.order {
		last := error(nil)
		if len(m.errs) > 0 {
			last = m.errs[len(m.errs)-1]
		}
		t.Logf("node %d: height %d, %d recipients, %d errors, the last %v", i, m.Height(), len(m.Recipients()), len(m.errs), last)
	}
}

func genesisOf(w *network) []wire.Hash {
	ids := make([]wire.Hash, 0, 4)
	for _, id := range w.order[0].Peers()[:4] {
		ids = append(ids, wire.Hash(id))
	}
	return ids
}
