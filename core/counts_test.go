package core_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"parsec/core"
)

// waiting counts votes as Waiting says, one by one.
func (m *member) waiting() (votes int) {
	type key struct {
		hash core.Hash
		by   core.Identity
	}
	done := map[key]bool{}
	for _, b := range m.blocks {
		done[key{b.Hash, b.By}] = true
	}
	voters, peers := m.Voters(), m.Peers()
	for i := range core.EventIndex(m.Len()) {
		e := m.EventAt(i)
		by := peers[e.Creator]
		if e.Cause != core.Observing || !slices.Contains(voters, by) {
			continue
		}
		for _, o := range append([]core.ObservationIndex{e.Observation}, e.Further...) {
			k := m.ObservationAt(o)
			if !done[key{k.Hash, core.Identity{}}] && !done[key{k.Hash, by}] {
				votes++
			}
		}
	}
	return votes
}

func TestWaiting(t *testing.T) {
	for _, mode := range []core.Mode{core.Supermajority, core.Single} {
		w := newNetwork(t, mode, 5, 7)
		most := 0
		for round := range 40 {
			m := w.order[w.r.IntN(5)]
			if m.CanVote() == nil {
				var payloads [][]byte
				for i := range w.r.IntN(4) {
					payloads = append(payloads, fmt.Appendf(nil, "%d", 3*round/4+i))
				}
				if err := m.Vote(payloads...); err != nil && !errors.Is(err, core.ErrDuplicateVote) {
					t.Fatal(err)
				}
				w.carry(m)
			}
			if round == 20 { // whose votes stop counting
				w.sloppy = true
				for _, m := range w.order[1:] {
					if err := m.VoteRemove(w.section.Genesis[0], nil); err != nil {
						t.Fatal(err)
					}
					w.carry(m)
				}
			}
			w.run(4)
			for i, m := range w.order {
				if got, want := m.Waiting(), m.waiting(); got != want {
					t.Fatalf("%v, round %d, node %d: %d votes wait, want %d", mode, round, i, got, want)
				}
				most = max(most, m.Waiting())
			}
		}
		if mode == core.Single {
			w.run(100)
			if got := w.order[1].Waiting(); got != 0 {
				t.Errorf("%d votes wait in the end", got)
			}
		}
		if most < 5 {
			t.Errorf("%v: never more than %d votes waited", mode, most)
		}
		back, err := core.Recover(w.order[1].cfg, stored(w.order[1].records))
		if err != nil {
			t.Fatal(err)
		}
		if back.Waiting() != w.order[1].Waiting() {
			t.Errorf("%d votes wait after recovery", back.Waiting())
		}
		if n := testing.AllocsPerRun(10, func() { back.Waiting() }); n != 0 {
			t.Errorf("%v allocations", n)
		}
	}
}

// A forked voter's votes do not wait.
func TestWaitingForForkers(t *testing.T) {
	w := newNetwork(t, core.Single, 4, 8)
	w.sloppy = true
	w.run(20)
	f := w.order[3]
	twin, err := core.Recover(f.cfg, stored(f.records))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Vote([]byte("one")), twin.Vote([]byte("other")),
		f.Gossip(w.section.Genesis[0]), twin.Gossip(w.section.Genesis[1])); err != nil {
		t.Fatal(err)
	}
	w.carry(&member{Node: twin})
	w.carry(f)
	w.deliver()
	a, b := w.order[0], w.order[1]
	if a.Waiting()+b.Waiting() == 0 {
		t.Fatal("no votes wait before the fork is seen")
	}
	for range 60 {
		for _, m := range w.order[:3] {
			to := w.order[w.r.IntN(3)]
			if m != to && m.Gossip(to.Identity()) == nil {
				w.carry(m)
				w.deliver()
			}
		}
	}
	if len(core.Forked(a.Node)) != 1 {
		t.Fatal("the fork was not seen")
	}
	if got := a.Waiting(); got != 0 {
		t.Errorf("%d votes wait", got)
	}
}

func TestCounts(t *testing.T) {
	w := newNetwork(t, core.Single, 2, 9)
	a, b := w.order[0], w.order[1]
	if err := errors.Join(a.Vote([]byte("x"), []byte("y")), a.Gossip(b.Identity())); err != nil {
		t.Fatal(err)
	}
	frame := slices.Clone(a.Ready().Messages[0].Frame)
	a.Advance()
	if err := b.Handle(a.Identity(), frame); err != nil {
		t.Fatal(err)
	}
	// a's initial event, its vote for the genesis, that for x and y, and the request. The genesis was there.
	if got, want := b.Counts(), (core.Counts{Events: 4, Contents: 3, KnownContents: 1, Signatures: 4}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	b.Ready()
	b.Advance()
	if err := b.Handle(a.Identity(), frame); !errors.Is(err, core.ErrDuplicateMessage) {
		t.Fatal(err)
	}
	if got, want := b.Counts(), (core.Counts{Events: 8, KnownEvents: 4, Contents: 6, KnownContents: 4, Signatures: 4}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if n := testing.AllocsPerRun(10, func() { b.Counts() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// A message that waits for contents is counted once, though it is taken in again when they have come.
func TestCountsOfHeld(t *testing.T) {
	w := newNetwork(t, core.Single, 2, 10)
	a, b := w.order[0], w.order[1]
	send := func(lose bool) {
		if err := a.Gossip(b.Identity()); err != nil {
			t.Fatal(err)
		}
		w.carry(a)
		if lose {
			w.queue = nil
		}
		w.deliver()
	}
	if err := a.Vote([]byte("x")); err != nil {
		t.Fatal(err)
	}
	send(true)  // with the content
	send(false) // without, since it was sent: x is asked for, the genesis is here
	got := b.Counts()
	want := core.Counts{Events: 5, Contents: 1, Signatures: 5, WaitedMessages: 1}
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if b.Len() != a.Len()-1 { // a's last is on the answer
		t.Errorf("%d events, of %d", b.Len(), a.Len())
	}
}
