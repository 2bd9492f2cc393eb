package core

import (
	"parsec/core/internal/election"
	"parsec/core/internal/gossip"
	"parsec/core/internal/simulation"
)

// view is what the simulator's probe shows.
func (n *Node) view() simulation.View {
	voters := n.history.Election().Voters()
	v := simulation.View{
		Height: n.history.Height(), Nth: make([]uint32, len(voters)), Votes: make([][][]election.MetaVote, len(voters)),
	}
	for i, p := range voters {
		if n.last == 0 {
			break
		}
		x, _ := n.history.Graph().Tip(n.last, p)
		if x == 0 {
			continue
		}
		v.Nth[i] = n.history.Graph().Event(x).Nth
		if m, ok := n.history.Election().Inspect(n.history.Graph().Event(x).Sync); ok {
			v.Votes[i] = m.Votes
		}
	}
	return v
}

// loose returns what the simulator's probe asks after every call. Up to which event the last one descends from all is
// remembered, so each is looked at once.
func (n *Node) loose() func() (event [32]byte, why string) {
	behind := gossip.Index(0)
	return func() (event [32]byte, why string) {
		for ; behind < n.history.Graph().Len(); behind++ {
			if x := behind + 1; n.last == 0 || !n.history.Graph().Descends(n.last, x) {
				return *n.history.Store.ID(x), "this node's last event does not descend from it"
			}
		}
		return event, ""
	}
}
