package core_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"parsec/core"
)

// behind returns a section under load, and one of its members as it comes back from an older copy of its log.
func behind(t *testing.T, seed uint64, change func(cfg *core.NodeConfig)) (w *network, m *member) {
	w = newNetwork(t, core.Single, 4, seed)
	w.sloppy = true
	w.burden(3)
	old := w.order[0]
	backup := slices.Clone(old.records)
	w.burden(2)
	cfg := old.cfg
	change(&cfg)
	n, err := core.Recover(cfg, stored(backup))
	if err != nil {
		t.Fatal(err)
	}
	m = &member{Node: n, cfg: cfg, records: backup}
	w.nodes[n.Identity()], w.order[0] = m, m
	w.carry(m)
	return w, m
}

// burden has all members vote and gossip for a while.
func (w *network) burden(rounds int) {
	for range rounds {
		for j, m := range w.order {
			_ = m.Vote(fmt.Appendf(nil, "%d %d", len(m.records), j))
			w.carry(m)
		}
		w.run(8)
	}
}

// A node that goes on from an old copy of its log forks. Once it hears of what it had made, it does nothing any more, says
// so, and its log can be read: it says so again.
func TestOwnFork(t *testing.T) {
	for seed := range uint64(20) {
		w, m := behind(t, seed, func(*core.NodeConfig) {})
		w.burden(5)
		err := m.Forked()
		if !errors.Is(err, core.ErrForked) {
			t.Fatalf("seed %d: it does not know that it forked: %v", seed, err)
		}
		if err := m.CanVote(); !errors.Is(err, core.ErrForked) {
			t.Errorf("seed %d: it may vote: %v", seed, err)
		}
		if err := m.Vote([]byte("x")); !errors.Is(err, core.ErrForked) {
			t.Errorf("seed %d: it votes: %v", seed, err)
		}
		if err := m.Gossip(w.order[1].Identity()); !errors.Is(err, core.ErrForked) {
			t.Errorf("seed %d: it gossips: %v", seed, err)
		}
		if !m.Whole() {
			t.Errorf("seed %d: its last event does not descend from all that it has", seed)
		}
		again, err := core.Recover(m.cfg, stored(m.records))
		if err != nil {
			t.Fatalf("seed %d: its own log: %v", seed, err)
		}
		if err := again.Forked(); !errors.Is(err, core.ErrForked) {
			t.Errorf("seed %d: restarted, it does not know that it forked: %v", seed, err)
		}
		if again.State() != m.State() {
			t.Errorf("seed %d: recovered otherwise", seed)
		}
	}
}

// A node that asks before it makes its first event learns what its log lacks, and forks nothing.
func TestAsksFirst(t *testing.T) {
	for seed := range uint64(20) {
		w, m := behind(t, seed, func(cfg *core.NodeConfig) { cfg.Nonce = core.Hash{1, byte(seed)} })
		if err := m.Vote([]byte("too early")); !errors.Is(err, core.ErrSelfState) {
			t.Fatalf("seed %d: it votes before it asked: %v", seed, err)
		}
		for _, to := range m.Recipients() {
			if err := m.Gossip(to); err != nil {
				t.Fatal(err)
			}
			w.carry(m)
		}
		if got := len(m.Awaits()); got != 3 {
			t.Errorf("seed %d: it waits for %d", seed, got)
		}
		w.deliver()
		if learning, _ := m.Learning(); learning {
			t.Fatalf("seed %d: all have answered, and it learns still", seed)
		}
		w.burden(5)
		w.run(60)
		for i, o := range w.order {
			if len(o.Forkers()) > 0 || o.Forked() != nil {
				t.Errorf("seed %d: node %d knows of a fork", seed, i)
			}
		}
		if err := m.CanVote(); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
		checkRecovery(t, m)
		w.agree()
	}
}

// All members start at once and ask each other: each answers before it makes an event, so nobody waits for ever.
func TestAllAskAtOnce(t *testing.T) {
	w := newNetwork(t, core.Single, 4, 1)
	w.burden(3)
	for i, old := range w.order {
		cfg := old.cfg
		cfg.Nonce = core.Hash{1, byte(i)}
		n, err := core.Recover(cfg, stored(old.records))
		if err != nil {
			t.Fatal(err)
		}
		w.order[i] = &member{Node: n, cfg: cfg, records: old.records}
		w.nodes[n.Identity()] = w.order[i]
	}
	for _, m := range w.order {
		w.carry(m)
		for _, to := range m.Recipients() {
			if err := m.Gossip(to); err != nil {
				t.Fatal(err)
			}
			w.carry(m)
		}
	}
	w.deliver()
	for i, m := range w.order {
		if learning, _ := m.Learning(); learning {
			t.Errorf("node %d learns still", i)
		}
	}
	w.burden(3)
}

// Begin lets a node begin that nobody answers, unless it knows that its log lacks something.
func TestBegin(t *testing.T) {
	_, m := behind(t, 1, func(cfg *core.NodeConfig) { cfg.Nonce = core.Hash{1} })
	if err := m.Begin(); err != nil {
		t.Fatal(err)
	}
	if err := m.CanVote(); err != nil {
		t.Errorf("after Begin: %v", err)
	}
	_, m = behind(t, 2, func(cfg *core.NodeConfig) { cfg.Restored = core.Hash{1} })
	if err := m.Begin(); err != nil {
		t.Fatal(err)
	}
	if err := m.CanVote(); !errors.Is(err, core.ErrSelfState) {
		t.Errorf("a restored node begins without a quorum: %v", err)
	}
	// One member answers, with events that it lacks; the others do not: it lacks a quorum from then on.
	w, m := behind(t, 3, func(cfg *core.NodeConfig) { cfg.Nonce = core.Hash{2} })
	if err := m.Gossip(w.order[1].Identity()); err != nil {
		t.Fatal(err)
	}
	w.carry(m)
	w.deliver()
	if err := m.Begin(); err != nil {
		t.Fatal(err)
	}
	if learning, restored := m.Learning(); !learning || !restored {
		t.Errorf("it lacks events, and begins: learning %t, restored %t", learning, restored)
	}
}

// The last events of a node's log may be some that nobody was sent. It learns all the same what its log lacks.
func TestAsksBeyondWhatOthersHave(t *testing.T) {
	for _, unsent := range []int{1, 2, 7, 40} {
		w := newNetwork(t, core.Single, 4, uint64(unsent))
		w.sloppy = true
		w.burden(30)
		old := w.order[0]
		for range unsent {
			if err := old.Gossip(w.order[1].Identity()); err != nil {
				t.Fatal(err)
			}
			w.carry(old)
			w.queue = nil
		}
		cfg := old.cfg
		cfg.Restored = core.Hash{7}
		n, err := core.Recover(cfg, stored(old.records))
		if err != nil {
			t.Fatal(err)
		}
		m := &member{Node: n, cfg: cfg, records: old.records}
		w.nodes[n.Identity()], w.order[0] = m, m
		sent := 0
		for _, to := range m.Recipients() {
			if err := m.Gossip(to); err != nil {
				t.Fatal(err)
			}
			w.carry(m)
			for _, q := range w.queue {
				o := w.nodes[q.to]
				if err := o.Handle(q.from, q.frame); err != nil {
					t.Fatal(err)
				}
				for _, out := range o.Ready().Messages {
					sent += len(out.Frame)
					if err := m.Handle(o.Identity(), out.Frame); err != nil {
						t.Errorf("%d unsent: an answer: %v", unsent, err)
					}
				}
				o.Advance()
			}
			w.queue = nil
		}
		if learning, _ := m.Learning(); learning {
			t.Errorf("%d unsent: it learns still", unsent)
		}
		if most := 3<<10 + unsent<<9; sent > most {
			t.Errorf("%d unsent: it was sent %d bytes of what it has", unsent, sent)
		}
	}
}

// Two nodes run with one key. Others take nothing of either once they have seen both; they tell them so, and both stop.
func TestTwoNodesOneKey(t *testing.T) {
	for seed := range uint64(10) {
		w := newNetwork(t, core.Single, 4, seed)
		w.sloppy = true
		w.burden(3)
		first := w.order[3]
		n, err := core.Recover(first.cfg, stored(first.records))
		if err != nil {
			t.Fatal(err)
		}
		second := &member{Node: n, cfg: first.cfg, records: slices.Clone(first.records)}
		w.carry(second)
		w.queue = nil
		exchange := func(a, b *member) { // a asks b, and is answered
			if a.Gossip(b.Identity()) != nil {
				return
			}
			for x, y := a, b; ; x, y = y, x {
				todo := x.Ready()
				x.records = append(x.records, slices.Clone(todo.Record))
				for _, out := range todo.Messages {
					if out.To == y.Identity() {
						_ = y.Handle(x.Identity(), slices.Clone(out.Frame))
					}
				}
				x.Advance()
				if x == b {
					break
				}
			}
		}
		for range 12 {
			for _, m := range w.order[:3] {
				exchange(first, m)
				exchange(second, m)
				exchange(m, w.order[(slices.Index(w.order, m)+1)%3])
			}
		}
		for i, m := range []*member{first, second} {
			if err := m.Forked(); !errors.Is(err, core.ErrForked) {
				t.Errorf("seed %d: node %d of two with one key does not know: %v", seed, i, err)
			}
		}
	}
}
