package node

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"testing"

	"parsec/core"
	"parsec/core/node/client"
	"parsec/core/node/internal/api"
	"parsec/core/node/internal/batch"
)

// until is that of submissions in these tests, where it is not what they are about.
const until = 1000

// payload is a batch of submissions with these ids.
func payload(ids ...byte) []byte {
	b := batch.Begin(nil, batch.Salt{})
	for _, id := range ids {
		b = batch.Append(b, &batch.ID{id}, until, []byte{id, id})
	}
	return b
}

// one is a batch of one submission.
func one(id byte, until uint64, data string) []byte {
	return batch.Append(batch.Begin(nil, batch.Salt{}), &batch.ID{id}, until, []byte(data))
}

func key(id byte, until uint64, data string) *batch.Key {
	k := batch.KeyOf(&batch.ID{id}, until, []byte(data))
	return &k
}

// keyOf is the key of a submission that payload has.
func keyOf(id byte) *batch.Key { return key(id, until, string([]byte{id, id})) }

func block(number uint64, payload []byte) *core.Decided {
	return &core.Decided{Number: number, Content: core.Content{Kind: core.Opaque, Hash: core.Hash{byte(number)}, Payload: payload}}
}

func cut(l *ledger, payload []byte) [][]byte {
	c := newCutter()
	return c.cut(l, payload[batch.Head:])
}

func TestLedger(t *testing.T) {
	l := newLedger()
	for _, p := range cut(l, payload(3)) {
		l.claim(p)
	}
	if again := cut(l, payload(3)); len(again) != 0 {
		t.Error("voted for twice")
	}
	is := func(when string, k *batch.Key, want client.State, at client.Position) {
		t.Helper()
		if state, p := l.find(k); state != want || p != at {
			t.Errorf("%s: %s at %v, want %s at %v", when, state, p, want, at)
		}
	}
	is("voted for", keyOf(3), client.Pending, client.Position{})
	l.add(&core.Decided{Content: core.Content{Kind: core.Genesis}})
	l.add(block(1, payload(1, 2, 1)))
	l.add(block(2, payload(2)))
	l.add(block(3, []byte("of another kind")))
	l.add(block(4, payload(2, 3)))
	is("not shown", keyOf(3), client.Pending, client.Position{})
	if b := l.read(0, 10); len(b) != 0 {
		t.Errorf("%d blocks are shown", len(b))
	}
	if len(l.claims) > 0 {
		t.Errorf("%d claims are kept whose submissions are decided", len(l.claims))
	}
	_, grown := l.watch()
	l.show(5)
	<-grown
	for i, at := range []client.Position{{Number: 0, Block: 1}, {Number: 1, Block: 1}, {Number: 2, Block: 4}} {
		is("decided", keyOf(byte(i+1)), client.Decided, at)
	}
	is("never seen", keyOf(9), client.Unknown, client.Position{})
	is("never seen, with the id of one that was", key(1, until, "other"), client.Unknown, client.Position{})
	blocks := l.read(0, 10)
	for i, want := range []struct {
		kind    string
		first   uint64
		count   uint32
		skipped []uint64
	}{{client.KindGenesis, 0, 0, nil}, {client.KindSubmissions, 0, 2, []uint64{4}}, {client.KindSubmissions, 2, 0, []uint64{1}}, {client.KindOther, 2, 0, nil}, {client.KindSubmissions, 2, 1, []uint64{1}}} {
		b := &blocks[i]
		if b.kind != want.kind || b.first != want.first || b.count != want.count || fmt.Sprint(b.skip) != fmt.Sprint(want.skipped) {
			t.Errorf("block %d: %s, first %d, %d submissions, left out %b, want %v", i, b.kind, b.first, b.count, b.skip, want)
		}
	}
}

// TestOrderHash: the hash of the order is that of what was decided, and of nothing else.
func TestOrderHash(t *testing.T) {
	of := func(blocks ...*core.Decided) string {
		l := newLedger()
		for _, b := range blocks {
			l.add(b)
		}
		_, _, order := l.totals()
		return order
	}
	genesis := &core.Decided{Content: core.Content{Kind: core.Genesis}}
	two := of(genesis, block(1, payload(1)), block(2, payload(2, 3)))
	if of(block(1, payload(1)), block(2, payload(2, 3)), block(3, payload(3))) != two {
		t.Error("blocks that decide nothing make another")
	}
	if of(block(2, payload(2, 3)), block(1, payload(1))) == two {
		t.Error("another order has the same")
	}
	if of(block(1, payload(1)), block(2, payload(2, 3)), block(4, payload(4))) == two {
		t.Error("one more has the same")
	}
	if of(block(1, payload(3)), block(2, payload(2, 3))) == of(block(1, payload(2)), block(2, payload(2, 3))) {
		t.Error("what is left out makes no difference")
	}
}

// TestOthersWithAnID: whatever else comes with an id, before or after, a submission is decided, once, and is found.
func TestOthersWithAnID(t *testing.T) {
	const others = 50
	mine := one(1, until, "mine")
	for at := range others {
		l := newLedger()
		if at%2 == 0 {
			l.claim(mine)
		}
		for k := range others {
			b := one(1, until, fmt.Sprint("other ", k))
			if k%2 == 0 {
				b = one(1, until+1+uint64(k), "mine")
			}
			if k == at {
				b = mine
			}
			l.add(block(uint64(k), b))
		}
		l.add(block(others, mine))
		l.show(others + 1)
		if state, p := l.find(key(1, until, "mine")); state != client.Decided || p.Block != uint64(at) || p.Number != uint64(at) {
			t.Errorf("decided in block %d: %s at %v", at, state, p)
		}
		if _, n, _ := l.totals(); n != others {
			t.Errorf("%d decided of %d", n, others)
		}
		found, more := l.list(&batch.ID{1})
		if len(found) != client.MaxFound || !more {
			t.Fatalf("%d found, more %v", len(found), more)
		}
		for k, f := range found {
			if at%2 == 0 && k == 0 { // what this node voted for came first
				k = at
			} else if at%2 == 0 && k <= at {
				k--
			}
			if f.State != client.Decided || f.Position.Number != uint64(k) {
				t.Errorf("decided in block %d: found %+v at %d", at, f, k)
			}
		}
	}
}

// TestMore: that there are more with an id is said from the ninth on.
func TestMore(t *testing.T) {
	l := newLedger()
	for k := range 2 * client.MaxFound {
		l.add(block(uint64(k), one(1, until, fmt.Sprint(k))))
		if found, more := l.list(&batch.ID{1}); len(found) != min(k+1, client.MaxFound) || more != (k >= client.MaxFound) {
			t.Errorf("of %d: %d found, more is %v", k+1, len(found), more)
		}
	}
}

// TestExpired: what comes in a block after its until is not decided, nor is what comes far before; the state says so as soon as
// no block to come can decide it, whether this node has seen it or not.
func TestExpired(t *testing.T) {
	l := newLedger()
	l.claim(one(1, 2, "late"))
	l.claim(one(2, 2, "in time"))
	is := func(when string, k *batch.Key, want client.State) {
		t.Helper()
		if state, _ := l.find(k); state != want {
			t.Errorf("%s: id %d is %s, want %s", when, k.ID[0], state, want)
		}
	}
	l.add(block(0, one(4, batch.Window+1, "early")))
	l.add(block(1, one(5, batch.Window+1, "just not early")))
	l.show(2)
	is("before", key(1, 2, "late"), client.Pending)
	is("before", key(3, 2, "nowhere"), client.Unknown)
	is("too early", key(4, batch.Window+1, "early"), client.Unknown)
	is("just not", key(5, batch.Window+1, "just not early"), client.Decided)
	l.add(block(2, one(2, 2, "in time")))
	is("before it is shown", key(1, 2, "late"), client.Pending)
	if p := cut(l, one(3, 2, "nowhere")); len(p) > 0 {
		t.Error("it votes for what no block can decide")
	}
	l.show(3)
	is("in its last block", key(2, 2, "in time"), client.Decided)
	is("after its last block", key(1, 2, "late"), client.Expired)
	is("after its last block", key(3, 2, "nowhere"), client.Expired)
	l.add(block(3, one(1, 2, "late")))
	l.add(block(4, one(4, batch.Window+1, "early"))) // now it counts
	l.add(block(5, one(2, 2, "in time")))
	l.show(6)
	is("in a block after it", key(1, 2, "late"), client.Expired)
	is("again", key(4, batch.Window+1, "early"), client.Decided)
	is("in a block after it again", key(2, 2, "in time"), client.Decided)
	if _, n, _ := l.totals(); n != 3 {
		t.Errorf("%d decided", n)
	}
	if found, more := l.list(&batch.ID{1}); len(found) != 1 || found[0].State != client.Expired || more {
		t.Errorf("found %+v, %v", found, more)
	}
	if len(l.claims) > 0 {
		t.Errorf("%d claims are kept", len(l.claims))
	}
}

// TestAdmits: what a node takes in is what its next block would decide, and what was decided.
func TestAdmits(t *testing.T) {
	l := newLedger()
	for i := range uint64(10) {
		l.add(block(i, one(byte(i), i, "")))
	}
	admits := func(payload ...[]byte) error {
		var entries []byte
		for _, p := range payload {
			entries = append(entries, p[batch.Head:]...)
		}
		sum, err := batch.Check(entries)
		if err != nil {
			t.Fatal(err)
		}
		return l.admits(entries, sum)
	}
	for _, c := range []struct {
		until uint64
		want  error
	}{{0, api.ErrExpired}, {9, api.ErrExpired}, {10, nil}, {10 + batch.Window, nil}, {11 + batch.Window, api.ErrTooFar}, {1<<64 - 1, api.ErrTooFar}} {
		for _, err := range []error{admits(one(77, c.until, "x")), admits(one(78, 10, ""), one(77, c.until, "x"), one(79, 11, ""))} {
			if !errors.Is(err, c.want) {
				t.Errorf("until %d, of 10 blocks: %v", c.until, err)
			}
		}
	}
	if err := admits(one(4, 4, ""), one(78, 10, "")); err != nil {
		t.Errorf("one that was decided, again: %v", err)
	}
	if err := admits(one(4, 4, "other")); !errors.Is(err, api.ErrExpired) {
		t.Errorf("other data with its id and until: %v", err)
	}
}

// TestUntil: who tries again without an until gets that of the first try, while it can be decided or was.
func TestUntil(t *testing.T) {
	l := newLedger()
	next := func(k *batch.Key) uint64 { return l.until(&k.ID, k.Hash) }
	if u := next(key(1, 0, "x")); u != batch.Ahead {
		t.Errorf("first: %d", u)
	}
	l.claim(one(1, batch.Ahead, "x"))
	l.add(block(0, one(2, 1, "y")))
	l.add(block(1, one(3, 0, "z")))
	l.show(2)
	for _, c := range []struct {
		k    *batch.Key
		want uint64
	}{
		{key(1, 0, "x"), batch.Ahead}, {key(1, 0, "other"), batch.Ahead + 2}, {key(2, 0, "y"), 1}, {key(3, 0, "z"), batch.Ahead + 2},
	} {
		if u := next(c.k); u != c.want {
			t.Errorf("id %d: %d, want %d", c.k.ID[0], u, c.want)
		}
	}
}

func TestCut(t *testing.T) {
	l := newLedger()
	var entries []byte
	data := make([]byte, 1000)
	for i := range 1000 {
		entries = batch.Append(entries, &batch.ID{byte(i), byte(i >> 8)}, until, data)
	}
	c := newCutter()
	payloads := c.cut(l, append(entries, entries...))
	total := 0
	salts := map[batch.Salt]bool{}
	for i, p := range payloads {
		_, n := batch.Entries(p)
		if total += n; n == 0 || len(p) > maxCut {
			t.Errorf("payload %d: %d submissions, %d bytes", i, n, len(p))
		}
		salts[batch.Salt(p[1:])] = true
	}
	if total != 1000 || len(payloads) != (len(entries)+maxCut-1)/maxCut || len(salts) != len(payloads) {
		t.Errorf("%d submissions in %d payloads, %d salts", total, len(payloads), len(salts))
	}
	// One that is larger than a cut is a payload by itself.
	large := batch.Append(batch.Append(nil, &batch.ID{255, 255}, until, make([]byte, batch.MaxData)), &batch.ID{254, 255}, until, nil)
	if p := c.cut(l, large); len(p) != 2 || len(p[0]) > core.MaxPayload {
		t.Errorf("a large one: %d payloads", len(p))
	}
}

// BenchmarkLedger takes in blocks of 1,000 submissions of 128 bytes. An operation is one submission; heap-B is what the
// ledger keeps of each beside its data.
func BenchmarkLedger(b *testing.B) {
	const each = 1000
	payloads := make([][]byte, max(1, b.N/each))
	n := uint64(0)
	for i := range payloads {
		p := batch.Begin(nil, batch.Salt{})
		for range each {
			id := batch.ID{}
			binary.LittleEndian.PutUint64(id[:], n*0x9e3779b97f4a7c15)
			n++
			p = batch.Append(p, &id, batch.Ahead, make([]byte, 128))
		}
		payloads[i] = p
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	l := newLedger()
	b.ResetTimer()
	for i, p := range payloads {
		l.add(block(uint64(i), p))
	}
	b.StopTimer()
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(n), "heap-B/op")
	runtime.KeepAlive(l)
	runtime.KeepAlive(payloads)
}
