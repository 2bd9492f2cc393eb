package core_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"parsec/core"
)

// TestEmptyRecord follows the loop of doc.go to the letter.
func TestEmptyRecord(t *testing.T) {
	w := newNetwork(t, core.Single, 2, 1)
	m := w.order[0]
	var log [][]byte
	do := func() {
		todo := m.Ready()
		log = append(log, slices.Clone(todo.Record))
		m.Advance()
	}
	do()
	_ = m.Handle(w.order[1].Identity(), []byte("garbage"))
	if r := m.Ready().Record; r != nil {
		t.Errorf("a record of %d bytes that is not nil", len(r))
	}
	do()
	if _, err := core.Recover(m.cfg, stored([][]byte{log[0], {}})); err != nil {
		t.Error("a log written by the loop of doc.go: ", err)
	}
}

func clone(t *testing.T, m *member) *member {
	n, err := core.Recover(m.cfg, stored(m.records))
	if err != nil {
		t.Fatal(err)
	}
	c := &member{Node: n, cfg: m.cfg, records: slices.Clone(m.records)}
	n.Ready()
	n.Advance()
	return c
}

func last(m *member, to core.Identity) []byte {
	var f []byte
	for _, o := range m.Ready().Messages {
		if o.To == to {
			f = bytes.Clone(o.Frame)
		}
	}
	m.Advance()
	return f
}

// TestUnderflow: a branch whose first event decides what the chain before it votes for.
func TestUnderflow(t *testing.T) {
	seeds := uint64(60)
	if testing.Short() {
		seeds = 12 // the fault that it is for showed at seed 4
	}
	for seed := range seeds {
		w := newNetwork(t, core.Single, 4, seed)
		w.sloppy = true
		p, a, b := w.order[3], w.order[0], w.order[1]
		for step := range 60 {
			if step%4 == 0 {
				for _, m := range w.order {
					_ = m.Vote(fmt.Appendf(nil, "%d", step))
					w.carry(m)
				}
			}
			m := w.order[w.r.IntN(4)]
			to := m.Recipients()
			if err := m.Gossip(to[w.r.IntN(len(to))]); err != nil {
				t.Fatal(err)
			}
			w.carry(m)
			for len(w.queue) > 0 {
				q := w.queue[0]
				w.queue = w.queue[1:]
				r := w.nodes[q.to]
				var p1 *member
				if r == p {
					p1 = clone(t, p)
				}
				h := r.Height()
				_ = r.Handle(q.from, q.frame)
				w.carry(r)
				if r != p || p.Height() == h {
					continue
				}
				// p decided something on this message. Its twin made another event at the same place.
				if err := p1.Gossip(a.Identity()); err != nil {
					t.Fatal(err)
				}
				m1 := last(p1, a.Identity())
				p2 := clone(t, p)
				if err := p2.Vote([]byte("after")); err != nil {
					t.Fatal(err)
				}
				if err := p2.Gossip(a.Identity()); err != nil {
					t.Fatal(err)
				}
				m2 := last(p2, a.Identity())
				if err := p2.Gossip(b.Identity()); err != nil {
					t.Fatal(err)
				}
				mb := last(p2, b.Identity())
				a2, b2 := clone(t, a), clone(t, b)
				e1 := a2.Handle(p.Identity(), m1)
				w.drop(a2)
				e2 := a2.Handle(p.Identity(), m2)
				w.drop(a2)
				if e2 == nil || !strings.Contains(e2.Error(), "undecided votes") {
					continue
				}
				t.Logf("seed %d step %d: a on the twin: %v; on p: %v", seed, step, e1, e2)
				// b has p's chain only, and builds on it.
				eb := b2.Handle(p.Identity(), mb)
				w.drop(b2)
				var ea error
				for range 6 {
					if err := b2.Gossip(a.Identity()); err != nil {
						t.Fatal(err)
					}
					f := last(b2, a.Identity())
					for f != nil { // to and fro, contents asked for included
						ea = a2.Handle(b.Identity(), f)
						if f = last(a2, b.Identity()); f != nil {
							_ = b2.Handle(a.Identity(), f)
							f = last(b2, a.Identity())
						}
					}
				}
				t.Errorf("b on p: %v; a on honest b's sixth request: %v", eb, ea)
				_ = errors.Is
				return
			}
		}
	}
	t.Log("not found")
}

func (w *network) drop(m *member) { m.Ready(); m.Advance() }
