package transport

import (
	"bytes"
	"math/rand/v2"
	"sync"
	"testing"
)

func TestFrames(t *testing.T) {
	a, b := start(t, 1, nil), start(t, 2, nil)
	meet(t, a, b)
	eventually(t, "OnUp is called", func() bool { return a.ups.Load() == 1 && b.ups.Load() == 1 })
	var sent, got [2][][]byte
	var mu sync.Mutex
	keep := func(into *[][]byte, peer ID) func(ID, []byte) {
		return func(from ID, frame []byte) {
			mu.Lock()
			defer mu.Unlock()
			if from != peer {
				t.Errorf("from %x", from)
			}
			*into = append(*into, bytes.Clone(frame))
		}
	}
	b.handle(keep(&got[0], a.id))
	a.handle(keep(&got[1], b.id))
	rng := rand.New(rand.NewPCG(1, 2))
	sizes := []int{1, 2, 50, 300, 65531, 65532, 65533, 65536, 100_000, 1 << 20, 8 << 20, 3}
	for i := range 200 {
		size := 1 + rng.IntN(3000)
		if i < len(sizes) {
			size = sizes[i]
		}
		frame := make([]byte, size)
		for j := range frame {
			frame[j] = byte(rng.Uint32())
		}
		for k, v := range [2]struct{ from, to *node }{{a, b}, {b, a}} {
			eventually(t, "there is room", func() bool { return v.from.Send(v.to.id, frame) })
			sent[k] = append(sent[k], frame)
		}
	}
	eventually(t, "all arrived", func() bool { return a.received.Load() == 200 && b.received.Load() == 200 })
	for k := range sent {
		for i := range sent[k] {
			if !bytes.Equal(sent[k][i], got[k][i]) {
				t.Fatalf("frame %d of %d bytes arrived otherwise", i, len(sent[k][i]))
			}
		}
	}
	eventually(t, "all is counted", func() bool {
		s := a.Stats()
		return s.FramesOut == 200 && s.FramesIn == 200 && s.BytesOut == b.Stats().BytesIn && s.Queued == 0
	})
	if s := a.Stats(); s.Connected != 1 || s.Accepted != 1 || a.ups.Load() != 1 || b.ups.Load() != 1 {
		t.Errorf("%+v, OnUp %d and %d times", s, a.ups.Load(), b.ups.Load())
	}
	for _, f := range [][]byte{nil, make([]byte, 9<<20)} {
		if a.Send(b.id, f) {
			t.Errorf("sent a frame of %d bytes", len(f))
		}
	}
	if a.Send(idOf(3), []byte{1}) || a.Send(a.id, []byte{1}) {
		t.Error("sent to nobody")
	}
}

// TestRestart: a peer that ends and comes back is met again, in both directions, and at another address.
func TestRestart(t *testing.T) {
	a, b := start(t, 1, nil), start(t, 2, nil)
	meet(t, a, b)
	for range 3 {
		address := b.Addr()
		b.Close()
		eventually(t, "the end is seen", func() bool { return !a.Connected(b.id) })
		if a.Send(b.id, []byte{1}) {
			t.Error("sent to nobody")
		}
		b = start(t, 2, func(c *Config) { c.Listen = address })
		b.SetPeer(a.id, a.Addr())
		eventually(t, "both are connected", func() bool { return a.Connected(b.id) && b.Connected(a.id) })
	}
	b.Close()
	b = start(t, 2, nil)
	meet(t, a, b)
	a.SetPeer(b.id, "")
	eventually(t, "it is not dialled, and its own connection stays", func() bool {
		s := a.Stats().Peers[b.id]
		return !s.Connected && s.Address == "" && s.Accepted == 1
	})
}
