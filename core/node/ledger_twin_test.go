package node

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"parsec/core/node/client"
	"parsec/core/node/internal/batch"
)

// plainLedger is the ledger's plain twin: all that was decided, in a map.
type plainLedger struct {
	decided map[batch.Key]client.Position
	voted   map[batch.Key]bool
	blocks  uint64
}

func (l *plainLedger) add(payload []byte) {
	entries, n := batch.Entries(payload)
	for range n {
		e, rest, _ := batch.Next(entries)
		entries = rest
		k := e.Key()
		if _, ok := l.decided[k]; !ok && k.Until >= l.blocks && k.Until-l.blocks <= batch.Window {
			l.decided[k] = client.Position{Number: uint64(len(l.decided)), Block: l.blocks}
		}
	}
	l.blocks++
}

func (l *plainLedger) find(k *batch.Key) (client.State, client.Position) {
	if p, ok := l.decided[*k]; ok {
		return client.Decided, p
	}
	switch {
	case k.Until < l.blocks:
		return client.Expired, client.Position{}
	case l.voted[*k]:
		return client.Pending, client.Position{}
	}
	return client.Unknown, client.Position{}
}

// TestLedgerTwin compares the ledger with its plain twin, in random histories of few ids, untils and data.
func TestLedgerTwin(t *testing.T) {
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 8))
		l, plain := newLedger(), plainLedger{decided: map[batch.Key]client.Position{}, voted: map[batch.Key]bool{}}
		keys := map[batch.Key]bool{}
		ids := 1 + r.IntN(6)
		random := func() []byte {
			b := batch.Begin(nil, batch.Salt{byte(r.Uint32())})
			for range 1 + r.IntN(100) {
				u := plain.blocks + uint64(r.IntN(5)) - min(2, plain.blocks)
				if r.IntN(4) == 0 {
					u += batch.Window - 2
				}
				data := bytes.Repeat([]byte{byte(r.IntN(5))}, []int{1, 1, large}[r.IntN(3)])
				id := batch.ID{byte(r.IntN(ids))}
				keys[batch.KeyOf(&id, u, data)] = true
				b = batch.Append(b, &id, u, data)
			}
			return b
		}
		for range 40 {
			b := random()
			if r.IntN(2) == 0 {
				for _, p := range cut(l, b) {
					l.claim(p)
					entries, n := batch.Entries(p)
					for range n {
						e, rest, _ := batch.Next(entries)
						entries = rest
						if k := e.Key(); plain.voted[k] {
							t.Fatalf("seed %d: %v is voted for twice", seed, k)
						} else {
							plain.voted[k] = true
						}
					}
				}
			}
			if r.IntN(3) == 0 {
				b = random()
			}
			l.add(block(plain.blocks, b))
			plain.add(b)
			l.show(plain.blocks)
			for k := range keys {
				state, at := l.find(&k)
				if want, p := plain.find(&k); state != want || at != p {
					t.Fatalf("seed %d, %d blocks: %v is %s at %v, want %s at %v", seed, plain.blocks, k, state, at, want, p)
				}
			}
			if plain.blocks%10 != 0 {
				continue // it is slow
			}
			if err := l.verify(); err != nil {
				t.Fatalf("seed %d, %d blocks: invariant %v", seed, plain.blocks, err)
			}
		}
	}
}

// has reports whether a payload has an entry.
func has(payload, entry []byte) bool {
	entries, n := batch.Entries(payload)
	for range n {
		e, rest, _ := batch.Next(entries)
		if bytes.Equal(e.Bytes, entry) {
			return true
		}
		entries = rest
	}
	return false
}

// verify checks a ledger's invariants, by their numbers.
func (l *ledger) verify() error {
	left := map[uint64]int{}
	for _, p := range l.index.places {
		e := l.entry(p)
		if p&claimed != 0 {
			left[p.of()]++
			continue
		}
		if e.Until > p.of()+batch.Window {
			return fmt.Errorf("1: the index leads to id %x in block %d, which was too early", *e.ID, p.of())
		}
		for n := range p.of() {
			if batch.Counts(e.Until, n) && has(l.blocks[n].payload, e.Bytes) {
				return fmt.Errorf("1: the index leads to id %x until %d in block %d, and block %d decided it", *e.ID, e.Until, p.of(), n)
			}
		}
	}
	for n, c := range l.claims {
		if c.left == 0 || c.left != left[n] {
			return fmt.Errorf("2: claim %d has %d left, and the index leads to %d", n, c.left, left[n])
		}
	}
	if len(left) != len(l.claims) {
		return fmt.Errorf("2: %d claims, and the index leads to %d", len(l.claims), len(left))
	}
	return nil
}
