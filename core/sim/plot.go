package sim

import (
	"fmt"

	"parsec/core"
	"parsec/core/internal/sign"
	"parsec/core/internal/wire"
)

// forged is an event as hostile members know it: one that they made by hand, or one that they met in a graph.
type forged struct {
	by        core.Identity
	cause     wire.Cause
	self      *forged
	others    []*forged
	recipient core.Identity
	votes     [][]byte // encoded
	index     uint32
	id        wire.Hash
	signature [64]byte
	in        uint64 // set of processes, by number modulo 64, in whose graphs it was met
}

// parents lists what an event stands on.
func (e *forged) parents() []*forged {
	if e.self == nil {
		return nil
	}
	return append([]*forged{e.self}, e.others...)
}

// plot is what the hostile members of a run know and have together: they collude. They see the graph of whomever they
// write to, hold each other's keys, and those of strangers that they made up.
type plot struct {
	framer    wire.Framer
	message   wire.Message
	raw       []byte
	tree      wire.Tree
	signers   map[core.Identity]*sign.Signer
	keys      []core.Identity // the hostile members'
	strangers []core.Identity
	events    map[wire.Hash]*forged
	own       map[core.Identity][]*forged // by hostile members and strangers, in the order in which they were met
	others    []*forged                   // by honest members, likewise
	graphs    []looked                    // by process
	bodies    map[wire.Hash][]byte        // contents that hostile members voted for
	frames    [][]byte                    // some that hostile members sent
	labels    int                         // counts payloads that they made up
}

// looked is how far a process's graph was looked at.
type looked struct {
	epoch  uint32
	events []*forged
}

// madeUp is how many strangers there are.
const madeUp = 6

func newPlot(s *run) *plot {
	f := &plot{
		signers: make(map[core.Identity]*sign.Signer), events: make(map[wire.Hash]*forged),
		own: make(map[core.Identity][]*forged), bodies: make(map[wire.Hash][]byte), graphs: make([]looked, len(s.processes)),
	}
	for i := range s.plan.hostile {
		p := s.processes[i]
		f.keys = append(f.keys, p.identity)
		f.signers[p.identity] = sign.NewSigner(p.seed)
	}
	for i := range madeUp {
		signer := sign.NewSigner(s.secret(1<<20 + i))
		id := core.Identity(signer.Public())
		f.strangers = append(f.strangers, id)
		f.signers[id] = signer
	}
	return f
}

// open decodes a frame of the section, nil if it is none. The message is valid until the next call.
func (f *plot) open(s *run, frame []byte) *wire.Message {
	raw, err := f.framer.Open(s.wire, frame)
	if err != nil {
		return nil
	}
	f.raw = append(f.raw[:0], raw...)
	if wire.Decode(f.raw, s.wire, &f.message) != nil {
		return nil
	}
	return &f.message
}

func (f *plot) seal(s *run, m *wire.Message) []byte {
	return f.framer.Seal(nil, s.wire, wire.Append(nil, m))
}

// look takes in what a process's graph has, as far as it is new.
func (f *plot) look(s *run, p *process) {
	g := &f.graphs[p.number]
	if g.epoch != p.epoch {
		*g = looked{epoch: p.epoch}
	}
	peers := p.node.Peers()
	for i := len(g.events); i < p.node.Len(); i++ {
		ev := p.node.EventAt(core.EventIndex(i))
		e := f.events[wire.Hash(ev.Hash)]
		if e == nil {
			e = f.meet(s, p, &ev, core.EventIndex(i), peers)
		}
		e.in |= 1 << (p.number % 64)
		g.events = append(g.events, e)
	}
}

// meet takes in event i of a process.
func (f *plot) meet(s *run, p *process, ev *core.Event, i core.EventIndex, peers []core.Identity) *forged {
	g := &f.graphs[p.number]
	e := &forged{
		by: peers[ev.Creator], cause: wire.Cause(ev.Cause), index: p.node.IndexAt(i), id: wire.Hash(ev.Hash), signature: p.node.SignatureAt(i),
	}
	for k, x := range parents(ev) {
		if k == 0 {
			e.self = g.events[x]
		} else {
			e.others = append(e.others, g.events[x])
		}
	}
	switch ev.Cause {
	case core.Requesting:
		e.recipient = p.node.RecipientAt(i)
	case core.Observing:
		for _, o := range append([]core.ObservationIndex{ev.Observation}, ev.Further...) {
			e.votes = append(e.votes, s.bodyOf(p.node.ObservationAt(o)))
		}
	}
	f.keep(e)
	return e
}

func (f *plot) keep(e *forged) {
	f.events[e.id] = e
	if f.signers[e.by] != nil {
		f.own[e.by] = append(f.own[e.by], e)
	} else {
		f.others = append(f.others, e)
	}
}

// bodyOf returns the encoding of a content.
func (s *run) bodyOf(c core.Content) []byte {
	b := wire.Body{Peer: wire.Hash(c.Peer), Info: c.Info, Payload: c.Payload}
	switch c.Kind {
	case core.Genesis:
		return s.genesis
	case core.Add:
		b.Kind = wire.Add
	case core.Remove:
		b.Kind = wire.Remove
	}
	return wire.AppendBody(nil, &b)
}

// make makes an event, signed by its creator where signatures are on, and notes its votes. An event that is there
// already is not made again.
func (f *plot) make(s *run, e forged) *forged {
	h := wire.Header{Creator: wire.Hash(e.by), Cause: e.cause, Recipient: wire.Hash(e.recipient)}
	if e.self != nil {
		e.index = e.self.index + max(1, uint32(len(e.votes)))
		h.Index, h.SelfParent = e.index, e.self.id
	}
	for _, o := range e.others {
		h.OtherParents = append(h.OtherParents, o.id)
	}
	if len(e.votes) > 0 {
		hashes := make([]wire.Hash, len(e.votes))
		for i, b := range e.votes {
			hashes[i] = s.wire.Observation(b)
			f.bodies[hashes[i]] = b
			if f.signers[e.by] != nil {
				s.note(e.by, core.Hash(hashes[i]))
			}
		}
		h.Votes, h.Root = uint32(len(hashes)), f.tree.Root(hashes)
	}
	e.id = s.wire.Event(&h)
	if was := f.events[e.id]; was != nil {
		return was
	}
	if signer := f.signers[e.by]; signer != nil && s.plan.signed {
		e.signature = signer.Sign(&e.id)
	}
	f.keep(&e)
	return &e
}

func (f *plot) initial(s *run, by core.Identity) *forged { return f.make(s, forged{by: by}) }

func (f *plot) vote(s *run, self *forged, votes ...[]byte) *forged {
	return f.make(s, forged{by: self.by, cause: wire.Observing, self: self, votes: votes})
}

func (f *plot) ask(s *run, self *forged, whom core.Identity) *forged {
	return f.make(s, forged{by: self.by, cause: wire.Requesting, self: self, recipient: whom})
}

func (f *plot) hear(s *run, self, other *forged) *forged {
	cause := wire.Request
	if s.hostility.percent(30) {
		cause = wire.Response
	}
	return f.make(s, forged{by: self.by, cause: cause, self: self, others: []*forged{other}})
}

// payload returns a payload that nobody proposed, encoded.
func (f *plot) payload() []byte {
	f.labels++
	return wire.AppendBody(nil, &wire.Body{Kind: wire.Opaque, Payload: fmt.Appendf(nil, "forged %d", f.labels)})
}
