package core

import (
	"parsec/core/internal/election"
	"parsec/core/internal/gossip"
	"parsec/core/internal/simulation"
)

// view is what the simulator's probe shows.
func (n *Node) view() simulation.View {
	voters := n.election.Voters()
	v := simulation.View{
		Height: n.blocks, Nth: make([]uint32, len(voters)), Votes: make([][][]election.MetaVote, len(voters)),
	}
	for i, p := range voters {
		if n.last == 0 {
			break
		}
		x := n.graph.Tip(n.last, p)
		if x == 0 {
			continue
		}
		v.Nth[i] = n.graph.Event(x).Nth
		if m, ok := n.election.Inspect(n.graph.Event(x).Sync); ok {
			v.Votes[i] = m.Votes
		}
	}
	return v
}

// loose returns what the simulator's probe asks after every call. Up to which event the last one descends from all
// is remembered, so each event is looked at once, and again only as long as it waits for the next.
func (n *Node) loose() func() (event [32]byte, why string) {
	behind := gossip.Index(0)
	return func() (event [32]byte, why string) {
		for behind < n.graph.Len() && n.isBehind(behind+1) {
			behind++
		}
		covered, taken := map[gossip.Index]bool{}, map[gossip.Peer]bool{}
		for x := n.graph.Len(); x > behind; x-- {
			if n.isBehind(x) {
				continue
			}
			ev := n.graph.Event(x)
			if !covered[x] {
				if why := n.notTaken(x, ev.By, taken); why != "" {
					return *n.store.id(x), why
				}
				taken[ev.By] = true
			}
			covered[ev.Self], covered[ev.Other] = true, true
		}
		return event, ""
	}
}

func (n *Node) isBehind(x gossip.Index) bool { return n.last != 0 && n.graph.Descends(n.last, x) }

// notTaken says why the next event may not have head x, by a peer, as a parent; "" if it may. Taken are those by whom
// it has another one.
func (n *Node) notTaken(x gossip.Index, by gossip.Peer, taken map[gossip.Peer]bool) string {
	switch {
	case by == n.self:
		return "it is its own, and not its last"
	case taken[by]:
		return "it is the second head by its creator"
	case n.learning == nil && !n.election.Voter(by):
		return "its creator is no voter"
	case n.last != 0 && n.seesFork(n.last, by):
		return "its creator forked"
	}
	if t, fork := n.tip(x, n.self); fork || t != 0 && !n.isBehind(t) {
		return "it descends from a fork by the node itself"
	}
	return ""
}
