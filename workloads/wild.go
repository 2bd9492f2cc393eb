package workloads

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"parsec/core"
	"parsec/core/recording"
)

// WildParams says what [Wild] makes. Peers and Events must be set.
type WildParams struct {
	Name string // becomes the recording's name; "wild" if empty
	Seed uint64
	Mode core.Mode

	Peers        int // all of them genesis members; at least 2
	Events       int // at least 2 a peer
	Observations int // opaque ones; a member votes for each at most once (a forker: on each branch)
	VotePercent  int // of the events are votes, while there is something left to vote for

	// FreshPercent of the other-parents are the newest event of another peer; the rest is any event of
	// another peer, however old. With 0 hardly anything is ever decided.
	FreshPercent int
	// Causes mixes requesting, request and response at random; otherwise all sync events are requests.
	Causes bool

	Forkers  int // peers that fork; less than a third of Peers
	Branches int // that one forker has at most; 0 means 3
}

func (p WildParams) check() error {
	percent := func(v int) bool { return v >= 0 && v <= 100 }
	switch {
	case p.Mode != core.Supermajority && p.Mode != core.Single:
		return fmt.Errorf("%w: no such mode", ErrParams)
	case p.Peers < 2 || p.Peers > recording.MaxPeers:
		return fmt.Errorf("%w: Peers is out of range", ErrParams)
	case p.Events < 2*p.Peers || p.Events > recording.MaxEvents:
		return fmt.Errorf("%w: Events is out of range", ErrParams)
	case p.Observations < 0 || p.Observations >= recording.MaxObservations || p.Branches < 0 || !percent(p.VotePercent) || !percent(p.FreshPercent):
		return fmt.Errorf("%w: a number is out of range", ErrParams)
	case p.Forkers < 0 || p.Forkers > 0 && 3*p.Forkers >= p.Peers:
		return fmt.Errorf("%w: Forkers must be less than a third of Peers", ErrParams)
	}
	return nil
}

// wild is a random graph in the making.
type wild struct {
	p      WildParams
	rng    random
	events []recording.Event
	own    [][]int32 // by peer: its events
	tips   [][]int32 // by peer: the newest event of each branch
	hurry  []int     // by peer: 1 to 4, how often it makes an event
	voted  []bool    // by peer and observation, for those that do not fork
	made   map[recording.Event]bool
	forks  []bool // by peer
}

// Wild returns a random graph that no gossip would make: members at different speeds, other-parents
// that are new or of any age, met again and again. All that SPEC section 1 asks of events holds, and
// every forker forks if it makes four events or more. The cost of a forker's vote grows with its chain.
func Wild(p WildParams) (*recording.Recording, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	if p.Branches == 0 {
		p.Branches = 3
	}
	w := &wild{
		p:     p,
		rng:   newRandom(p.Seed, streamWild),
		own:   make([][]int32, p.Peers),
		tips:  make([][]int32, p.Peers),
		hurry: make([]int, p.Peers),
		voted: make([]bool, p.Peers*(p.Observations+1)),
		made:  make(map[recording.Event]bool),
		forks: make([]bool, p.Peers),
	}
	rec := &recording.Recording{Name: cmp.Or(p.Name, "wild"), Mode: p.Mode, Rules: core.RFC0049, Coin: "round-parity", Peers: peerNames(p.Peers)}
	numbers := make([]core.PeerIndex, p.Peers)
	for i := range numbers {
		numbers[i] = core.PeerIndex(i)
	}
	rec.Genesis = slices.Clone(numbers)
	rec.Observations = append(rec.Observations, recording.Observation{
		ID: observationID(p.Seed, core.Genesis, "genesis"), Kind: core.Genesis, Group: rec.Genesis})
	for i := range p.Observations {
		payload := strconv.Itoa(i)
		rec.Observations = append(rec.Observations, recording.Observation{
			ID: observationID(p.Seed, core.Opaque, payload), Kind: core.Opaque, Payload: payload})
	}
	shuffle(w.rng, numbers)
	for _, f := range numbers[:p.Forkers] {
		w.forks[f] = true
	}
	none := recording.None
	for i := range p.Peers {
		peer := core.PeerIndex(i)
		w.hurry[i] = 1 + w.rng.below(4)
		w.add(recording.Event{Creator: peer, Cause: core.Initial, SelfParent: none, OtherParent: none, Observation: none, Recipient: none})
		w.add(recording.Event{Creator: peer, Cause: core.Observing, SelfParent: w.own[i][0], OtherParent: none, Observation: 0, Recipient: none})
	}
	for len(w.events) < p.Events {
		w.step()
	}
	rec.Events = w.events
	return rec, nil
}

// step makes an event, or none if chance has it that it would be one made before.
func (w *wild) step() {
	i := w.rng.below(w.p.Peers)
	if w.rng.below(4) >= w.hurry[i] {
		return
	}
	e := recording.Event{Creator: core.PeerIndex(i), SelfParent: w.selfParent(i), OtherParent: recording.None, Observation: recording.None, Recipient: recording.None}
	switch o := 1 + int32(w.rng.below(max(1, w.p.Observations))); {
	case w.p.Observations > 0 && w.rng.percent(w.p.VotePercent) && !w.hasVoted(e, o):
		e.Cause, e.Observation = core.Observing, o
		w.voted[i*(w.p.Observations+1)+int(o)] = true
	case w.p.Causes && w.rng.percent(30):
		e.Cause, e.Recipient = core.Requesting, int32(w.other(i))
	default:
		e.Cause, e.OtherParent = core.Request, w.otherParent(i)
		if w.p.Causes && w.rng.percent(50) {
			e.Cause = core.Response
		}
	}
	if w.forks[i] {
		// Equal events are one event: a fork has to differ in something.
		if w.made[e] {
			return
		}
		w.made[e] = true
	}
	w.add(e)
}

// selfParent picks where peer i goes on: the end of one of its branches or, to fork, anywhere.
func (w *wild) selfParent(i int) int32 {
	own, tips := w.own[i], w.tips[i]
	if w.forks[i] && len(tips) < w.p.Branches && len(own) > 3 && (len(tips) == 1 || w.rng.below(16) == 0) {
		return own[w.rng.below(len(own)-1)]
	}
	return tips[w.rng.below(len(tips))]
}

// other picks a peer other than i.
func (w *wild) other(i int) int {
	return (i + 1 + w.rng.below(w.p.Peers-1)) % w.p.Peers
}

func (w *wild) otherParent(i int) int32 {
	p := w.other(i)
	if w.rng.percent(w.p.FreshPercent) {
		return w.tips[p][w.rng.below(len(w.tips[p]))]
	}
	return w.own[p][w.rng.below(len(w.own[p]))]
}

// hasVoted reports whether e's creator voted for observation o in or before e's self-parent.
func (w *wild) hasVoted(e recording.Event, o int32) bool {
	if !w.forks[e.Creator] {
		return w.voted[int(e.Creator)*(w.p.Observations+1)+int(o)]
	}
	for i := e.SelfParent; i != recording.None; i = w.events[i].SelfParent {
		if w.events[i].Observation == o {
			return true
		}
	}
	return false
}

// add appends e and makes it the end of its branch, or of a new one.
func (w *wild) add(e recording.Event) {
	place, p := int32(len(w.events)), e.Creator
	w.events = append(w.events, e)
	w.own[p] = append(w.own[p], place)
	if k := slices.Index(w.tips[p], e.SelfParent); k >= 0 {
		w.tips[p][k] = place
	} else {
		w.tips[p] = append(w.tips[p], place)
	}
}
