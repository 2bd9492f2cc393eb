package workloads

import (
	"slices"

	"parsec/core"
	"parsec/core/recording"
)

// message is a gossip message on its way. By invariant 1 of section, what a member knows when it sends
// is the ancestry of its last event, and all of it is known to the recipient once the message has come
// (what the message leaves out the recipient was known to have): a row says it all.
type message struct {
	cause    core.Cause // Requesting for a request, Request for a response: the event it ends with
	from, to int32      // members
	last     int32      // the sender's last event
	log      int        // length of the sender's log, in AsSeen order
	row      []uint32
}

// messages owns the messages on their way; those that have come are used again.
type messages struct {
	width int // entries of a row
	all   []message
	free  []int32
}

func (ms *messages) take() int32 {
	if k := len(ms.free); k > 0 {
		i := ms.free[k-1]
		ms.free = ms.free[:k-1]
		return i
	}
	ms.all = append(ms.all, message{row: make([]uint32, ms.width)})
	return int32(len(ms.all) - 1)
}

// gossip is one round of m's: requests to Fanout others, each with its requesting event.
func (s *section) gossip(m *member) {
	if m.gone {
		return
	}
	s.picked = s.picked[:0]
	for range max(s.p.Fanout, 1) {
		if to, ok := s.recipient(m); ok {
			s.picked = append(s.picked, to)
			s.request(m, to)
		}
	}
	s.schedule(s.p.Gossip.sample(s.rng), action{kind: gossip, who: m.number})
}

// request makes a requesting event and sends the request. A sole member makes the event only, with
// itself as recipient, as the recordings have it.
func (s *section) request(m *member, to core.PeerIndex) {
	s.add(m, recording.Event{Cause: core.Requesting, Recipient: int32(to)})
	if to != m.peer {
		s.send(core.Requesting, m, s.instance(to, m.peer))
	}
}

// recipient picks a peer that m may send to and has not picked in this round; none may be left.
func (s *section) recipient(m *member) (core.PeerIndex, bool) {
	if s.peers == 1 {
		return m.peer, true
	}
	// Random tries: those that must be refused are few, except for an instance of a forker whose peers
	// have left.
	for range 64 {
		p := s.taking[s.rng.below(len(s.taking))]
		if p != m.peer && !slices.Contains(s.picked, p) && s.reaches(m, p) {
			return p, true
		}
	}
	return 0, false
}

// send puts a message that ends with m's last event on its way, or loses it.
func (s *section) send(cause core.Cause, m, to *member) {
	if s.p.LossPercent > 0 && s.rng.percent(s.p.LossPercent) || s.parted(m.peer, to.peer) {
		return
	}
	i := s.messages.take()
	msg := &s.messages.all[i]
	msg.cause, msg.from, msg.to, msg.last = cause, m.number, to.number, m.last
	copy(msg.row, m.row)
	if s.p.Order == AsSeen {
		msg.log = s.logs.len(m)
	}
	d := s.p.Delay
	if s.slow(m.peer, to.peer) {
		d = s.p.SlowDelay
	}
	s.schedule(d.sample(s.rng), action{kind: deliver, what: i})
}

// deliver hands message i over: a sync event if it tells anything, and the response to a request.
func (s *section) deliver(i int32) {
	msg := &s.messages.all[i]
	m, from := &s.members[msg.to], &s.members[msg.from]
	cause, last := core.Response, msg.last
	if msg.cause == core.Requesting {
		cause = core.Request
	}
	tells := !m.gone && m.row[msg.from] < msg.row[msg.from]
	if tells {
		if s.p.Order == AsSeen {
			s.logs.learn(s, m, msg)
		}
		for k, known := range msg.row {
			m.row[k] = max(m.row[k], known)
		}
	}
	s.messages.free = append(s.messages.free, i)
	if m.gone {
		return
	}
	if !m.awake {
		s.wake(m)
	}
	if tells {
		s.add(m, recording.Event{Cause: cause, OtherParent: last})
	}
	if cause == core.Request {
		s.send(core.Request, m, from)
	}
}

// parted reports whether a partition loses messages between two peers now.
func (s *section) parted(a, b core.PeerIndex) bool {
	for _, p := range s.p.Partitions {
		if p.From <= s.now && s.now < p.Until && p.group(a) != p.group(b) {
			return true
		}
	}
	return false
}

func (p Partition) group(peer core.PeerIndex) int {
	for g, size := range p.Groups {
		if peer < core.PeerIndex(size) {
			return g
		}
		peer -= core.PeerIndex(size)
	}
	return len(p.Groups)
}

// slow reports whether the link between two peers is one of the slow ones, the same in every run of
// one seed.
func (s *section) slow(a, b core.PeerIndex) bool {
	if s.p.SlowPercent == 0 {
		return false
	}
	link := uint64(min(a, b))<<16 | uint64(max(a, b))
	return newRandom(s.p.Seed, link<<8|0xff).percent(s.p.SlowPercent)
}
