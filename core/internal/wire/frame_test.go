package wire

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/klauspost/compress/s2"
)

// open opens what must be right.
func open(t testing.TB, f *Framer, frame []byte) []byte {
	t.Helper()
	raw, err := f.Open(section, frame)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestFrame(t *testing.T) {
	r := random(30)
	f := new(Framer)
	forms := map[byte]int{}
	for i := range 400 {
		raw := make([]byte, r.IntN(1<<(i%18)))
		fill(r, raw[:len(raw)/(1+i%5)])
		frame := f.Seal([]byte("before"), section, raw)
		if !bytes.HasPrefix(frame, []byte("before")) {
			t.Fatal("what was there is gone")
		}
		frame = frame[6:]
		if len(frame) > FrameHeader+len(raw) {
			t.Fatalf("%d bytes became %d", len(raw), len(frame))
		}
		if len(raw) < worthTrying && frame[1] != formRaw {
			t.Fatalf("%d bytes were compressed", len(raw))
		}
		forms[frame[1]]++
		if got := open(t, f, frame); !bytes.Equal(got, raw) {
			t.Fatalf("%d bytes sealed, %d others opened", len(raw), len(got))
		}
	}
	if forms[formRaw] < 50 || forms[formS2] < 50 {
		t.Errorf("forms tried: %v", forms)
	}
}

// What shrinks so far that Open would refuse it is sent as it is.
func TestFrameRatio(t *testing.T) {
	f := new(Framer)
	for _, n := range []int{1000, 10_000, MaxRaw} {
		raw := make([]byte, n)
		frame := f.Seal(nil, section, raw)
		if got := open(t, f, frame); !bytes.Equal(got, raw) {
			t.Errorf("%d zeros: others opened", n)
		}
	}
}

// What a message has in it must be paid for with bytes that travel, however well it compresses: else Seal
// sends it as it is, and Open does not take it from others.
func TestFramePrice(t *testing.T) {
	f := new(Framer)
	header := f.Seal(nil, section, nil)
	header[1] = formS2
	same := make([]int, 100)
	for i := range same {
		same[i] = 20
	}
	events, bodies, votes := chain(20), supplying(same...), repeating(100, 50)
	for i := range events.Events { // a little differs, or they would be refused by their ratio
		fill(random(uint64(i)), events.Events[i].Signature[:4])
	}
	for i := range votes.Events { // these are paid for, and more than paid for
		fill(random(uint64(i)), votes.Events[i].Signature[:])
	}
	for i := range votes.Observations {
		votes.Observations[i] = Observation{Hash: randomHash(random(uint64(i)))}
	}
	for i := 0; i < len(same); i += 4 {
		fill(random(uint64(i)), bodies.Observations[i].Body[1:5])
	}
	for name, m := range map[string]*Message{
		"signatures alike": events,
		"bodies alike":     bodies,
		"repeated votes":   votes,
		"repeated wants":   asking(10),
		"repeated parents": naming(2, 1, 4),
	} {
		raw := Append(nil, m)
		decode(t, raw)
		block := s2.Encode(nil, raw)
		if len(raw) > MaxRatio*len(block) {
			t.Fatalf("%s: %d bytes in %d: refused for another reason", name, len(raw), len(block))
		}
		_, err := f.Open(section, append(header[:FrameHeader:FrameHeader], block...))
		wantError(t, err, ErrTooLarge)
		if frame := f.Seal(nil, section, raw); frame[1] != formRaw {
			t.Errorf("%s: sealed compressed", name)
		} else if got := open(t, f, frame); !bytes.Equal(got, raw) {
			t.Errorf("%s: others opened", name)
		}
	}
	for name, raw := range contents() {
		if block := s2.Encode(nil, raw); len(block) < price(raw) {
			t.Errorf("%s: honest, but costs %d and has %d bytes", name, price(raw), len(block))
		}
	}
}

func TestLargestFrame(t *testing.T) {
	raw := make([]byte, MaxRaw)
	fill(random(31), raw)
	f := new(Framer)
	frame := f.Seal(nil, section, raw)
	if len(frame) != MaxFrame {
		t.Errorf("%d bytes, MaxFrame is %d", len(frame), MaxFrame)
	}
	if !bytes.Equal(open(t, f, frame), raw) {
		t.Error("others opened")
	}
	_, err := f.Open(section, append(frame, 0))
	wantError(t, err, ErrTooLarge)
	defer func() {
		if recover() == nil {
			t.Error("more than MaxRaw was sealed")
		}
	}()
	f.Seal(nil, section, append(raw, 0))
}

func TestOpenRefuses(t *testing.T) {
	f := new(Framer)
	raw := bytes.Repeat([]byte("all that is said twice and thrice. "), 12)
	frame := f.Seal(nil, section, raw)
	if frame[1] != formS2 {
		t.Fatal("not compressed")
	}
	for n := range frame {
		want := ErrMalformed
		switch block := n - FrameHeader; {
		case n == 0:
			want = ErrVersion
		case block > 1 && MaxRatio*block < len(raw): // the length is there, and too much for what is left
			want = ErrTooLarge
		}
		_, err := f.Open(section, frame[:n])
		wantError(t, err, want)
	}
	packed := func(raw []byte) []byte { return append(frame[:FrameHeader:FrameHeader], s2.Encode(nil, raw)...) }
	changed := func(at int, b byte) []byte {
		bad := bytes.Clone(frame)
		bad[at] = b
		return bad
	}
	for _, c := range []struct {
		name  string
		frame []byte
		want  error
	}{
		{"version 0", changed(0, 0), ErrVersion},
		{"a later version", changed(0, Version+1), ErrVersion},
		{"an unknown form", changed(1, formS2+1), ErrMalformed},
		{"another section, by the first byte", changed(2, ^frame[2]), ErrSection},
		{"another section, by the last byte", changed(FrameHeader-1, ^frame[FrameHeader-1]), ErrSection},
		{"bytes after the block", append(bytes.Clone(frame), 0), ErrMalformed},
		{"a length cut short", append(frame[:FrameHeader:FrameHeader], 0x80), ErrMalformed},
		{"more than MaxRaw", slices.Concat(frame[:FrameHeader], binary.AppendUvarint(nil, MaxRaw+1), make([]byte, MaxRaw/16)), ErrTooLarge},
		{"more than MaxRatio", packed(make([]byte, MaxRaw)), ErrTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := f.Open(section, c.frame)
			wantError(t, err, c.want)
		})
	}
	if !bytes.Equal(open(t, f, frame), raw) {
		t.Error("after refusals, others are opened")
	}
}

func TestFrameAllocations(t *testing.T) {
	f := new(Framer)
	for name, raw := range contents() {
		frame := f.Seal(nil, section, raw)
		if n := testing.AllocsPerRun(50, func() {
			frame = f.Seal(frame[:0], section, raw)
			if _, err := f.Open(section, frame); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("payloads %s: %v allocations", name, n)
		}
	}
}

// The price of a message is that of what Decode reads in it, whatever comes before the counts: a part's "has" was once
// taken for them, so that a hostile one was priced at nothing and an honest one at what its hash happened to say.
func TestPriceOfParts(t *testing.T) {
	r := random(9)
	for range rounds(500) {
		m := gossip(r, 1+r.IntN(10), 1+r.IntN(50), 0, 0)
		m.Kind = KindRequest
		want := price(Append(nil, m))
		for _, kind := range []MessageKind{KindPartRequest, KindPartResponse, KindTeach} {
			m.Kind, m.Has, m.Nonce = kind, randomHash(r), randomHash(r)
			if got := price(Append(nil, m)); got != want {
				t.Fatalf("kind %d costs %d, a request with the same events %d", kind, got, want)
			}
		}
	}
}
