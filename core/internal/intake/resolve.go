package intake

import (
	"fmt"
	"slices"

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
	supplied bool  // its body came because it was asked for, or with another message
	err      error // why nobody may vote for it
}

// namedIndex finds observations of one message by hash.
type namedIndex struct{ store.Index }

// resolve looks up what a message's tables name. It fills in bodies that came because they were asked for, or with a message
// before it in the batch. What was found when it was resolved before is there still, but for what was only staged.
func (in *Intake) resolve(m *Message) (names, error) {
	n, w := m.names, &m.Wire
	if m.passes == 0 {
		n = names{
			empty(n.creators, len(w.Creators)), empty(n.observations, len(w.Observations)), empty(n.parents, len(w.Parents)),
		}
		if i := in.namedTwice(w); i >= 0 {
			return n, fmt.Errorf("%w: it names observation %x twice", reason.ErrMessage, w.Observations[i].Hash[:8])
		}
	}
	for i, p := range n.creators {
		if p == nil {
			n.creators[i] = in.creator(&w.Creators[i])
		}
	}
	for i := range n.observations {
		if k := &n.observations[i]; !k.known {
			in.observation(m, k, &w.Observations[i])
		}
	}
	for i, x := range n.parents {
		if x == 0 || x > in.h.Len() {
			n.parents[i] = in.h.Store.Find(&w.Parents[i])
		}
	}
	return n, nil
}

// empty returns a slice of n zeros, in the memory of s if that is enough.
func empty[T any](s []T, n int) []T {
	s = slices.Grow(s[:0], n)[:n]
	clear(s)
	return s
}

// observation looks up one that a message names, and was not here yet.
func (in *Intake) observation(m *Message, k *observation, o *wire.Observation) {
	if k.number, k.known = in.h.Store.Number(&o.Hash); k.known {
		return
	}
	if o.Body == nil {
		if o.Body = in.sender(m.From).held.bodies[o.Hash]; o.Body == nil {
			o.Body = in.bodies[o.Hash]
		}
		k.supplied = o.Body != nil
	} else if in.several {
		in.bodies[o.Hash] = o.Body
	}
	if o.Body != nil {
		k.err = in.h.CheckGenesis(o.Body) // its key is looked at once its voter's signature is: that takes longer
	}
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
