package intake

import (
	"fmt"

	"parsec/core/internal/gossip"
	"parsec/core/internal/members"
	"parsec/core/internal/reason"
	"parsec/core/internal/store"
	"parsec/core/internal/wire"
)

// names is what the tables of a message name, by their places in it.
type names struct {
	creators     []*members.Peer // nil if nobody here is that
	observations []observation
	parents      []gossip.Index // 0 if unknown
}

// observation is one that a message names.
type observation struct {
	number   uint32
	known    bool
	supplied bool  // its body came because it was asked for
	err      error // why nobody may vote for it
}

// namedIndex finds observations of one message by hash.
type namedIndex struct{ store.Index }

// resolve looks up what a message's tables name. It fills in bodies that came because they were asked for.
func (in *Intake) resolve(m *Message) (names, error) {
	n := names{m.names.creators[:0], m.names.observations[:0], m.names.parents[:0]}
	w := &m.Wire
	for i := range w.Creators {
		n.creators = append(n.creators, in.creator(&w.Creators[i]))
	}
	if i := in.namedTwice(w); i >= 0 {
		return n, fmt.Errorf("%w: it names observation %x twice", reason.Message, w.Observations[i].Hash[:8])
	}
	supplied := in.sender(m.From).held.bodies
	for i := range w.Observations {
		o := &w.Observations[i]
		k := observation{}
		k.number, k.known = in.h.Store.Number(&o.Hash)
		if !k.known && o.Body == nil {
			o.Body = supplied[o.Hash]
			k.supplied = o.Body != nil
		}
		if !k.known && o.Body != nil {
			k.err = in.h.CheckGenesis(o.Body) // its key is looked at once its voter's signature is: that takes longer
		}
		n.observations = append(n.observations, k)
	}
	for i := range w.Parents {
		n.parents = append(n.parents, in.h.Store.Find(&w.Parents[i]))
	}
	return n, nil
}

// creator returns whom an entry of a message's table of creators names, nil for nobody whose events may come in.
func (in *Intake) creator(c *wire.Creator) *members.Peer {
	d := in.h.Members
	var p *members.Peer
	if c.ByNumber {
		if numbers := d.Numbers(); int(c.Number) < len(numbers) {
			p = numbers[c.Number]
		}
	} else if p = d.ByID(c.Key); p == nil {
		p = in.h.Enlist(c.Key)
	}
	if !d.Licensed(p) {
		return nil
	}
	return p
}

// namedTwice returns the place of an observation that the message names a second time, -1 if there is none. So no event
// of it votes for one twice.
func (in *Intake) namedTwice(w *wire.Message) int {
	in.named.Reset(len(w.Observations), in.seed)
	at := func(i uint32) *wire.Hash { return &w.Observations[i-1].Hash }
	for i := range w.Observations {
		hash := &w.Observations[i].Hash
		if in.named.Find(hash, at) != 0 {
			return i
		}
		in.named.Add(uint32(i+1), hash)
	}
	return -1
}
