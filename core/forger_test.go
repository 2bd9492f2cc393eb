package core_test

import (
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"parsec/core"
	"parsec/core/internal/sign"
	"parsec/core/internal/wire"
)

// forger makes messages with events of any shape, under any keys, as hostile members and strangers may. It knows a
// section and nothing else: nothing that it makes went through a node.
type forger struct {
	section *wire.Section
	signers map[core.Identity]*sign.Signer
	framer  wire.Framer
	tree    wire.Tree
	known   uint32 // what its messages say of how many peers their sender knows
}

// forged is an event. The zero fields are none.
type forged struct {
	by          core.Identity
	cause       wire.Cause
	self, other *forged
	recipient   core.Identity
	votes       []bill
	index       uint32
	id          wire.Hash
	signature   [64]byte
}

// bill is something that is voted for.
type bill struct {
	body     []byte
	withheld bool // messages name it by hash
}

func newForger(t testing.TB, section core.Section) *forger {
	t.Helper()
	id, err := section.ID()
	if err != nil {
		t.Fatal(err)
	}
	return &forger{section: wire.SectionOf(wire.Hash(id)), signers: map[core.Identity]*sign.Signer{}}
}

// holds gives the forger the key with the number that newNetwork and join know nodes by.
func (f *forger) holds(i int) core.Identity {
	s := sign.NewSigner(seedOf(i))
	f.signers[core.Identity(s.Public())] = s
	return core.Identity(s.Public())
}

// finish computes an event's place, id and signature. Keys that the forger has not sign with zeros.
func (f *forger) finish(e *forged) *forged {
	h := wire.Header{Creator: wire.Hash(e.by), Cause: e.cause, Recipient: wire.Hash(e.recipient)}
	if e.self != nil {
		e.index = e.self.index + max(1, uint32(len(e.votes)))
		h.Index, h.SelfParent = e.index, e.self.id
	}
	if e.other != nil {
		h.OtherParents = []wire.Hash{e.other.id}
	}
	if len(e.votes) > 0 {
		hashes := make([]wire.Hash, len(e.votes))
		for i, b := range e.votes {
			hashes[i] = f.section.Observation(b.body)
		}
		h.Votes, h.Root = uint32(len(hashes)), f.tree.Root(hashes)
	}
	e.id = f.section.Event(&h)
	if s := f.signers[e.by]; s != nil {
		e.signature = s.Sign(&e.id)
	}
	return e
}

func (f *forger) initial(by core.Identity) *forged { return f.finish(&forged{by: by}) }

func (f *forger) vote(self *forged, votes ...bill) *forged {
	return f.finish(&forged{by: self.by, cause: wire.Observing, self: self, votes: votes})
}

func (f *forger) ask(self *forged, recipient core.Identity) *forged {
	return f.finish(&forged{by: self.by, cause: wire.Requesting, self: self, recipient: recipient})
}

func (f *forger) hear(self, other *forged) *forged {
	return f.finish(&forged{by: self.by, cause: wire.Request, self: self, other: other})
}

func (f *forger) respond(self, other *forged) *forged {
	return f.finish(&forged{by: self.by, cause: wire.Response, self: self, other: other})
}

// chain returns the events of a chain that asks so many times, the last first named by its number.
func (f *forger) chain(self *forged, recipient core.Identity, length int) []*forged {
	var out []*forged
	for range length {
		self = f.ask(self, recipient)
		out = append(out, self)
	}
	return out
}

// known returns the last event of a peer that a node has, to build on; nil for none.
func lastOf(n *core.Node, peer core.Identity) *forged {
	p := slices.Index(n.Peers(), peer)
	for i := core.EventIndex(n.Len()); i > 0; i-- {
		if e := n.EventAt(i - 1); int(e.Creator) == p {
			return eventOf(n, i-1)
		}
	}
	return nil
}

// eventOf returns an event of a node, without what it descends from.
func eventOf(n *core.Node, i core.EventIndex) *forged {
	e := n.EventAt(i)
	return &forged{
		by: n.Peers()[e.Creator], cause: wire.Cause(e.Cause), index: n.IndexAt(i), id: wire.Hash(e.Hash), signature: n.SignatureAt(i),
	}
}

// eventsOf returns all events of a node, with their parents, as messages may carry them.
func eventsOf(n *core.Node) []*forged {
	out := make([]*forged, n.Len())
	for i := range out {
		e, ev := eventOf(n, core.EventIndex(i)), n.EventAt(core.EventIndex(i))
		if e.cause != wire.Initial {
			e.self = out[ev.SelfParent]
		}
		if e.cause.Receive() {
			e.other = out[ev.OtherParents[0]]
		}
		switch e.cause {
		case wire.Requesting:
			e.recipient = n.RecipientAt(core.EventIndex(i))
		case wire.Observing:
			for _, o := range append([]core.ObservationIndex{ev.Observation}, ev.Further...) {
				e.votes = append(e.votes, bill{body: bodyOf(n.ObservationAt(o), n)})
			}
		}
		out[i] = e
	}
	return out
}

// bodyOf returns the encoding of a content.
func bodyOf(c core.Content, n *core.Node) []byte {
	b := wire.Body{Peer: wire.Hash(c.Peer), Info: c.Info, Payload: c.Payload}
	switch c.Kind {
	case core.Genesis:
		// The founders are the first peers, in order: as many as make the content's hash.
		b.Kind = wire.Genesis
		section := wire.SectionOf(wire.Hash(n.SectionID()))
		for _, id := range n.Peers() {
			b.Group = append(b.Group, wire.Hash(id))
			if body := wire.AppendBody(nil, &b); core.Hash(section.Observation(body)) == c.Hash {
				return body
			}
		}
	case core.Add:
		b.Kind = wire.Add
	case core.Remove:
		b.Kind = wire.Remove
	}
	return wire.AppendBody(nil, &b)
}

// message puts events together. Parents that come before in it are references, others go by id. Each creator and
// each observation is named once.
func (f *forger) message(kind wire.MessageKind, events ...*forged) *wire.Message {
	m := &wire.Message{Kind: kind, Known: f.known}
	places, creators, parents, bills := map[*forged]int{}, map[core.Identity]uint16{}, map[wire.Hash]int{}, map[wire.Hash]uint32{}
	creator := func(id core.Identity) uint16 {
		i, ok := creators[id]
		if !ok {
			i = uint16(len(m.Creators))
			creators[id] = i
			m.Creators = append(m.Creators, wire.Creator{Key: wire.Hash(id)})
		}
		return i
	}
	ref := func(e *forged) wire.Ref {
		if i, ok := places[e]; ok {
			return wire.InMessage(i)
		}
		i, ok := parents[e.id]
		if !ok {
			i = len(m.Parents)
			parents[e.id] = i
			m.Parents = append(m.Parents, e.id)
		}
		return wire.Outside(i)
	}
	for i, e := range events {
		out := wire.Event{Creator: creator(e.by), Cause: e.cause, First: uint32(len(m.Votes)), Signature: e.signature}
		if e.self != nil {
			out.Self = ref(e.self)
		}
		if e.other != nil {
			out.Others = []wire.Ref{ref(e.other)}
		}
		if e.cause == wire.Requesting {
			out.Recipient = creator(e.recipient)
		}
		for _, b := range e.votes {
			hash := f.section.Observation(b.body)
			o, ok := bills[hash]
			if !ok {
				o = uint32(len(m.Observations))
				bills[hash] = o
				ob := wire.Observation{Hash: hash}
				if !b.withheld {
					ob.Body = b.body
				}
				m.Observations = append(m.Observations, ob)
			}
			m.Votes = append(m.Votes, o)
		}
		out.Count = uint32(len(e.votes))
		places[e] = i
		m.Events = append(m.Events, out)
	}
	return m
}

// seal encodes a message.
func (f *forger) seal(m *wire.Message) []byte {
	return f.framer.Seal(nil, f.section, wire.Append(nil, m))
}

// request returns the frame of a request with events.
func (f *forger) request(events ...*forged) []byte {
	return f.seal(f.message(wire.KindRequest, events...))
}

func opaque(payload string) bill { return bill{body: append([]byte{byte(wire.Opaque)}, payload...)} }

func about(kind wire.Kind, id core.Identity, info string) bill {
	return bill{body: wire.AppendBody(nil, &wire.Body{Kind: kind, Peer: wire.Hash(id), Info: []byte(info)})}
}

func verifies(by core.Identity, id wire.Hash, signature [64]byte) bool {
	return sign.Verify(sign.PublicKey(by), &id, &signature)
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

// addTorsion returns the encoding of a key's point plus the point of order 2, (0, -1): -x and -y.
func addTorsion(id core.Identity) (core.Identity, bool) {
	p := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	sign := id[31] & 0x80
	le := id
	le[31] &= 0x7f
	slices.Reverse(le[:])
	y := new(big.Int).SetBytes(le[:])
	y.Sub(p, y)
	var out core.Identity
	y.FillBytes(out[:])
	slices.Reverse(out[:])
	out[31] |= sign ^ 0x80
	return out, out != id
}
