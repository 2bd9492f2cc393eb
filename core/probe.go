package core

import "parsec/core/internal/simulation"

// estimates is what the simulator's probe shows.
func (n *Node) estimates() []simulation.Estimate {
	if n.last == 0 {
		return nil
	}
	m, ok := n.election.Inspect(n.graph.Event(n.last).Sync)
	if !ok || len(m.Votes) == 0 {
		return nil
	}
	out := make([]simulation.Estimate, len(m.Votes))
	for i, votes := range m.Votes {
		v := votes[len(votes)-1]
		out[i] = simulation.Estimate{
			Round: v.Round, Step: v.Step, True: v.EstT, False: v.EstF, Aux: v.Aux, Decided: v.Decision != 0,
		}
	}
	return out
}
