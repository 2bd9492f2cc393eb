package members

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"parsec/core/internal/gossip"
	"parsec/core/internal/reason"
	"parsec/core/internal/sign"
	"parsec/core/internal/wire"
)

// ids returns the identities of so many keys, in order.
func ids(n int) (out []wire.Hash) {
	for i := range n {
		out = append(out, sign.NewSigner([32]byte{byte(i), 9}).Public())
	}
	slices.SortFunc(out, func(a, b wire.Hash) int { return bytes.Compare(a[:], b[:]) })
	return out
}

// numbers gives numbers as a graph does.
func numbers() func(wire.Hash) (gossip.Peer, error) {
	next := gossip.Peer(0)
	return func(wire.Hash) (gossip.Peer, error) {
		next++
		return next - 1, nil
	}
}

// Founders have the first numbers, in the graph and among members; one that joins has one in the graph alone, until it is
// added. Seats stay.
func TestDirectory(t *testing.T) {
	all := ids(7)
	founders, joins, added, contact := all[:4], all[4], all[5], all[6]
	number := numbers()
	d, err := New(founders, joins, sign.NewVerifier([32]byte{1}), number)
	if err != nil {
		t.Fatal(err)
	}
	for i, id := range founders {
		p := d.ByID(id)
		if p != d.At(gossip.Peer(i)) || p != d.Numbers()[i] || int(p.Number) != i || !p.Numbered || !d.Founder(id) || !d.Licensed(p) {
			t.Errorf("founder %d: %+v", i, p)
		}
	}
	self := d.Self()
	if self.ID != joins || self.Index != 4 || self.Numbered || d.Founder(joins) || !d.Licensed(self) || len(d.Numbers()) != 4 {
		t.Errorf("this node: %+v", self)
	}
	c := d.Contact(contact)
	if c.Index != None || d.Licensed(c) || d.Licensed(nil) || d.Contact(contact) != c || d.ByID(contact) != c || d.ByID(added) != nil {
		t.Errorf("a contact: %+v", c)
	}
	d.Added(added, 5)
	d.Added(joins, 4)
	d.Added(joins, 4) // removed, and added again
	d.Added(contact, 6)
	for i, id := range []wire.Hash{added, joins, contact} {
		if p := d.Numbers()[4+i]; p.ID != id || p != d.ByID(id) || int(p.Number) != 4+i || !d.Licensed(p) || d.At(p.Index) != p {
			t.Errorf("added %d: %+v", i, p)
		}
	}
	if len(d.Numbers()) != 7 || len(d.Peers()) != 7 || d.ByID(contact) != c || c.Index != 6 {
		t.Errorf("%d numbers, %d peers; the contact is %+v", len(d.Numbers()), len(d.Peers()), c)
	}
	seats := map[int]bool{}
	for _, id := range all {
		seats[d.ByID(id).Seat] = true
	}
	if len(seats) != len(all) {
		t.Errorf("%d seats of %d", len(seats), len(all))
	}
}

// Somebody is being added as long as an observation that says so is undecided.
func TestProposed(t *testing.T) {
	all := ids(2)
	d, err := New(all[:1], all[0], sign.NewVerifier([32]byte{1}), numbers())
	if err != nil {
		t.Fatal(err)
	}
	for step, want := range []struct {
		do       func(wire.Hash)
		proposed bool
	}{{d.Propose, true}, {d.Propose, true}, {d.Resolve, true}, {d.Resolve, false}, {d.Resolve, false}, {d.Propose, true}} {
		if want.do(all[1]); d.Proposed(all[1]) != want.proposed || d.Proposed(all[0]) {
			t.Errorf("step %d: proposed: %t", step, d.Proposed(all[1]))
		}
	}
}

// A bad key is refused, as founder and in a vote; what is remembered of good ones has a limit.
func TestKeys(t *testing.T) {
	all := ids(1)
	if _, err := New([]wire.Hash{{1}}, all[0], sign.NewVerifier([32]byte{1}), numbers()); err == nil {
		t.Error("a founder whose key is none")
	}
	d, err := New(all, all[0], sign.NewVerifier([32]byte{1}), numbers())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := d.CheckKey(wire.Hash{1}); !errors.Is(err, reason.ErrInvalidEvent) {
			t.Error(err)
		}
		if err := d.CheckKey(all[0]); err != nil {
			t.Error(err)
		}
	}
	if len(d.keys) != 1 {
		t.Errorf("%d keys are remembered of one good and one bad", len(d.keys))
	}
	for i := range uint64(maxKeys) {
		var key wire.Hash
		binary.LittleEndian.PutUint64(key[8:], i)
		d.keys[key] = struct{}{}
	}
	other := ids(3)[2]
	if err := d.CheckKey(other); err != nil || len(d.keys) != 1 {
		t.Errorf("%d keys are remembered: %v", len(d.keys), err)
	}
}
