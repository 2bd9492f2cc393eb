package core_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"parsec/core"
)

// megabytes returns so many payloads of a megabyte, none of which compresses.
func (w *network) megabytes(count int) (out [][]byte) {
	for range count {
		p := make([]byte, 1<<20)
		for i := range p {
			p[i] = byte(w.r.Uint32())
		}
		out = append(out, p)
	}
	return out
}

// What is voted for at once fits into a message, or is refused.
func TestLargeVotes(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	w := newNetwork(t, core.Single, 3, 1)
	m := w.order[0]
	if err := m.Vote(w.megabytes(10)...); !errors.Is(err, core.ErrLimit) {
		t.Fatalf("ten megabytes at once: %v", err)
	}
	for range 5 {
		if err := m.Vote(w.megabytes(3)...); err != nil {
			t.Fatal(err)
		}
	}
	w.carry(m)
	w.run(60)
	if got := w.agree(); got != 16 {
		t.Errorf("%d blocks, want 16", got)
	}
}

// Members that were sent more contents than one message or one answer holds, and got none of it, get them all.
func TestManyContentsLost(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	w := newNetwork(t, core.Single, 4, 1)
	w.run(10)
	late := w.order[3]
	delete(w.nodes, late.Identity())
	for range 12 {
		for _, m := range w.order[:3] {
			if err := m.Vote(w.megabytes(1)...); err != nil {
				t.Fatal(err)
			}
			w.carry(m)
		}
		for i, m := range w.order[:3] { // each tells the late one all that it knows, in vain
			for _, to := range []*member{late, w.order[(i+1)%3]} {
				if err := m.Gossip(to.Identity()); err != nil {
					t.Fatal(err)
				}
				w.carry(m)
				w.deliver()
			}
		}
	}
	w.nodes[late.Identity()] = late
	w.run(80)
	if got := w.agree(); got != 37 {
		t.Errorf("%d blocks, want 37", got)
	}
}

// A peer that asks its contacts for long before it is added is understood when it is.
func TestAskedForLong(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	w := newNetwork(t, core.Single, 3, 1)
	w.run(10)
	w.sloppy = true
	contact := w.join(8, w.order[0].Identity()) // whom who joins then does not know by number
	for _, v := range w.order[:3] {
		if err := v.VoteAdd(contact.Identity(), nil); err != nil {
			t.Fatal(err)
		}
		w.carry(v)
	}
	w.run(80)
	if err := contact.CanVote(); err != nil {
		t.Fatal(err)
	}
	m := w.join(9, contact.Identity())
	for range 5000 {
		if err := m.Gossip(contact.Identity()); err != nil {
			t.Fatal(err)
		}
		w.carry(m)
		w.queue = nil
	}
	for _, v := range w.order[:4] {
		if err := v.VoteAdd(m.Identity(), nil); err != nil {
			t.Fatal(err)
		}
		w.carry(v)
	}
	w.run(100)
	if err := m.CanVote(); err != nil {
		t.Fatal(err)
	}
	if err := m.Vote([]byte("at last")); err != nil {
		t.Fatal(err)
	}
	w.carry(m)
	w.sloppy = false
	w.run(60)
	last := w.order[0].blocks[len(w.order[0].blocks)-1]
	if !bytes.Equal(last.Payload, []byte("at last")) {
		t.Errorf("the last block is %v", last.Kind)
	}
	w.agree()
}

// Votes past what a message may carry follow with the next.
func TestManyUndecidedVotes(t *testing.T) {
	w := newNetwork(t, core.Supermajority, 3, 1)
	w.run(10)
	m := w.order[0]
	for i := range core.MaxUndecided / core.MaxVotes {
		var payloads [][]byte
		for k := range core.MaxVotes - 1 {
			payloads = append(payloads, fmt.Append(nil, i, " ", k))
		}
		if err := m.Vote(payloads...); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.order[1].Vote([]byte("x"), []byte("y"), []byte("z"), []byte("a"), []byte("b"), []byte("c"), []byte("d"), []byte("e"), []byte("f")); err != nil {
		t.Fatal(err)
	}
	w.carry(m)
	w.carry(w.order[1])
	w.gossip2(m, w.order[1])
	w.gossip2(m, w.order[2])
	w.run(30)
	if got := w.order[2].Len() - w.order[0].Len(); got < -20 || got > 20 {
		t.Errorf("one node has %d events more than another", got)
	}
	w.agree()
}

// gossip2 lets a ask b.
func (w *network) gossip2(a, b *member) {
	w.t.Helper()
	if err := a.Gossip(b.Identity()); err != nil {
		w.t.Fatal(err)
	}
	w.carry(a)
	w.deliver()
}
