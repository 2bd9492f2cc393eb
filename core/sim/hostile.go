package sim

import (
	"slices"
	"time"

	"parsec/core"
	"parsec/core/internal/wire"
	"parsec/workloads"
)

// hostile is what a member that does not keep to the protocol does. Its process runs a node like any other, so that
// it knows what members know; what it sends is another matter.
type hostile struct {
	twins   bool // there is a second process with its key
	pairing pairing

	mute      bool          // it sends nothing
	shuns     []bool        // by process: it sends them nothing
	withholds bool          // it sends votes without their contents to some, and does not answer when asked
	spoils    bool          // it damages some of what it sends
	mischief  time.Duration // mean time between messages that nobody asked for; 0 for none
	garbage   bool          // those messages are noise,
	forges    []forgery     // or these
	branches  int           // forks it may still make

	process *process
	forger  forger
}

// send sends what its node wants sent, or something else.
func (v *hostile) send(s *run, p *process, to core.Identity, frame []byte) {
	all := s.byIdentity[to]
	if v.mute || len(all) > 0 && int(all[0].number) < len(v.shuns) && v.shuns[all[0].number] {
		return
	}
	if v.withholds && len(all) > 0 && all[0].number%2 == 0 {
		if frame = v.forger.withhold(s, frame); frame == nil {
			return
		}
	}
	if v.spoils && s.hostility.percent(30) {
		frame = v.forger.spoil(s, frame)
	}
	s.post(p, to, frame, false)
}

// act sends something that nobody asked for, and plans to do so again.
func (v *hostile) act(s *run) {
	p := v.process
	if p.gone {
		return
	}
	s.queue.push(action{at: s.now + v.pause(s), kind: doMischief, who: p.number})
	if p.node == nil {
		return
	}
	to := s.victims(p)
	if len(to) == 0 {
		return
	}
	if v.garbage && (len(v.forges) == 0 || s.hostility.percent(50)) {
		s.post(p, pick(s.hostility, to), v.forger.noise(s), false)
		return
	}
	if len(v.forges) == 0 {
		return
	}
	frame := v.forger.forge(s, v, pick(s.hostility, v.forges))
	if frame == nil {
		return
	}
	shuffle(s.hostility, to)
	for _, id := range to[:s.hostility.within(1, len(to))] {
		s.post(p, id, slices.Clone(frame), false)
	}
}

func (v *hostile) pause(s *run) time.Duration {
	return s.hostility.draw(workloads.Delay{Shape: workloads.Exponential, Mean: v.mischief})
}

// victims lists whom a hostile member can send to: all honest processes.
func (s *run) victims(p *process) []core.Identity {
	var out []core.Identity
	for _, q := range s.processes {
		if q.honest && q.node != nil {
			out = append(out, q.identity)
		}
	}
	return out
}

// withhold takes all contents out of a message. It returns nil for what only carries contents.
func (f *forger) withhold(s *run, frame []byte) []byte {
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
func (f *forger) spoil(s *run, frame []byte) []byte {
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
func (f *forger) noise(s *run) []byte {
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
		frame = append(frame, byte(r.within(1, 4)))
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
