package journal

import (
	"math/rand/v2"
	"testing"

	"parsec/core/internal/forge"
	"parsec/core/internal/gossip"
	"parsec/core/internal/history"
	"parsec/core/internal/sample"
	"parsec/core/internal/wire"
)

// grown returns a random history with forks, strangers and members that are added, cut into records; and its section.
func grown(t testing.TB, seed uint64, events int) (s *sample.Section, h *history.History, records [][]byte) {
	t.Helper()
	s = sample.New(4, 3, seed%2 == 0)
	h = s.History(0)
	j := New(h)
	r := rand.New(rand.NewPCG(seed, 5))
	g := sample.Growth{Section: s, Rand: r, By: s.IDs[:6], Forkers: s.IDs[2:4][:seed%3], Payloads: 90, Peers: s.IDs[4:6]}
	put := func(e *forge.Event) {
		if h.Store.Find(&e.ID) != 0 || s.Put(h, e) != nil {
			return
		}
		g.Events = append(g.Events, e)
		if r.IntN(9) == 0 {
			records = append(records, j.Append(nil))
		}
	}
	for _, e := range s.Founding() {
		put(e)
	}
	for len(g.Events) < events {
		put(g.Next())
	}
	if last := j.Append(nil); len(last) > 0 {
		records = append(records, last)
	}
	if j.Append(nil) != nil || j.written != h.Len() {
		t.Fatal("something is written twice")
	}
	return s, h, records
}

// read feeds records to a history without events.
func read(h *history.History, records ...[]byte) (fork *Fork, err error) {
	j := New(h)
	err = h.Trusting(func() error {
		for _, r := range records {
			f, err := j.Read(r)
			if err != nil {
				return err
			}
			if f != nil {
				fork = f
			}
		}
		return nil
	})
	return fork, err
}

// same fails unless two histories have the same events, in the same order, and decided the same.
func same(t testing.TB, a, b *history.History) {
	t.Helper()
	if a.Len() != b.Len() || a.Height() != b.Height() || a.Store.Observations() != b.Store.Observations() {
		t.Fatalf("%d events, %d blocks, %d observations; read %d, %d, %d",
			a.Len(), a.Height(), a.Store.Observations(), b.Len(), b.Height(), b.Store.Observations())
	}
	for x := gossip.Index(1); x <= a.Len(); x++ {
		if *a.Store.ID(x) != *b.Store.ID(x) || *a.Store.Signature(x) != *b.Store.Signature(x) ||
			a.Graph().Event(x).Cause == gossip.Requesting && a.Recipient(x) != b.Recipient(x) {
			t.Fatalf("event %d differs", x)
		}
		for i, o := range a.Store.Votes(x) {
			if k, l := a.Store.Observation(o), b.Store.Observation(b.Store.Votes(x)[i]); k.Hash != l.Hash || string(k.Body) != string(l.Body) {
				t.Fatalf("event %d votes for something else", x)
			}
		}
	}
	for i, d := range a.Decisions() {
		if e := b.Decisions()[i]; d.Observation != e.Observation || d.At != e.At || d.By != e.By {
			t.Fatalf("block %d: %+v, read %+v", i, d, e)
		}
	}
}

// evidence is an event as another node with this one's key would make it.
func evidence(s *sample.Section) *Fork {
	return &Fork{
		Header: wire.Header{
			Creator: s.IDs[0], Index: 77, Cause: wire.Response, SelfParent: wire.Hash{1}, OtherParents: []wire.Hash{{2}, {3}},
			Recipient: wire.Hash{4}, Votes: 5, Root: wire.Hash{6},
		},
		Signature: [64]byte{7, 8, 63: 9},
	}
}
