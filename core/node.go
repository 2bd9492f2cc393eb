package core

import (
	"encoding/binary"
	"fmt"
	"iter"
	"slices"

	"parsec/core/internal/bug"
	"parsec/core/internal/coin"
	"parsec/core/internal/gossip"
	"parsec/core/internal/history"
	"parsec/core/internal/intake"
	"parsec/core/internal/journal"
	"parsec/core/internal/members"
	"parsec/core/internal/outbox"
	"parsec/core/internal/reason"
	"parsec/core/internal/sign"
	"parsec/core/internal/simulation"
	"parsec/core/internal/wire"

	"github.com/zeebo/blake3"
)

// Errors of a [Node], beside those of an [Engine]. They come wrapped with what they are about.
var (
	ErrPeerState        = reason.ErrPeerState        // the peer is not one for that: it was removed, or it forked
	ErrSelfState        = reason.ErrSelfState        // this node is not one for that: it is no voter, or it is learning
	ErrForked           = reason.ErrForked           // this node's key made events that this node did not: see [Node.Forked]
	ErrSignature        = reason.ErrSignature        // an event was not signed by its creator
	ErrMessage          = reason.ErrMessage          // the message has not the form of one, or is of another section
	ErrDuplicateVote    = reason.ErrDuplicateVote    // this node voted for that already
	ErrDuplicateMessage = reason.ErrDuplicateMessage // all that the message tells is known, and built on
	ErrPremature        = reason.ErrPremature        // the sender is being added, and this node has not decided that yet
	ErrMissingPayload   = reason.ErrMissingPayload   // a vote's payload was asked for; the message is held until it comes
	ErrUnknownVote      = reason.ErrUnknownVote      // the peer voted for no such observation
	ErrNotAdvanced      = reason.ErrNotAdvanced      // Ready was called, and Advance not yet
	ErrRecord           = reason.ErrRecord           // a record of the log is damaged or out of order
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

	// Nonce is random, and new at each start. With it the node makes no event yet: it asks the members it gossips to for
	// its own last events first. That is over when all other voters have answered, or when [Node.Begin] says that nobody
	// else will. If some member knows events of this node that it does not have, its log lost its end: it learns them,
	// as if it were Restored. Zero: the node asks nobody, and forks itself if its log lacks what it sent.
	Nonce Hash

	// Restored says that the log may lack records whose messages were sent: it is a backup, or it was lost. The node
	// then learns its own events from a supermajority of the voters before it makes one: from all others in a section
	// of up to four; or, when [Node.Begin] says that no more will answer, from so many that they and it are one. An event that reached only members who do not answer, or that is still on its way, is not learned,
	// and the node forks itself: where that matters, remove the peer and join under a new key. Restored is random, and
	// new each time, and takes the place of Nonce; zero for a log that is whole.
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
// Its rooms, and the one way between them, are in core/design/rooms.md.
//
// Invariants:
//
//  1. Every event in the graph was checked: its signature, its parents, its creator and the observations it votes for;
//     and it is there once. Package history sees to that.
//  2. When a call returns, this node's last event descends from every event in the graph.
//  3. Every observation that an event votes for has its body here.
//  4. What the last event descends from was handed out as a record, or is in the next one.
type Node struct {
	cfg       NodeConfig
	simulated simulation.Options
	identity  Identity
	signer    *sign.Signer
	self      *members.Peer

	history *history.History
	intake  *intake.Intake
	outbox  *outbox.Outbox
	journal *journal.Journal

	last      gossip.Index // this node's last event; 0 for none
	learning  *learning    // until it knows its own events
	fork      *journal.Fork
	absorbed  gossip.Index // the last event that absorb has seen
	leaving   []leaver
	proposals proposals
	message   intake.Message
	batch     [1]*intake.Message
	author    author
	out       output
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
	return n, n.enter()
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
	return n, n.enter()
}

// Recover returns the node that handed out the given records, in their order: all of them, or the first so many.
// It is as it was then, bit for bit, but for what it had been asked for and what it held of messages that could
// not be taken in whole. Blocks from number cfg.Applied on are delivered again. Without records, or if they are nil,
// it is as [Start] or [Join] would make it. An error of the records ends the recovery with that error: a log that cannot
// be read to its end gives no node. Else the error wraps [ErrConfig] or [ErrRecord].
//
// Records are trusted: they are checked for form, not for signatures. Whoever stores them sees to it that they
// come back as they were.
func Recover(cfg NodeConfig, records iter.Seq2[[]byte, error]) (*Node, error) {
	n, err := newNode(cfg)
	if err != nil {
		return nil, err
	}
	if records != nil {
		if err := n.history.Trusting(func() error { return n.replay(records) }); err != nil {
			return nil, err
		}
	}
	n.absorb()
	if n.fork != nil {
		return n, nil
	}
	return n, n.enter()
}

// replay feeds records back.
func (n *Node) replay(records iter.Seq2[[]byte, error]) error {
	var last []byte
	for r, err := range records {
		switch {
		case err != nil:
			return fmt.Errorf("reading the log: %w", err)
		case len(r) == 0:
			continue
		case bug.On(bug.ForgetLast):
			if r, last = last, r; r == nil {
				continue
			}
		}
		fork, err := n.journal.Read(r)
		if err != nil {
			return err
		}
		if fork != nil {
			n.fork = fork
		}
	}
	return nil
}

// newNode returns a node without events.
func newNode(cfg NodeConfig) (*Node, error) {
	founders, err := cfg.Section.founders()
	switch {
	case err != nil:
		return nil, err
	case cfg.MaxAnswer != 0 && cfg.MaxAnswer < MinAnswer:
		return nil, fmt.Errorf("%w: answers of %d bytes, of %d at least", ErrConfig, cfg.MaxAnswer, MinAnswer)
	}
	var simulated simulation.Options
	if cfg.Simulation != nil {
		simulated = *cfg.Simulation
	}
	signer := sign.NewSigner(cfg.Seed)
	secret := blake3.Sum256(append([]byte("parsec index 1"), cfg.Seed[:]...))
	section := cfg.Section.wireSection(founders)
	h, err := history.New(history.Config{
		Section: section, Single: cfg.Section.Mode == Single, Founders: hashes(founders),
		Genesis:  wire.AppendBody(nil, &wire.Body{Kind: wire.Genesis, Group: hashes(founders)}),
		Self:     wire.Hash(signer.Public()),
		Coin:     coinOf(&simulated, signer),
		Verifier: sign.NewVerifier(blake3.Sum256(append([]byte("parsec verifier 1"), cfg.Seed[:]...))),
		Seeds:    [2]uint64{binary.LittleEndian.Uint64(secret[:]), binary.LittleEndian.Uint64(secret[8:])},
		Unsigned: simulated.Unsigned, Passes: simulated.Passes,
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	n := &Node{
		cfg: cfg, simulated: simulated, identity: Identity(signer.Public()), signer: signer, self: h.Members.Self(), history: h,
		intake:  intake.New(h, cfg.Parallel, binary.LittleEndian.Uint64(secret[16:])),
		outbox:  outbox.New(h, cfg.MaxAnswer),
		journal: journal.New(h),
	}
	n.batch[0] = &n.message
	for _, id := range cfg.Contacts {
		h.Members.Contact(wire.Hash(id))
	}
	if simulated.Probe != nil {
		simulated.Probe.View, simulated.Probe.Loose = n.view, n.loose()
	}
	return n, nil
}

func coinOf(simulated *simulation.Options, signer *sign.Signer) coin.Coin {
	var toss coin.Coin = new(coin.Concrete)
	if simulated.PredictableCoin {
		toss = coin.PredictableRoundParity{}
	}
	if bug.On(bug.OwnCoin) {
		toss = coin.Own{Coin: toss, Turned: signer.Public()[0]&1 == 1}
	}
	return toss
}

func (n *Node) founder() bool { return n.history.Members.Founder(wire.Hash(n.identity)) }

// hashes is identities as package wire has them.
func hashes(ids []Identity) []wire.Hash {
	out := make([]wire.Hash, len(ids))
	for i, id := range ids {
		out[i] = wire.Hash(id)
	}
	return out
}

// enter lets a node begin, or ask first for what it has made already.
func (n *Node) enter() error {
	if n.cfg.Nonce != (Hash{}) || n.cfg.Restored != (Hash{}) {
		n.learning = newLearning(&n.cfg)
		return n.learned() // at once if there is nobody to learn from
	}
	return n.begin()
}

// Identity returns the node's own.
func (n *Node) Identity() Identity { return n.identity }

// SectionID returns what the section is called in proofs.
func (n *Node) SectionID() Hash { return n.history.Section.ID }

// peerOf returns a peer or contact, nil for nobody.
func (n *Node) peerOf(id Identity) *members.Peer { return n.history.Members.ByID(wire.Hash(id)) }

// voter reports whether this node votes now.
func (n *Node) voter() bool { return n.history.Voter(n.self) }

// removed reports whether this node was a voter and is none.
func (n *Node) removed() bool { return n.self.Numbered && !n.voter() }

// busy returns why no call may change this node now.
func (n *Node) busy() error {
	switch {
	case n.out.handed:
		return ErrNotAdvanced
	case n.fork != nil:
		return n.Forked()
	}
	return nil
}

// contact reports whether p is one of the contacts and is not known to be anything else.
func (n *Node) contact(p *members.Peer) bool {
	return p.Index == members.None && slices.Contains(n.cfg.Contacts, Identity(p.ID))
}
