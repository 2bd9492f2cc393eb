package batch

import (
	"bytes"
	"encoding/binary"
	"testing"
)

func TestEntries(t *testing.T) {
	sizes := []int{0, 1, 127, 128, 20000}
	untils := []uint64{0, 127, 128, 1 << 21, 1<<64 - 1}
	payload := Begin(nil, Salt{7, 8})
	for i, size := range sizes {
		before := len(payload)
		payload = Append(payload, &ID{byte(i + 1)}, untils[i], bytes.Repeat([]byte{byte(size)}, size))
		if len(payload)-before != Size(untils[i], size) {
			t.Errorf("data of %d bytes, until %d: %d, and Size says %d", size, untils[i], len(payload)-before, Size(untils[i], size))
		}
	}
	entries, n := Entries(payload)
	if n != len(sizes) {
		t.Fatalf("%d entries", n)
	}
	if s, err := Check(entries); err != nil || s != (Sum{len(sizes), 0, 1<<64 - 1}) {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err := Check(entries[Size(0, 0):]); err != nil || s != (Sum{len(sizes) - 1, 127, 1<<64 - 1}) {
		t.Errorf("without the first: %+v, %v", s, err)
	}
	for i, size := range sizes {
		e, rest, err := Next(entries)
		if err != nil || *e.ID != (ID{byte(i + 1)}) || e.Until != untils[i] || !bytes.Equal(e.Data, bytes.Repeat([]byte{byte(size)}, size)) ||
			!bytes.Equal(e.Bytes, entries[:len(entries)-len(rest)]) {
			t.Fatalf("entry %d: %x, %d bytes until %d, %v", i, *e.ID, len(e.Data), e.Until, err)
		}
		entries = rest
	}
	for cut := range len(payload) {
		if _, n := Entries(payload[:cut]); n > len(sizes)-1 {
			t.Errorf("cut at %d: %d entries", cut, n)
		}
	}
}

func TestNoEntries(t *testing.T) {
	one := Append(nil, &ID{1}, 5, []byte("data"))
	head := Begin(nil, Salt{})
	id := make([]byte, 16)
	for name, bad := range map[string][]byte{
		"nothing":                 nil,
		"no entries":              head,
		"another version":         append([]byte{1}, one...),
		"a version to come":       append(append([]byte{3}, head[1:]...), one...),
		"an id alone":             append(head, id...),
		"until alone":             append(head, append(id, 5)...),
		"a long until":            append(head, append(id, 0x85, 0, 0)...),
		"an until past 64 bits":   append(head, append(id, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0)...),
		"a long length":           append(head, append(id, 5, 0x80, 0)...),
		"less data than it says":  append(head, one[:len(one)-1]...),
		"more than it says":       append(append(head, one...), 0),
		"data past what can be":   append(head, append(binary.AppendUvarint(append(id, 5), MaxData+1), make([]byte, MaxData+1)...)...),
		"a length past what fits": append(head, append(id, 5, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1)...),
	} {
		if _, n := Entries(bad); n != 0 {
			t.Errorf("%s: %d entries", name, n)
		}
	}
	if _, n := Entries(append(head, one...)); n != 1 {
		t.Error("the one that these are made of is none either")
	}
}

func TestKey(t *testing.T) {
	e, _, err := Next(Append(nil, &ID{1}, 5, []byte("data")))
	if err != nil {
		t.Fatal(err)
	}
	k := e.Key()
	if k != KeyOf(&ID{1}, 5, []byte("data")) || !e.Is(&k) {
		t.Errorf("%+v is not its key", k)
	}
	for _, other := range []Key{KeyOf(&ID{2}, 5, []byte("data")), KeyOf(&ID{1}, 6, []byte("data")), KeyOf(&ID{1}, 5, []byte("date"))} {
		if other == k || e.Is(&other) {
			t.Errorf("%+v is another", other)
		}
	}
}

func TestCounts(t *testing.T) {
	const top = 1<<64 - 1
	for _, c := range []struct {
		until, block uint64
		want         bool
	}{
		{0, 0, true}, {0, 1, false}, {9, 10, false}, {10, 10, true}, {11, 10, true},
		{10 + Window, 10, true}, {11 + Window, 10, false}, {top, 0, false}, {top, top - Window, true}, {top, top - Window - 1, false},
	} {
		if got := Counts(c.until, c.block); got != c.want {
			t.Errorf("until %d, in block %d: %v", c.until, c.block, got)
		}
	}
}

// FuzzEntries: what parses is what is written again, byte for byte: so a payload has one reading, and equal entries are
// equal bytes.
func FuzzEntries(f *testing.F) {
	f.Add(Append(Append(nil, &ID{1}, 1<<20, []byte("one")), &ID{2}, 0, nil))
	f.Add(Append(nil, &ID{3}, 1<<64-1, make([]byte, 300)))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Check(b)
		if err != nil {
			if s != (Sum{}) {
				t.Errorf("%+v of what is no entries", s)
			}
			return
		}
		var again []byte
		n := 0
		for rest := b; len(rest) > 0; n++ {
			var e Entry
			if e, rest, err = Next(rest); err != nil {
				t.Fatal(err)
			}
			if e.Until < s.First || e.Until > s.Last || len(e.Bytes) != Size(e.Until, len(e.Data)) {
				t.Errorf("until %d in %+v, %d bytes of %d", e.Until, s, len(e.Bytes), Size(e.Until, len(e.Data)))
			}
			again = Append(again, e.ID, e.Until, e.Data)
		}
		if n != s.Count || !bytes.Equal(again, b) {
			t.Errorf("%x reads as %x", b, again)
		}
		if _, k := Entries(append(Begin(nil, Salt{1}), b...)); k != n {
			t.Errorf("%d entries in a payload, %d without", k, n)
		}
	})
}
