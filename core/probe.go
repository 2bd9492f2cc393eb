package core

import (
	"parsec/core/internal/election"
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
		x, _ := n.graph.Tip(n.last, p)
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
