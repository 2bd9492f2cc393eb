// Package sample makes small sections for tests of the rooms of the core: histories without a network, and random events
// of them, of which some are not acceptable.
package sample

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"

	"parsec/core/internal/coin"
	"parsec/core/internal/forge"
	"parsec/core/internal/gossip"
	"parsec/core/internal/history"
	"parsec/core/internal/sign"
	"parsec/core/internal/wire"
)

// Section is a section whose keys are all at hand.
type Section struct {
	*forge.Forger
	Wire    *wire.Section
	IDs     []wire.Hash // the founders, in order, and then others
	Genesis []byte      // the body of the genesis observation
	signers map[wire.Hash]*sign.Signer
	founded int
	single  bool
}

// New returns a section of so many founders, and so many others with keys. Single says that one vote decides a payload.
func New(founders, others int, single bool) *Section {
	w := wire.NewSection(fmt.Appendf(nil, "sample %d %t", founders, single))
	s := &Section{Forger: forge.New(w.ID), Wire: w, founded: founders, single: single, signers: make(map[wire.Hash]*sign.Signer)}
	for i := range founders + others {
		seed := [32]byte{byte(i), byte(i >> 8), 7}
		id := s.Hold(seed)
		s.IDs, s.signers[id] = append(s.IDs, id), sign.NewSigner(seed)
	}
	slices.SortFunc(s.IDs[:founders], func(a, b wire.Hash) int { return bytes.Compare(a[:], b[:]) })
	s.Genesis = wire.AppendBody(nil, &wire.Body{Kind: wire.Genesis, Group: s.IDs[:founders]})
	return s
}

// Signer returns what signs for one of its IDs.
func (s *Section) Signer(id wire.Hash) *sign.Signer { return s.signers[id] }

// History returns a history of the section without events, of the given one of its IDs.
func (s *Section) History(self int) *history.History {
	h, err := history.New(history.Config{
		Section: s.Wire, Single: s.single, Founders: s.IDs[:s.founded], Genesis: s.Genesis, Self: s.IDs[self],
		Coin: coin.PredictableRoundParity{}, Verifier: sign.NewVerifier([32]byte{1}), Seeds: [2]uint64{3, 5},
	})
	if err != nil {
		panic(err) // the founders' keys are good
	}
	return h
}

// Event returns an event as a history wants it staged, and reports whether its parents are there and its creator has a
// number.
func (s *Section) Event(h *history.History, e *forge.Event) (out history.Event, ok bool) {
	by := h.Members.ByID(e.By)
	if !h.Members.Licensed(by) {
		return out, false
	}
	out = history.Event{By: by.Index, Cause: gossip.Cause(e.Cause), Votes: len(e.Votes), ID: &e.ID, Signature: &e.Signature}
	if e.Self != nil {
		if out.Self = h.Store.Find(&e.Self.ID); out.Self == 0 {
			return out, false
		}
	}
	if e.Other != nil {
		x := h.Store.Find(&e.Other.ID)
		if x == 0 {
			return out, false
		}
		out.Others = []gossip.Index{x}
	}
	if e.Cause == wire.Requesting {
		if q := h.Members.ByID(e.Recipient); h.Members.Licensed(q) {
			out.Recipient = q
		} else {
			out.Stranger = &e.Recipient
		}
	}
	for _, v := range e.Votes {
		hash := s.Wire.Observation(v.Body)
		o, known := h.Store.Number(&hash)
		out.Size += len(v.Body)
		if !known || !h.Election().Done(o, by.Index) {
			out.Open++
			out.OpenSize += len(v.Body)
		}
	}
	return out, true
}

// Votes returns what an event votes for, as a history wants it committed.
func (s *Section) Votes(e *forge.Event) (out []history.Vote) {
	for _, v := range e.Votes {
		hash := s.Wire.Observation(v.Body)
		out = append(out, history.Vote{Hash: &hash, Body: v.Body})
	}
	return out
}

// Commit commits the first staged event, which is e. Its signature is not checked.
func (s *Section) Commit(h *history.History, e *forge.Event) (x gossip.Index, err error) {
	err = h.Trusting(func() error {
		x, err = h.Commit(sign.Verified{}, s.Votes(e))
		return err
	})
	return x, err
}

// Put stages and commits events one after the other, and stops at the first that is not acceptable.
func (s *Section) Put(h *history.History, events ...*forge.Event) error {
	for i, e := range events {
		staged, ok := s.Event(h, e)
		if !ok {
			return fmt.Errorf("event %d: a parent is not there, or its creator has no number", i)
		}
		if _, err := h.Stage(&staged); err != nil {
			return fmt.Errorf("event %d: %w", i, err)
		}
		if _, err := s.Commit(h, e); err != nil {
			return fmt.Errorf("event %d: %w", i, err)
		}
	}
	return nil
}

// Founding returns the first events of all founders: initial ones, and votes for the genesis. Those of founder i are
// at 2i and 2i+1.
func (s *Section) Founding() (events []*forge.Event) {
	for _, id := range s.IDs[:s.founded] {
		first := s.Initial(id)
		events = append(events, first, s.Vote(first, forge.Vote{Body: s.Genesis}))
	}
	return events
}

// Growth makes random events on those that there are: which those are is the caller's to keep.
type Growth struct {
	Section  *Section
	Rand     *rand.Rand
	By       []wire.Hash // who makes events
	Forkers  []wire.Hash // who of them makes branches, too
	Events   []*forge.Event
	Payloads int         // of so many payloads one is voted for
	Peers    []wire.Hash // who may be voted to be added or removed
}

// Next makes an event: by anybody, on the last of its creator's or, where that forks, on any. It may be one that nobody
// accepts, or one that is there already.
func (g *Growth) Next() *forge.Event {
	r, s := g.Rand, g.Section
	by := g.By[r.IntN(len(g.By))]
	self := g.pick(func(e *forge.Event) bool { return e.By == by }, slices.Contains(g.Forkers, by) && r.IntN(4) == 0)
	if self == nil {
		return s.Initial(by)
	}
	switch r.IntN(8) {
	case 0, 1:
		return s.Vote(self, g.votes()...)
	case 2, 3:
		return s.Ask(self, s.IDs[r.IntN(len(s.IDs))])
	}
	other := g.pick(func(e *forge.Event) bool { return e.By != by }, r.IntN(6) == 0)
	if other == nil {
		return s.Ask(self, s.IDs[0])
	}
	if r.IntN(2) == 0 {
		return s.Finish(&forge.Event{By: by, Cause: wire.Response, Self: self, Other: other})
	}
	return s.Hear(self, other)
}

// pick returns one of the events that are suitable: any, or one of the last few.
func (g *Growth) pick(suits func(*forge.Event) bool, any bool) *forge.Event {
	var found []*forge.Event
	for _, e := range slices.Backward(g.Events) {
		if suits(e) {
			if found = append(found, e); !any {
				break
			}
		}
	}
	if len(found) == 0 {
		return nil
	}
	return found[g.Rand.IntN(len(found))]
}

func (g *Growth) votes() (votes []forge.Vote) {
	r := g.Rand
	for range 1 + r.IntN(3) {
		v := forge.Opaque(fmt.Appendf(nil, "payload %d", r.IntN(g.Payloads)))
		if len(g.Peers) > 0 && r.IntN(4) == 0 {
			kind := wire.Add
			if r.IntN(4) == 0 {
				kind = wire.Remove
			}
			v = forge.About(kind, g.Peers[r.IntN(len(g.Peers))], nil)
		}
		if !slices.ContainsFunc(votes, func(o forge.Vote) bool { return bytes.Equal(o.Body, v.Body) }) {
			votes = append(votes, v)
		}
	}
	return votes
}
