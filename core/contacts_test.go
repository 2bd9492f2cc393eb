package core_test

import (
	"errors"
	"slices"
	"testing"

	"parsec/core"
	"parsec/core/internal/wire"
)

// TestBadContact: a joiner that once asked a contact that never becomes a member.
func TestBadContact(t *testing.T) {
	w := newNetwork(t, core.Single, 4, 1)
	w.sloppy = true
	bogus := core.IdentityOf(seedOf(99))
	j := w.join(5, w.section.Genesis[0], bogus)
	for _, m := range w.order[:4] {
		if err := m.VoteAdd(j.Identity(), nil); err != nil {
			t.Fatal(err)
		}
		w.carry(m)
	}
	if err := j.Gossip(bogus); err != nil {
		t.Fatal(err)
	}
	w.carry(j)
	w.run(400)
	if err := j.Vote([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	w.carry(j)
	w.run(400)
	if u := j.Undecided(); len(u) > 0 {
		t.Errorf("its vote is never decided: node 0 says %v", w.order[0].errs[len(w.order[0].errs)-1])
	}
}

// TestStaleVoter: a voter that was away while all it knew left, with contacts as doc.go has it.
func TestStaleVoter(t *testing.T) {
	w := newNetwork(t, core.Single, 4, 1)
	w.run(40)
	var contacts []core.Identity
	for i := 4; i < 8; i++ {
		contacts = append(contacts, core.IdentityOf(seedOf(i)))
	}
	cfg := w.order[3].cfg
	cfg.Contacts = contacts
	n, err := core.Recover(cfg, stored(w.order[3].records))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range contacts {
		if !slices.Contains(n.Recipients(), c) {
			t.Fatalf("contact is no recipient, and Gossip says: %v", n.Gossip(c))
		}
	}
}

// TestCheapQuestions has a hostile member ask again and again for all there is: it is answered a few times.
func TestCheapQuestions(t *testing.T) {
	w := newNetwork(t, core.Single, 4, 1)
	w.run(200)
	h := newHostile(w, 3)
	n := w.order[0]
	answers := 0
	for i := range 100 {
		f := h.frame(&wire.Message{Kind: wire.KindLearn, Nonce: wire.Hash{byte(i)}})
		if err := n.Handle(w.order[3].Identity(), f); err != nil && !errors.Is(err, core.ErrDuplicateMessage) {
			t.Fatal(err)
		}
		answers += len(n.Ready().Messages)
		n.Advance()
	}
	if answers == 0 || answers > 8 {
		t.Errorf("%d answers to 100 questions", answers)
	}
	w.run(200) // its events give some back
	if err := n.Handle(w.order[3].Identity(), h.frame(&wire.Message{Kind: wire.KindLearn, Nonce: wire.Hash{101}})); err != nil {
		t.Errorf("a question after its events: %v", err)
	}
}
