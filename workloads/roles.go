package workloads

import (
	"slices"

	"parsec/core"
)

// roles says which peer does what, fixed before the run.
type roles struct {
	recorder core.PeerIndex
	forkers  []core.PeerIndex
	subjects []core.PeerIndex // by change: who joins, leaves or is accused
}

// assign draws the roles. Joiners get random numbers among the members', so that the order of
// identities is not the order of arrival. The accused are the forkers first: only they give cause.
func (s *section) assign() {
	numbers := make([]core.PeerIndex, s.peers)
	for i := range numbers {
		numbers[i] = core.PeerIndex(i)
	}
	shuffle(s.rng, numbers)
	members, joiners := numbers[:s.p.Peers], numbers[s.p.Peers:]
	s.genesis = slices.Clone(members)
	slices.Sort(s.genesis)

	s.recorder, members = members[0], members[1:]
	s.forkers, members = members[:s.p.Forkers], members[s.p.Forkers:]
	accusable := s.forkers
	for _, c := range s.p.Changes {
		var who core.PeerIndex
		switch {
		case c.Kind == core.Add:
			who, joiners = joiners[0], joiners[1:]
		case c.Kind == core.Accusation && len(accusable) > 0:
			who, accusable = accusable[0], accusable[1:]
		default:
			who, members = members[0], members[1:]
		}
		s.subjects = append(s.subjects, who)
	}
}
