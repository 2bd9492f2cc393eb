package core_test

import (
	"fmt"
	"slices"
	"testing"

	"parsec/core"
	"parsec/core/internal/wire"
)

// A message whose first part decides that the rest may come in, of which a content is withheld, leaves nothing that
// this node does not build on.
func TestWithheldAfterDecision(t *testing.T) {
	s := newSiege(t, core.Single, 4, 3)
	m, tips := s.order[0], slices.Clone(s.tips)
	// A member has as many undecided votes as it may, but one: removals that nobody else votes for.
	for i := range core.MaxUndecided / core.MaxVotes {
		var bills []bill
		for k := range core.MaxVotes - i/(core.MaxUndecided/core.MaxVotes-1) {
			body := wire.Body{Kind: wire.Remove, Peer: wire.Hash(m.Identity()), Info: fmt.Append(nil, i, " ", k)}
			bills = append(bills, bill{body: wire.AppendBody(nil, &body)})
		}
		v := s.f.vote(tips[2], bills...)
		tips[2] = s.f.ask(v, m.Identity())
		handles(t, m, s.hostile[2], s.f.request(v, tips[2]), nil)
		s.outgoing(m)
	}
	// With a payload it is full; once that is decided there is room for the next.
	tips[2] = s.f.vote(tips[2], opaque("decided by this message"))
	events := []*forged{tips[2]}
	for range 12 {
		for _, k := range []int{2, 0, 1, 2, 1, 0} {
			tips[k] = s.f.hear(tips[k], tips[(k+1)%3])
			events = append(events, tips[k])
		}
	}
	last := s.f.vote(tips[2], bill{body: opaque("withheld").body, withheld: true})
	events = append(events, last, s.f.ask(last, m.Identity()))
	blocks := len(m.blocks)
	handles(t, m, s.hostile[2], s.f.request(events...), core.ErrMissingPayload)
	if !m.Whole() {
		t.Error("there are events that the node's own do not descend from")
	}
	asks := s.outgoing(m)
	if len(m.blocks) == blocks || lastOf(m.Node, s.hostile[2]).id != tips[2].id {
		t.Fatal("the first part did not come in: the test shows nothing")
	}
	if len(asks) != 1 || s.opened(asks[0].frame).Kind != wire.KindAsk {
		t.Fatalf("%d messages", len(asks))
	}
	handles(t, m, s.hostile[2], s.supply(opaque("withheld")), nil)
	if s.outgoing(m); !m.Whole() || lastOf(m.Node, s.hostile[2]).id != events[len(events)-1].id {
		t.Error("the rest does not come in")
	}
	checkRecovery(t, m)
}
