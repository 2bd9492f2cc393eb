package core_test

import (
	"bytes"
	"testing"

	"parsec/core"
)

// Two halves of a section that are apart vote for more than a message holds. When they meet again, each has a backlog for
// the other in front of what would show that it has a part of the other's: all is decided nevertheless.
func TestBacklogs(t *testing.T) {
	if testing.Short() {
		t.Skip("it moves hundreds of megabytes")
	}
	for _, c := range []struct {
		name  string
		alone bool // nobody talks to anybody while they are apart
	}{{"halves", false}, {"each alone", true}} {
		t.Run(c.name, func(t *testing.T) { testBacklogs(t, c.alone) })
	}
}

func testBacklogs(t *testing.T, alone bool) {
	payloads := 5 // of 1 MiB, by each: a half has 10 MiB, and a message holds 8
	if alone {
		payloads = 9
	}
	w := newNetwork(t, core.Single, 4, 1)
	talk := func(a, b int) {
		if err := w.order[a].Gossip(w.order[b].Identity()); err != nil {
			t.Fatal(err)
		}
		w.carry(w.order[a])
		w.deliver()
	}
	for i := range 60 {
		talk(i%4, (i+1+i/4%3)%4)
	}
	for k := range payloads {
		for i, m := range w.order {
			if err := m.Vote(bytes.Repeat([]byte{byte(k), byte(i)}, core.MaxPayload/2)); err != nil {
				t.Fatal(err)
			}
			w.carry(m)
		}
		if !alone {
			talk(0, 1)
			talk(2, 3)
		}
	}
	for i := 0; i < 600 && !done(w, uint64(1+4*payloads)); i++ {
		talk(i%4, (i+1+i/4%3)%4)
	}
	for i, m := range w.order {
		if m.Height() != uint64(1+4*payloads) {
			t.Errorf("node %d has decided %d blocks, of %d", i, m.Height(), 1+4*payloads)
		}
	}
}

func done(w *network, blocks uint64) bool {
	for _, m := range w.order {
		if m.Height() < blocks {
			return false
		}
	}
	return true
}
