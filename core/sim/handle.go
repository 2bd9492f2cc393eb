package sim

import (
	"errors"
	"slices"

	"parsec/core"
)

// take has a process's node take in a message. Whatever comes of it, nobody is cut off: what one honest node sends to
// another is refused for a reason that passes by, or because the sender is no member.
func (s *run) take(p *process, m *message) {
	err := p.node.Handle(m.sender, m.frame)
	s.trace.note('t', uint64(p.number), uint64(m.from), code(err))
	from := s.processes[m.from]
	if !p.honest || !m.honest || !from.honest {
		return
	}
	s.lately(p, from, err)
	if err == nil {
		return
	}
	switch {
	case p.learns() || errors.Is(err, core.ErrSelfState):
		return // it takes answers only, and may have asked another one that learns
	case errors.Is(err, core.ErrDuplicateMessage), errors.Is(err, core.ErrPremature), errors.Is(err, core.ErrMissingPayload):
		return
	case errors.Is(err, core.ErrPeerState), errors.Is(err, core.ErrUnknownPeer):
		// Right if the sender is no member as far as this node has decided. It tells of the sender or, where an
		// event is refused, of another: then the sender is a member.
		if !slices.Contains(p.node.Voters(), m.sender) {
			return
		}
	}
	s.cutOff("%v refuses a message of %v: %v", p, from, err)
}

// refusal is what an honest member says to each message of another since the faults ended, though each reason may
// pass by.
type refusal struct {
	times int
	last  error
}

// lately notes what came of a message after the faults ended.
func (s *run) lately(p, from *process, err error) {
	pair := [2]int32{p.number, from.number}
	switch {
	case !s.net.healed || errors.Is(err, core.ErrDuplicateMessage):
	case err == nil:
		delete(s.refusals, pair)
	default:
		r := s.refusals[pair]
		s.refusals[pair] = refusal{r.times + 1, err}
	}
}

// forGood is how many messages in a row an honest member refuses of another, once all faults have ended, that is cut
// off: requests are some ten times as many by the time that a run is given up.
const forGood = 20

// refused returns the two members of whom one refuses most of the other's messages, and why: nil if there are none
// such.
func (s *run) refused() (p, from *process, r refusal) {
	for i, a := range s.processes {
		for j, b := range s.processes {
			if x := s.refusals[[2]int32{int32(i), int32(j)}]; x.times >= forGood && x.times > r.times && s.owes(a) && s.owes(b) {
				p, from, r = a, b, x
			}
		}
	}
	return p, from, r
}

// codes are what errors are in the trace.
var codes = []error{
	core.ErrDuplicateMessage, core.ErrPremature, core.ErrMissingPayload, core.ErrPeerState, core.ErrUnknownPeer,
	core.ErrSelfState, core.ErrSignature, core.ErrUnknownSelfParent, core.ErrUnknownOtherParent, core.ErrInvalidEvent,
	core.ErrDuplicateVote, core.ErrLimit, core.ErrMessage,
}

// code returns a number for an error: 0 for nil.
func code(err error) uint64 {
	if err == nil {
		return 0
	}
	for i, e := range codes {
		if errors.Is(err, e) {
			return uint64(i + 1)
		}
	}
	return uint64(len(codes) + 1)
}
