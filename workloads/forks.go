package workloads

import (
	"slices"

	"parsec/core"
)

// Forkers: a forker's first instance is the member with the peer's number; the second sleeps until the
// fork, copies what the first knows, and goes its own way. No other member treats them apart: who
// gossips with which is a matter of reach, as if the two sat behind different routes.

// forker returns p's place among the forkers, or -1.
func (s *section) forker(p core.PeerIndex) int { return slices.Index(s.forkers, p) }

// split reports whether p has two instances now.
func (s *section) split(p core.PeerIndex) bool {
	f := s.forker(p)
	return f >= 0 && s.members[s.peers+f].awake
}

// instances returns p's members.
func (s *section) instances(p core.PeerIndex) []*member {
	if s.split(p) {
		return []*member{&s.members[p], &s.members[s.peers+s.forker(p)]}
	}
	return []*member{&s.members[p]}
}

// fork splits every forker that has not left. The two instances at once ask different peers: equal
// first events would be one event, not a fork. A forker that has not two peers left to ask stays one.
func (s *section) fork() {
	for i, p := range s.forkers {
		first, second := &s.members[p], &s.members[s.peers+i]
		if first.gone {
			continue
		}
		second.last = first.last
		copy(second.row, first.row)
		if s.p.Order == AsSeen {
			s.logs.copy(second.number, first.number)
		}
		s.wake(second)
		// The second may have fewer to choose from, so it goes first.
		s.picked = s.picked[:0]
		a, found := s.recipient(second)
		s.picked = append(s.picked, a)
		b, foundToo := s.recipient(first)
		if !found || !foundToo {
			second.awake, second.gone = false, true
			continue
		}
		s.request(second, a)
		s.request(first, b)
	}
}

// instance returns the member that answers where peer from talks to peer to.
func (s *section) instance(to, from core.PeerIndex) *member {
	if !s.split(to) {
		return &s.members[to]
	}
	both := s.instances(to)
	switch s.side(to, from) {
	case 0, 1:
		return both[s.side(to, from)]
	}
	return both[s.rng.below(2)]
}

// reaches reports whether member m talks to peer p at all.
func (s *section) reaches(m *member, p core.PeerIndex) bool {
	if !s.split(m.peer) {
		return true
	}
	side := s.side(m.peer, p)
	return side == 2 || side == 1 == (int(m.number) >= s.peers)
}

// side says which instance of forker f peer p talks to: 0, 1, or 2 for both.
func (s *section) side(f, p core.PeerIndex) int {
	// Going round from the forker, peers alternate between the two; the last ForkOverlap percent have both.
	n := s.peers - 1
	place := (int(p) + s.peers - int(f) - 1) % s.peers
	if 100*(n-place) <= n*s.p.ForkOverlap {
		return 2
	}
	return place % 2
}
