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

	mute      bool          // it sends nothing of what its node wants sent
	shuns     []bool        // by process: it sends them nothing
	withholds bool          // it sends votes without their contents to some, and does not answer when asked
	spoils    bool          // it damages some of what it sends
	mischief  time.Duration // mean time between messages that nobody asked for; 0 for none
	weights   [attacks]int  // how often which of them
	branches  int           // events that begin a branch, or may: how many it still makes
	width     int           // how many of them a message has, at most
	heavy     int           // messages past a limit that it still sends
	answers   bool          // it answers questions by hand

	process *process
}

// besiege makes a member send messages of all kinds, each as often as the seed says.
func (v *hostile) besiege(r stream) {
	for i := range v.weights {
		v.weights[i] = pick(r, []int{0, 0, 1, 1, 2, 8})
	}
	v.weights[attackHidden]++
	v.mischief = r.moment(8*time.Millisecond, 40*time.Millisecond)
	v.width = pick(r, []int{1, 3, 10, 40})
	v.branches = pick(r, []int{30, 100, 300})
	v.mute, v.answers = r.percent(30), true
	if v.heavy = 0; r.percent(3) {
		v.heavy = 1
	}
}

// sends has a member send some kinds of messages.
func (v *hostile) sends(mischief time.Duration, branches int, kinds ...attack) {
	v.mischief, v.branches, v.width = mischief, branches, 1
	for _, k := range kinds {
		v.weights[k]++
	}
}

// send sends what its node wants sent, or something else.
func (v *hostile) send(s *run, p *process, to core.Identity, frame []byte) {
	all := s.byIdentity[to]
	if v.mute || len(all) > 0 && int(all[0].number) < len(v.shuns) && v.shuns[all[0].number] {
		return
	}
	if v.withholds && len(all) > 0 && all[0].number%2 == 0 {
		if frame = s.plot.withhold(s, frame); frame == nil {
			return
		}
	}
	if v.spoils && s.hostility.percent(30) {
		frame = s.plot.spoil(s, frame)
	}
	s.plot.remember(s, frame)
	s.post(p, to, frame, false)
}

// remembered is how many frames hostile members remember.
const remembered = 32

// remember keeps a frame, to be sent again.
func (f *plot) remember(s *run, frame []byte) {
	if len(frame) > 4<<10 {
		return
	}
	if len(f.frames) < remembered {
		f.frames = append(f.frames, slices.Clone(frame))
	} else {
		f.frames[s.hostility.below(remembered)] = slices.Clone(frame)
	}
}

// act sends something that nobody asked for, and plans to do so again.
func (v *hostile) act(s *run) {
	p := v.process
	if p.gone {
		return
	}
	s.queue.push(action{at: s.now + v.pause(s), kind: doMischief, who: p.number})
	to := s.victims()
	if p.node == nil || len(to) == 0 {
		return
	}
	shuffle(s.hostility, to)
	frame := v.frame(s, to[0])
	if len(frame) == 0 {
		return
	}
	s.plot.remember(s, frame)
	times := 1
	if v.answers && s.hostility.percent(10) {
		times = 2
	}
	for _, q := range to[:s.hostility.within(1, len(to))] {
		for range times {
			s.post(p, q.identity, slices.Clone(frame), false)
		}
	}
}

// frame returns what a member sends next, made for one of those who get it; nil for nothing.
func (v *hostile) frame(s *run, to *process) []byte {
	r, f := s.hostility, s.plot
	all := 0
	for _, w := range v.weights {
		all += w
	}
	at, what := r.below(all), attack(0)
	for at >= v.weights[what] {
		at -= v.weights[what]
		what++
	}
	switch what {
	case attackNoise:
		if r.percent(60) || len(f.frames) == 0 {
			return f.noise(s)
		}
		if frame := slices.Clone(pick(r, f.frames)); len(frame) > 0 {
			return f.spoil(s, frame)
		}
		return nil
	case attackFrame:
		if len(f.frames) > 0 {
			return pick(r, f.frames)
		}
		return nil
	}
	m := (*wire.Message)(nil)
	if a := v.assault(s, to); what != attackLimit {
		m = a.compose(what)
	} else if v.heavy > 0 {
		v.heavy--
		m = a.beyond()
	}
	if m == nil {
		return nil
	}
	raw := wire.Append(nil, m)
	if len(raw) > wire.MaxRaw {
		raw = raw[:wire.MaxRaw]
	}
	return f.framer.Seal(nil, s.wire, raw)
}

// assault begins a message.
func (v *hostile) assault(s *run, to *process) *assault {
	f := s.plot
	f.look(s, to)
	a := &assault{plot: f, s: s, v: v, r: s.hostility, to: to, by: v.process.identity}
	a.other = pick(a.r, f.keys)
	if a.other == a.by {
		a.other = pick(a.r, f.keys)
	}
	return a
}

func (v *hostile) pause(s *run) time.Duration {
	return s.hostility.draw(workloads.Delay{Shape: workloads.Exponential, Mean: v.mischief})
}

// victims lists whom a hostile member can send to: all honest processes.
func (s *run) victims() (out []*process) {
	for _, q := range s.processes {
		if q.honest && q.node != nil {
			out = append(out, q)
		}
	}
	return out
}

// hear answers a question of an honest member by hand: whatever its node answers besides.
func (v *hostile) hear(s *run, q *message) {
	to := s.processes[q.from]
	if !v.answers || !to.honest || to.node == nil || v.process.gone {
		return
	}
	m := s.plot.open(s, q.frame)
	if m == nil {
		return
	}
	var out []*wire.Message
	switch m.Kind {
	case wire.KindAsk:
		out = v.supply(s, slices.Clone(m.Wants))
	case wire.KindLearn:
		nonce := m.Nonce
		a := v.assault(s, to)
		for range a.r.below(4) {
			out = append(out, a.teach(nonce))
		}
		out = append(out, &wire.Message{Kind: wire.KindTeach, Nonce: nonce, Known: uint32(len(s.founders))})
	}
	for _, m := range out {
		if m != nil {
			s.post(v.process, to.identity, s.plot.seal(s, m), false)
		}
	}
}

// supply returns the contents that were asked for, or others, or both, or some twice.
func (v *hostile) supply(s *run, wants []wire.Hash) (out []*wire.Message) {
	r := s.hostility
	for range r.below(3) {
		m := &wire.Message{Kind: wire.KindSupply, Known: uint32(len(s.founders))}
		for _, hash := range wants {
			body := s.plot.bodies[hash]
			if body == nil || r.percent(30) {
				body = s.plot.payload()
			}
			for range 1 + r.below(2) {
				m.Observations = append(m.Observations, wire.Observation{Body: body})
			}
		}
		out = append(out, m)
	}
	return out
}

// teach returns an answer to a restored node's question that is not the right one: with branches, with events out of
// order, with pieces of what is known, and perhaps with more to follow that does not.
func (a *assault) teach(nonce wire.Hash) *wire.Message {
	var events []*forged
	switch base := a.base(a.by); {
	case a.r.percent(40):
		events = a.branches(base)
	case a.r.percent(40):
		events = a.soup()
	case a.r.percent(50):
		events = a.merged(base)
	default:
		events = a.old()
	}
	m := a.s.compose(wire.KindTeach, events)
	m.Nonce, m.More = nonce, a.r.percent(30)
	return m
}
