package node

import (
	"testing"

	"parsec/core/node/internal/batch"
)

func TestFlight(t *testing.T) {
	var f flight
	a, b := payload(1, 2), payload(3)
	f.add([][]byte{a, b})
	if f.size != len(a)+len(b) {
		t.Errorf("%d bytes", f.size)
	}
	f.decided(payload(2))     // another node's
	f.decided(payload(1))     // likewise, though it begins alike
	f.decided([]byte("else")) // and what is no batch
	if f.size != len(a)+len(b) {
		t.Errorf("%d bytes after others' payloads", f.size)
	}
	f.decided(a)
	f.decided(a)
	if f.size != len(b) || f.full(4) {
		t.Errorf("%d bytes, full %v", f.size, f.full(4))
	}
	f.size += maxFlight/4 - len(b)
	if !f.full(4) || f.full(3) || f.full(0) {
		t.Error("a quarter of what all have is enough for one of four, and for nobody else")
	}
}

// Payloads that begin with the same submission, as of others that this node voted for too before it was started again,
// leave nothing behind.
func TestFlightOfOthers(t *testing.T) {
	var f flight
	one := batch.Append([]byte{batch.Version}, &batch.ID{1}, []byte("short"))
	two := batch.Append([]byte{batch.Version}, &batch.ID{1}, []byte("not so short"))
	f.add([][]byte{one, two, two})
	f.decided(one)
	f.decided(two)
	if f.size != 0 || len(f.sizes) > 0 {
		t.Errorf("%d bytes under way, %d payloads", f.size, len(f.sizes))
	}
}
