package recording

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// Input of exactly the limit is passed through; a byte more is not, whether it is counted before or
// after decompression.
func TestSourceLimits(t *testing.T) {
	const n = 200_000
	text := []byte(strings.Repeat("0123456789", n/10))
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	packed := z.EncodeAll(text, nil)
	const header = "\x28\xb5\x2f\xfd\x00\x68" // of a frame with no size
	emptyBlocks := header + strings.Repeat("\x00\x00\x00", n)
	for _, c := range []struct {
		name  string
		input []byte
		max   int64
		ok    bool
	}{
		{"plain", text, n, true},
		{"plain, a byte too long", text, n - 1, false},
		{"zstd", packed, n, true},
		{"zstd, a byte too long when decompressed", packed, n - 1, false},
		{"empty zstd blocks", []byte(emptyBlocks + "\x01\x00\x00"), int64(len(emptyBlocks)) + 3, true},
		{"empty zstd blocks, too many", []byte(emptyBlocks + "\x01\x00\x00"), int64(len(emptyBlocks)) + 2, false},
	} {
		s, err := openSource(bytes.NewReader(c.input), c.max)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.Copy(io.Discard, s)
		s.close()
		if (err == nil) != c.ok || got > c.max {
			t.Errorf("%s: %d bytes with a limit of %d, %v", c.name, got, c.max, err)
		}
		if err != nil && (!errors.Is(err, ErrInvalid) || err.Error() != "recording: "+tooLong(c.max)) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// White space can go on for ever, and 32 KiB of zstd can hold a GiB of it. It is refused at the limit,
// and none of it is kept. The limit is a small one here: half a GiB takes a second to skip.
func TestWhiteSpaceBomb(t *testing.T) {
	const max, window = 20_000_000, 12 << 20
	bomb := []byte("\x28\xb5\x2f\xfd\x00\x68") // no checksum, no size, a window of 8 MiB
	for range 8192 {
		const block = 128<<10<<3 | 1<<1 // 128 KiB of one byte repeated
		bomb = append(bomb, block&255, block>>8&255, block>>16, ' ')
	}
	for name, input := range map[string][]byte{"plain": bytes.Repeat([]byte(" \r\n\t"), max/4+1), "zstd": bomb} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := read(bytes.NewReader(input), "x", max)
		runtime.ReadMemStats(&after)
		if !errors.Is(err, ErrInvalid) || err.Error() != "x: "+tooLong(max) {
			t.Errorf("%s: %v", name, err)
		}
		if got := after.TotalAlloc - before.TotalAlloc; got > window {
			t.Errorf("%s: allocated %d bytes", name, got)
		}
	}
}

// A writer stops at the limit that readers have.
func TestEncoderLimit(t *testing.T) {
	r, err := ReadFile("testdata/recordings/super-n08.json.zst")
	if err != nil {
		t.Fatal(err)
	}
	var whole bytes.Buffer
	if err := r.Write(&whole); err != nil {
		t.Fatal(err)
	}
	for _, missing := range []int64{0, 1, 1000, int64(whole.Len()) - 1} {
		var b bytes.Buffer
		e := encoder{w: &b, max: int64(whole.Len()) - missing}
		e.recording(r)
		e.flush()
		if missing == 0 && (e.err != nil || !bytes.Equal(b.Bytes(), whole.Bytes())) {
			t.Errorf("at the limit: %v", e.err)
		}
		if missing > 0 && (!errors.Is(e.err, ErrInvalid) || int64(b.Len()) > e.max) {
			t.Errorf("%d bytes past the limit: %d written, %v", missing, b.Len(), e.err)
		}
	}
}
