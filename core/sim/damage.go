package sim

import (
	"parsec/core"
	"parsec/core/internal/wire"
)

// withhold takes all contents out of a message. It returns nil for what only carries contents.
func (f *plot) withhold(s *run, frame []byte) []byte {
	m := f.open(s, frame)
	if m == nil {
		return frame
	}
	if m.Kind == wire.KindSupply {
		return nil
	}
	for i := range m.Observations {
		m.Observations[i].Body = nil
	}
	return f.seal(s, m)
}

// spoil damages a message: its bytes or, where signatures are checked, a signature in it.
func (f *plot) spoil(s *run, frame []byte) []byte {
	r := s.hostility
	if s.plan.signed && r.percent(60) {
		if m := f.open(s, frame); m != nil && len(m.Events) > 0 {
			ev := &m.Events[r.below(len(m.Events))]
			ev.Signature[r.below(64)] ^= 1 << r.below(8)
			return f.seal(s, m)
		}
	}
	if !s.plan.signed {
		// Without signatures nothing tells a damaged event from another one, so the damage has to show.
		return frame[:r.below(len(frame))]
	}
	for range r.within(1, 3) {
		frame[r.below(len(frame))] ^= byte(r.within(1, 255))
	}
	if r.percent(30) {
		frame = frame[:r.within(1, len(frame))]
	}
	return frame
}

// noise returns what was never a message, or not one of this section.
func (f *plot) noise(s *run) []byte {
	r := s.hostility
	frame := []byte{wire.Version, byte(r.below(2))}
	frame = append(frame, s.wire.ID[:8]...)
	switch r.below(5) {
	case 0: // not even a frame
		frame = make([]byte, r.within(0, 300))
		r.fill(frame)
	case 1: // a frame with noise in it
		tail := make([]byte, r.within(0, 300))
		r.fill(tail)
		frame = append(frame, tail...)
	case 2: // claims that are larger than anything
		frame = append(frame, byte(r.within(1, 9)))
		for range r.within(1, 6) {
			frame = append(frame, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F)
		}
	case 3: // small, and large once it is unpacked
		frame[1] = 1
		frame = append(frame, 0x80, 0x80, 0x80, 0x04)
		frame = append(frame, make([]byte, 64)...)
	case 4: // of another section
		other := wire.NewSection(frame)
		m := &wire.Message{Kind: wire.KindAsk, Known: 1, Wants: []wire.Hash{{1}}}
		return f.framer.Seal(nil, other, wire.Append(nil, m))
	}
	return frame
}

// unasked returns contents that nobody asked for, or a question for contents that nobody owes.
func (a *assault) unasked() *wire.Message {
	m := &wire.Message{Kind: wire.KindAsk, Known: uint32(len(a.s.founders))}
	for range 1 + a.r.below(4) {
		switch {
		case a.r.percent(50) && len(a.s.proposals) > 0:
			m.Wants = append(m.Wants, wire.Hash(pick(a.r, a.s.proposals).hash))
		default:
			m.Wants = append(m.Wants, wire.Hash{byte(a.r.below(256))})
		}
	}
	if a.r.percent(50) {
		return m
	}
	*m = wire.Message{Kind: wire.KindSupply, Known: m.Known}
	for range 1 + a.r.below(4) {
		m.Observations = append(m.Observations, wire.Observation{Body: a.bill()})
	}
	return m
}

// beyond returns a message that is past a limit, or all but past it. Each takes the time of a hundred others.
func (a *assault) beyond() *wire.Message {
	base := a.base(a.by)
	m := a.s.compose(wire.KindRequest, a.branches(base))
	again := func(n int) { // so many events more than there are
		for len(m.Events) > 0 && len(m.Events) < n {
			m.Events = append(m.Events, wire.Event{Creator: m.Events[0].Creator, Cause: wire.Initial})
		}
	}
	switch a.r.below(9) {
	case 0:
		again(wire.MaxEvents + a.r.below(2))
	case 1:
		for len(m.Parents) < wire.MaxParents+1 {
			m.Parents = append(m.Parents, wire.Hash{byte(len(m.Parents)), byte(len(m.Parents) >> 8)})
		}
		again(wire.MaxEvents)
	case 2:
		for len(m.Creators) < wire.MaxCreators+1 {
			m.Creators = append(m.Creators, wire.Creator{ByNumber: true, Number: uint32(len(m.Creators))})
		}
		again(wire.MaxCreators)
	case 3: // more votes than an event may have, or just as many
		var votes [][]byte
		for range wire.MaxVotes + a.r.below(2) {
			votes = append(votes, a.payload())
		}
		m = a.s.compose(wire.KindRequest, []*forged{a.vote(a.s, base, votes...)})
	case 4: // more undecided votes than a creator may have
		events := []*forged{base}
		for range 1 + core.MaxUndecided/wire.MaxVotes {
			var votes [][]byte
			for range wire.MaxVotes {
				votes = append(votes, a.payload())
			}
			events = append(events, a.vote(a.s, events[len(events)-1], votes...))
		}
		m = a.s.compose(wire.KindRequest, events[1:])
	case 5: // more bytes than what an event votes for may have
		var votes [][]byte
		for i := range 5 {
			body := make([]byte, wire.MaxBody)
			body[1] = byte(i + 1)
			votes = append(votes, body)
		}
		m = a.s.compose(wire.KindRequest, []*forged{a.vote(a.s, base, votes...)})
	case 6:
		m = &wire.Message{Kind: wire.KindAsk}
		for i := range wire.MaxWants + a.r.below(2) {
			m.Wants = append(m.Wants, wire.Hash{byte(i), byte(i >> 8)})
		}
	case 7:
		m = &wire.Message{Kind: wire.KindSupply}
		for i := range wire.MaxWants + a.r.below(2) {
			m.Observations = append(m.Observations, wire.Observation{Body: []byte{0, byte(i), byte(i >> 8)}})
		}
	case 8:
		m = &wire.Message{Kind: wire.KindLearn, Nonce: wire.Hash{1}, Wants: []wire.Hash{{byte(a.r.below(2))}}}
	}
	return m
}
