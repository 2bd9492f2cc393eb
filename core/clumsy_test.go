package core_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"parsec/core"
)

// torsion is an encoding of the point of order 4 that has y = 0: a key of small order.
var torsion = core.Identity{}

// notCanonical is 2^255 - 18: y = 1 again, not in its one encoding.
var notCanonical = func() (id core.Identity) {
	for i := range id {
		id[i] = 0xff
	}
	id[0], id[31] = 0xee, 0x7f
	return id
}()

// Every error that callers may test for is provoked, by what its documentation says provokes it.
func TestErrorsOfCalls(t *testing.T) {
	s := newSiege(t, core.Supermajority, 7, 2)
	m := s.order[0]
	stranger := core.IdentityOf(seedOf(90))
	large := make([]byte, core.MaxPayload+1)
	if err := m.Vote([]byte("voted for")); err != nil {
		t.Fatal(err)
	}
	many := make([][]byte, core.MaxVotes+1)
	for i := range many {
		many[i] = fmt.Append(nil, i)
	}
	joining := s.join(50, s.order[0].Identity())
	someBlock := core.Hash{}
	for _, c := range []struct {
		what string
		call func() error
		want error
	}{
		{"no votes", func() error { return m.Vote() }, nil},
		{"nil as a payload", func() error { return m.Vote(nil) }, nil},
		{"an empty payload again", func() error { return m.Vote([]byte{}) }, core.ErrDuplicateVote},
		{"the largest payload", func() error { return m.Vote(large[1:]) }, nil},
		{"a payload too large", func() error { return m.Vote(large) }, core.ErrLimit},
		{"one payload too large, of two", func() error { return m.Vote([]byte("small"), large) }, core.ErrLimit},
		{"all or none", func() error { return m.Vote([]byte("small")) }, nil},
		{"too many at once", func() error { return m.Vote(many...) }, core.ErrLimit},
		{"as many as go", func() error { return m.Vote(many[1:]...) }, nil},
		{"the same twice", func() error { return m.Vote([]byte("x"), []byte("y"), []byte("x")) }, core.ErrDuplicateVote},
		{"voted for before", func() error { return m.Vote([]byte("voted for")) }, core.ErrDuplicateVote},
		{"one of them voted for before", func() error { return m.Vote([]byte("z"), []byte("voted for")) }, core.ErrDuplicateVote},
		{"all or none again", func() error { return m.Vote([]byte("z")) }, nil},
		{"add what is no key", func() error { return m.VoteAdd(torsion, nil) }, core.ErrPeerState},
		{"add another encoding of a key", func() error { return m.VoteAdd(notCanonical, nil) }, core.ErrPeerState},
		{"add a voter", func() error { return m.VoteAdd(s.order[1].Identity(), nil) }, core.ErrPeerState},
		{"add oneself", func() error { return m.VoteAdd(m.Identity(), nil) }, core.ErrPeerState},
		{"add with too much info", func() error { return m.VoteAdd(stranger, large) }, core.ErrLimit},
		{"add", func() error { return m.VoteAdd(stranger, large[:core.MaxInfo]) }, nil},
		{"add again", func() error { return m.VoteAdd(stranger, large[:core.MaxInfo]) }, core.ErrDuplicateVote},
		{"remove a stranger", func() error { return m.VoteRemove(core.IdentityOf(seedOf(91)), nil) }, core.ErrPeerState},
		{"remove who is being added", func() error { return m.VoteRemove(stranger, nil) }, core.ErrPeerState},
		{"remove with too much info", func() error { return m.VoteRemove(s.hostile[0], large) }, core.ErrLimit},
		{"gossip to oneself", func() error { return m.Gossip(m.Identity()) }, core.ErrPeerState},
		{"gossip to a stranger", func() error { return m.Gossip(stranger) }, core.ErrUnknownPeer},
		{"gossip to nobody", func() error { return m.Gossip(core.Identity{}) }, core.ErrUnknownPeer},
		{"message of a peer being added", func() error { return m.Handle(stranger, nil) }, core.ErrPremature},
		{"message of oneself", func() error { return m.Handle(m.Identity(), nil) }, core.ErrPeerState},
		{"message of a stranger", func() error { return m.Handle(core.IdentityOf(seedOf(91)), nil) }, core.ErrUnknownPeer},
		{"proof of a vote by a stranger", func() error { _, err := m.Proof(someBlock, core.IdentityOf(seedOf(91))); return err }, core.ErrUnknownPeer},
		{"proof of a vote for nothing", func() error { _, err := m.Proof(someBlock, m.Identity()); return err }, core.ErrUnknownVote},
		{"proof of a vote by another", func() error {
			_, err := m.Proof(core.PayloadHash(m.SectionID(), []byte("voted for")), s.order[1].Identity())
			return err
		}, core.ErrUnknownVote},
		{"proof of a vote", func() error {
			p, err := m.Proof(core.PayloadHash(m.SectionID(), []byte("voted for")), m.Identity())
			if err != nil {
				return err
			}
			return p.Verify(m.SectionID(), m.Identity(), core.PayloadHash(m.SectionID(), []byte("voted for")))
		}, nil},
		{"nothing as a proof", func() error { return new(core.Proof).Verify(core.Hash{}, core.Identity{}, core.Hash{}) }, core.ErrInvalidEvent},
		{"no proof", func() error { return new(core.Proof).UnmarshalBinary(nil) }, core.ErrMessage},
		{"vote by who joins", func() error { return joining.Vote([]byte("x")) }, core.ErrSelfState},
		{"add by who joins", func() error { return joining.VoteAdd(stranger, nil) }, core.ErrSelfState},
		{"may who joins vote", func() error { return joining.CanVote() }, core.ErrSelfState},
		{"start by who is no founder", func() error {
			_, err := core.Start(core.NodeConfig{Seed: seedOf(60), Section: s.section})
			return err
		}, core.ErrConfig},
		{"join by a founder", func() error {
			_, err := core.Join(core.NodeConfig{Seed: seedOf(0), Section: s.section, Contacts: s.section.Genesis[1:]})
			return err
		}, core.ErrConfig},
		{"join without contacts", func() error {
			_, err := core.Join(core.NodeConfig{Seed: seedOf(60), Section: s.section})
			return err
		}, core.ErrConfig},
		{"a section without founders", func() error { _, err := (&core.Section{}).ID(); return err }, core.ErrConfig},
		{"a section of an unknown mode", func() error {
			_, err := (&core.Section{Mode: 7, Genesis: s.section.Genesis}).ID()
			return err
		}, core.ErrConfig},
		{"a founder twice", func() error {
			_, err := (&core.Section{Genesis: append(s.section.Genesis[:2:2], s.section.Genesis[0])}).ID()
			return err
		}, core.ErrConfig},
		{"a founder that is no key", func() error { _, err := (&core.Section{Genesis: []core.Identity{torsion}}).ID(); return err }, core.ErrConfig},
		{"a name too long", func() error {
			_, err := (&core.Section{Name: string(large[:256]), Genesis: s.section.Genesis}).ID()
			return err
		}, core.ErrConfig},
		{"a record of another section", func() error {
			_, err := core.Recover(core.NodeConfig{Seed: seedOf(0), Section: core.Section{Name: "other", Genesis: s.section.Genesis}}, stored(m.records))
			return err
		}, core.ErrRecord},
		{"a record of another node", func() error {
			_, err := core.Recover(core.NodeConfig{Seed: seedOf(1), Section: s.section}, stored(m.records))
			return err
		}, core.ErrRecord},
	} {
		before := m.Len()
		err := c.call()
		if !errors.Is(err, c.want) || err != nil && c.want == nil {
			t.Errorf("%s: %v, want %v", c.what, err, c.want)
		}
		if err != nil && m.Len() != before {
			t.Errorf("%s: an event was made for it", c.what)
		}
	}
	s.outgoing(m)
	s.outgoing(joining)
	delete(s.nodes, joining.Identity())
	s.order = s.order[:len(s.order)-1]
	s.goesOn()
}

// A log that is damaged anywhere gives ErrRecord or a node: never a panic. Cut short at a record's end it is the node
// as it was then.
func TestDamagedLogs(t *testing.T) {
	s := newSiege(t, core.Single, 7, 2)
	m := s.order[0]
	if err := m.Vote([]byte("a"), []byte("b")); err != nil {
		t.Fatal(err)
	}
	s.carry(m)
	records := m.records
	recovers := func(what string, records ...[]byte) error {
		n, err := core.Recover(m.cfg, stored(records))
		if err == nil && n == nil || err != nil && !errors.Is(err, core.ErrRecord) {
			t.Fatalf("%s: %v", what, err)
		}
		return err
	}
	at := func(i int, r []byte) [][]byte { out := slices.Clone(records); out[i] = r; return out }
	for i := range records {
		if err := recovers("cut", records[:i]...); err != nil {
			t.Errorf("the first %d records: %v", i, err)
		}
		if i < len(records)-1 {
			if recovers("missing", slices.Delete(slices.Clone(records), i, i+1)...) == nil {
				t.Errorf("record %d is missing and nobody noticed", i)
			}
			swapped := slices.Clone(records)
			swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
			if recovers("swapped", swapped...) == nil {
				t.Errorf("records %d and %d are swapped and nobody noticed", i, i+1)
			}
		}
		if recovers("twice", slices.Insert(slices.Clone(records), i, records[i])...) == nil {
			t.Errorf("record %d is there twice and nobody noticed", i)
		}
		// An empty record is none: only the last can be so unnoticed.
		if recovers("empty", at(i, []byte{})...) == nil && i < len(records)-1 {
			t.Errorf("record %d is empty and nobody noticed", i)
		}
	}
	last := len(records) - 1
	// The first record's first event again, in the next.
	again := slices.Concat(records[1][:10], []byte{byte(0)}, records[0][11:12], records[0][12:76], records[1][10:])
	if recovers("an event twice", at(1, again)...) == nil {
		t.Error("an event is there twice and nobody noticed")
	}
	if recovers("with another node's", append(slices.Clone(records), s.order[1].records[len(s.order[1].records)-1])...) == nil {
		t.Error("another node's record was taken")
	}
	for _, i := range []int{0, 1, last / 2, last} {
		r := records[i]
		for k := range r {
			recovers("truncated", at(i, r[:k])...)
			changed := bytes.Clone(r)
			changed[k] ^= 1 << (k % 8)
			recovers("changed", at(i, changed)...)
			changed[k] = 0xff
			recovers("changed", at(i, changed)...)
		}
	}
}

// A caller that takes what is to be done late loses nothing.
func TestReadyLate(t *testing.T) {
	s := newSiege(t, core.Supermajority, 5, 1)
	m := s.order[0]
	for i := range 5 {
		if err := m.Vote(fmt.Append(nil, i)); err != nil {
			t.Fatal(err)
		}
		if err := m.Gossip(s.order[1].Identity()); err != nil {
			t.Fatal(err)
		}
	}
	if todo := m.Ready(); len(todo.Messages) != 5 || len(todo.Record) == 0 {
		t.Errorf("%d messages, a record of %d bytes", len(todo.Messages), len(todo.Record))
	}
	if again := m.Ready(); len(again.Messages) != 5 {
		t.Errorf("%d messages when asked again", len(again.Messages))
	}
	s.carry(m)
	s.deliver()
	s.goesOn()
}
