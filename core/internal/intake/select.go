package intake

import (
	"errors"
	"fmt"

	"parsec/core/internal/bug"
	"parsec/core/internal/gossip"
	"parsec/core/internal/history"
	"parsec/core/internal/reason"
	"parsec/core/internal/wire"
)

// selection is which events of a message come in.
type selection struct {
	places  []gossip.Index // by event: where it is in the graph, staged or not; 0 if it is not
	chosen  []int          // the events that were staged, ascending
	tops    []int          // the events that are heads
	heads   []gossip.Index // where those are: what this node is to build on, in order. Each event chosen is behind one
	missing []wire.Hash    // what events chosen vote for whose body is not here
	foreign int            // an event under this node's key that it did not make; -1 for none
	waits   bool           // events were refused that may be acceptable after what is decided next
	refused refusal
}

func (s *selection) reset() {
	s.places, s.chosen, s.tops, s.heads, s.missing = s.places[:0], s.chosen[:0], s.tops[:0], s.heads[:0], nil
	s.foreign, s.waits, s.refused = -1, false, refusal{}
}

// choose is the stage select. It stages all events of a message that are acceptable, looks for heads among them, and if
// some are behind no head it drops all and stages the others again: an honest message is staged once. Pending are heads
// of what was taken in before, which this node will have built on when it comes to this message's.
func (in *Intake) choose(m *Message, base Base, pending []gossip.Index) selection {
	s := m.choice
	s.reset()
	mark := in.h.Staged()
	in.stage(m, &s, nil)
	if s.foreign = in.foreign(m, &s, base); s.foreign >= 0 {
		return s
	}
	need := in.picker.pick(in.h, m, &s, base, pending)
	for _, i := range s.chosen {
		if !need[i] && !keeps(&s, base) {
			in.h.Drop(mark)
			s.places, s.chosen = s.places[:0], s.chosen[:0]
			in.stage(m, &s, need)
			break
		}
	}
	for _, i := range s.tops {
		s.heads = append(s.heads, s.places[i])
	}
	for _, i := range s.chosen {
		for _, o := range m.votes(&m.Wire.Events[i]) {
			if k := &m.Wire.Observations[o]; !m.names.observations[o].known && k.Body == nil {
				if bug.On(bug.NoPayload) {
					k.Body = []byte{byte(wire.Opaque)}
					continue
				}
				s.missing = append(s.missing, k.Hash)
			}
		}
	}
	return s
}

// keeps reports whether a deliberate bug keeps what nobody is to build on.
func keeps(s *selection, base Base) bool {
	return bug.On(bug.KeepRefused) && s.refused.first != nil || bug.On(bug.KeepLesson) && base.Learning ||
		bug.On(bug.KeepStrangers) && s.waits
}

// stage stages the events of a message that are acceptable: all, or those that are needed.
func (in *Intake) stage(m *Message, s *selection, need []bool) {
	for i := range m.events {
		a := &m.events[i]
		x, err := a.place, a.err
		s.waits = s.waits || a.early
		switch {
		case x != 0 || err != nil || need != nil && !need[i]:
		case m.bad(i) != nil:
			err = m.bad(i)
		default:
			// A message may have an event twice. Staged again it would be a fork, of whoever made it.
			if x = in.h.Store.Find(&a.id); x != 0 && !bug.On(bug.NoDedupe) {
				break
			}
			if x, err = in.stageOne(m, s, i); err == nil {
				s.chosen = append(s.chosen, i)
			}
		}
		s.places = append(s.places, x)
		if err != nil && need == nil {
			s.refused.add(err)
		}
	}
}

func (in *Intake) stageOne(m *Message, s *selection, i int) (gossip.Index, error) {
	a, ev := &m.events[i], &m.Wire.Events[i]
	if a.by == nil {
		s.waits = true
		return 0, fmt.Errorf("%w: its creator was not added", reason.ErrUnknownPeer)
	}
	if a.by != in.h.Members.Self() && !in.h.Voter(a.by) && bug.On(bug.RefuseRemoved) {
		return 0, reason.ErrPeerState
	}
	e := history.Event{By: a.by.Index, Cause: gossip.Cause(ev.Cause), ID: &a.id, Signature: &ev.Signature}
	if ev.Cause != wire.Initial {
		if e.Self = m.placeOf(s, ev.Self); e.Self == 0 {
			return 0, reason.ErrUnknownSelfParent
		}
	}
	in.parents = in.parents[:0]
	for _, other := range ev.Others {
		x := m.placeOf(s, other)
		if x == 0 {
			return 0, reason.ErrUnknownOtherParent
		}
		in.parents = append(in.parents, x)
	}
	e.Others = in.parents
	if ev.Cause == wire.Requesting {
		if q := m.names.creators[ev.Recipient]; q != nil {
			e.Recipient = q
		} else {
			e.Stranger = &m.Wire.Creators[ev.Recipient].Key
		}
	}
	in.measure(m, ev, &e)
	x, err := in.h.Stage(&e)
	if errors.Is(err, reason.ErrLimit) {
		s.waits = true
	}
	return x, err
}

// measure counts what an event votes for.
func (in *Intake) measure(m *Message, ev *wire.Event, e *history.Event) {
	e.Votes = int(ev.Count)
	for _, o := range m.votes(ev) {
		k := &m.names.observations[o]
		size, open := len(m.Wire.Observations[o].Body), true
		if k.known {
			size = len(in.h.Store.Observation(k.number).Body)
			open = !in.h.Election().Done(k.number, e.By)
		}
		e.Size += size
		if open {
			e.Open++
			e.OpenSize += size
		}
	}
}

// placeOf returns where in the graph a parent is, 0 if it is not there.
func (m *Message) placeOf(s *selection, ref wire.Ref) gossip.Index {
	if i, within := ref.Event(); within {
		return s.places[i]
	}
	i, _ := ref.Parent()
	return m.names.parents[i]
}

// foreign returns an event under this node's own key that it did not make, -1 for none. While it learns, its own events
// are what it looks for: then one is foreign that is not on one chain with the others.
func (in *Intake) foreign(m *Message, s *selection, base Base) int {
	self, tip := in.h.Members.Self(), base.Last
	for i := range m.events {
		a := &m.events[i]
		if a.by != self || a.err != nil || m.bad(i) != nil || bug.On(bug.OwnUnchecked) {
			continue
		}
		x := s.places[i]
		switch {
		case !base.Learning:
			if a.place == 0 {
				return i
			}
		case x == 0 || tip != 0 && in.h.Graph().OnChain(x, tip):
		case tip != 0 && !in.h.Graph().OnChain(tip, x):
			return i
		default:
			tip = x
		}
	}
	return -1
}
