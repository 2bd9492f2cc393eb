package sim

import (
	"time"

	"parsec/core"
	"parsec/workloads"
)

// message is one that travels, or has: its frame is kept as long as it may come again.
type message struct {
	from, to int32 // processes
	sender   core.Identity
	frame    []byte
	honest   bool // the frame is what an honest node made
	again    bool // it is a repetition
}

// network carries messages. It knows processes by number: of two with one key, the pairing says who gets what.
type network struct {
	links    [][]workloads.Delay // by sender and recipient
	messages []message
	free     []int32
	old      []message // some that were sent, for replays
	healed   bool
	sent     int
}

const kept = 64 // old messages that replays choose from

// good is a link once all is well.
var good = workloads.Delay{Shape: workloads.Jittered, Mean: 10 * time.Millisecond}

// link returns the delays from one process to another. They are drawn when first asked for.
func (s *run) link(from, to int32) workloads.Delay {
	if s.net.healed {
		return good
	}
	n := &s.net
	for int(from) >= len(n.links) {
		n.links = append(n.links, nil)
	}
	for int(to) >= len(n.links[from]) {
		n.links[from] = append(n.links[from], pick(s.network, s.plan.delays))
	}
	return n.links[from][to]
}

// cut reports whether a partition is between two processes now.
func (s *run) cut(from, to int32) bool {
	if s.net.healed {
		return false
	}
	for i := range s.plan.partitions {
		p := &s.plan.partitions[i]
		if s.now < p.from || s.now >= p.until || p.flap > 0 && (s.now-p.from)/p.flap%2 == 1 {
			continue
		}
		a, b := p.sideOf(from), p.sideOf(to)
		if a != b && (a || !p.oneWay) {
			return true
		}
	}
	return false
}

func (p *partition) sideOf(who int32) bool {
	if int(who) >= len(p.side) {
		who = 0
	}
	return p.side[who]
}

// post sends a frame to whoever has an identity. It takes the frame over.
func (s *run) post(from *process, to core.Identity, frame []byte, honest bool) {
	s.net.sent++
	s.trace.note('m', uint64(from.number))
	s.trace.bytes('f', frame)
	for _, q := range s.addressees(from, to) {
		s.carry(message{from: from.number, to: q.number, sender: from.identity, frame: frame, honest: honest})
	}
}

// carry has a message delivered, or lost.
func (s *run) carry(m message) {
	if s.plan.replay > 0 && !s.net.healed {
		if len(s.net.old) < kept {
			s.net.old = append(s.net.old, m)
		} else {
			s.net.old[s.network.below(kept)] = m
		}
	}
	if s.cut(m.from, m.to) || !s.net.healed && s.network.percent(s.plan.loss) {
		return
	}
	if s.plan.scheduler && !s.net.healed {
		s.schedule(m)
		return
	}
	copies := 1
	if !s.net.healed && s.network.percent(s.plan.duplicate) {
		copies = 2
	}
	for range copies {
		d := s.network.draw(s.link(m.from, m.to))
		if !s.net.healed {
			d *= time.Duration(s.processes[m.to].slowness())
		}
		s.deliverAt(s.now+d, m)
		m.again = true
	}
}

func (s *run) deliverAt(at time.Duration, m message) {
	n := &s.net
	i := int32(len(n.messages))
	if k := len(n.free); k > 0 {
		i = n.free[k-1]
		n.free = n.free[:k-1]
		n.messages[i] = m
	} else {
		n.messages = append(n.messages, m)
	}
	s.queue.push(action{at: at, kind: doDeliver, who: m.to, what: i})
}

// deliver hands a message over that arrives now.
func (s *run) deliver(i int32) {
	m := s.net.messages[i]
	s.net.messages[i] = message{}
	s.net.free = append(s.net.free, i)
	p := s.processes[m.to]
	if p.hostile != nil {
		p.hostile.hear(s, &m)
	}
	if p.node != nil {
		p.give(s, input{kind: gotMessage, message: m})
	}
}

// replayOld has an old message come again.
func (s *run) replayOld() {
	if s.net.healed {
		return
	}
	if len(s.net.old) > 0 {
		m := pick(s.network, s.net.old)
		m.again = true
		s.deliverAt(s.now+s.network.draw(s.link(m.from, m.to)), m)
	}
	s.queue.push(action{at: s.now + s.network.draw(workloads.Delay{Shape: workloads.Exponential, Mean: s.plan.replay}), kind: doReplay})
}

// addressees returns the processes that get what one sends to an identity: one, unless two have its key.
func (s *run) addressees(from *process, to core.Identity) []*process {
	all := s.byIdentity[to]
	if t := from.twin; t != nil && !t.talks(s, from, to) {
		return nil
	}
	if len(all) < 2 {
		return all
	}
	return all[0].twin.chosen(s, from, all)
}
