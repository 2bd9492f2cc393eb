package sim

import (
	"parsec/core"
	"parsec/core/internal/wire"
)

// draft is a message that is put together of events, in any order.
type draft struct {
	wire.Message
	section  *wire.Section
	places   map[*forged]int
	creators map[core.Identity]uint16
	parents  map[wire.Hash]int
	contents map[wire.Hash]uint32
}

// compose returns a message with events. A parent that comes before in it is referred to, any other is named by its id.
// Each creator, parent and observation is named once.
func (s *run) compose(kind wire.MessageKind, events []*forged) *wire.Message {
	d := draft{
		section: s.wire, places: make(map[*forged]int), creators: make(map[core.Identity]uint16),
		parents: make(map[wire.Hash]int), contents: make(map[wire.Hash]uint32),
	}
	d.Kind, d.Known = kind, uint32(len(s.founders))
	for _, e := range events {
		d.add(e)
	}
	return &d.Message
}

func (d *draft) add(e *forged) {
	out := wire.Event{Creator: d.creator(e.by), Cause: e.cause, First: uint32(len(d.Votes)), Count: uint32(len(e.votes)), Signature: e.signature}
	if e.self != nil {
		out.Self = d.ref(e.self)
	}
	for _, o := range e.others {
		out.Others = append(out.Others, d.ref(o))
	}
	if e.cause == wire.Requesting {
		out.Recipient = d.creator(e.recipient)
	}
	for _, body := range e.votes {
		d.Votes = append(d.Votes, d.content(body))
	}
	d.places[e] = len(d.Events)
	d.Events = append(d.Events, out)
}

func (d *draft) creator(id core.Identity) uint16 {
	i, ok := d.creators[id]
	if !ok {
		i = uint16(len(d.Creators))
		d.creators[id] = i
		d.Creators = append(d.Creators, wire.Creator{Key: wire.Hash(id)})
	}
	return i
}

func (d *draft) ref(e *forged) wire.Ref {
	if i, ok := d.places[e]; ok {
		return wire.InMessage(i)
	}
	i, ok := d.parents[e.id]
	if !ok {
		i = len(d.Parents)
		d.parents[e.id] = i
		d.Parents = append(d.Parents, e.id)
	}
	return wire.Outside(i)
}

func (d *draft) content(body []byte) uint32 {
	hash := d.section.Observation(body)
	o, ok := d.contents[hash]
	if !ok {
		o = uint32(len(d.Observations))
		d.contents[hash] = o
		d.Observations = append(d.Observations, wire.Observation{Hash: hash, Body: body})
	}
	return o
}

// closed returns events with all that they descend from and a process has not, parents first.
func closed(p *process, events ...*forged) (out []*forged) {
	met := make(map[*forged]bool)
	var visit func(e *forged)
	visit = func(e *forged) {
		if met[e] || e.in>>(p.number%64)&1 == 1 {
			return
		}
		met[e] = true
		for _, x := range e.parents() {
			visit(x)
		}
		out = append(out, e)
	}
	for _, e := range events {
		visit(e)
	}
	return out
}

// mixed puts events in another order in which parents come first.
func mixed(r stream, events []*forged) []*forged {
	inside := make(map[*forged]bool, len(events))
	for _, e := range events {
		inside[e] = true
	}
	rest, out := append([]*forged(nil), events...), make([]*forged, 0, len(events))
	shuffle(r, rest)
	for len(rest) > 0 {
		later := rest[:0]
		for _, e := range rest {
			ready := true
			for _, x := range e.parents() {
				ready = ready && !inside[x]
			}
			if !ready {
				later = append(later, e)
				continue
			}
			inside[e] = false
			out = append(out, e)
		}
		rest = later
	}
	return out
}
