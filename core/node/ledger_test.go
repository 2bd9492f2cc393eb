package node

import (
	"testing"

	"parsec/core"
	"parsec/core/node/client"
	"parsec/core/node/internal/batch"
)

// payload is a batch of submissions with these ids.
func payload(ids ...byte) []byte {
	b := []byte{batch.Version}
	for _, id := range ids {
		b = batch.Append(b, &batch.ID{id}, []byte{id, id})
	}
	return b
}

func block(number uint64, payload []byte) *core.Decided {
	return &core.Decided{Number: number, Content: core.Content{Kind: core.Opaque, Payload: payload}}
}

func TestLedger(t *testing.T) {
	l := newLedger()
	if claimed := new(cutter).cut(l, payload(3)[1:]); len(claimed) != 1 {
		t.Fatal("cannot claim")
	}
	if again := new(cutter).cut(l, payload(3)[1:]); len(again) != 0 {
		t.Error("claimed twice")
	}
	if _, _, done, pending := l.find(&batch.ID{3}); done || !pending {
		t.Errorf("claimed: done %v, pending %v", done, pending)
	}
	l.add(&core.Decided{Content: core.Content{Kind: core.Genesis}})
	l.add(block(1, payload(1, 2, 1)))
	l.add(block(2, payload(2)))
	l.add(block(3, []byte("of another kind")))
	l.add(block(4, payload(2, 3)))
	if _, _, done, pending := l.find(&batch.ID{3}); done || !pending {
		t.Errorf("not shown: done %v, pending %v", done, pending)
	}
	if b := l.read(0, 10); len(b) != 0 {
		t.Errorf("%d blocks are shown", len(b))
	}
	_, grown := l.watch()
	l.show(5)
	<-grown
	for i, want := range []struct{ number, block uint64 }{{0, 1}, {1, 1}, {2, 4}} {
		number, at, done, _ := l.find(&batch.ID{byte(i + 1)})
		if !done || number != want.number || at != want.block {
			t.Errorf("id %d: number %d in block %d, %v, want %v", i+1, number, at, done, want)
		}
	}
	if _, _, done, pending := l.find(&batch.ID{9}); done || pending {
		t.Error("an unknown id was found")
	}
	blocks := l.read(0, 10)
	for i, want := range []struct {
		kind    string
		first   uint64
		count   uint32
		skipped int
	}{{client.KindGenesis, 0, 0, 0}, {client.KindSubmissions, 0, 2, 1}, {client.KindSubmissions, 2, 0, 1}, {client.KindOther, 2, 0, 0}, {client.KindSubmissions, 2, 1, 1}} {
		b := &blocks[i]
		if b.kind != want.kind || b.first != want.first || b.count != want.count || b.skipped() != want.skipped {
			t.Errorf("block %d: %s, first %d, %d submissions, %d left out, want %v", i, b.kind, b.first, b.count, b.skipped(), want)
		}
	}

	// The same submissions in other blocks: the same order.
	m := newLedger()
	m.add(block(0, payload(1)))
	m.add(block(1, payload(2, 3)))
	_, n, order := l.totals()
	if _, k, other := m.totals(); n != 3 || k != 3 || order != other {
		t.Errorf("%d submissions, order %s; %d, %s", n, order, k, other)
	}
	m.add(block(2, payload(4)))
	if _, _, other := m.totals(); order == other {
		t.Error("one more, and the order is the same")
	}
}

func TestDisclaim(t *testing.T) {
	l := newLedger()
	var c cutter
	payloads := c.cut(l, payload(1, 2)[1:])
	l.add(block(0, payload(1)))
	l.disclaim(payloads)
	if again := new(cutter).cut(l, payload(1, 2)[1:]); len(again) != 1 || string(again[0]) != string(payload(2)) {
		t.Errorf("after a vote that failed: %x", again)
	}
}

func TestCut(t *testing.T) {
	l := newLedger()
	var entries []byte
	data := make([]byte, 1000)
	for i := range 1000 {
		entries = batch.Append(entries, &batch.ID{byte(i), byte(i >> 8)}, data)
	}
	payloads := new(cutter).cut(l, entries)
	total := 0
	for i, p := range payloads {
		_, n := batch.Entries(p)
		if total += n; n == 0 || len(p) > maxCut {
			t.Errorf("payload %d: %d submissions, %d bytes", i, n, len(p))
		}
	}
	if total != 1000 || len(payloads) != (len(entries)+maxCut-1)/maxCut {
		t.Errorf("%d submissions in %d payloads", total, len(payloads))
	}
	// One that is larger than a cut is a payload by itself.
	large := batch.Append(batch.Append(nil, &batch.ID{255, 255}, make([]byte, batch.MaxData)), &batch.ID{254, 255}, nil)
	if p := new(cutter).cut(l, large); len(p) != 2 || len(p[0]) > core.MaxPayload {
		t.Errorf("a large one: %d payloads", len(p))
	}
}
