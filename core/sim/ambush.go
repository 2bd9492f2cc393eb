package sim

import (
	"fmt"
	"time"

	"parsec/core"
)

// ambush is a schedule of the first requests of a section, which decide its first election, the one about the genesis
// group: who asks whom, and which messages arrive in what order. Meta-votes depend on the shape of the graph alone
// until a coin falls, so that an adversary who has the network in its hands can try schedules out beforehand, on an
// engine, and choose one that has a coin tossed.
type ambush struct {
	peers int
	moves []move
}

// move is that a peer makes a request to another, or that a message arrives. Messages are numbered as they are made:
// a request by a move, and a response where a request arrives.
type move struct {
	from, to int // a request, by place in order of identity; from is -1 where a message arrives
	message  int // which
}

// ambushes are streams whose schedules have a coin tossed, by number of peers: about one in two thousand does.
// TestAmbushes makes sure that these do, and finds more.
var ambushes = map[int][]uint64{
	4: {459, 503, 1192, 11540, 14393, 15857, 16114, 19201},
	5: {642, 694, 1394, 3059, 5990, 16104, 19146, 19746},
	6: {13370, 18303, 18988, 35098, 39939, 43951},
	7: {5784, 11616, 20078, 23077, 28775, 31217, 31489, 32334},
}

// newAmbush returns one of the known schedules for so many peers, nil if there is none.
func newAmbush(r stream, peers int) *ambush {
	if len(ambushes[peers]) == 0 {
		return nil
	}
	a := &ambush{peers: peers}
	if !a.try(pick(r, ambushes[peers])) {
		return nil
	}
	return a
}

// try makes the schedule of a stream and reports whether a coin falls in it: it ends there, with the decision, or
// after some time.
func (a *ambush) try(number uint64) bool {
	r := newStream(number, forScheduler)
	t, err := newTrial(a.peers)
	if err != nil {
		return false
	}
	a.moves = a.moves[:0]
	ask := 38 // percent of moves
	for range 60 * a.peers {
		if len(t.open) == 0 || r.percent(ask) {
			from := r.below(a.peers)
			to := (from + 1 + r.below(a.peers-1)) % a.peers
			t.request(from, to)
			a.moves = append(a.moves, move{from: from, to: to})
			continue
		}
		k := r.below(len(t.open))
		i := t.open[k]
		t.open[k] = t.open[len(t.open)-1]
		t.open = t.open[:len(t.open)-1]
		t.arrive(i)
		a.moves = append(a.moves, move{from: -1, message: i})
		if t.engine.Stats().Tosses > 0 {
			return true
		}
		if len(t.engine.Blocks()) > 0 {
			return false
		}
	}
	return false
}

// trial is a section of which an engine computes what it decides.
type trial struct {
	engine *core.Engine
	last   []core.EventIndex // by peer
	seen   [][]int           // by event, then peer: how many of the peer's events it descends from
	made   []parcel
	open   []int // messages that have not arrived
}

// parcel is a message of a trial.
type parcel struct {
	from, to int
	event    core.EventIndex
	request  bool
}

// newTrial returns a section whose founders have made their first events.
func newTrial(peers int) (*trial, error) {
	cfg := core.Config{Coin: core.PredictableRoundParityCoin}
	for p := range peers {
		cfg.Peers = append(cfg.Peers, core.Identity{byte(p)})
		cfg.Genesis = append(cfg.Genesis, core.PeerIndex(p))
	}
	e, err := core.NewEngine(cfg)
	if err != nil {
		return nil, err
	}
	genesis, err := e.AddObservation(core.Observation{Kind: core.Genesis})
	if err != nil {
		return nil, err
	}
	t := &trial{engine: e, last: make([]core.EventIndex, peers)}
	for p := range peers {
		t.insert(core.Event{Creator: core.PeerIndex(p), Cause: core.Initial})
		t.insert(core.Event{Creator: core.PeerIndex(p), Cause: core.Observing, SelfParent: t.last[p], Observation: genesis})
	}
	return t, nil
}

func (t *trial) insert(ev core.Event) core.EventIndex {
	x, err := t.engine.Insert(ev)
	if err != nil {
		panic("sim: an engine refuses an event of a trial: " + err.Error())
	}
	seen := make([]int, len(t.last))
	for _, y := range parents(&ev) {
		for p, n := range t.seen[y] {
			seen[p] = max(seen[p], n)
		}
	}
	seen[ev.Creator]++
	t.seen = append(t.seen, seen)
	t.last[ev.Creator] = x
	return x
}

func (t *trial) request(from, to int) {
	x := t.insert(core.Event{Creator: core.PeerIndex(from), Cause: core.Requesting, SelfParent: t.last[from]})
	t.open = append(t.open, len(t.made))
	t.made = append(t.made, parcel{from: from, to: to, event: x, request: true})
}

func (t *trial) arrive(i int) {
	m := t.made[i]
	if t.seen[t.last[m.to]][m.from] >= t.seen[m.event][m.from] {
		return // it tells nothing new, so that no event is made and no response
	}
	cause := core.Response
	if m.request {
		cause = core.Request
	}
	x := t.insert(core.Event{Creator: core.PeerIndex(m.to), Cause: cause, SelfParent: t.last[m.to], OtherParents: []core.EventIndex{m.event}})
	if m.request {
		t.open = append(t.open, len(t.made))
		t.made = append(t.made, parcel{from: m.to, to: m.from, event: x})
	}
}

// pace is the time between two moves, and lead that before the first: time enough for all records to be durable.
const (
	pace = 10 * time.Millisecond
	lead = 40 * time.Millisecond
)

// prepare has the founders vote before the first move, so that it makes a difference which voters are decided to count:
// all vote for the same payloads, each in another order. In the graph that is an observation event more for each, which
// changes no meta-vote; and as all have the contents, no message is held for want of one.
func (s *run) prepare() {
	n := s.plan.peers
	for i := range n {
		q := proposal{kind: core.Opaque, payload: fmt.Appendf(nil, "ambush %d", i), sole: -1}
		q.hash = s.hashOf(&q)
		s.proposals = append(s.proposals, q)
	}
	for k, p := range s.processes[:n] {
		for i := range n {
			p.app.heard = append(p.app.heard, int32((i+k)%n))
			p.app.voted = append(p.app.voted, false)
		}
		s.queue.push(action{at: lead / 2, kind: doVote, who: p.number})
	}
}

// length is how long an ambush takes.
func (a *ambush) length() time.Duration {
	if a == nil {
		return 0
	}
	return lead + pace*time.Duration(len(a.moves)+2)
}

// ambushNext makes move i with the section's nodes.
func (s *run) ambushNext(i int) {
	a := s.plan.ambush
	if i == len(a.moves) {
		rest := s.scheduler.caught
		s.scheduler.caught = nil
		for _, m := range rest {
			if m.frame != nil {
				s.carry(m)
			}
		}
		return
	}
	s.queue.push(action{at: s.now + pace, kind: doAmbush, what: int32(i + 1)})
	m := a.moves[i]
	if m.from < 0 {
		if m.message >= len(s.scheduler.caught) {
			return // a hostile member did not send what it should have
		}
		caught := &s.scheduler.caught[m.message]
		s.deliverAt(s.now, *caught)
		*caught = message{}
		return
	}
	from, to := s.ranked(m.from), s.ranked(m.to)
	from.give(s, input{kind: gotRequest, whom: to.identity})
}

// ranked returns the founder with a place in order of identity.
func (s *run) ranked(place int) *process {
	for i := range s.founders {
		if s.rank(i) == place {
			return s.processes[i]
		}
	}
	return nil
}
