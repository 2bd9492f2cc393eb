package workloads

import (
	"math"
	"time"

	"parsec/core"
	"parsec/core/recording"
)

// section is the state of one simulation.
//
// A member is one running instance of a peer; a forker has two. Members' numbers are dense: first one
// for each peer, by peer number, then the forkers' second instances. A chain is the events of one
// member, so ancestry in chains needs no notion of forks: a row holds, for each member, how many
// events of its chain are known.
//
// Invariants:
//  1. A member's row is the ancestry of its last event: everything it knows it descends from.
//  2. members[i].row[i] is the number of events made by member i.
//  3. Nothing is scheduled before now.
type section struct {
	p   Params
	rng random
	queue
	now time.Duration

	peers   int // genesis members and those that join
	genesis []core.PeerIndex
	members []member
	taking  []core.PeerIndex // who takes part, as gossip sees it; in no order
	view    *member          // whose order AsSeen gives
	roles

	events       []recording.Event // in order of creation
	observations []recording.Observation
	messages     messages
	logs         logs

	opaque  int // opaque observations so far
	changed int // changes so far
	pending int // votes that are scheduled
	scratch []core.PeerIndex
	picked  []core.PeerIndex
}

type member struct {
	number int32
	peer   core.PeerIndex
	awake  bool // has an initial event, gossips
	gone   bool
	last   int32 // its last event
	row    []uint32
}

func newSection(p Params) *section {
	adds, _ := p.countChanges()
	s := &section{p: p, rng: newRandom(p.Seed, streamGossip), peers: p.Peers + adds}
	s.assign()
	n := s.peers + p.Forkers
	s.members = make([]member, n)
	rows := make([]uint32, n*n)
	for i := range s.members {
		s.members[i] = member{number: int32(i), peer: core.PeerIndex(i), last: recording.None, row: rows[i*n : (i+1)*n]}
	}
	for i, f := range s.forkers {
		s.members[s.peers+i].peer = f
	}
	s.view = &s.members[s.recorder]
	s.messages.width = n
	if p.Order == AsSeen {
		s.logs.init(n)
	}
	if p.Events > 0 {
		s.events = make([]recording.Event, 0, p.Events+p.Events/8+64)
	}
	return s
}

// run begins the section and lets time pass until the recording is complete.
func (s *section) run() {
	s.found()
	for len(s.heap) > 0 && !s.enough() {
		a := s.pop()
		s.now = a.at
		switch a.kind {
		case gossip:
			s.gossip(&s.members[a.who])
		case deliver:
			s.deliver(a.what)
		case vote:
			s.vote(&s.members[a.who], a.what)
		case propose:
			s.propose()
		case change:
			s.change(s.p.Changes[a.what], core.PeerIndex(a.who))
		case join:
			s.join(core.PeerIndex(a.who))
		case leave:
			s.leave(core.PeerIndex(a.who))
		case fork:
			s.fork()
		case finish:
			return
		}
	}
}

// enough reports whether the recording has its events.
func (s *section) enough() bool {
	switch {
	case s.p.Events == 0:
		return len(s.events) >= recording.MaxEvents
	case s.p.Order == AsSeen:
		return s.logs.len(s.view) >= s.p.Events
	default:
		return len(s.events) >= s.p.Events
	}
}

// found makes the genesis members' first events and schedules all that does not follow from gossip.
func (s *section) found() {
	group := s.observe(recording.Observation{Kind: core.Genesis, Group: s.genesis}, "genesis")
	for _, p := range s.genesis {
		m := &s.members[p]
		s.add(m, recording.Event{Cause: core.Initial})
		s.add(m, recording.Event{Cause: core.Observing, Observation: group})
		s.taking = append(s.taking, p)
		s.wake(m)
	}
	s.schedule(s.p.Every.sample(s.rng), action{kind: propose})
	for i, c := range s.p.Changes {
		s.schedule(c.At, action{kind: change, what: int32(i), who: int32(s.subjects[i])})
	}
	if s.p.Forkers > 0 {
		s.schedule(s.p.ForkAt, action{kind: fork})
	}
}

// schedule has a happen after d.
func (s *section) schedule(d time.Duration, a action) {
	a.at = s.now + min(d, math.MaxInt64/2)
	s.push(a)
}

// wake starts a member's gossip, at a random point of its first round.
func (s *section) wake(m *member) {
	m.awake = true
	s.schedule(time.Duration(s.rng.below64(uint64(s.p.Gossip.Mean))), action{kind: gossip, who: m.number})
}

// add makes an event of m's. The caller sets cause and what is peculiar to it.
func (s *section) add(m *member, e recording.Event) {
	e.Creator, e.SelfParent = m.peer, m.last
	if !hasOtherParent(e.Cause) {
		e.OtherParent = recording.None
	}
	if e.Cause != core.Observing {
		e.Observation = recording.None
	}
	if e.Cause != core.Requesting {
		e.Recipient = recording.None
	}
	m.last = int32(len(s.events))
	m.row[m.number]++
	s.events = append(s.events, e)
	if s.p.Order == AsSeen {
		s.logs.made(m)
	}
}

func hasOtherParent(c core.Cause) bool { return c == core.Request || c == core.Response }

// join lets a peer that was added take part. It gossips once the first gossip has reached it.
func (s *section) join(p core.PeerIndex) {
	s.add(&s.members[p], recording.Event{Cause: core.Initial})
	s.taking = append(s.taking, p)
}

// leave stops all instances of a peer.
func (s *section) leave(p core.PeerIndex) {
	for i := range s.members {
		if s.members[i].peer == p {
			s.members[i].gone = true
		}
	}
	for i, q := range s.taking {
		if q == p {
			s.taking = append(s.taking[:i], s.taking[i+1:]...)
			break
		}
	}
}
