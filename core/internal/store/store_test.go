package store

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"parsec/core/internal/gossip"
	"parsec/core/internal/wire"
)

// entry is an event as a plain list holds it.
type entry struct {
	id        wire.Hash
	signature [64]byte
	recipient gossip.Peer
	stranger  wire.Hash
	votes     []uint32
}

func random(r *rand.Rand) (h wire.Hash) {
	for i := 0; i < len(h); i += 8 {
		binary.LittleEndian.PutUint64(h[i:], r.Uint64())
	}
	return h
}

// Whatever is put and truncated, the store holds what a list and a map hold, over the ends of leaves.
func TestEvents(t *testing.T) {
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 4))
		s := New(r.Uint64(), r.Uint64())
		list := make([]entry, 1)
		committed := 0
		var gone []wire.Hash
		for len(list) < 2*leafSize+100 {
			for range r.IntN(40) {
				e := entry{id: random(r), recipient: gossip.Peer(r.IntN(3))}
				e.signature[r.IntN(64)] = 1
				var stranger *wire.Hash
				if r.IntN(4) == 0 {
					e.recipient, e.stranger = NoPeer, random(r)
					stranger = &e.stranger
				}
				s.Put(gossip.Index(len(list)), &e.id, &e.signature, e.recipient, stranger)
				list = append(list, e)
			}
			keep := committed + r.IntN(len(list)-committed)
			for _, e := range list[keep+1:] {
				gone = append(gone, e.id)
			}
			s.Truncate(gossip.Index(keep))
			list = list[:keep+1]
			for ; committed < len(list)-1; committed++ {
				votes := make([]uint32, r.IntN(3))
				for i := range votes {
					votes[i] = r.Uint32()
				}
				list[committed+1].votes = votes
				s.PutVotes(gossip.Index(committed+1), votes)
			}
		}
		strangers := 0
		for i, e := range list[1:] {
			x := gossip.Index(i + 1)
			p, stranger := s.Recipient(x)
			votes := s.Votes(x)
			if *s.ID(x) != e.id || *s.Signature(x) != e.signature || p != e.recipient || stranger != e.stranger || s.Find(&e.id) != x || len(votes) != len(e.votes) {
				t.Fatalf("seed %d: event %d differs", seed, x)
			}
			for k, o := range votes {
				if o != e.votes[k] {
					t.Fatalf("seed %d: event %d votes for %d", seed, x, votes)
				}
			}
			if e.recipient == NoPeer {
				strangers++
			}
		}
		for _, id := range gone {
			if s.Find(&id) != 0 {
				t.Fatalf("seed %d: an event is found that was dropped", seed)
			}
		}
		if len(gone) == 0 || len(s.strangers) != strangers {
			t.Errorf("seed %d: %d dropped; %d strangers are kept of %d", seed, len(gone), len(s.strangers), strangers)
		}
	}
}

// Bodies are kept as they were, whatever becomes of what they were read from, and none runs into the next.
func TestBodies(t *testing.T) {
	s := New(1, 2)
	r := rand.New(rand.NewPCG(1, 1))
	var bodies [][]byte
	buffer := make([]byte, 100<<10)
	for range 400 {
		b := buffer[:1+r.IntN(1<<r.IntN(17))]
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		hash := random(r)
		if _, ok := s.Number(&hash); ok {
			t.Fatal("found before it is there")
		}
		s.Observe(&hash, wire.Opaque, b)
		bodies = append(bodies, bytes.Clone(b))
		if o, ok := s.Number(&hash); !ok || int(o) != len(bodies)-1 || s.Observations() != len(bodies) {
			t.Fatalf("observation %d has number %d", len(bodies)-1, o)
		}
	}
	for o := range bodies {
		_ = append(s.Observation(uint32(o)).Body, 1, 2, 3)
	}
	for o, b := range bodies {
		if !bytes.Equal(s.Observation(uint32(o)).Body, b) {
			t.Fatalf("the body of observation %d changed", o)
		}
	}
}
