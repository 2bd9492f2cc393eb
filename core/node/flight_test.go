package node

import "testing"

func TestFlight(t *testing.T) {
	var f flight
	a, b := salted(1, payload(1, 2)), salted(2, payload(3))
	f.add(a)
	f.add(b)
	if f.size != len(a)+len(b) {
		t.Errorf("%d bytes", f.size)
	}
	f.decided(salted(3, payload(1, 2))) // another node's
	f.decided(salted(1, payload(1)))    // likewise, though it begins alike
	f.decided([]byte("else"))           // and what is no batch
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

// Payloads with the same salt, as a hostile member makes them that this node voted for too before it was started again,
// leave nothing behind.
func TestFlightOfOthers(t *testing.T) {
	var f flight
	one, two := payload(1), payload(1, 2)
	f.add(one)
	f.add(two)
	f.add(two)
	f.decided(one)
	f.decided(two)
	if f.size != 0 || len(f.sizes) > 0 {
		t.Errorf("%d bytes under way, %d payloads", f.size, len(f.sizes))
	}
}

// salted gives a payload another salt.
func salted(salt byte, payload []byte) []byte {
	payload[1] = salt
	return payload
}
