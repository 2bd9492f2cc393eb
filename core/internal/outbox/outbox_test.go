package outbox

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"parsec/core/internal/forge"
	"parsec/core/internal/reason"
	"parsec/core/internal/wire"
)

// A message has what its recipient lacks, no more: all that this node's last event descends from and the recipient's does
// not, in order, with every body that it was not sent.
func TestSentIsWhatIsLacked(t *testing.T) {
	seeds(t, 8, func(t *testing.T, seed uint64) {
		w := newWorld(t, seed, 0, 250)
		for i := 1; i < 4; i++ {
			p := w.peer(i)
			w.b.Heard(p, &wire.Message{Known: uint32(seed)})
			tip := w.lastOf(w.last, p)
			w.b.Gossip(p, wire.KindRequest, w.place(w.last))
			m := w.sent()
			want := w.lacking(w.last, tip)
			if m == nil || m.Kind != wire.KindRequest || m.More {
				t.Fatalf("%+v", m)
			}
			number := func(n uint32) wire.Hash {
				if uint64(n) >= seed {
					t.Errorf("names number %d to one that knows %d", n, seed)
				}
				return w.h.Members.Numbers()[n].ID
			}
			if got := w.ids(m, number); !slices.Equal(got, want) {
				t.Fatalf("%d events, want %d", len(got), len(want))
			}
			for k := range m.Observations {
				o, _ := w.h.Store.Number(&m.Observations[k].Hash)
				first := w.h.Store.Observation(o).First
				if had := tip != nil && w.h.Graph().Descends(w.place(tip), first); had != (m.Observations[k].Body == nil) {
					t.Errorf("observation %d: has it %t, body %q", o, had, m.Observations[k].Body)
				}
			}
			// The same again has no bodies, and those may be asked for, once.
			w.b.Gossip(p, wire.KindRequest, w.place(w.last))
			wants := []wire.Hash{}
			for _, o := range w.sent().Observations {
				if o.Body != nil {
					t.Fatal("a body is sent twice")
				}
				wants = append(wants, o.Hash)
			}
			if len(wants) == 0 {
				continue
			}
			if err := w.b.Supply(p, &wire.Message{Wants: wants}); err != nil {
				t.Fatal(err)
			}
			if got := w.sent(); len(got.Observations) != len(wants) {
				t.Errorf("%d bodies of %d", len(got.Observations), len(wants))
			}
			if err := w.b.Supply(p, &wire.Message{Wants: wants}); !errors.Is(err, reason.ErrDuplicateMessage) || w.sent() != nil {
				t.Errorf("asked again: %v", err)
			}
			if err := w.b.Supply(p, &wire.Message{Wants: []wire.Hash{{1}}}); !errors.Is(err, reason.ErrMessage) || w.sent() != nil {
				t.Errorf("asked for what is not here: %v", err)
			}
		}
	})
}

// Where what is lacked does not fit, it comes in parts: each goes on where the recipient says the last one ended.
func TestParts(t *testing.T) {
	w := newWorld(t, 2, 0, 60)
	p := w.peer(1)
	// Votes about 1 MiB each: seven fit.
	tip := w.last
	for i := range 20 {
		tip = w.Vote(tip, forge.Opaque(fmt.Appendf(make([]byte, wire.MaxPayload-8), "%8d", i)))
		w.put(tip, w.Ask(tip, w.IDs[1]))
		tip = w.last
	}
	known := w.lastOf(w.last, p)
	want := w.lacking(w.last, known)
	var got []wire.Hash
	parts := 0
	for shown := (*forge.Event)(nil); ; parts++ {
		w.b.Gossip(p, wire.KindRequest, w.place(w.last))
		m := w.sent()
		if m == nil {
			t.Fatal("nothing is sent, and something lacks")
		}
		ids := w.ids(m, func(n uint32) wire.Hash { return w.h.Members.Numbers()[n].ID })
		got = append(got, ids...)
		if m.Kind == wire.KindRequest {
			break
		}
		if m.Kind != wire.KindPartRequest || m.Has != known.ID {
			t.Fatalf("kind %d; it says it has %x", m.Kind, m.Has[:4])
		}
		// The recipient built on this node's last event in it, and says so in a part of its own.
		for _, id := range ids {
			if x := w.h.Store.Find(&id); w.events[x-1].By == w.IDs[0] {
				shown = w.events[x-1]
			}
		}
		w.b.Heard(p, &wire.Message{Kind: wire.KindPartRequest, Known: 4, Has: shown.ID})
		if i := slices.Index(got, shown.ID); i >= 0 {
			got = got[:i+1] // what came after it is sent again
		}
	}
	if parts < 2 || !slices.Equal(got, want) {
		t.Errorf("%d parts with %d events, want %d", parts+1, len(got), len(want))
	}
	// Who claims to have another's event has shown nothing.
	w.b.Heard(w.peer(2), &wire.Message{Kind: wire.KindPartRequest, Has: known.ID})
	if w.b.link(w.peer(2)).shown != 0 {
		t.Error("an event that is not this node's is taken for what was shown")
	}
}
