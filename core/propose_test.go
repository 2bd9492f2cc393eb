package core_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"parsec/core"
)

// echo lets nodes vote for what is proposed to them, and returns how many votes that were.
func (w *network) echo() (votes int) {
	w.t.Helper()
	for _, m := range w.order {
		var hashes []core.Hash
		for _, k := range m.open {
			hashes = append(hashes, k.Hash)
		}
		m.open = nil
		if m.CanVote() != nil {
			continue // removed since
		}
		if err := m.VoteFor(hashes...); err != nil {
			w.t.Fatal(err)
		}
		votes += len(hashes)
		w.carry(m)
	}
	return votes
}

// In Supermajority mode one node's payloads, addition and removal are decided by the others' echo, each of which is
// asked once for each.
func TestProposals(t *testing.T) {
	w := newNetwork(t, core.Supermajority, 4, 1)
	w.sloppy = true
	w.run(20) // the genesis is proposed to nobody
	newcomer := core.IdentityOf(seedOf(9))
	a, b, c := w.order[0], w.order[1], w.order[2]
	for _, err := range []error{
		a.Vote([]byte("one"), []byte("two")), a.VoteAdd(newcomer, []byte("info")), b.Vote([]byte("three")),
		b.Vote([]byte("one")), // b and a both came to it by themselves
		c.VoteRemove(w.section.Genesis[3], nil),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	votes := 0
	seen := map[string]int{}
	for range 30 {
		w.run(5)
		for i, m := range w.order {
			for _, k := range m.open {
				seen[fmt.Sprintf("%d %v %s %x %s", i, k.Kind, k.Payload, k.Peer[:1], k.Info)]++
			}
		}
		votes += w.echo()
	}
	for what, times := range seen {
		if times != 1 {
			t.Errorf("%s was proposed %d times", what, times)
		}
	}
	// Contents one and two and the addition are proposed to three nodes each at most, one to two; three and the removal
	// to three each; removed node 3 and late comers may not be asked.
	if votes < 8 || votes > 14 {
		t.Errorf("%d proposals", votes)
	}
	if got := w.agree(); got != 6 {
		t.Errorf("%d blocks, want the genesis, three payloads, an addition and a removal", got)
	}
	for _, m := range w.order[:3] {
		checkRecovery(t, m)
	}
}

// In Single mode nobody needs to vote for another's payload, but for an addition.
func TestProposalsSingle(t *testing.T) {
	w := newNetwork(t, core.Single, 3, 1)
	newcomer := core.IdentityOf(seedOf(9))
	if err := errors.Join(w.order[0].Vote([]byte("one")), w.order[0].VoteAdd(newcomer, nil)); err != nil {
		t.Fatal(err)
	}
	w.run(30)
	for i, m := range w.order[1:] {
		if len(m.open) != 1 || m.open[0].Kind != core.Add || m.open[0].Peer != newcomer {
			t.Errorf("node %d: proposals %v", i+1, m.open)
		}
	}
	w.echo()
	w.run(30)
	if got := w.agree(); got != 3 {
		t.Errorf("%d blocks", got)
	}
}

// What a node was not asked for, or did not vote for before it stopped, it is asked for when it comes back: once, in
// order, and with what it got to know in the meantime.
func TestProposalsAgain(t *testing.T) {
	w := newNetwork(t, core.Supermajority, 4, 2)
	a, b := w.order[0], w.order[1]
	w.run(20)
	for i := range 5 {
		if err := a.Vote(fmt.Appendf(nil, "payload %d", i)); err != nil {
			t.Fatal(err)
		}
	}
	w.carry(a)
	w.run(30)
	if len(b.open) != 5 {
		t.Fatalf("%d proposals", len(b.open))
	}
	if err := b.VoteFor(b.open[1].Hash, b.open[3].Hash); err != nil {
		t.Fatal(err)
	}
	w.carry(b)
	back, err := core.Recover(b.cfg, stored(b.records))
	if err != nil {
		t.Fatal(err)
	}
	first, second := back.Ready(), back.Ready()
	var got []string
	for _, k := range first.Proposals {
		got = append(got, string(k.Payload))
	}
	if want := []string{"payload 0", "payload 2", "payload 4"}; !slices.Equal(got, want) {
		t.Errorf("proposals after recovery: %q, want %q", got, want)
	}
	if len(second.Proposals) != len(first.Proposals) {
		t.Errorf("Ready once more, without Advance: %d proposals", len(second.Proposals))
	}
	kept := first.Proposals[0].Payload
	back.Advance()
	if more := back.Ready().Proposals; more != nil {
		t.Errorf("%d proposals a second time", len(more))
	}
	back.Advance()
	if string(kept) != "payload 0" {
		t.Errorf("the payload became %q", kept)
	}
}

// A node that joins is asked once it may vote for what is still open, and not for what was decided before.
func TestProposalsToOneWhoJoins(t *testing.T) {
	w := newNetwork(t, core.Supermajority, 3, 3)
	w.sloppy = true
	late := w.join(5, w.section.Genesis[0])
	for i := range 3 {
		for _, m := range w.order[:3] {
			if err := m.Vote(fmt.Appendf(nil, "decided %d", i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.order[0].Vote([]byte("open")); err != nil {
		t.Fatal(err)
	}
	for _, m := range w.order[:3] {
		if err := m.VoteAdd(late.Identity(), nil); err != nil {
			t.Fatal(err)
		}
	}
	for i := 0; i < 400 && late.CanVote() != nil; i++ {
		w.run(1)
		if late.CanVote() != nil && len(late.open) > 0 {
			t.Fatal("it is asked before it may vote")
		}
	}
	if late.CanVote() != nil {
		t.Fatal("it did not become a voter")
	}
	w.carry(late)
	if len(late.open) != 1 || string(late.open[0].Payload) != "open" {
		t.Errorf("proposals %v", late.open)
	}
}

// More proposals than one event has votes come in parts.
func TestProposalsInParts(t *testing.T) {
	w := newNetwork(t, core.Supermajority, 2, 4)
	a, b := w.order[0], w.order[1]
	total := core.MaxVotes + 10
	payloads := make([][]byte, total)
	for i := range payloads {
		payloads[i] = fmt.Appendf(nil, "%d", i)
	}
	if err := errors.Join(a.Vote(payloads[:10]...), a.Vote(payloads[10:]...), a.Gossip(b.Identity())); err != nil {
		t.Fatal(err)
	}
	frame := slices.Clone(a.Ready().Messages[0].Frame)
	a.Advance()
	if err := b.Handle(a.Identity(), frame); err != nil {
		t.Fatal(err)
	}
	var got []core.Content
	for _, want := range []int{core.MaxVotes, 10, 0} {
		part := b.Ready().Proposals
		if len(part) != want {
			t.Fatalf("%d proposals, want %d", len(part), want)
		}
		got = append(got, part...)
		b.Advance()
	}
	for i, k := range got {
		if string(k.Payload) != string(payloads[i]) {
			t.Fatalf("proposal %d is %q", i, k.Payload)
		}
	}
	if allocs := testing.AllocsPerRun(100, func() { b.Ready(); b.Advance() }); allocs != 0 {
		t.Errorf("%v allocations where nothing is proposed", allocs)
	}
}

func TestVoteForErrors(t *testing.T) {
	w := newNetwork(t, core.Supermajority, 3, 5)
	a, b := w.order[0], w.order[1]
	w.run(20)
	newcomer := w.join(9, w.section.Genesis[0])
	section, _ := w.section.ID()
	if err := errors.Join(a.Vote([]byte("x"), []byte("y")), a.VoteAdd(newcomer.Identity(), nil), a.Gossip(b.Identity())); err != nil {
		t.Fatal(err)
	}
	w.carry(a)
	w.deliver()
	x, y := core.PayloadHash(section, []byte("x")), core.PayloadHash(section, []byte("y"))
	check := func(what string, err, want error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	before := b.Len()
	check("nothing", b.VoteFor(), nil)
	check("unknown", b.VoteFor(x, core.Hash{1}), core.ErrUnknownObservation)
	check("twice", b.VoteFor(x, y, x), core.ErrDuplicateVote)
	check("own", a.VoteFor(x), core.ErrDuplicateVote)
	check("many", b.VoteFor(make([]core.Hash, core.MaxVotes+1)...), core.ErrLimit)
	check("no voter", newcomer.VoteFor(x), core.ErrSelfState)
	b.Ready()
	check("before Advance", b.VoteFor(x), core.ErrNotAdvanced)
	b.Advance()
	if b.Len() != before {
		t.Error("what was refused made an event")
	}
	check("both", b.VoteFor(x, y), nil)
	check("again", b.VoteFor(x), core.ErrDuplicateVote)
	w.carry(b)
	// The addition is decided under one info, and open under another.
	add := b.ObservationAt(core.ObservationIndex(b.Observations() - 1))
	for _, k := range b.open {
		if k.Kind == core.Add {
			add = k
		}
	}
	check("an addition", b.VoteFor(add.Hash), nil)
	w.carry(b)
	check("another info", a.VoteAdd(newcomer.Identity(), []byte("other")), nil)
	w.carry(a)
	w.sloppy = true
	w.run(60)
	c := w.order[2]
	check("the third", c.VoteFor(add.Hash), nil)
	w.run(60)
	if !slices.Contains(c.Voters(), newcomer.Identity()) {
		t.Fatal("the newcomer is no voter")
	}
	for _, k := range c.open {
		if k.Kind == core.Add && string(k.Info) == "other" {
			check("to add a voter", c.VoteFor(k.Hash), core.ErrPeerState)
			return
		}
	}
	t.Error("the other addition was not proposed")
}

// Room and Open say beforehand what Vote and VoteFor would; OutputSize grows with what there is to persist and send.
func TestRoomAndOpen(t *testing.T) {
	w := newNetwork(t, core.Supermajority, 2, 1)
	w.sloppy = true
	w.run(20)
	a, b := w.order[0], w.order[1]
	votes, size := a.Room()
	if votes != core.MaxUndecided || size != core.MaxUndecidedSize {
		t.Fatalf("room for %d votes, %d bytes", votes, size)
	}
	payload := make([]byte, 1000)
	if err := a.Vote(payload); err != nil {
		t.Fatal(err)
	}
	if v, s := a.Room(); v != votes-1 || s > size-1000 || s < size-1100 {
		t.Errorf("then for %d votes, %d bytes", v, s)
	}
	if n := a.OutputSize(); n < 1000 || n > 1500 {
		t.Errorf("its output has %d bytes", n)
	}
	hash := a.Undecided()[0].Hash
	if a.Open(hash) || b.Open(hash) || b.Open(core.Hash{1}) {
		t.Error("it is open to whoever voted for it, or does not know it")
	}
	w.carry(a)
	if n := a.OutputSize(); n != 0 {
		t.Errorf("after that, its output has %d bytes", n)
	}
	for range 20 {
		w.run(1)
		if len(b.open) > 0 {
			break
		}
	}
	if !b.Open(hash) {
		t.Error("it is not open to the other")
	}
	w.echo()
	if b.Open(hash) {
		t.Error("it is open to one that voted for it")
	}
	w.run(20)
	if v, s := a.Room(); v != votes || s != size || a.Open(hash) {
		t.Errorf("when it is decided: room for %d votes, %d bytes", v, s)
	}
}
