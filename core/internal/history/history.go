// Package history holds what this node knows for good: the graph of events, what they consist of and vote for, what they
// decide, and who is a member by that.
//
// An event gets there in two steps. [History.Stage] asks whether it is acceptable and adds it to the graph and the store:
// from then on it is related to all others, and that is all. [History.Commit] lets the election take it in, in the
// same order. What was staged and is not wanted is dropped again by [History.Drop], without a trace. So whether an event
// may come in is asked of the graph itself, before anything is decided by it.
package history

import (
	"fmt"

	"parsec/core/internal/bug"
	"parsec/core/internal/coin"
	"parsec/core/internal/election"
	"parsec/core/internal/gossip"
	"parsec/core/internal/members"
	"parsec/core/internal/reason"
	"parsec/core/internal/sign"
	"parsec/core/internal/store"
	"parsec/core/internal/wire"
)

// Limits, the same for every member: they are part of what makes an event valid.
const (
	MaxVotesSize     = 4 << 20             // bytes of what the votes in one event are about: a message has room for them
	MaxUndecided     = 1 << 16             // votes of one chain that are undecided
	MaxUndecidedSize = 64 << 20            // bytes of what they are about
	MaxVoters        = wire.MaxGroup       // voters at one time
	maxVotes         = 1<<31 - 1           // votes of all events
	maxObservations  = 1<<31 - 1           // observations
	maxPeers         = gossip.MaxPeers - 1 // ever added: a joining node itself has a number before it is added
)

// Config is what a history begins with.
type Config struct {
	Section  *wire.Section
	Single   bool // one vote decides a payload
	Founders []wire.Hash
	Genesis  []byte // the body of the genesis observation
	Self     wire.Hash
	Coin     coin.Coin
	Verifier *sign.Verifier
	Seeds    [2]uint64 // secret, for the store
	Unsigned bool      // signatures are left out
	Passes   bool      // all elections are computed by passes
}

// Decision is a key that was decided.
type Decision struct {
	Observation uint32
	By          gossip.Peer // whose key it is if one vote decides it, members.None else
	Voters      []gossip.Peer
	At          gossip.Index // the event that brought it
	Number      uint64       // of its block
}

// History is made by [New]. It is not safe for concurrent use.
type History struct {
	Section *wire.Section
	Members *members.Directory
	Store   *store.Store
	Tree    wire.Tree

	election  *election.Election
	graph     *gossip.Graph
	genesis   []byte
	committed gossip.Index // the last event that the election has; what is after it is staged
	trusting  bool         // signatures need not have been checked: there are none, or records are fed back
	unsigned  bool
	staged    []staged // from head on, by event after the committed ones
	head      int
	stagedFor int // votes of staged events
	votes     int // of committed events
	chains    []chainVotes
	tallies   map[gossip.Peer]*tally
	looked    uint64 // undecided votes that were looked at to count exactly
	open      []openVote
	free      uint32 // a free entry of open, linked by next
	made      []int  // by peer: committed events
	height    uint64 // blocks decided
	decisions []Decision
	voters    []gossip.Peer // what Decision.Voters are slices of
	numbers   []uint32      // scratch
	others    []wire.Hash   // scratch
}

// New returns a history without events. The error is about a founder's key.
func New(cfg Config) (*History, error) {
	h := &History{
		Section: cfg.Section, Store: store.New(cfg.Seeds[0], cfg.Seeds[1]),
		election: election.New(cfg.Single, false, cfg.Coin), genesis: cfg.Genesis, unsigned: cfg.Unsigned, open: make([]openVote, 1),
		tallies: make(map[gossip.Peer]*tally),
	}
	h.graph = h.election.Graph()
	if cfg.Passes {
		h.election.PassesOnly()
	}
	var err error
	h.Members, err = members.New(cfg.Founders, cfg.Self, cfg.Verifier, h.election.AddPeer)
	if err != nil {
		return nil, err
	}
	voters := make([]gossip.Peer, len(cfg.Founders))
	for i := range voters {
		voters[i] = gossip.Peer(i)
	}
	h.election.Limit(MaxVoters, maxPeers)
	h.election.Start(voters)
	return h, nil
}

// Graph returns the graph, for reading.
func (h *History) Graph() *gossip.Graph { return h.graph }

// Election returns the election, for reading.
func (h *History) Election() *election.Election { return h.election }

// Len returns how many events were committed, which is the place of the last.
func (h *History) Len() gossip.Index { return h.committed }

// Height returns how many blocks were decided.
func (h *History) Height() uint64 { return h.height }

// Voter reports whether p is a peer that votes now.
func (h *History) Voter(p *members.Peer) bool {
	return p != nil && p.Index != members.None && h.election.Voter(p.Index)
}

// Made returns how many events of a peer were committed.
func (h *History) Made(p *members.Peer) int {
	if p == nil || int(p.Index) >= len(h.made) {
		return 0
	}
	return h.made[p.Index]
}

// Maker returns who made event x.
func (h *History) Maker(x gossip.Index) *members.Peer { return h.Members.At(h.graph.Event(x).By) }

// Recipient returns whom the requesting event x is for.
func (h *History) Recipient(x gossip.Index) wire.Hash {
	p, id := h.Store.Recipient(x)
	if p != members.None {
		return h.Members.At(p).ID
	}
	return id
}

// SeesFork reports whether x descends from a fork by p. Nothing descends from anything for x = 0.
func (h *History) SeesFork(x gossip.Index, p *members.Peer) bool {
	if x == 0 || p.Index == members.None {
		return false
	}
	_, fork := h.graph.Tip(x, p.Index)
	return fork
}

// Forks reports whether a set of events descends, taken together, from a fork by p.
func (h *History) Forks(xs []gossip.Index, p gossip.Peer) bool {
	if !h.graph.HasForked(p) {
		return false
	}
	last := gossip.Index(0)
	for _, x := range xs {
		if x == 0 {
			continue
		}
		tip, fork := h.graph.Tip(x, p)
		switch {
		case fork:
			return true
		case tip == 0 || last != 0 && h.graph.OnChain(tip, last):
		case last != 0 && !h.graph.OnChain(last, tip):
			return true
		default:
			last = tip
		}
	}
	return false
}

// Unsigned reports whether signatures are left out.
func (h *History) Unsigned() bool { return h.unsigned }

// Enlist takes in a peer without the section's leave: a deliberate bug does.
func (h *History) Enlist(id wire.Hash) *members.Peer {
	if !bug.On(bug.Unlicensed) {
		return nil
	}
	p, err := h.election.AddPeer(id)
	if err != nil {
		return nil
	}
	q, _ := h.Members.Enlist(id, p)
	return q
}

// Trusting lets f commit events whose signatures were not checked: records of this node's own log.
func (h *History) Trusting(f func() error) error {
	h.trusting = true
	defer func() { h.trusting = false }()
	return f()
}

// CheckBody parses an observation and checks what every member must check alike: one that fails is voted for by no
// valid event.
func (h *History) CheckBody(raw []byte, body *wire.Body) error {
	if err := wire.ParseBody(raw, body); err != nil {
		return fmt.Errorf("%w: %w", reason.ErrInvalidEvent, err)
	}
	if body.Kind == wire.Add || body.Kind == wire.Remove {
		return h.Members.CheckKey(body.Peer)
	}
	return h.CheckGenesis(raw)
}

// CheckGenesis is the part of CheckBody that costs nothing.
func (h *History) CheckGenesis(raw []byte) error {
	if wire.Kind(raw[0]) == wire.Genesis && string(raw) != string(h.genesis) {
		return fmt.Errorf("%w: a vote for the genesis of another group", reason.ErrInvalidEvent)
	}
	return nil
}

// Genesis returns the body of the genesis observation.
func (h *History) Genesis() []byte { return h.genesis }
