package core_test

import (
	"testing"

	"parsec/core"
)

// A peer that shows to have what it was sent is sent nothing again; for one that does not, the bytes are counted. Events
// are counted by who made them.
func TestAgain(t *testing.T) {
	s := core.Section{Name: "again", Mode: core.Single}
	var seeds [4][32]byte
	for i := range seeds {
		seeds[i][0] = byte(i + 1)
		s.Genesis = append(s.Genesis, core.IdentityOf(seeds[i]))
	}
	for _, hears := range []bool{true, false} {
		var nodes [2]*core.Node
		for i := range nodes {
			var err error
			if nodes[i], err = core.Start(core.NodeConfig{Seed: seeds[i], Section: s}); err != nil {
				t.Fatal(err)
			}
		}
		a, b := nodes[0], nodes[1]
		carry := func(from, to *core.Node) (again int) {
			todo := from.Ready()
			for _, m := range todo.Messages {
				again += m.Again
				if to != nil {
					if err := to.Handle(from.Identity(), m.Frame); err != nil {
						t.Fatal(err)
					}
				}
			}
			from.Advance()
			return again
		}
		again, before := 0, a.Made(b.Identity())
		for range 20 {
			if err := b.Gossip(a.Identity()); err != nil {
				t.Fatal(err)
			}
			carry(b, a)
			if hears {
				again += carry(a, b)
			} else {
				again += carry(a, nil)
			}
		}
		if (again == 0) != hears || again > 20*20*3*128 {
			t.Errorf("it hears: %v; %d bytes again", hears, again)
		}
		// Hearing an answer, it makes an event of that, too; the last is still at home.
		want := 20
		if hears {
			want += 19
		}
		if got := a.Made(b.Identity()) - before; got < want || got > want+3 {
			t.Errorf("it hears: %v; %d events of it, want %d and those it began with", hears, got, want)
		}
		if n := a.Made(core.Identity{1}); n != 0 {
			t.Errorf("a stranger made %d", n)
		}
	}
}
