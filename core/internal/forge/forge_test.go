package forge_test

import (
	"errors"
	"slices"
	"testing"

	"parsec/core"
	"parsec/core/internal/forge"
	"parsec/core/internal/sign"
	"parsec/core/internal/wire"
)

// section is a section of four, and its forger has the last one's key.
func section(t *testing.T) (node *core.Node, f *forge.Forger, id wire.Hash) {
	t.Helper()
	s := core.Section{Name: "forged", Mode: core.Single}
	for i := range 4 {
		s.Genesis = append(s.Genesis, core.IdentityOf([32]byte{byte(i)}))
	}
	node, err := core.Recover(core.NodeConfig{Seed: [32]byte{0}, Section: s}, nil)
	if err != nil {
		t.Fatal(err)
	}
	f = forge.New(wire.Hash(node.SectionID()))
	return node, f, f.Hold([32]byte{3})
}

// A node takes in what was forged by the rules, and refuses what no key signed.
func TestForged(t *testing.T) {
	node, f, id := section(t)
	first := f.Initial(id)
	vote := f.Vote(first, forge.Opaque([]byte("something")), forge.About(wire.Remove, id, nil))
	ask := f.Ask(vote, node.Identity())
	if vote.Index != 2 || ask.Index != 3 || !sign.Verify(sign.PublicKey(id), &ask.ID, &ask.Signature) {
		t.Fatalf("%+v, %+v", vote, ask)
	}
	frame := f.Seal(nil, f.Message(wire.KindRequest, first, vote, ask))
	m, err := f.Open(frame)
	if err != nil || len(m.Events) != 3 || len(m.Creators) != 2 || len(m.Observations) != 2 || len(m.Parents) != 0 {
		t.Fatalf("%+v, %v", m, err)
	}
	before := node.Len()
	if err := node.Handle(core.Identity(id), frame); err != nil || node.Len() < before+3 {
		t.Fatalf("%d events more: %v", node.Len()-before, err)
	}
	node.Ready()
	node.Advance()
	// One that builds on what is outside the message.
	next := f.Ask(ask, node.Identity())
	if err := node.Handle(core.Identity(id), f.Seal(nil, f.Message(wire.KindRequest, next))); err != nil {
		t.Fatal(err)
	}
	node.Ready()
	node.Advance()
	other := f.Initial(wire.Hash(core.IdentityOf([32]byte{2})))
	head := f.Hear(next, f.Ask(other, id))
	if err := node.Handle(core.Identity(id), f.Seal(nil, f.Message(wire.KindRequest, other, head.Other, head))); !errors.Is(err, core.ErrSignature) {
		t.Errorf("an event that nobody signed: %v", err)
	}
}

// Contents that are withheld are named, and those that are there are not named twice.
func TestWithheld(t *testing.T) {
	_, f, id := section(t)
	first := f.Initial(id)
	shown, withheld := forge.Opaque([]byte("shown")), forge.Opaque([]byte("withheld"))
	withheld.Withheld = true
	a := f.Vote(first, shown, withheld)
	b := f.Vote(first, withheld, shown)
	m, err := f.Open(f.Seal(nil, f.Message(wire.KindRequest, a, b)))
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Observations) != 2 || m.Observations[0].Body == nil || m.Observations[1].Body != nil || !slices.Equal(m.Votes, []uint32{0, 1, 1, 0}) ||
		len(m.Parents) != 1 || m.Parents[0] != first.ID {
		t.Errorf("%+v", m)
	}
	if _, err := f.Open(nil); err == nil {
		t.Error("a frame of nothing")
	}
}
