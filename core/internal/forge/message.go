package forge

import "parsec/core/internal/wire"

// Message puts events together, in their order. Parents that come before in it are references, others go by id. Each
// creator and each observation is named once.
func (f *Forger) Message(kind wire.MessageKind, events ...*Event) *wire.Message {
	b := builder{
		f: f, m: &wire.Message{Kind: kind, Known: f.Known},
		places: map[wire.Hash]int{}, creators: map[wire.Hash]uint16{}, parents: map[wire.Hash]int{}, observations: map[wire.Hash]uint32{},
	}
	for _, e := range events {
		b.add(e)
	}
	return b.m
}

// builder is a message, and where things are in its tables.
type builder struct {
	f            *Forger
	m            *wire.Message
	places       map[wire.Hash]int // of events
	creators     map[wire.Hash]uint16
	parents      map[wire.Hash]int
	observations map[wire.Hash]uint32
}

func (b *builder) add(e *Event) {
	m := b.m
	out := wire.Event{Creator: b.creator(e.By), Cause: e.Cause, First: uint32(len(m.Votes)), Count: uint32(len(e.Votes)), Signature: e.Signature}
	if e.Self != nil {
		out.Self = b.ref(e.Self)
	}
	if e.Other != nil {
		out.Others = []wire.Ref{b.ref(e.Other)}
	}
	if e.Cause == wire.Requesting {
		out.Recipient = b.creator(e.Recipient)
	}
	for _, v := range e.Votes {
		m.Votes = append(m.Votes, b.observation(v))
	}
	b.places[e.ID] = len(m.Events)
	m.Events = append(m.Events, out)
}

func (b *builder) creator(key wire.Hash) uint16 {
	i, ok := b.creators[key]
	if !ok {
		i = uint16(len(b.m.Creators))
		b.creators[key] = i
		b.m.Creators = append(b.m.Creators, wire.Creator{Key: key})
	}
	return i
}

func (b *builder) ref(e *Event) wire.Ref {
	if i, ok := b.places[e.ID]; ok {
		return wire.InMessage(i)
	}
	i, ok := b.parents[e.ID]
	if !ok {
		i = len(b.m.Parents)
		b.parents[e.ID] = i
		b.m.Parents = append(b.m.Parents, e.ID)
	}
	return wire.Outside(i)
}

func (b *builder) observation(v Vote) uint32 {
	hash := b.f.section.Observation(v.Body)
	i, ok := b.observations[hash]
	if !ok {
		i = uint32(len(b.m.Observations))
		b.observations[hash] = i
		o := wire.Observation{Hash: hash}
		if !v.Withheld {
			o.Body = v.Body
		}
		b.m.Observations = append(b.m.Observations, o)
	}
	return i
}

// Seal appends the frame of a message to dst.
func (f *Forger) Seal(dst []byte, m *wire.Message) []byte {
	return f.framer.Seal(dst, f.section, wire.Append(nil, m))
}

// Open decodes a frame. The message holds until the next call.
func (f *Forger) Open(frame []byte) (*wire.Message, error) {
	raw, err := f.framer.Open(f.section, frame)
	if err == nil {
		err = wire.Decode(raw, f.section, &f.opened)
	}
	if err != nil {
		return nil, err
	}
	return &f.opened, nil
}
