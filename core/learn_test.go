package core_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"parsec/core"
	"parsec/core/internal/wire"
)

// TestRestored restores nodes from backups of any age, none included: they make no event before they know their own,
// and then go on without a fork.
func TestRestored(t *testing.T) {
	for _, mode := range []core.Mode{core.Supermajority, core.Single} {
		for _, keep := range []int{0, 1, 7, 30, math.MaxInt} {
			t.Run(fmt.Sprintf("%v/keep=%d", mode, keep), func(t *testing.T) {
				w := newNetwork(t, mode, 5, uint64(keep))
				load := func(from, to int) {
					for i := from; i < to; i++ {
						for k, m := range w.order {
							payload := fmt.Appendf(nil, "%d", i)
							if mode == core.Single {
								payload = fmt.Appendf(payload, " of %d", k)
							}
							if err := m.Vote(payload); err != nil {
								t.Fatal(err)
							}
							w.carry(m)
						}
						w.run(12)
					}
				}
				load(0, 10)
				old := w.order[2]
				cfg := old.cfg
				cfg.Restored = core.Hash{1, byte(keep)}
				records := old.records[:min(keep, len(old.records))]
				n, err := core.Recover(cfg, stored(records))
				if err != nil {
					t.Fatal(err)
				}
				m := &member{Node: n, cfg: old.cfg, records: slices.Clone(records)}
				w.nodes[n.Identity()], w.order[2] = m, m
				if err := m.CanVote(); !errors.Is(err, core.ErrSelfState) {
					t.Fatalf("it may vote: %v", err)
				}
				if err := m.Vote([]byte("x")); !errors.Is(err, core.ErrSelfState) {
					t.Fatalf("it voted: %v", err)
				}
				w.carry(m)
				asked := 0
				for _, to := range m.Recipients() {
					if m.CanVote() == nil {
						break
					}
					asked++
					if err := m.Gossip(to); err != nil {
						t.Fatal(err)
					}
					w.carry(m)
					w.deliver()
				}
				if err := m.CanVote(); err != nil || asked < 4 {
					t.Fatalf("after %d answers: %v", asked, err)
				}
				load(10, 20)
				w.run(200)
				want := 1 + 20
				if mode == core.Single {
					want = 1 + 100
				}
				if got := w.agree(); got != want {
					t.Errorf("%d blocks, want %d", got, want)
				}
				for _, m := range w.order {
					if !m.Whole() {
						t.Error("an event is not behind the last")
					}
					seen := map[[2]uint32]bool{}
					for i := range core.EventIndex(m.Len()) {
						slot := [2]uint32{uint32(m.EventAt(i).Creator), m.IndexAt(i)}
						if seen[slot] {
							t.Fatal("there is a fork")
						}
						seen[slot] = true
					}
					checkRecovery(t, m)
				}
			})
		}
	}
}

// TestBadTeacher has one member answer a restored node with bad signatures: the others' answers are taken all the same.
func TestBadTeacher(t *testing.T) {
	w := newNetwork(t, core.Supermajority, 5, 1)
	w.run(100)
	cfg := w.order[0].cfg
	cfg.Restored = core.Hash{9}
	n, err := core.Recover(cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := &member{Node: n, cfg: cfg}
	w.nodes[n.Identity()], w.order[0] = m, m
	bad := w.order[4].Identity()
	if err := m.Gossip(bad); err != nil {
		t.Fatal(err)
	}
	m.Ready() // the question is lost
	m.Advance()
	answer := &wire.Message{Kind: wire.KindTeach, Nonce: wire.Hash(cfg.Restored), More: true,
		Creators: []wire.Creator{{Key: wire.Hash(m.Identity())}}}
	for range 40 {
		answer.Events = append(answer.Events, wire.Event{Cause: wire.Initial, Signature: [64]byte{1}})
	}
	if err := m.Handle(bad, newHostile(w, 4).frame(answer)); !errors.Is(err, core.ErrSignature) {
		t.Fatalf("bad signatures: %v", err)
	}
	m.Ready()
	m.Advance()
	for _, other := range w.order[1:4] {
		if err := m.Gossip(other.Identity()); err != nil {
			t.Fatal(err)
		}
		w.carry(m)
		w.deliver()
	}
	if err := m.Gossip(bad); err != nil { // it comes round
		t.Fatal(err)
	}
	w.carry(m)
	w.deliver()
	if err := m.CanVote(); err != nil {
		t.Errorf("after all have answered: %v", err)
	}
}
