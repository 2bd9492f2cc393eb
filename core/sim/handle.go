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
	if err == nil || !p.honest || !m.honest || !s.processes[m.from].honest {
		return
	}
	switch {
	case p.learns() || errors.Is(err, core.ErrSelfState) && s.processes[m.from].restored != core.Hash{}:
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
	s.violated("process %d refuses a message of process %d, both honest: %v", p.number, m.from, err)
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
