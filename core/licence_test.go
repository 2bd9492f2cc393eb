package core_test

import (
	"slices"
	"testing"

	"parsec/core"
)

// A member decides that a peer is added by a message that has events of that peer too, brought by a member whose fork
// others have seen. They can take neither that member's events as heads, nor the new peer's before they decide as well;
// and they do follow.
func TestLicenceInOneMessage(t *testing.T) {
	w := newNetwork(t, core.Single, 4, 5)
	w.sloppy = true
	hub, a, b, c := w.order[3], w.order[0], w.order[1], w.order[2]
	f := newForger(t, w.section)
	f.holds(3)
	exchange := func(x, y *member) { // x asks y
		t.Helper()
		if err := x.Gossip(y.Identity()); err != nil {
			t.Fatal(err)
		}
		w.carry(x)
		w.deliver()
	}
	for range 4 {
		for _, m := range []*member{a, b, c} {
			exchange(m, hub)
		}
	}
	old := lastOf(hub.Node, hub.Identity())
	p := w.join(9, hub.Identity())
	for _, m := range w.order[:4] {
		if err := m.VoteAdd(p.Identity(), nil); err != nil {
			t.Fatal(err)
		}
		w.carry(m)
	}
	// All gossip goes by the hub, which hears and does not answer, until it has decided and nobody else has.
	knows := func(m *member) bool { return slices.Contains(m.Voters(), p.Identity()) }
	for round := 0; !knows(hub); round++ {
		if round == 200 {
			t.Fatal("the hub does not decide")
		}
		m := w.order[round%3]
		if err := m.Gossip(hub.Identity()); err != nil {
			t.Fatal(err)
		}
		w.carry(m)
		w.deliverTo(hub)
		if knows(hub) {
			break
		}
		w.carry(hub)
		w.deliver()
	}
	for _, m := range []*member{a, b, c} {
		if knows(m) {
			t.Fatal("somebody else decided too: this shows nothing")
		}
	}
	w.queue = nil
	exchange(p, hub) // the new peer's events, and the hub's on them
	if p.Len() == 0 || hub.Made(p.Identity()) == 0 {
		t.Fatal("the hub has no events of the new peer")
	}
	w.queue = nil
	// b and c see a fork by the hub.
	for i, m := range []*member{b, c} {
		branch := f.vote(old, opaque("branch"+string(rune('a'+i))))
		if err := m.Handle(hub.Identity(), f.request(branch, f.ask(branch, m.Identity()))); err != nil {
			t.Fatal(err)
		}
		w.carry(m)
	}
	w.queue = nil
	if len(b.Forkers()) == 0 || len(c.Forkers()) == 0 {
		t.Fatal("they know of no fork")
	}
	exchange(hub, a) // all in one message
	if !knows(a) || a.Made(p.Identity()) == 0 {
		t.Fatal("the first has not decided")
	}
	w.queue = nil
	for _, m := range []*member{b, c} {
		m.errs = nil
		exchange(a, m)
		for _, err := range m.errs {
			t.Errorf("it refuses an honest member: %v", err)
		}
		if m.Made(p.Identity()) == 0 {
			t.Error("it has no events of the new peer")
		}
		if !m.Whole() {
			t.Error("its last event does not descend from all that it has")
		}
	}
}

// deliverTo delivers what is queued for one member, and drops the rest.
func (w *network) deliverTo(m *member) {
	queue := w.queue
	w.queue = nil
	for _, q := range queue {
		if q.to == m.Identity() {
			m.errs = append(m.errs, m.Handle(q.from, q.frame))
		}
	}
}
