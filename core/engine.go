package core

import (
	"errors"
	"fmt"

	"parsec/core/internal/coin"
	"parsec/core/internal/election"
	"parsec/core/internal/gossip"
	"parsec/core/internal/reason"
)

// Errors that [NewEngine], [Engine.AddPeer], [Engine.AddObservation] and [Engine.Insert] return, wrapped
// with what they are about. The engine is unchanged by a call that returns one.
var (
	ErrConfig             = reason.ErrConfig
	ErrUnknownPeer        = reason.ErrUnknownPeer
	ErrUnknownObservation = reason.ErrUnknownObservation
	ErrUnknownSelfParent  = reason.ErrUnknownSelfParent
	ErrUnknownOtherParent = reason.ErrUnknownOtherParent
	ErrInvalidEvent       = reason.ErrInvalidEvent
	ErrLimit              = reason.ErrLimit
)

// Limits of one engine. Past them it returns [ErrLimit].
const (
	MaxPeers  = gossip.MaxPeers  // peers it can know, former members included
	MaxEvents = gossip.MaxEvents // events
)

// Config is what a section starts from.
type Config struct {
	Mode    Mode
	Rules   Rules       // RFC0049 unless a recording says otherwise
	Coin    CoinKind    // ConcreteCoin unless a recording is replayed
	Peers   []Identity  // the peers known from the start; peer i has PeerIndex i. No two are equal.
	Genesis []PeerIndex // the first voters, at least one, no two equal; any order
}

// CoinKind names a common coin (SPEC section 5).
type CoinKind uint8

const (
	// ConcreteCoin is the coin of RFC 0049, and the one to use: the lowest bit of the id of an event by a
	// voter that is chosen anew for each toss. It needs [Event.Hash]. It falls as no schedule fixed beforehand
	// can tell; but who leads can be computed as the election begins, so an adversary who controls the order of
	// messages and reads them can delay the leader's event, and members then toss by different events.
	ConcreteCoin CoinKind = iota
	// PredictableRoundParityCoin is the coin of recordings: round r's is "r is odd". Anyone can predict it, so
	// an adversary who controls the order of messages can hold agreement off for ever. It is for conformance
	// and measurement only.
	PredictableRoundParityCoin
)

// new returns the coin, nil for an unknown kind.
func (k CoinKind) new() coin.Coin {
	switch k {
	case ConcreteCoin:
		return new(coin.Concrete)
	case PredictableRoundParityCoin:
		return coin.PredictableRoundParity{}
	}
	return nil
}

// Engine turns a gossip graph into an agreed order of blocks: insert events, take blocks. It does no
// input or output, reads no clock and starts no goroutine, and it is not safe for concurrent use.
type Engine struct {
	election *election.Election
	out      []Block
	voters   []PeerIndex
	others   []gossip.Index // scratch
	votes    []uint32       // scratch
}

// NewEngine returns an engine with an empty graph. The error wraps [ErrConfig].
func NewEngine(cfg Config) (*Engine, error) {
	if cfg.Mode > Single {
		return nil, fmt.Errorf("%w: unknown %v", ErrConfig, cfg.Mode)
	}
	if cfg.Rules > Crate073 {
		return nil, fmt.Errorf("%w: unknown %v", ErrConfig, cfg.Rules)
	}
	common := cfg.Coin.new()
	if common == nil {
		return nil, fmt.Errorf("%w: unknown coin %d", ErrConfig, cfg.Coin)
	}
	e := &Engine{election: election.New(cfg.Mode == Single, cfg.Rules == Crate073, common)}
	e.election.Grow(len(cfg.Peers))
	for _, id := range cfg.Peers {
		if _, err := e.AddPeer(id); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrConfig, err)
		}
	}
	if len(cfg.Genesis) == 0 {
		return nil, fmt.Errorf("%w: the genesis group is empty", ErrConfig)
	}
	genesis := make([]gossip.Peer, 0, len(cfg.Genesis))
	seen := make([]bool, len(cfg.Peers))
	for _, p := range cfg.Genesis {
		if int(p) >= len(seen) {
			return nil, fmt.Errorf("%w: genesis group: %w %d of %d", ErrConfig, ErrUnknownPeer, p, len(seen))
		}
		if seen[p] {
			return nil, fmt.Errorf("%w: peer %d is in the genesis group twice", ErrConfig, p)
		}
		seen[p] = true
		genesis = append(genesis, gossip.Peer(p))
	}
	e.election.Start(genesis)
	return e, nil
}

// AddPeer makes a further peer known, so that it can make events and be voted about, and returns its
// number. It does not become a voter by that. Peers already known are refused with [ErrConfig], and the
// peer after the last of [MaxPeers] with [ErrLimit].
func (e *Engine) AddPeer(id Identity) (PeerIndex, error) {
	if p, ok := e.Peer(id); ok {
		return 0, fmt.Errorf("%w: peers %d and %d have the same identity", ErrConfig, p, e.Peers())
	}
	p, err := e.election.AddPeer(id)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrLimit, err)
	}
	return PeerIndex(p), nil
}

// Peers returns how many peers are known.
func (e *Engine) Peers() int { return e.election.Graph().Peers() }

// Peer returns the number of the peer of an identity. It is false if none is known: it was neither made known by
// [Engine.AddPeer] nor added by a decision.
func (e *Engine) Peer(id Identity) (PeerIndex, bool) {
	p, ok := e.election.Peer(id)
	return PeerIndex(p), ok
}

// Identity returns the identity of peer p, which must be less than Peers.
func (e *Engine) Identity(p PeerIndex) Identity { return e.election.Identity(gossip.Peer(p)) }

// AddObservation makes an observation known, so that events can vote for it, and returns its number. The
// caller sees to it that no two have the same hash: the order of keys rests on that.
//
// Whom it is about may have no number yet (Observation.Identity). It costs 36 bytes then and nothing an event, until
// a decision to add it makes it known, with the next number. If [MaxPeers] are known by then, the decision has no
// effect but the block, and neither has one to remove or accuse an unknown peer.
func (e *Engine) AddObservation(o Observation) (ObservationIndex, error) {
	if o.Kind > DKGMessage {
		return 0, fmt.Errorf("%w: unknown %v", ErrUnknownObservation, o.Kind)
	}
	i, err := e.election.AddObservation(election.Observation{
		Hash: o.Hash,
		Kind: election.Kind(o.Kind),
		Peer: gossip.Peer(o.Peer),
	}, (*[32]byte)(&o.Identity))
	switch {
	case errors.Is(err, election.ErrPeer):
		return 0, fmt.Errorf("%w: %v of peer %d, of %d peers", ErrUnknownPeer, o.Kind, o.Peer, e.Peers())
	case err != nil:
		return 0, fmt.Errorf("%w: %w", ErrLimit, err)
	}
	return ObservationIndex(i), nil
}

// Insert adds an event, whose parents must have been inserted before, runs the elections as far as they
// go and returns the event's place. Take what was decided by [Engine.Blocks].
//
// Errors: [ErrUnknownPeer], [ErrUnknownObservation], [ErrUnknownSelfParent], [ErrUnknownOtherParent];
// [ErrInvalidEvent] for an unknown cause, a self-parent by another creator or several other-parents; [ErrLimit] when the graph
// is full or, in events that carry several, has too many votes (1<<31).
func (e *Engine) Insert(ev Event) (EventIndex, error) {
	if ev.Cause == Observing {
		return e.insertVotes(&ev)
	}
	var one [1]gossip.Index
	others := one[:0]
	if len(ev.OtherParents) == 1 { // no scratch: it takes fewer instructions
		one[0] = place(ev.OtherParents[0])
		others = one[:]
	} else if len(ev.OtherParents) > 1 {
		others = e.places(ev.OtherParents)
	}
	x, err := e.election.Insert(gossip.Peer(ev.Creator), gossip.Cause(ev.Cause),
		place(ev.SelfParent), others, ev.Hash[len(ev.Hash)-1]&1 != 0)
	if err != nil {
		return 0, e.insertError(&ev, err)
	}
	return EventIndex(x - 1), nil
}

func (e *Engine) insertVotes(ev *Event) (EventIndex, error) {
	one := [1]uint32{uint32(ev.Observation)}
	votes := one[:]
	if len(ev.Further) > 0 {
		e.votes = append(e.votes[:0], one[0])
		for _, o := range ev.Further {
			e.votes = append(e.votes, uint32(o))
		}
		votes = e.votes
	}
	x, err := e.election.InsertVotes(gossip.Peer(ev.Creator), place(ev.SelfParent), votes, ev.Hash[len(ev.Hash)-1]&1 != 0)
	if err != nil {
		return 0, e.insertError(ev, err)
	}
	return EventIndex(x - 1), nil
}

// place is the graph's number for an event: 0 is no event there, and so is any past the last.
func place(x EventIndex) gossip.Index { return gossip.Index(x + 1) }

// places returns the graph's numbers for events, in the scratch.
func (e *Engine) places(of []EventIndex) []gossip.Index {
	e.others = e.others[:0]
	for _, x := range of {
		e.others = append(e.others, place(x))
	}
	return e.others
}

func (e *Engine) insertError(ev *Event, err error) error {
	n := e.election.Graph().Len()
	switch {
	case errors.Is(err, gossip.ErrCreator):
		return fmt.Errorf("%w: creator %d, of %d peers", ErrUnknownPeer, ev.Creator, e.Peers())
	case errors.Is(err, gossip.ErrSelfParent):
		return fmt.Errorf("%w %d, of %d events", ErrUnknownSelfParent, ev.SelfParent, n)
	case errors.Is(err, gossip.ErrOtherParent):
		for _, other := range ev.OtherParents {
			if int64(other) >= int64(n) {
				return fmt.Errorf("%w %d, of %d events", ErrUnknownOtherParent, other, n)
			}
		}
		return fmt.Errorf("%w: a %v event names none", ErrUnknownOtherParent, ev.Cause)
	case errors.Is(err, election.ErrObservation):
		return fmt.Errorf("%w %d", ErrUnknownObservation, e.firstUnknown(ev))
	case errors.Is(err, gossip.ErrFull), errors.Is(err, election.ErrVotes):
		return fmt.Errorf("%w: %w", ErrLimit, err)
	}
	return fmt.Errorf("%w: %w", ErrInvalidEvent, err)
}

// firstUnknown returns the first vote of ev for an observation that the engine does not know.
func (e *Engine) firstUnknown(ev *Event) ObservationIndex {
	known := ObservationIndex(e.election.Observations())
	o := ev.Observation
	for i := 0; o < known && i < len(ev.Further); i++ {
		o = ev.Further[i]
	}
	return o
}

// Blocks returns the blocks decided since the last call, in order; nil if there are none. The slice and
// the voters in it are valid until the next call of [Engine.Insert] or Blocks: copy what is to be kept.
func (e *Engine) Blocks() []Block {
	blocks := e.election.Blocks()
	if len(blocks) == 0 {
		return nil
	}
	e.out, e.voters = e.out[:0], e.voters[:0]
	for _, b := range blocks {
		from := len(e.voters)
		for _, p := range b.Voters {
			e.voters = append(e.voters, PeerIndex(p))
		}
		to := len(e.voters)
		e.out = append(e.out, Block{
			Observation: ObservationIndex(b.Observation),
			By:          PeerIndex(b.By),
			Voters:      e.voters[from:to:to],
			At:          EventIndex(b.At - 1),
		})
	}
	return e.out
}

// Voter reports whether peer p votes now.
func (e *Engine) Voter(p PeerIndex) bool {
	return int(p) < e.Peers() && e.election.Voter(gossip.Peer(p))
}

// Stats counts what an engine has done, for benchmarks and tests.
type Stats struct {
	Decisions uint64 // elections that ended
	Retouched uint64 // events inserted before an election ended that the next goes over (again)
	Probes    uint64 // times an event was asked what it strongly sees
	Looks     uint64 // times an event's row was held against a level: the work of elections without forks
	Evals     uint64 // times an event's meta-votes were computed
	Resets    uint64 // times interesting content was computed anew: the voters changed, or one forked
	Tosses    uint64 // times a coin fell: for each event and voter whose meta-votes took it
}

// Stats returns the counters. They do not depend on the machine.
func (e *Engine) Stats() Stats { return Stats(e.election.Stats) }
