package node

import "testing"

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
