package core_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"parsec/core"
)

// replica is how an engine is fed with a node's graph.
type replica struct {
	order  []core.EventIndex // of insertion; nil for the node's own
	single bool              // an event of many votes becomes as many events of one
}

// ordering returns the blocks that an engine decides on a node's graph: observation, whose it is, and who voted.
func ordering(t testing.TB, n *core.Node, section core.Section, how replica) (blocks, voters []string) {
	t.Helper()
	cfg := core.Config{Mode: section.Mode, Coin: core.ConcreteCoin}
	founders := len(section.Genesis)
	cfg.Peers = append(cfg.Peers, n.Peers()[:founders]...)
	if !slices.Contains(cfg.Peers, n.Identity()) {
		cfg.Peers = append(cfg.Peers, n.Identity())
	}
	for p := range founders {
		cfg.Genesis = append(cfg.Genesis, core.PeerIndex(p))
	}
	e, err := core.NewEngine(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for i := range core.ObservationIndex(n.Observations()) {
		k := n.ObservationAt(i)
		if _, err := e.AddObservation(core.Observation{Hash: k.Hash, Kind: k.Kind, Peer: core.NoPeer, Identity: k.Peer}); err != nil {
			t.Fatal(err)
		}
	}
	if how.order == nil {
		for i := range core.EventIndex(n.Len()) {
			how.order = append(how.order, i)
		}
	}
	place := make([]core.EventIndex, n.Len())
	take := func() {
		for _, b := range e.Blocks() {
			by := core.Identity{}
			if b.By != core.NoPeer {
				by = e.Identity(b.By)
			}
			blocks = append(blocks, fmt.Sprintf("%x by %x", n.ObservationAt(b.Observation).Hash, by))
			text := ""
			for _, v := range b.Voters {
				id := e.Identity(v)
				text += fmt.Sprintf("%x ", id[:4])
			}
			voters = append(voters, text)
		}
	}
	for _, i := range how.order {
		ev := n.EventAt(i)
		id := n.Peers()[ev.Creator]
		p, ok := e.Peer(id)
		if !ok {
			t.Fatalf("event %d is by a peer that was not added", i)
		}
		ev.Creator, ev.SelfParent = p, placeIn(place, ev.SelfParent)
		for k, other := range ev.OtherParents {
			ev.OtherParents[k] = placeIn(place, other)
		}
		if ev.Cause == core.Observing && how.single {
			for _, o := range votes(ev) {
				one := ev
				one.Observation, one.Further = o, nil
				x, err := e.Insert(one)
				if err != nil {
					t.Fatal(err)
				}
				ev.SelfParent, place[i] = x, x
				take()
			}
			continue
		}
		if place[i], err = e.Insert(ev); err != nil {
			t.Fatal(err)
		}
		take()
	}
	return blocks, voters
}

func placeIn(place []core.EventIndex, i core.EventIndex) core.EventIndex {
	if int(i) < len(place) {
		return place[i]
	}
	return i
}

// shuffled returns another order in which parents come before their children.
func shuffled(n *core.Node, r *rand.Rand) (out []core.EventIndex) {
	children := make([][]core.EventIndex, n.Len())
	waits := make([]int, n.Len())
	var ready []core.EventIndex
	for i := range core.EventIndex(n.Len()) {
		ev := n.EventAt(i)
		if ev.Cause != core.Initial {
			children[ev.SelfParent] = append(children[ev.SelfParent], i)
			waits[i]++
		}
		for _, other := range ev.OtherParents {
			children[other] = append(children[other], i)
			waits[i]++
		}
		if waits[i] == 0 {
			ready = append(ready, i)
		}
	}
	for len(ready) > 0 {
		k := r.IntN(len(ready))
		i := ready[k]
		ready[k] = ready[len(ready)-1]
		ready = ready[:len(ready)-1]
		out = append(out, i)
		for _, c := range children[i] {
			if waits[c]--; waits[c] == 0 {
				ready = append(ready, c)
			}
		}
	}
	return out
}

// texts returns a member's blocks as ordering tells them.
func texts(m *member) (blocks, voters []string) {
	for _, b := range m.blocks {
		blocks = append(blocks, fmt.Sprintf("%x by %x", b.Hash, b.By))
		text := ""
		for _, v := range b.Voters {
			text += fmt.Sprintf("%x ", v[:4])
		}
		voters = append(voters, text)
	}
	return blocks, voters
}

// checkOrdering compares a member's blocks with what an engine decides on its graph: as it was inserted, in another
// order, and with an event for each vote.
func checkOrdering(t testing.TB, m *member, section core.Section, r *rand.Rand) {
	t.Helper()
	want, wantVoters := texts(m)
	got, voters := ordering(t, m.Node, section, replica{})
	if !slices.Equal(got, want) || !slices.Equal(voters, wantVoters) {
		t.Errorf("the engine decides %d blocks, the node %d, or others", len(got), len(want))
	}
	if got, voters = ordering(t, m.Node, section, replica{single: true}); !slices.Equal(got, want) || !slices.Equal(voters, wantVoters) {
		t.Errorf("with an event for each vote, %d blocks are decided, by the node %d, or others", len(got), len(want))
	}
	if len(m.Peers()) > len(section.Genesis) {
		return // peers are added as the graph is inserted: not each order has them in time
	}
	if got, _ = ordering(t, m.Node, section, replica{order: shuffled(m.Node, r)}); !slices.Equal(got, want) {
		t.Errorf("in another order, %d blocks are decided, by the node %d, or others", len(got), len(want))
	}
}

// A network whose events carry many votes decides what its graph decides with an event for each vote.
func TestManyVotesOfNodes(t *testing.T) {
	for _, mode := range []core.Mode{core.Supermajority, core.Single} {
		for _, n := range []int{1, 2, 4, 7} {
			t.Run(fmt.Sprintf("%v/%d", mode, n), func(t *testing.T) {
				w := newNetwork(t, mode, n, uint64(n)+40)
				most, voted := 0, map[core.Identity]int{}
				for range 25 {
					for _, m := range w.order {
						// In Supermajority mode all vote for the same payloads, in parts that differ.
						var payloads [][]byte
						for range w.r.IntN(9) {
							payloads = append(payloads, fmt.Appendf(nil, "%d", voted[m.Identity()]))
							voted[m.Identity()]++
						}
						for i := range payloads { // and in an order of their own
							j := w.r.IntN(len(payloads))
							payloads[i], payloads[j] = payloads[j], payloads[i]
						}
						most = max(most, len(payloads))
						if err := m.Vote(payloads...); err != nil && !errorsIsDuplicate(err) {
							t.Fatal(err)
						}
						w.carry(m)
						w.run(2)
					}
				}
				w.run(30 * n)
				if w.agree() < 20 || most < 5 {
					t.Errorf("%d blocks, at most %d votes an event", w.agree(), most)
				}
				for _, m := range w.order {
					checkOrdering(t, m, w.section, w.r)
				}
			})
		}
	}
}
