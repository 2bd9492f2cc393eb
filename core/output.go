package core

import (
	"parsec/core/internal/election"
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
	frames   [][]byte // buffers of messages, reused
	blocks   []Decided
	voters   []Identity
	counts   []int // of voters, by block
	proposed []Content
	handed   bool // what there is was handed out, and is not done yet
}

// Ready returns what is to be done now. Until [Node.Advance] is called, calls that would change the node return
// [ErrNotAdvanced].
func (n *Node) Ready() Ready {
	o := &n.out
	if !o.handed {
		n.propose()
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
func (n *Node) OutputSize() int {
	size := len(n.out.record)
	for i := range n.out.messages {
		size += len(n.out.messages[i].Frame)
	}
	return size
}

// Advance tells that all that [Node.Ready] returned was done; without a Ready before it, it does nothing: the record is durable, the messages were given to the
// transport, the blocks are applied. What it returned is taken back for reuse.
func (n *Node) Advance() {
	o := &n.out
	if !o.handed {
		return
	}
	o.handed = false
	o.record, o.messages = o.record[:0], o.messages[:0]
	clear(o.blocks)
	clear(o.proposed)
	o.proposed = o.proposed[:0]
	o.blocks, o.voters, o.counts = o.blocks[:0], o.voters[:0], o.counts[:0]
}

// frame returns an empty buffer for a message, and hand gives it to be sent.
func (o *output) frame() []byte {
	if i := len(o.messages); i < len(o.frames) {
		return o.frames[i][:0]
	}
	o.frames = append(o.frames, nil)
	return nil
}

func (o *output) hand(to Identity, frame []byte, again int) {
	o.frames[len(o.messages)] = frame
	o.messages = append(o.messages, Outgoing{To: to, Frame: frame, Again: again})
}

// deliver takes in a block: it acts on it and, unless it was applied already, hands it out.
func (n *Node) deliver(b *election.Block) {
	k := &n.store.contents[b.Observation]
	n.settle(b.Observation, b.By)
	var body wire.Body
	_ = wire.ParseBody(k.body, &body) // it was parsed when it came
	switch body.Kind {
	case wire.Add:
		n.added(Identity(body.Peer))
	case wire.Remove:
		if p := n.byID[Identity(body.Peer)]; p != nil && p.index != noPeer {
			n.leaving = append(n.leaving, p)
		}
	}
	number := n.blocks
	n.blocks++
	if number < n.cfg.Applied && !redelivers() {
		return
	}
	o := &n.out
	d := Decided{Number: number, Content: contentOf(k, &body)}
	if b.By != noPeer {
		d.By = n.peers[b.By].id
	}
	for _, v := range b.Voters {
		o.voters = append(o.voters, n.peers[v].id)
	}
	o.counts = append(o.counts, len(b.Voters))
	o.blocks = append(o.blocks, d)
}

// contentOf is a content for users, which keep parts of it.
func contentOf(k *content, body *wire.Body) Content {
	return Content{
		Hash: Hash(k.hash), Kind: kindOf(body.Kind), Payload: body.Payload, Peer: Identity(body.Peer), Info: body.Info,
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

// added takes in a peer that the section decided to add. All members number those in the order of decisions.
func (n *Node) added(id Identity) {
	if n.adds[id]--; n.adds[id] <= 0 {
		delete(n.adds, id)
	}
	p, ok := n.election.Peer(id)
	if !ok {
		return // the graph has no room for it
	}
	if int(p) == len(n.peers) {
		if err := n.addPeer(id, p); err != nil {
			panic("core: a key was accepted that is no key: " + err.Error())
		}
	}
	n.giveNumber(n.peers[p])
}

// learn takes in an observation that is about to be voted for, and returns its number.
func (n *Node) learn(hash wire.Hash, raw []byte) (uint32, error) {
	if o, ok := n.store.number(&hash); ok {
		return o, nil
	}
	var body wire.Body
	if err := n.checkBody(raw, &body); err != nil {
		return 0, err
	}
	ob := election.Observation{Hash: hash, Kind: election.Kind(kindOf(body.Kind)), Peer: noPeer}
	o, err := n.election.AddObservation(ob, &body.Peer)
	if err != nil {
		return 0, errLimit(err)
	}
	if body.Kind == wire.Add {
		n.adds[Identity(body.Peer)]++
	}
	n.store.learn(&hash, body.Kind, raw)
	n.recordContent(raw)
	return o, nil
}
