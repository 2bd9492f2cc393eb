package history

import (
	"fmt"

	"parsec/core/internal/bug"
	"parsec/core/internal/election"
	"parsec/core/internal/gossip"
	"parsec/core/internal/members"
	"parsec/core/internal/reason"
	"parsec/core/internal/sign"
	"parsec/core/internal/wire"
)

// staged is what dropping an event takes back, beside what the graph and the store do.
type staged struct {
	votes int
	open  uint32
	size  uint64
	first bool // it begins a chain

	root gossip.Index // the last committed event of its self-parent chain, 0 for none
	all  chainVotes   // of the staged events after that, up to it
}

// Stage adds an event to the graph if it is acceptable, and returns its place. Events that are staged together are all
// committed, or dropped, before more are staged.
func (h *History) Stage(e *Event) (gossip.Index, error) {
	if invariants && h.head > 0 {
		panic("history: an event is staged while others are being committed")
	}
	if err := h.Acceptable(e); err != nil {
		return 0, err
	}
	x, err := h.graph.Insert(e.By, e.Cause, e.Self, e.Others, uint32(max(1, e.Votes)))
	if err != nil {
		return 0, fmt.Errorf("%w: %w", reason.ErrInvalidEvent, err)
	}
	recipient := members.None
	if e.Recipient != nil {
		recipient = e.Recipient.Index
	}
	h.graph.Event(x).Odd = e.ID[len(e.ID)-1]&1 == 1
	h.Store.Put(x, e.ID, e.Signature, recipient, e.Stranger)
	s := staged{votes: e.Votes, open: uint32(e.Open), size: uint64(e.OpenSize)}
	s.first = h.lengthen(x, s.open, s.size)
	if s.root = e.Self; e.Self > h.committed {
		before := h.stagedAt(e.Self)
		s.root, s.all = before.root, before.all
	}
	s.all.open += s.open
	s.all.size += s.size
	h.staged = append(h.staged, s)
	h.stagedFor += e.Votes
	return x, nil
}

// stagedAt returns what there is of the staged event x.
func (h *History) stagedAt(x gossip.Index) *staged { return &h.staged[h.head+int(x-h.committed)-1] }

// Staged returns the place of the last event that is staged, or else that of the last committed one.
func (h *History) Staged() gossip.Index { return h.graph.Len() }

// Drop drops the staged events after place n.
func (h *History) Drop(n gossip.Index) {
	for x := h.graph.Len(); x > n; x-- {
		last := len(h.staged) - 1
		h.shorten(x, &h.staged[last])
		h.stagedFor -= h.staged[last].votes
		h.staged = h.staged[:last]
	}
	if len(h.staged) == h.head {
		h.staged, h.head = h.staged[:0], 0
	}
	h.graph.Truncate(n)
	h.Store.Truncate(n)
}

// Vote is something that an event votes for: by number, or if that is not known by its body.
type Vote struct {
	Hash *wire.Hash
	Body []byte // checked; read only where there is no observation with the hash
}

// Commit lets the election take in the first staged event, and with it all that it decides. Verified vouches for its
// signature. The error is [reason.ErrSignature], and means a defect here: nothing is staged to be committed that was not
// verified.
func (h *History) Commit(verified sign.Verified, votes []Vote) (gossip.Index, error) {
	x := h.committed + 1
	ev := h.graph.Event(x)
	if !h.trusts(x, ev, verified) {
		return 0, fmt.Errorf("%w: event %x was not verified", reason.ErrSignature, h.Store.ID(x)[:8])
	}
	h.numbers = h.numbers[:0]
	for i := range votes {
		o, err := h.observe(x, votes[i].Hash, votes[i].Body)
		if err != nil {
			return 0, err
		}
		h.numbers = append(h.numbers, o)
	}
	h.Store.PutVotes(x, h.numbers)
	h.votes += len(h.numbers)
	h.countVotes(x, ev, h.numbers)
	h.stagedFor -= h.staged[h.head].votes
	h.committed = x
	if h.head++; h.head == len(h.staged) {
		h.staged, h.head = h.staged[:0], 0
	}
	for int(ev.By) >= len(h.made) {
		h.made = append(h.made, 0)
	}
	h.made[ev.By]++
	h.election.Add(x, h.numbers)
	for _, b := range h.election.Blocks() {
		h.decide(&b)
	}
	for _, k := range h.election.Settled() {
		h.closeVotes(k.Observation, k.By)
	}
	if invariants {
		h.verify(x)
	}
	return x, nil
}

// trusts reports whether an event's signature is known to be good: what is not never gets into the history. Records
// of this node's own log are.
func (h *History) trusts(x gossip.Index, ev *gossip.Event, v sign.Verified) bool {
	return v.OK() && gossip.Peer(v.Peer()) == ev.By && v.Message() == *h.Store.ID(x) ||
		h.trusting || h.unsigned || bug.On(bug.Unverified)
}

// observe returns the number of an observation that event x votes for, which it makes known if need be.
func (h *History) observe(x gossip.Index, hash *wire.Hash, raw []byte) (uint32, error) {
	o, ok := h.Store.Number(hash)
	if ok {
		return o, nil
	}
	var body wire.Body
	if err := h.CheckBody(raw, &body); err != nil {
		return 0, err
	}
	ob := election.Observation{Hash: *hash, Kind: kindOf(body.Kind), Peer: members.None}
	o, err := h.election.AddObservation(ob, &body.Peer)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", reason.ErrLimit, err)
	}
	if body.Kind == wire.Add {
		h.Members.Propose(body.Peer)
	}
	h.Store.Observe(hash, body.Kind, raw)
	h.Store.Observation(o).First = x
	return o, nil
}

func kindOf(k wire.Kind) election.Kind {
	switch k {
	case wire.Genesis:
		return election.Genesis
	case wire.Add:
		return election.Add
	case wire.Remove:
		return election.Remove
	}
	return election.Opaque
}

// decide takes in a key that was decided: votes for it are undecided no more, and an added peer gets its number.
func (h *History) decide(b *election.Block) {
	o := h.Store.Observation(b.Observation)
	h.closeVotes(b.Observation, b.By)
	if o.Kind == wire.Add {
		var body wire.Body
		_ = wire.ParseBody(o.Body, &body) // it was parsed when it came
		h.Members.Resolve(body.Peer)
		if p, ok := h.election.Peer(body.Peer); ok { // else the graph has no room for it
			h.Members.Added(body.Peer, p)
		}
	}
	from := len(h.voters)
	h.voters = append(h.voters, b.Voters...)
	h.decisions = append(h.decisions, Decision{
		Observation: b.Observation, By: b.By, Voters: h.voters[from:len(h.voters):len(h.voters)], At: b.At, Number: h.height,
	})
	h.height++
}

// Decisions returns what was decided since the last [History.ForgetDecisions], in order. The slices stay valid until that.
func (h *History) Decisions() []Decision { return h.decisions }

// ForgetDecisions makes room for further ones.
func (h *History) ForgetDecisions() { h.decisions, h.voters = h.decisions[:0], h.voters[:0] }

// verify panics if event x, which was committed, is not found by its id, or votes for what is not here.
func (h *History) verify(x gossip.Index) {
	if h.Store.Find(h.Store.ID(x)) != x {
		panic("history: an event is there twice, or not found by its id")
	}
	for _, o := range h.Store.Votes(x) {
		if k := h.Store.Observation(o); k.First == 0 || h.Section.Observation(k.Body) != k.Hash {
			panic("history: an event votes for what is not here")
		}
	}
}
