// Package election turns a gossip graph into an agreed order of blocks (SPEC sections 3 and 4).
//
// What an event decides is a function of the graph behind it, so the package is free to choose what it
// computes when. Three things are kept, each for as long as it holds:
//
//   - the interesting content of events (content.go), which stands until the voters change;
//   - for the running election the first interesting event of each voter (observer.go);
//   - by chain, the events by which a voter received something, from the earliest that can be an observer on
//     (chains.go).
//
// Elections are computed by levels while no voter has forked (levels.go, subjects.go): for each chain, the
// first event at which a fact about the election is true. They are found by holding rows against levels
// (look.go; with AVX2 on amd64, but not under the build tag purego). Where levels do not serve, with forks, with
// coins, and after an observation event as other-parent, events are processed one by one, in passes
// (window.go), with meta-votes bit-sliced over classes of subjects (metavotes.go, classes.go, counter.go), and coins (toss.go).
//
// A decision starts the next election at the earliest event that can be an observer in it: nothing
// before that is touched again. core/design/levels.md and core/design/passes.md say why each way is right.
package election

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"parsec/core/internal/bug"
	"parsec/core/internal/coin"
	"parsec/core/internal/gossip"
)

// Kind is what an observation is about.
type Kind uint8

// The kinds of observations.
const (
	Opaque Kind = iota
	Genesis
	Add
	Remove
	Accusation
	StartDKG
	DKGMessage
)

// Observation is what is voted on.
type Observation struct {
	Hash [32]byte
	Kind Kind
	Peer gossip.Peer // Add, Remove, Accusation; NoPeer for one that has no number yet
}

// NoPeer is no peer's number.
const NoPeer = gossip.Peer(math.MaxUint16)

// Block is a decided key. Voters are ordered by identity.
type Block struct {
	Observation uint32
	By          gossip.Peer // whose key it is if it is a Single one; NoPeer else
	Voters      []gossip.Peer
	At          gossip.Index
}

// Settled is a decided key that gives no block: of a kind that never does, or a Single key whose peer is no voter when
// it is decided, so that it has no vote. Who keeps accounts of what is undecided settles them by both, in any order.
type Settled struct {
	Observation uint32
	By          gossip.Peer // as in Block
}

// Errors of AddObservation and Insert.
var (
	ErrObservation = errors.New("unknown observation")
	ErrPeer        = errors.New("observation about an unknown peer")
	ErrFull        = errors.New("too many observations")
	ErrVotes       = errors.New("too many votes")
	ErrSeveral     = errors.New("several other-parents: no election decides on such events yet")
)

// never is a place no event has: later than all.
const never = gossip.Never

// Election runs the meta-elections of one graph.
type Election struct {
	g         *gossip.Graph
	came      gossip.Index // the last event taken in; the graph may have more
	coin      coin.Coin
	single    bool // Opaque observations need one vote
	everyPeer bool // crate-0.7.3: strongly-sees counts every peer

	identities            [][32]byte
	known                 map[[32]byte]gossip.Peer // by identity
	member                []bool                   // by peer: votes now
	wasAdded              []bool                   // by peer: voted at some time
	added                 int                      // how many did
	mostVoters, mostPeers int                      // see Limit

	observations []observation
	strangers    []stranger
	keys         []key
	votes        []vote // from 1
	pairs        []pair // from 1; free ones linked from the first
	castOn       map[castOn]struct{}
	bundles      bundles
	cast         []castVotes   // by peer
	forks        []bool        // by peer: it forked, as far as the events taken in tell
	forkers      []gossip.Peer // those, in the order met
	content      content
	paths        [][]path // by voter: of one that forked
	freeViews    []int
	trail        []gossip.Index // scratch

	// Of the voters now. Voter i is at bit i wherever voters are bits.
	n       int // how many
	quorum  int // the least supermajority of n
	third   int // the least k with 3k >= n
	voters  []gossip.Peer
	vbit    []int16   // by peer: i, -1 if it is no voter
	aligned bool      // voter i is peer i
	forked  []int16   // voters that forked
	counted []counted // who counts for strongly-sees beyond the voters: crate-0.7.3 only

	levels     levels
	passesOnly bool // the election is computed by passes whatever the graph: for tests

	// By passes.
	window    window
	observers observers
	metaVotes metaVotes
	small     bool // n <= nibbleVoters: sets of voters are lanes

	// The running election.
	next     gossip.Index   // the first event not processed yet
	base     gossip.Index   // meta-votes are of events from base+1 on; never while there is no observer
	coins    bool           // a coin was awaited or applied: requesting events are no mere copies
	earliest gossip.Index   // the first observer, 0 for none yet
	seen     []gossip.Index // the observers, kept only while a voter forked
	subjects []uint64       // scratch: a bit a voter

	decided []keyRank
	last    uint32 // the key decided last, noKey for none: coins read it
	blocks  []Block
	settled []Settled
	backs   []uint64      // scratch: a bit a voter
	backers []gossip.Peer // what Block.Voters are slices of
	taken   bool
	Stats   Stats
}

// Stats counts work.
type Stats struct {
	Decisions uint64 // elections ended
	Retouched uint64 // events there already that the election after one that ended goes over
	Probes    uint64 // observer checks
	Looks     uint64 // times a row was held against a level
	Evals     uint64 // events whose meta-votes were computed, in passes
	Resets    uint64 // times content was computed anew: the voters changed, or one of them forked
	Tosses    uint64 // times a coin fell for an event and a voter
}

// New returns an election over an empty graph.
func New(single, everyPeer bool, c coin.Coin) *Election {
	e := &Election{
		g:         new(gossip.Graph),
		coin:      c,
		single:    single,
		everyPeer: everyPeer,
		votes:     make([]vote, 1),
		next:      1,
		last:      noKey,

		mostVoters: noLimit,
		mostPeers:  noLimit,
	}
	e.content.nodes = make([]node, 1)
	e.pairs = make([]pair, 1)
	return e
}

// Graph returns the graph. Events may be inserted into it ahead of the election, which takes them in by Add, in order;
// and those that it did not take in yet may be dropped again.
func (e *Election) Graph() *gossip.Graph { return e.g }

// Voter reports whether p votes now.
func (e *Election) Voter(p gossip.Peer) bool { return e.member[p] }

// Observations returns how many observations are known.
func (e *Election) Observations() int { return len(e.observations) }

// Grow makes room for so many more peers.
func (e *Election) Grow(peers int) {
	peers = min(peers, gossip.MaxPeers)
	e.g.Grow(peers)
	e.identities = slices.Grow(e.identities, peers)
	if e.known == nil {
		e.known = make(map[[32]byte]gossip.Peer, peers)
	}
	e.member = slices.Grow(e.member, peers)
	e.vbit = slices.Grow(e.vbit, peers)
	e.cast = slices.Grow(e.cast, peers)
	e.voters = slices.Grow(e.voters, peers)
	e.voters = slices.Grow(e.voters, peers)
}

// AddPeer makes a peer known. The caller sees to it that it is not (see [Election.Peer]).
func (e *Election) AddPeer(identity [32]byte) (gossip.Peer, error) {
	if e.known == nil {
		e.Grow(1)
	}
	p, err := e.g.AddPeer()
	if err != nil {
		return 0, err
	}
	e.identities = append(e.identities, identity)
	e.known[identity] = p
	e.member = append(e.member, false)
	e.wasAdded = append(e.wasAdded, false)
	e.vbit = append(e.vbit, -1)
	e.forks = append(e.forks, false)
	e.peerAdded()
	if e.everyPeer {
		e.counted = append(e.counted, counted{p})
	}
	return p, nil
}

// Start makes the genesis group voters. It is called once, before any event.
func (e *Election) Start(genesis []gossip.Peer) {
	for _, p := range genesis {
		e.member[p] = true
		e.wasAdded[p] = true
		e.added++
	}
	e.reset()
}

// AddObservation makes an observation known and returns its number. If it is about a peer and that is NoPeer, it is
// about the peer of the identity, which needs no number until the observation is decided. Identity is read for
// that only, and not kept.
func (e *Election) AddObservation(o Observation, identity *[32]byte) (uint32, error) {
	if len(e.observations) == math.MaxInt32 {
		return 0, ErrFull
	}
	if o.Kind.aboutPeer() {
		if o.Peer == NoPeer {
			o.Peer = e.acquaint(uint32(len(e.observations)), identity)
		} else if int(o.Peer) >= len(e.member) {
			return 0, fmt.Errorf("%w %d of %d", ErrPeer, o.Peer, len(e.member))
		}
	}
	e.observations = append(e.observations, observation{Observation: o, keys: noKey})
	return uint32(len(e.observations) - 1), nil
}

// Insert adds an event without votes to the graph and takes it in, as Graph().Insert and Add do; odd is the lowest bit of
// the event's id, for coins. Everything in the graph has been taken in.
func (e *Election) Insert(by gossip.Peer, cause gossip.Cause, self gossip.Index, others []gossip.Index, odd bool) (gossip.Index, error) {
	if len(others) > 1 || cause == gossip.Observation {
		if err := e.Check(cause, others, nil); err != nil {
			return 0, err
		}
	}
	x, ev, row, err := e.g.InsertRow(by, cause, self, others)
	if err != nil {
		return 0, err
	}
	ev.Odd = odd
	if cause.Receive() {
		e.spoil(others)
	}
	e.takeIn(x, ev, row)
	return x, nil
}

// InsertVotes is Insert of an observation event, which votes for observations in order: it decides what an event for
// each of them would decide. Votes is not kept.
func (e *Election) InsertVotes(by gossip.Peer, self gossip.Index, votes []uint32, odd bool) (gossip.Index, error) {
	if len(votes) == 1 && int(votes[0]) < len(e.observations) {
		x, ev, row, err := e.g.InsertRow(by, gossip.Observation, self, nil)
		if err != nil {
			return 0, err
		}
		ev.Odd = odd
		e.logAll(x, ev, votes)
		e.takeIn(x, ev, row)
		return x, nil
	}
	if err := e.Check(gossip.Observation, nil, votes); err != nil {
		return 0, err
	}
	x, err := e.g.Insert(by, gossip.Observation, self, nil, uint32(len(votes)))
	if err != nil {
		return 0, err
	}
	ev := e.g.Event(x)
	ev.Odd = odd
	e.logAll(x, ev, votes)
	e.takeIn(x, ev, e.g.Row(x, 0))
	return x, nil
}

// Check returns why an event with these other-parents and votes cannot be taken in, nil if it can once the graph has it.
func (e *Election) Check(cause gossip.Cause, others []gossip.Index, votes []uint32) error {
	if len(others) > 1 && cause.Receive() {
		return ErrSeveral
	}
	if cause == gossip.Observation && len(votes) == 0 {
		return fmt.Errorf("%w: an observation event votes for none", ErrObservation)
	}
	if len(votes) > math.MaxInt32-e.bundles.total { // with one vote an event, indices and votes stay below 1<<32
		return ErrVotes
	}
	for _, o := range votes {
		if int64(o) >= int64(len(e.observations)) {
			return fmt.Errorf("%w %d of %d", ErrObservation, o, len(e.observations))
		}
	}
	return nil
}

// Add takes in event x of the graph, the next one, of which Check is nil, and runs the elections as far as they go. The
// votes are an observation event's, as of InsertVotes. What it decides depends on the events taken in alone, whatever
// else is in the graph.
func (e *Election) Add(x gossip.Index, votes []uint32) {
	ev := e.g.Event(x)
	e.spoil(e.g.Others(x))
	if len(votes) > 0 {
		e.logAll(x, ev, votes)
	}
	e.takeIn(x, ev, e.g.Row(x, 0))
}

// spoil notes the observation events among other-parents: levels do not serve elections that began before them.
func (e *Election) spoil(others []gossip.Index) {
	for _, other := range others {
		if e.g.Event(other).Cause == gossip.Observation {
			e.levels.spoiled = max(e.levels.spoiled, other)
		}
	}
}

// logAll logs the votes of x, which is about to be taken in.
func (e *Election) logAll(x gossip.Index, ev *gossip.Event, votes []uint32) {
	logged := false
	if len(votes) == 1 {
		ev.Datum = votes[0]
		logged = e.logVote(x, ev, votes[0])
	} else {
		logged = e.logVotes(x, ev, votes)
	}
	if logged && e.observers.lowest == never && e.forkersAlone() {
		e.startAt(x)
	}
}

// takeIn takes in event x, whose votes are logged.
func (e *Election) takeIn(x gossip.Index, ev *gossip.Event, row []gossip.Index) {
	if x != e.came+1 {
		panic(fmt.Sprintf("election: event %d is not the next after %d", x, e.came))
	}
	e.came = x
	e.forgetBlocks()
	if e.g.Branches() > 0 && ev.Chain != e.g.First(ev.By) && e.begins(ev) && e.noteFork(ev.By) {
		e.reset()
	} else {
		e.enter(x, ev, row)
	}
	e.run(x)
	if invariants {
		e.verify(x)
	}
}

// begins reports whether an event, which is not on the first chain of its creator, is the first of its chain.
func (e *Election) begins(ev *gossip.Event) bool {
	return ev.Self == 0 || e.g.Event(ev.Self).Chain != ev.Chain
}

// enter takes the new event x in: its interesting content, and its place in the window.
func (e *Election) enter(x gossip.Index, ev *gossip.Event, row []gossip.Index) {
	voter := int(e.vbit[ev.By])
	if voter >= 0 && ev.Cause.Sync() {
		if len(e.forkers) == 0 || !e.forks[ev.By] {
			e.addContent(x, ev, row, voter)
		} else if e.n == 1 {
			e.follow(0, x)
		}
	}
	if e.observers.lowest == never || e.n < 2 {
		return
	}
	l := &e.levels
	l.arrived = NoPeer
	if voter >= 0 && ev.Cause.Receive() && len(e.forked) == 0 {
		l.arrived = ev.By
		l.chains.push(ev.By, x, row)
	}
	if !l.on {
		e.push(x, ev, row)
	}
}

// Blocks returns the blocks decided since the last call. They are valid until the next Insert.
func (e *Election) Blocks() []Block {
	if e.taken {
		return nil
	}
	e.taken = true
	return e.blocks
}

// Settled returns the keys decided without a block since the call of Blocks before the last, which is to be called
// first. They are valid until the next Insert.
func (e *Election) Settled() []Settled { return e.settled }

// forgetBlocks makes room for the blocks of a further event if those of the last were taken.
func (e *Election) forgetBlocks() {
	if e.taken {
		e.blocks, e.settled, e.backers, e.taken = e.blocks[:0], e.settled[:0], e.backers[:0], false
	}
}

// run carries the elections on with event x, and the events that it is the newest of as far as decisions
// call for that.
func (e *Election) run(x gossip.Index) {
	for {
		for e.n == 1 && e.decideAlone(x) {
		}
		if e.n < 2 || e.observers.lowest == never {
			e.next = x + 1
			return
		}
		if e.levels.on && e.raise(x) {
			e.trueVoters(e.subjects)
			e.decide(0, x)
			continue
		}
		if e.levels.on {
			return
		}
		y := e.pass(x)
		if y == 0 {
			return
		}
		e.metaVotes.trueSubjects(e.window.votes[y-e.window.base], e.subjects)
		e.decide(y, x)
		if e.next <= y {
			e.Stats.Retouched += uint64(y - e.next + 1)
		}
	}
}

// byPasses lets the running election be computed by passes, from its first interesting event on. The events
// up to x are in the graph.
func (e *Election) byPasses(x gossip.Index) {
	e.levels.on = false
	e.base, e.earliest = never, 0
	e.next = e.observers.lowest
	e.observers.filled = e.next
	clear(e.observers.from)
	e.window.restart(e.next)
	for y := e.next; y <= x; y++ {
		e.push(y, e.g.Event(y), e.g.Row(y, 0))
	}
}

// pass makes the meta-events, but for their content, of the events from e.next to x, up to the first
// that ends the election. It returns that one, or 0.
func (e *Election) pass(x gossip.Index) gossip.Index {
	w := &e.window
	e.fillSets(x)
	for y := e.next; y <= x; y++ {
		i := int(y - w.base)
		in := &w.info[i]
		if in.kind == bystander {
			continue
		}
		before := uint32(0)
		if in.sync > e.base {
			before = w.votes[in.sync-w.base]
		}
		w.votes[i] = before
		if in.kind == requesting && (before == 0 || !e.coins) {
			continue // it sees what its self-parent saw
		}
		if before == 0 {
			if y < e.observers.from[in.voter] || !e.probe(y, i, in) {
				continue
			}
			if e.earliest == 0 {
				e.earliest = y
				e.base = y - 1
				w.votes[i-1] = 0
			}
			if len(e.forked) > 0 {
				e.seen = append(e.seen, y)
			}
		}
		w.votes[i] = 0
		if e.evaluate(y, i, before, in) {
			e.next = y + 1
			return y
		}
	}
	e.next = x + 1
	return 0
}

func quorum(n int) int {
	switch {
	case bug.On(bug.Majority):
		return n/2 + 1
	case bug.On(bug.AtLeast):
		return (2*n + 2) / 3
	}
	return 2*n/3 + 1
}

func third(n int) int {
	if bug.On(bug.LoneEstimates) {
		return n
	}
	return (n + 2) / 3
}
