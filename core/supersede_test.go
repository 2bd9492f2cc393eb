package core_test

import (
	"fmt"
	"testing"

	"parsec/core"
	"parsec/core/internal/wire"
)

// TestStaleBodies: contents kept for a message that was replaced fill the room for all later ones.
func TestStaleBodies(t *testing.T) {
	w := newNetwork(t, core.Single, 2, 1)
	for _, m := range w.order {
		w.carry(m)
	}
	h := newHostile(w, 1)
	n, p := w.order[0], w.order[1]
	i0, s0 := h.sign(&wire.Header{Cause: wire.Initial})
	send := func(tag string, count int) ([]wire.Observation, error) {
		var full, bare []wire.Observation
		var hs []wire.Hash
		var votes []uint32
		for i := range count {
			b := make([]byte, 1<<20-64)
			for j := range b {
				b[j] = byte(w.r.Uint32())
			}
			copy(b, fmt.Sprint(tag, i))
			b = h.body(b)
			full = append(full, wire.Observation{Body: b})
			bare = append(bare, wire.Observation{Hash: h.section.Observation(b)})
			hs, votes = append(hs, bare[i].Hash), append(votes, uint32(i))
		}
		i1, s1 := h.sign(&wire.Header{Cause: wire.Observing, Index: uint32(count), SelfParent: i0, Votes: uint32(count), Root: h.tree.Root(hs)})
		to := wire.Hash(n.Identity())
		_, s2 := h.sign(&wire.Header{Cause: wire.Requesting, Index: uint32(count) + 1, SelfParent: i1, Recipient: to})
		return full, n.Handle(p.Identity(), h.frame(&wire.Message{Kind: wire.KindRequest, Creators: []wire.Creator{{Key: h.key}, {Key: to}},
			Observations: bare, Votes: votes, Events: []wire.Event{
				{Cause: wire.Initial, Signature: s0},
				{Cause: wire.Observing, Self: wire.InMessage(0), Count: uint32(count), Signature: s1},
				{Cause: wire.Requesting, Self: wire.InMessage(1), Recipient: 1, Signature: s2}}}))
	}
	full, err := send("a", 8)
	t.Log(err)
	w.drop(n)
	t.Log(n.Handle(p.Identity(), h.frame(&wire.Message{Kind: wire.KindSupply, Observations: full[:7]})))
	w.drop(n)
	full, err = send("b", 2)
	t.Log(err)
	w.drop(n)
	if err := n.Handle(p.Identity(), h.frame(&wire.Message{Kind: wire.KindSupply, Observations: full})); err != nil {
		t.Error("the contents asked for: ", err)
	}
}
