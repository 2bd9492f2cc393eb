package core

import (
	"slices"

	"parsec/core/internal/bug"
	"parsec/core/internal/gossip"
	"parsec/core/internal/history"
	"parsec/core/internal/members"
	"parsec/core/internal/store"
	"parsec/core/internal/wire"
)

// Content is what an observation says.
type Content struct {
	Hash    Hash     // names it in proofs; no two contents have the same
	Kind    Kind     // Opaque, Genesis, Add or Remove
	Payload []byte   // Opaque; read only
	Peer    Identity // Add, Remove: whom
	Info    []byte   // Add, Remove: what else the vote said; read only
}

// Decided is a block as the application gets it.
type Decided struct {
	Number uint64 // the first is 0
	Content
	By     Identity   // in Single mode, who voted for the payload; zero for what takes a supermajority
	Voters []Identity // whose votes are known, each good for a proof ([Node.Proof]); in order
}

// Outgoing is a message to send.
type Outgoing struct {
	To    Identity
	Frame []byte
	// Again is about how many bytes of it To was sent before, and has not shown to have. Honest peers cause few, by
	// messages that cross or are lost.
	Again int
}

// Ready is what a node wants done, in the order of the fields. What it has is valid until [Node.Advance], but for
// payloads and infos, which stay.
type Ready struct {
	Record   []byte     // 1: append to the log and make it durable, before anything else; nil for nothing
	Messages []Outgoing // 2: send, in any order
	Blocks   []Decided  // 3: apply, in order

	// Proposals are what others want decided, for the application to say whether this node votes for it too
	// ([Node.VoteFor], after Advance): contents that another peer was the first to vote for, as far as this node knows,
	// that this node has not voted for, and that have no block. Opaque ones are so in Supermajority mode only: in
	// Single mode a payload needs no second vote. In order of [ObservationIndex]; at most [MaxVotes], and where there
	// are so many, more may come with the next Ready. Each comes once, when this node is a voter; what is still open
	// when a node is recovered comes again.
	Proposals []Content
}

// output collects what a node wants done.
type output struct {
	record   []byte
	messages []Outgoing
	blocks   []Decided
	voters   []Identity
	counts   []int // of voters, by block
	proposed []Content
	handed   bool // what there is was handed out, and is not done yet
}

// leaver is a peer whose removal was decided, by event at.
type leaver struct {
	peer *members.Peer
	at   gossip.Index
}

// Ready returns what is to be done now. Until [Node.Advance] is called, calls that would change the node return
// [ErrNotAdvanced].
func (n *Node) Ready() Ready {
	o := &n.out
	if !o.handed {
		n.propose()
		for _, m := range n.outbox.Messages() {
			o.messages = append(o.messages, Outgoing{To: Identity(m.To), Frame: m.Frame, Again: m.Again})
		}
	}
	o.handed = true
	from := 0
	for i := range o.blocks {
		to := from + o.counts[i]
		o.blocks[i].Voters = o.voters[from:to:to]
		from = to
	}
	r := Ready{Messages: o.messages, Blocks: o.blocks}
	if len(o.record) > 0 {
		r.Record = o.record
	}
	if len(o.proposed) > 0 {
		r.Proposals = o.proposed
	}
	return r
}

// OutputSize returns how many bytes the record and the messages of the next [Node.Ready] have so far. A call of
// [Node.Handle] adds some 20 MB at most to the record, and as much as a message holds to each of a few messages.
func (n *Node) OutputSize() int { return len(n.out.record) + n.outbox.Size() }

// Advance tells that all that [Node.Ready] returned was done; without a Ready before it, it does nothing: the record is durable, the messages were given to the
// transport, the blocks are applied. What it returned is taken back for reuse.
func (n *Node) Advance() {
	o := &n.out
	if !o.handed {
		return
	}
	o.handed = false
	n.outbox.Clear()
	o.record, o.messages = o.record[:0], o.messages[:0]
	clear(o.blocks)
	clear(o.proposed)
	o.proposed = o.proposed[:0]
	o.blocks, o.voters, o.counts = o.blocks[:0], o.voters[:0], o.counts[:0]
}

// finish ends a call that may have brought events: a section of one decides, and what came is written to the record
// and handed out.
func (n *Node) finish() error {
	err := n.decideAlone()
	n.absorb()
	return err
}

// absorb looks through what was committed since it was last called: for the record, for what to propose and deliver, and
// for who is to hear of its removal.
func (n *Node) absorb() {
	n.out.record = n.journal.Append(n.out.record)
	for i := range n.history.Decisions() {
		n.deliver(&n.history.Decisions()[i])
	}
	n.history.ForgetDecisions()
	g, was := n.history.Graph(), n.absorbed
	for x := was + 1; x <= n.history.Len(); x++ {
		ev := g.Event(x)
		by := n.history.Members.At(ev.By)
		if by == n.self {
			n.last = x
			n.seeOff(x)
		} else {
			n.outbox.Came(by, 1)
		}
		for _, o := range n.history.Store.Votes(x) {
			if n.history.Store.Observation(o).First == x {
				n.notePeerVote(o, by)
			}
		}
	}
	n.absorbed = n.history.Len()
	if invariants {
		n.verify(was)
	}
}

// seeOff notes that those who were removed before x, this node's own, may be told what it descends from.
func (n *Node) seeOff(x gossip.Index) {
	n.leaving = slices.DeleteFunc(n.leaving, func(l leaver) bool {
		if l.at < x {
			n.outbox.Remove(l.peer, x)
		}
		return l.at < x
	})
}

// deliver hands a block out, unless it was applied already.
func (n *Node) deliver(b *history.Decision) {
	k := n.history.Store.Observation(b.Observation)
	c := contentOf(k)
	if p := n.peerOf(c.Peer); c.Kind == Remove && p != nil && p.Index != members.None {
		n.leaving = append(n.leaving, leaver{p, b.At})
	}
	if b.Number < n.cfg.Applied && !bug.On(bug.Redeliver) {
		return
	}
	o := &n.out
	d := Decided{Number: b.Number, Content: c}
	if b.By != members.None {
		d.By = n.identityAt(b.By)
	}
	for _, v := range b.Voters {
		o.voters = append(o.voters, n.identityAt(v))
	}
	o.counts = append(o.counts, len(b.Voters))
	o.blocks = append(o.blocks, d)
}

func (n *Node) identityAt(p gossip.Peer) Identity { return Identity(n.history.Members.At(p).ID) }

// contentOf is an observation for users, who keep parts of it.
func contentOf(k *store.Observation) Content {
	var body wire.Body
	_ = wire.ParseBody(k.Body, &body) // it was parsed when it came
	return Content{
		Hash: Hash(k.Hash), Kind: kindOf(body.Kind), Payload: body.Payload, Peer: Identity(body.Peer), Info: body.Info,
	}
}

func kindOf(k wire.Kind) Kind {
	switch k {
	case wire.Genesis:
		return Genesis
	case wire.Add:
		return Add
	case wire.Remove:
		return Remove
	}
	return Opaque
}
