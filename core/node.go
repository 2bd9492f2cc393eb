package core

import (
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"slices"

	"parsec/core/internal/bug"
	"parsec/core/internal/coin"
	"parsec/core/internal/election"
	"parsec/core/internal/gossip"
	"parsec/core/internal/sign"
	"parsec/core/internal/simulation"
	"parsec/core/internal/wire"

	"github.com/zeebo/blake3"
)

// Errors of a [Node], beside those of an [Engine]. They come wrapped with what they are about.
var (
	ErrPeerState        = errors.New("invalid peer state")              // the peer is not one for that: it was removed, or it forked
	ErrSelfState        = errors.New("invalid self state")              // this node is not one for that: it is no voter
	ErrSignature        = errors.New("invalid signature")               // an event was not signed by its creator
	ErrMessage          = errors.New("invalid message")                 // the message has not the form of one, or is of another section
	ErrDuplicateVote    = errors.New("duplicate vote")                  // this node voted for that already
	ErrDuplicateMessage = errors.New("duplicate message")               // all that the message tells is known, and built on
	ErrPremature        = errors.New("premature gossip")                // the sender is being added, and this node has not decided that yet
	ErrMissingPayload   = errors.New("payload still to come")           // a vote's payload was asked for; the message is held until it comes
	ErrUnknownVote      = errors.New("no such vote")                    // the peer voted for no such observation
	ErrNotAdvanced      = errors.New("what Ready returned is not done") // Ready was called, and Advance not yet
	ErrRecord           = errors.New("record does not continue")        // a record of the log is damaged or out of order
)

// NodeConfig is what a node starts from.
type NodeConfig struct {
	Seed    [32]byte // the seed of the private key (RFC 8032); [IdentityOf] tells the public one
	Section Section

	// Contacts are members whom this node may not know yet: a joining node asks them, and so does one that was
	// away for so long that all whom it knew have left.
	Contacts []Identity

	// Applied is the number of blocks that the application has applied: the first to be delivered has this number. It
	// may be more than the log has decided ([Node.Height]), where the log lost its end; nothing is delivered before.
	Applied uint64

	// Restored says that the log may lack records whose messages were sent: it is a backup, or it was lost. The node
	// then learns its own events from a supermajority of the voters before it makes one: from all others in a section
	// of up to four. An event that reached only members who do not answer, or that is still on its way, is not learned,
	// and the node forks itself: where that matters, remove the peer and join under a new key. Restored is random, and
	// new each time; zero for a log that is whole.
	Restored Hash

	// MaxAnswer is about how many bytes of events and contents, uncompressed, an answer to a request holds; 0, and more
	// than that, is what a message holds, 8 MB. What does not fit follows on later requests. It is for callers who pace
	// peers: a request of 200 bytes by one that claims to know nothing gets this much. An answer has an event that its
	// recipient can build on, so it may be longer by what comes before the first of those. At least [MinAnswer].
	MaxAnswer int

	// Parallel, if it is not nil, is lent goroutines: the signatures of a message of 128 events and more are checked in
	// pieces of 64 to 512, up to four at a time. It calls do(0) to do(n-1), each once, in any order and at the same
	// time if it likes, and returns when all have returned. Whether it is there, and how many goroutines it has,
	// changes no result. The node itself stays for one goroutine at a time: Parallel is called, and returns, within
	// calls of [Node.Handle].
	Parallel func(n int, do func(i int))

	// Simulation is for the simulator alone, and nil elsewhere.
	Simulation *simulation.Options
}

// MinAnswer is the least that [NodeConfig].MaxAnswer may be, 64 KiB: some 300 events.
const MinAnswer = 64 << 10

// IdentityOf returns the identity whose private key has the given seed.
func IdentityOf(seed [32]byte) Identity { return Identity(sign.NewSigner(seed).Public()) }

// Node is one member of a section, or one that joins it: a pure state machine that signs and checks events,
// orders them and says what to persist, send and deliver. The package's documentation tells the caller's duties.
// It is not safe for concurrent use.
//
// Invariants, numbered as verify reports them:
//
//  1. Every event in the graph was checked: its signature, its parents, its creator and the observations it votes for;
//     and it is there once.
//  2. Every event in the graph is one that this node's last event descends from, but for what a forker brought
//     (core/design/acceptance.md).
//  3. Every observation that an event votes for has its content here.
//  4. What the last event descends from was handed out as a record, or is in the next one.
type Node struct {
	cfg       NodeConfig
	simulated simulation.Options
	section   *wire.Section
	founders  []Identity
	genesis   []byte // the one genesis observation of the section
	signer    *sign.Signer
	identity  Identity

	election *election.Election
	graph    *gossip.Graph
	verifier *sign.Verifier
	store    store
	tree     wire.Tree

	self      gossip.Peer            // this node among the peers
	peers     []*peer                // by the graph's number
	known     []gossip.Peer          // by the number that all members give: founders by identity, then in order of decision
	byID      map[Identity]*peer     // peers, and contacts that are none yet
	keys      map[wire.Hash]struct{} // good ones that were voted about lately
	adds      map[Identity]int       // by whom undecided observations add: how many
	last      gossip.Index           // this node's last event; 0 for none
	strangers map[gossip.Index]*peer // whom requesting events to contacts without a number are for
	recovers  bool                   // records of the log are being fed back

	learning  *learning   // until a restored node knows its own events
	leaving   []*peer     // removed since this node's last event
	undecided []undecided // by column
	ballots   []ballot    // from 1
	free      uint32      // a free ballot, linked by next
	blocks    uint64      // decided so far
	proposals proposals
	counts    Counts
	rx        receiver
	tx        sender
	out       output
}

// peer is what a node knows of another, or of itself.
type peer struct {
	id     Identity
	index  gossip.Peer // noPeer for a contact that is no peer yet
	number uint32      // in Node.known, if numbered
	numbered,
	distrusted bool // it sent a bad signature: its messages are checked event by event
	shown  gossip.Index // this node's last event that it said it has, when it sent a part; 0 for none
	knows  uint32       // how many peers it knows by number
	has    []uint64     // set of observations whose content it sent or was sent
	sentTo gossip.Index // what it was sent ends with this event, or before
	made   int          // events of it in the graph
	owed   int          // bytes of contents that the last message to it named and left out
	waste  int          // signatures of its events looked at in vain, less what it has made up for
	held   held
	asked  asked
	choice uint64 // the last choice of heads in which one by it was met

	removedAt gossip.Index // this node's first event after it decided to remove the peer; 0 for none
	farewells int          // how often the peer was told since
}

// Start returns a node of a new section: one of the founders. Its first events are in the first [Ready].
// The error wraps [ErrConfig].
func Start(cfg NodeConfig) (*Node, error) {
	n, err := newNode(cfg)
	if err != nil {
		return nil, err
	}
	if !n.founder() {
		return nil, fmt.Errorf("%w: %x is not in the genesis group; to join the section is another call", ErrConfig, n.identity[:8])
	}
	return n, n.begin()
}

// Join returns a node that is to join a section: one that members vote to add. It can gossip to cfg.Contacts, of
// whom there must be one; they answer once they have decided to add it. The error wraps [ErrConfig].
func Join(cfg NodeConfig) (*Node, error) {
	n, err := newNode(cfg)
	switch {
	case err != nil:
		return nil, err
	case n.founder():
		return nil, fmt.Errorf("%w: %x is in the genesis group: it starts the section", ErrConfig, n.identity[:8])
	case len(cfg.Contacts) == 0:
		return nil, fmt.Errorf("%w: no contacts to join by", ErrConfig)
	}
	return n, n.begin()
}

// Recover returns the node that handed out the given records, in their order: all of them, or the first so many.
// It is as it was then, bit for bit, but for what it had been asked for and what it held of messages that could
// not be taken in whole. Blocks from number cfg.Applied on are delivered again. Without records, or if they are nil,
// it is as [Start] or [Join] would make it. The error wraps [ErrConfig] or [ErrRecord].
//
// With cfg.Restored the node makes no event yet: [Node.CanVote] tells. Gossip to all of its recipients, again where no
// answer comes, until it may vote.
//
// Records are trusted: they are checked for form, not for signatures. Whoever stores them sees to it that they
// come back as they were.
func Recover(cfg NodeConfig, records iter.Seq[[]byte]) (*Node, error) {
	n, err := newNode(cfg)
	if err != nil {
		return nil, err
	}
	n.recovers = true
	var last []byte
	if records == nil {
		records = func(func([]byte) bool) {}
	}
	for r := range records {
		if len(r) == 0 {
			continue
		}
		if bug.On(bug.ForgetLast) {
			r, last = last, r
		}
		if r == nil {
			continue
		}
		if err := n.replay(r); err != nil {
			return nil, err
		}
	}
	n.recovers = false
	if cfg.Restored != (Hash{}) {
		n.learning = &learning{nonce: wire.Hash(cfg.Restored), base: n.last, teachers: make(map[*peer]*teacher)}
		return n, n.learned() // at once if there is nobody to learn from
	}
	return n, n.begin()
}

// newNode returns a node without events.
func newNode(cfg NodeConfig) (*Node, error) {
	founders, err := cfg.Section.founders()
	if err != nil {
		return nil, err
	}
	if cfg.MaxAnswer != 0 && cfg.MaxAnswer < MinAnswer {
		return nil, fmt.Errorf("%w: answers of %d bytes, of %d at least", ErrConfig, cfg.MaxAnswer, MinAnswer)
	}
	var toss coin.Coin = new(coin.Concrete)
	var simulated simulation.Options
	if cfg.Simulation != nil {
		simulated = *cfg.Simulation
	}
	if simulated.PredictableCoin {
		toss = coin.PredictableRoundParity{}
	}
	signer := sign.NewSigner(cfg.Seed)
	if bug.On(bug.OwnCoin) {
		toss = coin.Own{Coin: toss, Turned: signer.Public()[0]&1 == 1}
	}
	n := &Node{
		cfg:       cfg,
		simulated: simulated,
		section:   cfg.Section.wireSection(founders),
		founders:  founders,
		signer:    signer,
		identity:  Identity(signer.Public()),
		election:  election.New(cfg.Section.Mode == Single, false, toss),
		verifier:  sign.NewVerifier(blake3.Sum256(append([]byte("parsec verifier 1"), cfg.Seed[:]...))),
		self:      noPeer,
		byID:      make(map[Identity]*peer),
		adds:      make(map[Identity]int),
		keys:      make(map[wire.Hash]struct{}),
		ballots:   make([]ballot, 1),
	}
	if simulated.Passes {
		n.election.PassesOnly()
	}
	if simulated.Probe != nil {
		simulated.Probe.View, simulated.Probe.Loose = n.view, n.loose()
	}
	n.graph = n.election.Graph()
	secret := blake3.Sum256(append([]byte("parsec index 1"), cfg.Seed[:]...))
	n.store.events.seed = binary.LittleEndian.Uint64(secret[:]) | 1
	n.store.known.seed = binary.LittleEndian.Uint64(secret[8:]) | 1
	n.genesis = wire.AppendBody(nil, &wire.Body{Kind: wire.Genesis, Group: hashes(founders)})

	voters := make([]gossip.Peer, 0, len(founders))
	for _, id := range founders {
		p, err := n.enlist(id)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrConfig, err)
		}
		n.giveNumber(p)
		voters = append(voters, p.index)
	}
	if !n.founder() {
		if _, err := n.enlist(n.identity); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrConfig, err)
		}
	}
	n.self = n.byID[n.identity].index
	for _, id := range cfg.Contacts {
		if n.byID[id] == nil {
			n.byID[id] = &peer{id: id, index: noPeer}
		}
	}
	n.election.Limit(MaxVoters, MaxPeers-1) // a joining node itself has a number before it is added
	n.election.Start(voters)
	return n, nil
}

func (n *Node) founder() bool {
	_, ok := slices.BinarySearchFunc(n.founders, n.identity, compareIdentities)
	return ok
}

// hashes is identities as package wire has them.
func hashes(ids []Identity) []wire.Hash {
	out := make([]wire.Hash, len(ids))
	for i, id := range ids {
		out[i] = wire.Hash(id)
	}
	return out
}

// enlist gives a peer a number in the graph, and takes it in.
func (n *Node) enlist(id Identity) (*peer, error) {
	p, err := n.election.AddPeer(id)
	if err == nil {
		err = n.addPeer(id, p)
	}
	if err != nil {
		return nil, err
	}
	return n.peers[p], nil
}

// addPeer takes in a peer that the graph has number p for, the next.
func (n *Node) addPeer(id Identity, p gossip.Peer) error {
	if _, err := n.verifier.AddKey(sign.PublicKey(id)); err != nil {
		return err
	}
	q := n.byID[id]
	if q == nil {
		q = &peer{id: id}
		n.byID[id] = q
	}
	q.index = p
	n.peers = append(n.peers, q)
	return nil
}

// giveNumber gives a peer the next of the numbers that all members give.
func (n *Node) giveNumber(p *peer) {
	if !p.numbered {
		p.numbered, p.number = true, uint32(len(n.known))
		n.known = append(n.known, p.index)
	}
}

// begin makes the first events, where they are not there: the initial one, and a founder's vote for the genesis.
func (n *Node) begin() error {
	if n.last == 0 {
		if _, err := n.make(gossip.Initial, 0, nil, noPeer); err != nil {
			return err
		}
	}
	if n.founder() && n.graph.Event(n.last).Nth == 0 {
		o, err := n.learn(n.section.Observation(n.genesis), n.genesis)
		if err != nil {
			return err
		}
		if _, err := n.make(gossip.Observation, 0, []uint32{o}, noPeer); err != nil {
			return err
		}
	}
	return n.decideAlone()
}

// decideAlone lets the only voter of a section decide what it voted for. That takes a sync event, and there is nobody
// to gossip with: it makes a requesting event to itself.
func (n *Node) decideAlone() error {
	for before := n.blocks - 1; n.blocks != before && n.election.Voter(n.self) && len(n.election.Voters()) == 1 &&
		n.undecidedBehind(n.last).votes > 0; {
		before = n.blocks
		if _, err := n.make(gossip.Requesting, 0, nil, n.self); err != nil {
			return err
		}
	}
	return nil
}

// make makes an event of this node, and inserts it. The error is why others would refuse the event.
func (n *Node) make(cause gossip.Cause, other gossip.Index, votes []uint32, recipient gossip.Peer) (gossip.Index, error) {
	t := &n.tx // what escapes is there already
	t.own = candidate{
		by: n.self, cause: cause, self: n.last, other: other, recipient: recipient, votes: votes, count: len(votes),
		id: &t.id, signature: &t.signature,
	}
	// What others would refuse is not made: this node's own log would be refused too.
	if err := n.acceptable(&t.own); err != nil && !bug.On(bug.OwnUnchecked) {
		return 0, err
	}
	t.id = n.eventID(&t.own)
	var verified sign.Verified
	if !n.simulated.Unsigned {
		t.signature, verified = n.verifier.Sign(n.signer, uint16(n.self), &t.id)
	}
	return n.insert(&t.own, verified)
}

// eventID computes the id of an event whose parents are in the graph.
func (n *Node) eventID(c *candidate) wire.Hash {
	h := wire.Header{Creator: wire.Hash(n.peers[c.by].id), Cause: wire.Cause(c.cause)}
	if c.self != 0 {
		h.Index = n.graph.Event(c.self).Nth + max(1, uint32(len(c.votes)))
		h.SelfParent = *n.store.id(c.self)
	}
	if c.other != 0 {
		h.OtherParent = *n.store.id(c.other)
	}
	if c.cause == gossip.Requesting {
		if c.recipient != noPeer {
			h.Recipient = wire.Hash(n.peers[c.recipient].id)
		} else {
			h.Recipient = wire.Hash(n.strangers[n.graph.Len()+1].id)
		}
	}
	if len(c.votes) > 0 {
		n.rx.hashes = n.rx.hashes[:0]
		for _, o := range c.votes {
			n.rx.hashes = append(n.rx.hashes, n.store.contents[o].hash)
		}
		h.Votes, h.Root = uint32(len(c.votes)), n.tree.Root(n.rx.hashes)
	}
	return n.section.Event(&h)
}

// Identity returns the node's own.
func (n *Node) Identity() Identity { return n.identity }

// SectionID returns what the section is called in proofs.
func (n *Node) SectionID() Hash { return n.section.ID }
