package core_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"parsec/core"
	"parsec/core/internal/wire"
)

// TestReviewBadContact: a joiner that once asked a contact that never becomes a member.
func TestReviewBadContact(t *testing.T) {
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

// TestReviewStaleVoter: a voter that was away while all it knew left, with contacts as doc.go has it.
func TestReviewStaleVoter(t *testing.T) {
	w := newNetwork(t, core.Single, 4, 1)
	w.run(40)
	var contacts []core.Identity
	for i := 4; i < 8; i++ {
		contacts = append(contacts, core.IdentityOf(seedOf(i)))
	}
	cfg := w.order[3].cfg
	cfg.Contacts = contacts
	n, err := core.Recover(cfg, slices.Values(w.order[3].records))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range contacts {
		if !slices.Contains(n.Recipients(), c) {
			t.Fatalf("contact is no recipient, and Gossip says: %v", n.Gossip(c))
		}
	}
}

// TestReviewRestoredFork: the only one who had this node's last event does not answer.
func TestReviewRestoredFork(t *testing.T) {
	w := newNetwork(t, core.Single, 7, 1)
	w.run(60)
	m := w.order[0]
	records := slices.Clone(m.records)
	if err := m.Gossip(w.order[6].Identity()); err != nil {
		t.Fatal(err)
	}
	w.carry(m)
	w.deliver()
	cfg := m.cfg
	cfg.Restored = core.Hash{1}
	n, err := core.Recover(cfg, slices.Values(records))
	if err != nil {
		t.Fatal(err)
	}
	r := &member{Node: n, cfg: m.cfg}
	w.nodes[n.Identity()], w.order[0] = r, r
	for _, k := range w.order[1:6] {
		if r.CanVote() == nil {
			break
		}
		if err := r.Gossip(k.Identity()); err != nil {
			t.Fatal(err)
		}
		w.carry(r)
		w.deliver()
	}
	if r.CanVote() != nil {
		t.Log("still learning, good")
		return
	}
	w.sloppy = true
	w.run(100)
	t.Logf("node 6 on the restored one: %v", w.order[6].errs)
	for _, err := range w.order[6].errs {
		if errors.Is(err, core.ErrPeerState) {
			t.Fatal("the restored node forked itself")
		}
	}
}

// TestReviewCheapQuestions measures what small messages cost.
func TestReviewCheapQuestions(t *testing.T) {
	w := newNetwork(t, core.Single, 4, 1)
	big := make([]byte, 1<<20)
	for i := range big {
		big[i] = byte(w.r.Uint32())
	}
	_ = w.order[0].Vote(big)
	w.carry(w.order[0])
	w.run(200)
	for i := range 20000 {
		_ = i
		w.gossip(w.order[w.r.IntN(4)])
	}
	h := newHostile(w, 3)
	n := w.order[0]
	ask := func(m *wire.Message, name string) {
		f := h.frame(m)
		start, out := time.Now(), 0
		for range 20 {
			if err := n.Handle(w.order[3].Identity(), f); err != nil {
				t.Log(err)
			}
			for _, o := range n.Ready().Messages {
				out += len(o.Frame)
			}
			n.Advance()
		}
		fmt.Printf("%s: %d bytes in, %d bytes out, %v each; graph of %d events\n", name, len(f), out/20, time.Since(start)/20, n.Len())
	}
	ask(&wire.Message{Kind: wire.KindLearn, Skip: 1 << 31}, "learn, all skipped")
	ask(&wire.Message{Kind: wire.KindLearn}, "learn")
	ask(&wire.Message{Kind: wire.KindAsk, Wants: []wire.Hash{h.section.Observation(h.body(big))}}, "ask")
}
