package core

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"parsec/core/internal/bug"
	"parsec/core/internal/gossip"
	"parsec/core/internal/sign"
	"parsec/core/internal/wire"
)

// receiver has what taking in a message needs, reused from message to message.
type receiver struct {
	framer   wire.Framer
	message  wire.Message
	creators []*peer        // by place in the message; nil if unknown
	contents []arrived      // by place in the message
	named    index          // observations of the message, by place and 1
	parents  []gossip.Index // by place in the message; 0 if unknown
	events   []arrival      // by place in the message
	votes    []uint32       // scratch: observation numbers
	hashes   []wire.Hash    // scratch
	items    []sign.Item
	item     []int // by item: which event's
	bad      []uint64
	heads    []int
	choice   uint64 // counts choices of heads
	feeding  feeding
	missing  []wire.Hash
	checks   int // signatures looked at
	refused  refusal
	bads     int  // signatures of the message that are bad
	again    bool // the message is one that was held: it has been counted
}

// arrived is an observation of a message.
type arrived struct {
	number  uint32
	known   bool
	checked bool  // it can be voted for
	err     error // why it cannot
}

// fate is what becomes of an event of a message.
type fate uint8

const (
	fresh   fate = iota // it may yet be inserted
	present             // it is in the graph
	dead                // it will not be inserted now: it is bad, or something that it descends from is
)

// arrival is an event of a message.
type arrival struct {
	id       wire.Hash
	place    gossip.Index // present ones
	index    uint32       // by creator
	by       *peer        // nil if unknown
	fate     fate
	need     bool          // an event that is to be built on descends from it
	checked  bool          // its signature was looked at
	verified sign.Verified // and was good
	lacks    bool          // it, or what it descends from, votes for something whose content is not here
}

// maxWaste is how many signatures of a peer's events are checked that are not inserted then. Each that is inserted gives
// back two: one for itself, and one. Honest members' messages are taken in whole, if some twice because contents came
// later; a hostile one could have the same events checked for nothing as often as it sends them.
const maxWaste = 1 << 16

// refusal is why events of a message were not taken: the first reason, and how many events it was.
type refusal struct {
	first error
	count int
}

func (r *refusal) add(err error) {
	if r.first == nil {
		r.first = err
	}
	r.count++
}

func (r *refusal) err() error {
	if r.count > 1 {
		return fmt.Errorf("%w (and %d more events of the message were refused)", r.first, r.count-1)
	}
	return r.first
}

// Handle takes in a message from a peer, whom the transport has made sure of. What to answer is in the next
// [Ready]. An event that is refused costs itself and what descends from it, no more: there may be more to persist,
// send and deliver even where an error is returned. A message never makes the node fail, and is copied where parts
// of it are kept.
//
// Honest peers cause [ErrPremature], [ErrDuplicateMessage], [ErrMissingPayload] and, as long as members decide at
// different times, [ErrPeerState] and [ErrUnknownPeer]; the others speak against the sender.
//
// Errors, but for [ErrNotAdvanced] and for [ErrSelfState] while a restored node learns ([NodeConfig].Restored) all of
// them about the message or its sender: [ErrMessage], [ErrLimit]; [ErrUnknownPeer] and [ErrPremature]
// for a sender this node does not know (yet), [ErrPeerState] for one that was removed or forked;
// [ErrDuplicateMessage]; [ErrMissingPayload], which mends itself; and for the first event refused [ErrSignature],
// [ErrUnknownPeer], [ErrUnknownSelfParent], [ErrUnknownOtherParent], [ErrInvalidEvent] or [ErrLimit].
func (n *Node) Handle(from Identity, frame []byte) error {
	if n.out.handed {
		return ErrNotAdvanced
	}
	p, err := n.admit(from)
	if err != nil {
		if p != nil {
			n.farewell(p)
		}
		return err
	}
	raw, err := n.rx.framer.Open(n.section, frame)
	if err != nil {
		return messageError(err)
	}
	return n.take(p, raw)
}

func messageError(err error) error {
	if errors.Is(err, wire.ErrTooLarge) {
		return fmt.Errorf("%w: %w: %w", ErrMessage, ErrLimit, err)
	}
	return fmt.Errorf("%w: %w", ErrMessage, err)
}

// admit returns the peer that a message is from; with an error if messages from it are not taken.
func (n *Node) admit(from Identity) (*peer, error) {
	p := n.byID[from]
	switch {
	case from == n.identity:
		return nil, fmt.Errorf("%w: it is from this node itself", ErrPeerState)
	case p == nil && n.adds[from] > 0:
		return nil, about(ErrPremature, from, "being added")
	case p == nil:
		return nil, about(ErrUnknownPeer, from, "nobody has added it")
	case p.index == noPeer:
		return p, nil // a contact
	case !n.election.Voter(p.index):
		return p, about(ErrPeerState, from, "removed")
	case n.sawFork(p) && !bug.On(bug.TakeForkers):
		return nil, about(ErrPeerState, from, "forked")
	}
	return p, nil
}

// about is an error about a peer. The identity is copied here, so that callers do not allocate for it.
func about(err error, id Identity, what string) error {
	return fmt.Errorf("%w: %x: %s", err, id[:8], what)
}

// take takes in a message, opened.
func (n *Node) take(p *peer, raw []byte) error {
	r := &n.rx
	m := &r.message
	if err := wire.Decode(raw, n.section, m); err != nil {
		return messageError(err)
	}
	p.knows = m.Known // it may have become less: a peer that crashed knows what it had made durable
	switch m.Kind {
	case wire.KindAsk:
		return n.supply(p, m)
	case wire.KindSupply:
		return n.supplied(p, m)
	case wire.KindLearn:
		return n.teach(p, m)
	case wire.KindTeach:
		return n.learnFrom(p, raw, m)
	}
	if n.learning != nil {
		return errLearning
	}
	if m.Kind.Part() {
		if x := n.store.find(&m.Has); x != 0 && n.graph.Event(x).By == n.self {
			p.shown = x
		}
	}
	if err := n.resolve(p, m); err != nil {
		return err
	}
	n.identify(m)
	n.countEvents()
	n.choose(p, m)
	if p.waste > maxWaste {
		return fmt.Errorf("%w: %x sent too many events that could not be taken", ErrLimit, p.id[:8])
	}
	n.check(p, m)
	n.prune(p, m)
	p.waste += r.checks
	if n.lacking(m) {
		return n.hold(p, raw)
	}
	before, came := n.last, n.graph.Len()
	built, err := n.build(p, m)
	p.waste = max(0, p.waste-2*int(n.graph.Len()-came))
	for i := range r.contents {
		if k := &r.contents[i]; k.known {
			p.give(k.number)
		}
	}
	switch {
	case err != nil:
		return err
	case built && m.Kind.Asks(), m.Kind == wire.KindPartRequest:
		n.send(p, wire.KindResponse) // one in part is answered in any case: the answer says how far it has come
	}
	if invariants && n.graph.Len() < 1000 && len(n.graph.Forked()) == 0 && !n.whole() {
		panic("core: invariant 2: an event is not behind the node's last")
	}
	if err := n.decideAlone(); err != nil {
		return err
	}
	p.held = held{}
	if err := r.refused.err(); err != nil {
		return err
	}
	if n.last == before {
		return fmt.Errorf("%w: from %x", ErrDuplicateMessage, p.id[:8])
	}
	return nil
}

// resolve begins with a message: it looks up what its tables name.
func (n *Node) resolve(p *peer, m *wire.Message) error {
	r := &n.rx
	r.refused, r.bads, r.checks = refusal{}, 0, 0
	r.creators = r.creators[:0]
	for i := range m.Creators {
		c := &m.Creators[i]
		var q *peer
		switch {
		case !c.ByNumber:
			q = n.byID[Identity(c.Key)]
			if q == nil && bug.On(bug.Unlicensed) {
				q, _ = n.enlist(Identity(c.Key))
			}
			if q != nil && !q.numbered {
				q = n.licensed(q)
			}
		case int(c.Number) < len(n.known):
			q = n.peers[n.known[c.Number]]
		}
		r.creators = append(r.creators, q)
	}
	r.contents = r.contents[:0]
	if i := n.namedTwice(m); i >= 0 {
		return fmt.Errorf("%w: it names observation %x twice", ErrMessage, m.Observations[i].Hash[:8])
	}
	for i := range m.Observations {
		o := &m.Observations[i]
		a := arrived{}
		a.number, a.known = n.store.number(&o.Hash)
		if o.Body != nil {
			n.countContent(a.known)
		}
		if !a.known && o.Body == nil {
			o.Body = p.held.bodies[o.Hash]
		}
		if !a.known && o.Body != nil {
			a.err = n.checkGenesis(o.Body) // its key is looked at once its voter's signature is: that takes longer
		}
		r.contents = append(r.contents, a)
	}
	r.parents = r.parents[:0]
	for i := range m.Parents {
		r.parents = append(r.parents, n.store.find(&m.Parents[i]))
	}
	return nil
}

// namedTwice returns the place of an observation that the message names a second time, -1 if there is none. So no event
// of it votes for one twice.
func (n *Node) namedTwice(m *wire.Message) int {
	r := &n.rx
	size := 1 << bits.Len(uint(2*len(m.Observations)))
	r.named.slots = slices.Grow(r.named.slots[:0], size)[:size]
	clear(r.named.slots)
	r.named.used, r.named.seed = 0, n.store.known.seed
	at := func(i uint32) *wire.Hash { return &m.Observations[i-1].Hash }
	for i := range m.Observations {
		hash := &m.Observations[i].Hash
		if r.named.find(hash, at) != 0 {
			return i
		}
		r.named.put(uint32(i+1), hash)
	}
	return -1
}

// licensed returns a peer whose events may be in the graph: one that has a number, or this node itself.
func (n *Node) licensed(p *peer) *peer {
	if p != nil && (p.numbered || p.index == n.self || bug.On(bug.Unlicensed) && p.index != noPeer) {
		return p
	}
	return nil
}
