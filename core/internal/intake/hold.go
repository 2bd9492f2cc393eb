package intake

import (
	"bytes"
	"fmt"

	"parsec/core/internal/bug"
	"parsec/core/internal/members"
	"parsec/core/internal/reason"
	"parsec/core/internal/wire"
)

// Limits of what is kept on a peer's behalf, for each peer. What is past them is not kept, and comes again.
const (
	MaxHeld = 1 << 20 // bytes of one message, the last, that waits for bodies; uncompressed
	// MaxHeldBodies is for bodies that were asked for and came, with heldOverhead each: what one message can lack.
	MaxHeldBodies = wire.MaxRaw + wire.MaxMessageVotes*heldOverhead
	MaxAsked      = wire.MaxWants // 4,096: bodies asked for at a time
)

// heldOverhead is about what keeping a body costs beside its bytes.
const heldOverhead = 128

// held is the last message of a peer that waits for the bodies of observations, and what came of them.
type held struct {
	raw    []byte
	bodies map[wire.Hash][]byte
	size   int // bytes of the bodies, and heldOverhead each
	wanted map[wire.Hash]struct{}
}

// Hold keeps a message that waits for bodies, and returns which to ask its sender for. They are added to wants.
func (in *Intake) Hold(m *Message, wants []wire.Hash) ([]wire.Hash, error) {
	h := &in.sender(m.From).held
	if !m.again {
		in.Counts.WaitedMessages++
	}
	if len(m.raw) <= MaxHeld {
		h.raw = bytes.Clone(m.raw)
	} else {
		h.raw = nil
	}
	h.keepOnly(m.Wire.Observations)
	h.wanted = make(map[wire.Hash]struct{})
	for _, hash := range m.Missing {
		if _, ok := h.wanted[hash]; !ok && len(h.wanted) < MaxAsked {
			h.wanted[hash] = struct{}{}
			wants = append(wants, hash)
		}
	}
	return wants, fmt.Errorf("%w: %d contents, of %x for one", reason.ErrMissingPayload, len(h.wanted), m.Missing[0][:8])
}

// Release forgets the message of a peer that waits.
func (in *Intake) Release(p *members.Peer) { in.sender(p).held = held{} }

// keepOnly drops the bodies that a message does not name.
func (h *held) keepOnly(named []wire.Observation) {
	if len(h.bodies) == 0 {
		return
	}
	old := h.bodies
	h.bodies, h.size = make(map[wire.Hash][]byte, len(old)), 0
	for i := range named {
		if body, ok := old[named[i].Hash]; ok && h.bodies[named[i].Hash] == nil {
			h.bodies[named[i].Hash] = body
			h.size += len(body) + heldOverhead
		}
	}
}

// least returns the lowest of a set of hashes, for a deliberate bug.
func least(of map[wire.Hash]struct{}) (least wire.Hash) {
	found := false
	for hash := range of {
		if !found || bytes.Compare(hash[:], least[:]) < 0 {
			least, found = hash, true
		}
	}
	return least
}

// Supplied takes in bodies that the sender was asked for, and makes m the message that waits for them: ready reports
// whether there is one, to be taken in again. Without one, it comes again. It is not looked at before all came that
// was asked for, which goes into one message: else each body would have its sender's whole message gone through. The error
// is about bodies that nobody asked for, or that are still to come.
func (in *Intake) Supplied(m *Message) (ready bool, err error) {
	h := &in.sender(m.From).held
	came := 0
	for i := range m.Wire.Observations {
		o := &m.Wire.Observations[i]
		if bug.On(bug.AnyContent) {
			o.Hash = least(h.wanted)
		}
		in.Counts.Contents++
		if _, known := in.h.Store.Number(&o.Hash); known || h.bodies[o.Hash] != nil {
			in.Counts.KnownContents++
		}
		if _, ok := h.wanted[o.Hash]; !ok || h.size+len(o.Body)+heldOverhead > MaxHeldBodies {
			continue
		}
		delete(h.wanted, o.Hash)
		if h.bodies == nil {
			h.bodies = make(map[wire.Hash][]byte)
		}
		h.bodies[o.Hash] = bytes.Clone(o.Body)
		h.size += len(o.Body) + heldOverhead
		came++
	}
	switch {
	case came == 0:
		return false, fmt.Errorf("%w: contents that were not asked for", reason.ErrDuplicateMessage)
	case h.raw == nil:
		return false, nil
	case len(h.wanted) > 0:
		return false, fmt.Errorf("%w: %d contents more", reason.ErrMissingPayload, len(h.wanted))
	}
	raw := h.raw
	m.reset(m.From)
	m.again, m.counted = true, true
	return true, in.decode(m, raw)
}
