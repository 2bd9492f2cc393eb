package history_test

import (
	"errors"
	"fmt"
	"testing"

	"parsec/core/internal/forge"
	"parsec/core/internal/gossip"
	"parsec/core/internal/history"
	"parsec/core/internal/reason"
	"parsec/core/internal/sample"
	"parsec/core/internal/wire"
)

// full returns a history in which the chain of founder 3 has as many undecided votes as one may have, and those events:
// two founders' votes would be needed to decide anything.
func full(t *testing.T) (s *sample.Section, h *history.History, chain []*forge.Event) {
	t.Helper()
	s = sample.New(4, 0, false)
	h = s.History(0)
	tip := s.Initial(s.IDs[3])
	chain = append(chain, tip)
	for i := range history.MaxUndecided / wire.MaxVotes {
		var votes []forge.Vote
		for k := range wire.MaxVotes {
			votes = append(votes, forge.Opaque(fmt.Append(nil, i, k)))
		}
		tip = s.Vote(tip, votes...)
		chain = append(chain, tip)
	}
	if err := s.Put(h, chain...); err != nil {
		t.Fatal(err)
	}
	return s, h, chain
}

// stage stages an event.
func stage(t *testing.T, s *sample.Section, h *history.History, e *forge.Event) (gossip.Index, error) {
	t.Helper()
	staged, ok := s.Event(h, e)
	if !ok {
		t.Fatal("a parent is not there")
	}
	return h.Stage(&staged)
}

// Whether an event keeps the measure depends on the chain that it is on, not on what else came before: the first branch
// of a peer whose other chain is full is counted by itself.
//
//	0 - 1 - 2 - ... - 8   full
//	|   |             └── refused
//	|   └── 56k more
//	└── a vote
func TestMeasureOfBranches(t *testing.T) {
	s, h, chain := full(t)
	one := func(n int, i int) []forge.Vote {
		var votes []forge.Vote
		for k := range n {
			votes = append(votes, forge.Opaque(fmt.Append(nil, "branch", i, k)))
		}
		return votes
	}
	for i, c := range []struct {
		self  int
		votes int
		taken bool
	}{
		{8, 1, false}, {0, 1, true}, {0, wire.MaxVotes, true}, {7, wire.MaxVotes, true}, {8, 1, false}, {1, 1, true},
	} {
		e := s.Vote(chain[c.self], one(c.votes, i)...)
		if _, err := stage(t, s, h, e); (err == nil) != c.taken || err != nil && !errors.Is(err, reason.ErrLimit) {
			t.Errorf("%d votes on event %d: %v", c.votes, c.self, err)
		}
		h.Drop(h.Len())
	}
	// Staged, a branch grows as far as it may, and so does a branch of that. Then all is dropped.
	tip := chain[1]
	for i := range 7 {
		tip = s.Vote(tip, one(wire.MaxVotes, 10+i)...)
		if _, err := stage(t, s, h, tip); err != nil {
			t.Fatal(i, err)
		}
		branch := s.Vote(tip, one(1, 100+i)...)
		if _, err := stage(t, s, h, branch); (err == nil) != (i < 6) {
			t.Errorf("a vote after %d: %v", (i+2)*wire.MaxVotes, err)
		}
	}
	h.Drop(h.Len())
	if _, err := stage(t, s, h, s.Vote(chain[8], one(1, 200)...)); !errors.Is(err, reason.ErrLimit) {
		t.Errorf("the full chain takes one more: %v", err)
	}
}

// An event that is refused by the measure needs no signature to be asked about: it costs a search, not a look at all
// undecided votes, wherever it is, staged or not.
func TestPriceOfMeasure(t *testing.T) {
	s, h, chain := full(t)
	const tries = 2000
	if err := s.Put(h, s.Ask(chain[8], s.IDs[0]), s.Ask(chain[8], s.IDs[1])); err != nil { // a fork
		t.Fatal(err)
	}
	looked := h.Looked()
	// On events of the chain, and on a staged chain of its own for each.
	tip := chain[8]
	for i := range tries {
		tip = s.Ask(tip, wire.Hash{byte(i), byte(i >> 8)})
		if _, err := stage(t, s, h, tip); err != nil {
			t.Fatal(err)
		}
		for _, self := range []*forge.Event{chain[8], tip} {
			if _, err := stage(t, s, h, s.Vote(self, forge.Opaque(fmt.Append(nil, "more", i)))); !errors.Is(err, reason.ErrLimit) {
				t.Fatal(err)
			}
		}
	}
	if looked = h.Looked() - looked; looked > 2*history.MaxUndecided {
		t.Errorf("%d undecided votes were looked at", looked)
	}
	h.Drop(h.Len())
}

// What one event votes for, and what a chain does, is limited by bytes too.
func TestMeasureOfBytes(t *testing.T) {
	s := sample.New(4, 0, false)
	h := s.History(0)
	tip := s.Initial(s.IDs[1])
	if err := s.Put(h, tip); err != nil {
		t.Fatal(err)
	}
	large := func(i, k int) forge.Vote {
		return forge.Opaque(fmt.Appendf(make([]byte, wire.MaxPayload-8), "%8d", 10*i+k))
	}
	if _, err := stage(t, s, h, s.Vote(tip, large(0, 0), large(0, 1), large(0, 2), large(0, 3), large(0, 4))); !errors.Is(err, reason.ErrLimit) {
		t.Errorf("an event about 5 MiB: %v", err)
	}
	short := func(i int) forge.Vote { return forge.Opaque(make([]byte, wire.MaxPayload-i-1)) }
	count := 0
	for i := range 100 {
		e := s.Vote(tip, short(4*i), short(4*i+1), short(4*i+2), short(4*i+3))
		_, err := stage(t, s, h, e)
		if err != nil {
			if !errors.Is(err, reason.ErrLimit) {
				t.Fatal(err)
			}
			break
		}
		count++
		if _, err := s.Commit(h, e); err != nil {
			t.Fatal(err)
		}
		tip = e
	}
	if count != history.MaxUndecidedSize/(4<<20) {
		t.Errorf("%d events about 4 MiB are taken", count)
	}
}

// An event is committed only if its own signature was checked.
func TestCommitUnverified(t *testing.T) {
	s := sample.New(4, 0, true)
	h := s.History(0)
	first := s.Initial(s.IDs[1])
	if _, err := stage(t, s, h, first); err != nil {
		t.Fatal(err)
	}
	signer := s.Signer(s.IDs[2])
	other := first.ID
	_, wrong := h.Members.Verifier().Sign(signer, uint16(h.Members.ByID(s.IDs[2]).Index), &other)
	if _, err := h.Commit(wrong, nil); !errors.Is(err, reason.ErrSignature) || h.Len() != 0 {
		t.Errorf("another's signature: %v", err)
	}
	_, right := h.Members.Verifier().Sign(s.Signer(s.IDs[1]), uint16(h.Members.ByID(s.IDs[1]).Index), &first.ID)
	if x, err := h.Commit(right, nil); err != nil || x != 1 {
		t.Errorf("its creator's: %d, %v", x, err)
	}
}
