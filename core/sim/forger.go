package sim

import (
	"fmt"

	"parsec/core"
	"parsec/core/internal/sign"
	"parsec/core/internal/wire"
)

// forgery is a kind of event that no honest member makes.
type forgery uint8

const (
	forgeBranch   forgery = iota // another event on a self-parent that has one already
	forgeFeed                    // an event on top of another hostile member's, whatever branch that is on
	forgeStranger                // an event by a key that was never added, with one of its own on top
	forgeName                    // an event in an honest member's name, with one of its own on top
)

// forger makes events by hand. It knows what its process's node knows.
type forger struct {
	framer wire.Framer
	m      wire.Message
	raw    []byte
	tree   wire.Tree

	epoch  uint32
	looked int // events of the node that were looked at
	events []past
	own    []int                 // places of its own in events
	last   map[core.Identity]int // by creator: the place of its last event
}

// past is an event of the node.
type past struct {
	id    wire.Hash
	by    core.Identity
	index uint32
}

// open decodes a frame of the section, nil if it is none. The message is valid until the next call.
func (f *forger) open(s *run, frame []byte) *wire.Message {
	raw, err := f.framer.Open(s.wire, frame)
	if err != nil {
		return nil
	}
	f.raw = append(f.raw[:0], raw...)
	if wire.Decode(f.raw, s.wire, &f.m) != nil {
		return nil
	}
	return &f.m
}

func (f *forger) seal(s *run, m *wire.Message) []byte {
	return f.framer.Seal(nil, s.wire, wire.Append(nil, m))
}

// look takes in what the node has learned.
func (f *forger) look(p *process) {
	if f.last == nil || f.epoch != p.epoch {
		f.epoch, f.looked, f.events, f.own, f.last = p.epoch, 0, nil, nil, make(map[core.Identity]int)
	}
	peers := p.node.Peers()
	for ; f.looked < p.node.Len(); f.looked++ {
		ev := p.node.EventAt(core.EventIndex(f.looked))
		e := past{id: wire.Hash(ev.Hash), by: peers[ev.Creator]}
		if ev.Cause != core.Initial {
			votes := uint32(1)
			if ev.Cause == core.Observing {
				votes += uint32(len(ev.Further))
			}
			e.index = f.events[ev.SelfParent].index + votes
		}
		if e.by == p.identity {
			f.own = append(f.own, f.looked)
		}
		f.last[e.by] = f.looked
		f.events = append(f.events, e)
	}
}

// draft is a message with forged events in it, and their ids.
type draft struct {
	wire.Message
	ids   []wire.Hash
	index []uint32
	keys  []core.Identity
}

func (d *draft) creator(id core.Identity) uint16 {
	for i := range d.Creators {
		if d.Creators[i].Key == wire.Hash(id) {
			return uint16(i)
		}
	}
	d.Creators = append(d.Creators, wire.Creator{Key: wire.Hash(id)})
	return uint16(len(d.Creators) - 1)
}

func (d *draft) outside(id wire.Hash) wire.Ref {
	for i := range d.Parents {
		if d.Parents[i] == id {
			return wire.Outside(i)
		}
	}
	d.Parents = append(d.Parents, id)
	return wire.Outside(len(d.Parents) - 1)
}

// parent is a forged event's.
type parent struct {
	ref   wire.Ref
	id    wire.Hash
	index uint32
}

func (d *draft) of(e *past) parent { return parent{d.outside(e.id), e.id, e.index} }

func (d *draft) made(i int) parent { return parent{wire.InMessage(i), d.ids[i], d.index[i]} }

// add adds an event, signed by signer, who need not be its creator; unsigned if nil.
func (d *draft) add(s *run, f *forger, by core.Identity, signer *sign.Signer, cause wire.Cause, self, other *parent, to core.Identity, body []byte) {
	h := wire.Header{Creator: wire.Hash(by), Cause: cause}
	ev := wire.Event{Creator: d.creator(by), Cause: cause, First: uint32(len(d.Votes))}
	if self != nil {
		ev.Self, h.SelfParent, h.Index = self.ref, self.id, self.index+1
	}
	switch cause {
	case wire.Requesting:
		ev.Recipient, h.Recipient = d.creator(to), wire.Hash(to)
	case wire.Request, wire.Response:
		ev.Other, h.OtherParent = other.ref, other.id
	case wire.Observing:
		hash := s.wire.Observation(body)
		d.Observations = append(d.Observations, wire.Observation{Hash: hash, Body: body})
		d.Votes = append(d.Votes, uint32(len(d.Observations)-1))
		ev.Count, h.Votes, h.Root = 1, 1, f.tree.Root([]wire.Hash{hash})
	}
	id := s.wire.Event(&h)
	if signer != nil && s.plan.signed {
		ev.Signature = signer.Sign(&id)
	}
	d.Events = append(d.Events, ev)
	d.ids, d.index, d.keys = append(d.ids, id), append(d.index, h.Index), append(d.keys, by)
}

// forge returns a frame with a forged event, nil if there is nothing to make one of.
func (f *forger) forge(s *run, v *hostile, what forgery) []byte {
	p, r := v.process, s.hostility
	f.look(p)
	if len(f.own) < 3 {
		return nil
	}
	signer := sign.NewSigner(p.seed)
	recent := f.own[max(0, len(f.own)-12):]
	base := &f.events[recent[r.below(len(recent)-1)]]
	d := &draft{Message: wire.Message{Kind: wire.KindRequest, Known: uint32(len(p.node.Peers()))}}
	self := d.of(base)
	switch what {
	case forgeBranch:
		if v.branches--; v.branches < 0 {
			return nil
		}
		switch r.below(3) {
		case 0:
			d.add(s, f, p.identity, signer, wire.Observing, &self, nil, core.Identity{}, f.body(s, p.identity))
		case 1:
			d.add(s, f, p.identity, signer, wire.Requesting, &self, nil, pick(r, s.founders), nil)
		case 2:
			other := f.someonesLast(s, p, false)
			if other == nil {
				return nil
			}
			o := d.of(other)
			d.add(s, f, p.identity, signer, wire.Request, &self, &o, core.Identity{}, nil)
		}
		if r.percent(50) { // a branch of several events
			last := d.made(0)
			d.add(s, f, p.identity, signer, wire.Requesting, &last, nil, pick(r, s.founders), nil)
		}
	case forgeFeed:
		other := f.someonesLast(s, p, true)
		if other == nil {
			return nil
		}
		if v.branches--; v.branches < 0 {
			return nil
		}
		o := d.of(other)
		d.add(s, f, p.identity, signer, wire.Request, &self, &o, core.Identity{}, nil)
	case forgeStranger, forgeName:
		if v.branches--; v.branches < 0 || what == forgeName && !s.plan.signed {
			return nil
		}
		if what == forgeStranger {
			seed := s.secret(1<<20 + r.below(4))
			d.Parents = nil
			d.add(s, f, core.IdentityOf(seed), sign.NewSigner(seed), wire.Initial, nil, nil, core.Identity{}, nil)
		} else {
			victim := f.someonesLast(s, p, false)
			if victim == nil {
				return nil
			}
			d.Parents = nil
			on := d.of(victim)
			d.add(s, f, victim.by, signer, wire.Observing, &on, nil, core.Identity{}, f.body(s, core.Identity{}))
		}
		self, o := d.of(base), d.made(0)
		d.add(s, f, p.identity, signer, wire.Request, &self, &o, core.Identity{}, nil)
	}
	return f.seal(s, &d.Message)
}

// body returns a payload that nobody proposed, encoded, and notes who votes for it.
func (f *forger) body(s *run, by core.Identity) []byte {
	payload := fmt.Appendf(nil, "forged %d", s.hostility.below(1<<30))
	b := wire.AppendBody(nil, &wire.Body{Kind: wire.Opaque, Payload: payload})
	if by != (core.Identity{}) {
		s.note(by, core.Hash(s.wire.Observation(b)))
	}
	return b
}

// someonesLast returns the last event of a hostile or of an honest member, other than p; nil if there is none.
func (f *forger) someonesLast(s *run, p *process, hostile bool) *past {
	for range 8 {
		q := pick(s.hostility, s.processes)
		if i, ok := f.last[q.identity]; ok && q.identity != p.identity && q.honest != hostile {
			return &f.events[i]
		}
	}
	return nil
}
