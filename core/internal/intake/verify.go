package intake

import (
	"fmt"
	"slices"

	"parsec/core/internal/bug"
	"parsec/core/internal/reason"
	"parsec/core/internal/sign"
	"parsec/core/internal/wire"
)

// How many signatures are checked at a time. What descends from a bad one is not checked after that.
const (
	checkedInBatches = 1024
	checkedSingly    = 16
)

var errTooBad = fmt.Errorf("%w: it comes after %d bad ones", reason.ErrSignature, maxBad)

// signed is where a signature that is to be checked stands.
type signed struct {
	m *Message
	i int // the event
}

// verify checks the signatures of all that was chosen of a batch of messages, together, and then what it votes about.
// It reports whether all of it is good; if not, the messages know what is bad, and are to be selected from anew. Batches
// end with the first that has a bad one: what descends from that need not be looked at.
func (in *Intake) verify(batch []*Message) bool {
	in.items, in.item = in.items[:0], in.item[:0]
	trusted := true
	for _, m := range batch {
		trusted = trusted && !in.sender(m.From).distrusted
	}
	portion := checkedInBatches
	if !trusted {
		portion = checkedSingly
	}
	for _, m := range batch {
		if !m.open() {
			continue
		}
		for len(m.checked) < len(m.events) {
			m.checked = append(m.checked, check{})
		}
		for _, i := range m.choice.chosen {
			if in.unsigned() || m.checked[i].verified.OK() {
				continue
			}
			if m.bads >= maxBad {
				m.giveUp()
				return false
			}
			in.add(m, i)
			if len(in.items) == portion && !in.checkItems(trusted) {
				return false
			}
		}
	}
	if !in.checkItems(trusted) {
		return false
	}
	for _, m := range batch {
		if m.open() && !in.checkBodies(m) {
			return false
		}
	}
	return true
}

// giveUp refuses all of the message that is not known to be good, chosen or not: else what is not chosen would be in
// its place, one branch after the other, and each time the whole message be gone through again.
func (m *Message) giveUp() {
	for i := range m.checked {
		if c := &m.checked[i]; !c.verified.OK() && c.bad == nil {
			c.bad = errTooBad
		}
	}
}

// unsigned reports whether signatures are left out.
func (in *Intake) unsigned() bool { return in.h.Unsigned() || bug.On(bug.Unverified) }

func (in *Intake) add(m *Message, i int) {
	a := &m.events[i]
	in.items = append(in.items, sign.Item{Peer: uint16(a.by.Index), Message: a.id, Signature: m.Wire.Events[i].Signature})
	in.item = append(in.item, signed{m, i})
}

// checkItems verifies what was put together, and reports whether all of it is good.
func (in *Intake) checkItems(trusted bool) bool {
	if len(in.items) == 0 {
		return true
	}
	for len(in.bad)*64 < len(in.items) {
		in.bad = append(in.bad, 0)
	}
	in.Counts.Signatures += uint64(len(in.items))
	all := in.h.Members.Verifier().CheckPieces(in.items, in.bad, trusted, in.parallel)
	for k, at := range in.item {
		m, c, s := at.m, &at.m.checked[at.i], in.sender(at.m.From)
		s.waste++
		if !all && in.bad[k>>6]>>(k&63)&1 == 1 {
			in.Counts.BadSignatures++
			m.bads++
			s.distrusted = true
			a := &m.events[at.i]
			c.bad = fmt.Errorf("%w: event %x by %x", reason.ErrSignature, a.id[:8], a.by.ID[:8])
			continue
		}
		c.verified = in.items[k].Verified()
	}
	in.items, in.item = in.items[:0], in.item[:0]
	return all
}

// checkBodies parses what is voted for for the first time, and checks the keys in it: whoever signed such a vote is
// known by now.
func (in *Intake) checkBodies(m *Message) bool {
	for len(m.parsed) < len(m.Wire.Observations) {
		m.parsed = append(m.parsed, false)
	}
	for _, i := range m.choice.chosen {
		for _, o := range m.votes(&m.Wire.Events[i]) {
			if m.names.observations[o].known || m.parsed[o] {
				continue
			}
			var body wire.Body
			err := in.h.CheckBody(m.Wire.Observations[o].Body, &body)
			if err == nil {
				m.parsed[o] = true
				continue
			}
			m.bads++
			if m.refuseVotes(o, err); m.bads > maxBad {
				m.refuseAll()
			}
			return false
		}
	}
	return true
}

// refuseVotes refuses all events of the message that vote for an observation.
func (m *Message) refuseVotes(o uint32, err error) {
	for i := range m.Wire.Events {
		if slices.Contains(m.votes(&m.Wire.Events[i]), o) {
			m.checked[i].bad = err
		}
	}
}

// refuseAll refuses all of the message: too much of it was bad.
func (m *Message) refuseAll() {
	for i := range m.checked {
		if m.checked[i].bad == nil {
			m.checked[i].bad = errTooBad
		}
	}
}

// judgeForeign checks the signature of the event under this node's key that was chosen to be looked at: a good one is
// evidence that the key was used elsewhere.
func (in *Intake) judgeForeign(m *Message) {
	i := m.choice.foreign
	for len(m.checked) < len(m.events) {
		m.checked = append(m.checked, check{})
	}
	if m.bads >= maxBad {
		m.giveUp()
		return
	}
	if !in.unsigned() {
		in.items, in.item = in.items[:0], in.item[:0]
		in.add(m, i)
		if !in.checkItems(false) {
			return
		}
	}
	ev, own := &m.Wire.Events[i], &OwnEvent{Signature: m.Wire.Events[i].Signature}
	_ = in.header(m, m.events, ev, &m.events[i], &own.Header) // it was identified
	own.Header.OtherParents = slices.Clone(own.Header.OtherParents)
	m.Fork = own
}
