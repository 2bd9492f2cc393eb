package wire

import (
	"bytes"
	"testing"
)

// The seeds of all targets are in testdata/fuzz.

// FuzzDecode: what is decoded is the one encoding of what it says, and reads the same into memory that
// was used before.
func FuzzDecode(f *testing.F) {
	used := new(Message)
	if err := Decode(Append(nil, typical()), section, used); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := new(Message)
		err := Decode(raw, section, m)
		if again := Decode(raw, section, used); (err == nil) != (again == nil) || err != nil && err.Error() != again.Error() {
			t.Fatalf("%v, then %v", err, again)
		}
		if err != nil {
			wantTyped(t, err)
			return
		}
		if !same(m, used) {
			t.Fatalf("read as %+v, then as %+v", m, used)
		}
		if again := Append(nil, m); !bytes.Equal(raw, again) {
			t.Fatalf("%x written again as %x", raw, again)
		}
		for _, o := range m.Observations {
			if o.Body == nil {
				continue
			}
			if err := ParseBody(o.Body, new(Body)); err != nil || o.Hash != plainObservation(section.ID, o.Body) {
				t.Fatalf("body %x, hash %x (%v)", o.Body, o.Hash, err)
			}
		}
	})
}

// FuzzOpen: what is opened keeps the limits, and opens the same once it is sealed again.
func FuzzOpen(f *testing.F) {
	f.Fuzz(func(t *testing.T, frame []byte) {
		var opener, other Framer
		raw, err := opener.Open(section, frame)
		if err != nil {
			wantTyped(t, err)
			return
		}
		if len(raw) > MaxRaw || len(raw) > MaxRatio*len(frame) || frame[1] == formS2 && len(frame) < price(raw) {
			t.Fatalf("%d bytes out of %d, to be paid for with %d", len(raw), len(frame), price(raw))
		}
		again, err := other.Open(section, other.Seal(nil, section, raw))
		if err != nil || !bytes.Equal(raw, again) {
			t.Fatalf("opened %x, and then %x (%v)", raw, again, err)
		}
	})
}

// FuzzBody: what is parsed is the one encoding of an observation that can be encoded.
func FuzzBody(f *testing.F) {
	f.Fuzz(func(t *testing.T, p []byte) {
		b := new(Body)
		if err := ParseBody(p, b); err != nil {
			wantTyped(t, err)
			return
		}
		if err := b.Check(); err != nil {
			t.Fatal(err)
		}
		if again := AppendBody(nil, b); !bytes.Equal(p, again) {
			t.Fatalf("%x written again as %x", p, again)
		}
	})
}

// FuzzProof: what is parsed is the one encoding of a proof, and has an id that the event's definition
// gives too.
func FuzzProof(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		p := new(Proof)
		if err := ParseProof(b, p); err != nil {
			wantTyped(t, err)
			return
		}
		if again := p.Append(nil); !bytes.Equal(b, again) {
			t.Fatalf("%x written again as %x", b, again)
		}
		id, ok := p.ID()
		root, _ := PathRoot(p.Observation, int(p.Position), int(p.Votes), p.Path)
		h := p.Header
		h.Root = root
		if !ok || id != plainEvent(p.Section, &h) {
			t.Fatalf("%+v has the id %x, %v", p, id, ok)
		}
	})
}
