package core_test

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"

	"parsec/core"
	"parsec/core/internal/wire"
)

// known reports whether an error is one that the documentation of [core.Node.Handle] lists.
func ofHandle(err error) bool {
	return slices.ContainsFunc([]error{
		core.ErrMessage, core.ErrLimit, core.ErrUnknownPeer, core.ErrPremature, core.ErrPeerState, core.ErrDuplicateMessage,
		core.ErrMissingPayload, core.ErrSignature, core.ErrUnknownSelfParent, core.ErrUnknownOtherParent, core.ErrInvalidEvent,
	}, func(want error) bool { return errors.Is(err, want) })
}

// camp is a section mid-gossip, once for all inputs: nodes are recovered from its records.
var camp = sync.OnceValue(func() *camped {
	w := &network{t: discard{}, r: newRand(5), nodes: map[core.Identity]*member{}}
	w.section = core.Section{Name: "fuzz", Mode: core.Supermajority}
	for i := range 4 {
		w.section.Genesis = append(w.section.Genesis, core.IdentityOf(seedOf(i)))
	}
	for i := range 4 {
		cfg := core.NodeConfig{Seed: seedOf(i), Section: w.section}
		w.add(core.Start(cfg)).cfg = cfg
		w.carry(w.order[i])
	}
	c := &camped{network: w}
	for round := range 12 {
		for _, m := range w.order[:3] {
			_ = m.Vote(fmt.Appendf(nil, "%d", round))
			w.carry(m)
		}
		for i, m := range w.order {
			to := w.order[(i+1+round%3)%4]
			_ = m.Gossip(to.Identity())
			w.carry(m)
			if round == 11 && i == 3 {
				c.frames = append(c.frames, w.queue[0].frame)
			}
			w.deliver()
		}
	}
	return c
})

type camped struct {
	*network
	frames [][]byte
}

// discard is a test that cannot fail, for what is made once for many.
type discard struct{ testing.TB }

func (discard) Helper()                   {}
func (discard) Fatal(args ...any)         { panic(fmt.Sprint(args...)) }
func (discard) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }

// back returns node i of the camp as it was.
func (c *camped) back(t testing.TB, i int) *member {
	t.Helper()
	n, err := core.Recover(c.order[i].cfg, stored(c.order[i].records))
	if err != nil {
		t.Fatal(err)
	}
	n.Ready()
	n.Advance()
	return &member{Node: n, cfg: c.order[i].cfg, records: slices.Clone(c.order[i].records)}
}

// FuzzHandle gives a node a message of its input's bytes: as a frame, or as what is in one, from one of the members.
// Nothing panics, errors are the documented ones, what is allocated is bounded, and the node goes on with others.
func FuzzHandle(f *testing.F) {
	c := camp()
	section, err := c.section.ID()
	if err != nil {
		f.Fatal(err)
	}
	s := wire.SectionOf(wire.Hash(section))
	f.Add(false, uint8(3), []byte(nil))
	f.Add(false, uint8(3), c.frames[0])
	var framer wire.Framer
	raw, err := framer.Open(s, c.frames[0])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(true, uint8(3), bytes.Clone(raw))
	for _, seed := range campSeeds(f, c) {
		f.Add(true, uint8(3), seed)
	}
	f.Fuzz(func(t *testing.T, inner bool, from uint8, data []byte) {
		m := c.back(t, 0)
		if inner {
			if len(data) > wire.MaxRaw {
				return
			}
			data = new(wire.Framer).Seal(nil, s, data)
		}
		before := m.Len()
		var was, is runtime.MemStats
		runtime.ReadMemStats(&was)
		err := m.Handle(c.order[from%4].Identity(), data)
		runtime.ReadMemStats(&is)
		if err != nil && !ofHandle(err) {
			t.Errorf("an error that is not documented: %v", err)
		}
		if got, most := is.TotalAlloc-was.TotalAlloc, uint64(8<<20+64*wire.MaxRatio*len(data)); got > most {
			t.Errorf("%d bytes allocated, at most %d expected", got, most)
		}
		if r := m.Ready(); m.Len() != before && len(r.Record) == 0 {
			t.Error("events came in without a record")
		} else if len(r.Record) > 0 {
			m.records = append(m.records, bytes.Clone(r.Record))
		}
		m.Advance()
		for i := before; i < m.Len(); i++ {
			e := eventOf(m.Node, core.EventIndex(i))
			if !verifies(e.by, e.id, e.signature) {
				t.Fatal("an event came in that its creator did not sign")
			}
		}
		if !m.Whole() && len(core.Forked(m.Node)) == 0 {
			t.Error("there are events that its own do not descend from")
		}
		// It goes on with another member.
		other := c.back(t, 1)
		if from%4 == 1 {
			other = c.back(t, 2)
		}
		if err := other.Gossip(m.Identity()); err != nil {
			t.Fatal(err)
		}
		if err := m.Handle(other.Identity(), other.Ready().Messages[0].Frame); err != nil {
			t.Fatalf("a message of another member: %v", err)
		}
		other.Advance()
		answer := m.Ready()
		m.records = append(m.records, bytes.Clone(answer.Record))
		frame := bytes.Clone(answer.Messages[len(answer.Messages)-1].Frame)
		m.Advance()
		if err := other.Handle(m.Identity(), frame); err != nil {
			t.Fatalf("another member on its answer: %v", err)
		}
		back, err := core.Recover(m.cfg, stored(m.records))
		if err != nil {
			t.Fatal(err)
		}
		if back.State() != m.State() {
			t.Fatal("recovered, it is another")
		}
	})
}

// campSeeds are raw messages of all kinds from the camp's last member.
func campSeeds(f testing.TB, c *camped) (out [][]byte) {
	g := newForger(f, c.section)
	id := g.holds(3)
	n := c.order[0].Node
	tip := lastOf(n, id)
	vote := g.vote(tip, opaque("of the fuzzer"), about(wire.Add, core.IdentityOf(seedOf(9)), "info"))
	held := g.vote(tip, bill{body: opaque("held").body, withheld: true})
	other := lastOf(n, core.IdentityOf(seedOf(1)))
	for _, m := range []*wire.Message{
		g.message(wire.KindRequest, vote, g.ask(vote, id)),
		g.message(wire.KindResponse, g.hear(tip, other)),
		g.message(wire.KindRequest, held, g.ask(held, id)),
		g.message(wire.KindRequest, g.ask(tip, id), held, g.hear(held, other)),
		{Kind: wire.KindAsk, Wants: []wire.Hash{{1}, wire.Hash(n.ObservationAt(1).Hash)}},
		{Kind: wire.KindSupply, Observations: []wire.Observation{{Body: opaque("held").body}}},
	} {
		out = append(out, wire.Append(nil, m))
	}
	return out
}

// FuzzRecover damages a log: bytes, whole records, their order. Recovery never panics, and fails as it should or gives
// a node that works.
func FuzzRecover(f *testing.F) {
	c := camp()
	f.Add(uint8(0), uint16(0), uint16(0), []byte(nil))
	f.Add(uint8(1), uint16(3), uint16(20), []byte{1})
	f.Add(uint8(2), uint16(3), uint16(5), []byte(nil))
	f.Add(uint8(3), uint16(1), uint16(0), []byte(nil))
	f.Add(uint8(4), uint16(2), uint16(1), []byte(nil))
	f.Add(uint8(5), uint16(2), uint16(12), []byte{0x10, 3, 0, 'a', 'b'})
	f.Add(uint8(6), uint16(0), uint16(0), c.order[0].records[2])
	f.Fuzz(func(t *testing.T, how uint8, which, at uint16, data []byte) {
		records := slices.Clone(c.order[0].records)
		i := int(which) % len(records)
		r := records[i]
		k := int(at) % (len(r) + 1)
		switch how % 7 {
		case 0: // it is as it was
		case 1: // bytes are others
			r = bytes.Clone(r)
			for j, b := range data {
				if k+j < len(r) {
					r[k+j] ^= b
				}
			}
			records[i] = r
		case 2: // it is cut short
			records[i] = r[:k]
		case 3: // it is missing
			records = slices.Delete(records, i, i+1)
		case 4: // it is there twice, or two are in the other order
			j := int(at) % len(records)
			records[i], records[j] = records[j], records[i]
		case 5: // something is in it that was not
			records[i] = slices.Concat(r[:k], data, r[k:])
		case 6: // it is something else
			records[i] = data
		}
		n, err := core.Recover(c.order[0].cfg, stored(records))
		if err != nil {
			if !errors.Is(err, core.ErrRecord) {
				t.Fatalf("%v is not ErrRecord", err)
			}
			return
		}
		n.Ready()
		n.Advance()
		if how%7 == 0 && n.State() != c.order[0].State() {
			t.Error("it is another than it was")
		}
		if n.CanVote() == nil {
			if err := n.Vote([]byte("after")); err != nil && !errors.Is(err, core.ErrDuplicateVote) {
				t.Error(err)
			}
		}
		for _, to := range n.Recipients() {
			if err := n.Gossip(to); err != nil {
				t.Error(err)
			}
		}
		n.Ready()
		n.Advance()
	})
}
