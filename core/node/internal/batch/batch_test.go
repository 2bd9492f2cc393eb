package batch

import (
	"bytes"
	"testing"
)

func TestEntries(t *testing.T) {
	sizes := []int{0, 1, 127, 128, 20000}
	payload := []byte{Version}
	for i, size := range sizes {
		before := len(payload)
		payload = Append(payload, &ID{byte(i + 1)}, bytes.Repeat([]byte{byte(size)}, size))
		if len(payload)-before != Size(size) {
			t.Errorf("data of %d bytes: %d, and Size says %d", size, len(payload)-before, Size(size))
		}
	}
	entries, n := Entries(payload)
	if n != len(sizes) {
		t.Fatalf("%d entries", n)
	}
	for i, size := range sizes {
		id, data, rest, err := Next(entries)
		if err != nil || *id != (ID{byte(i + 1)}) || !bytes.Equal(data, bytes.Repeat([]byte{byte(size)}, size)) {
			t.Fatalf("entry %d: %x, %d bytes, %v", i, *id, len(data), err)
		}
		entries = rest
	}
	for cut := range len(payload) {
		if _, n := Entries(payload[:cut]); n > len(sizes)-1 {
			t.Errorf("cut at %d: %d entries", cut, n)
		}
	}
	for _, bad := range [][]byte{nil, {1}, {2, 0}, append([]byte{1}, make([]byte, 16)...),
		append(append([]byte{1}, make([]byte, 16)...), 0x80, 0), append(append([]byte{1}, make([]byte, 16)...), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1)} {
		if _, n := Entries(bad); n != 0 {
			t.Errorf("%x: %d entries", bad, n)
		}
	}
}

// FuzzEntries: what parses is what is written again, byte for byte: so a payload has one reading.
func FuzzEntries(f *testing.F) {
	f.Add(Append(Append(nil, &ID{1}, []byte("one")), &ID{2}, nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := Count(b)
		var again []byte
		rest := b
		for range n {
			var id *ID
			var data []byte
			id, data, rest, _ = Next(rest)
			again = Append(again, id, data)
		}
		if err == nil && !bytes.Equal(again, b) {
			t.Errorf("%x reads as %x", b, again)
		}
	})
}
