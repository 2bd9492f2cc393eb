package recording_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"runtime"
	"strings"
	"testing"

	"parsec/core/recording"
)

// bomb makes a zstd frame of few bytes that decompresses to n times 128 KiB of one byte.
func bomb(n int, b byte) []byte {
	frame := []byte("\x28\xb5\x2f\xfd\x00\x68") // no checksum, no size, a window of 8 MiB
	for i := range n {
		block := uint32(128<<10)<<3 | 1<<1 // a block of one byte repeated
		if i == n-1 {
			block |= 1 // the last
		}
		frame = append(frame, byte(block), byte(block>>8), byte(block>>16), b)
	}
	return frame
}

// frame makes a zstd header that claims a window of 2^log bytes or, if size is not 0, a single segment
// of that size, followed by a bit of JSON in a raw block.
func frame(log byte, size uint64) []byte {
	head := []byte("\x28\xb5\x2f\xfd\x00")
	head = append(head, (log-10)<<3)
	if size != 0 {
		head = binary.LittleEndian.AppendUint64([]byte("\x28\xb5\x2f\xfd\xe0"), size)
	}
	const text = `{"format":"parsec-recording/1"`
	block := uint32(len(text))<<3 | 1
	return append(append(head, byte(block), byte(block>>8), byte(block>>16)), text...)
}

// allocated returns how many bytes f allocates, whether they are freed or not.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// repeated is a reader of head and then of unit, over and over.
func repeated(head, unit string) io.Reader {
	rest := strings.Repeat(unit, 64<<10/len(unit)+1)
	return io.MultiReader(strings.NewReader(head), &endless{text: rest})
}

type endless struct {
	text string
	at   int
}

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.text[e.at:])
	e.at = (e.at + n) % len(e.text)
	return n, nil
}

// Hostile input ends in an error, and what it makes the reader allocate does not grow with what it says
// or unpacks to.
func TestHostileInput(t *testing.T) {
	const window = 12 << 20 // MaxWindow, the decompressor's buffers and the scanner's
	head := `{"name":"x","events":`
	for _, c := range []struct {
		name  string
		input io.Reader
		most  uint64 // bytes allocated
		want  string
	}{
		{"a GiB of zeros", bytes.NewReader(bomb(8192, 0)), window, `"\x00" at byte 0`},
		{"an endless string", repeated(`{"name":"`, "nn"), 1 << 20, "name is longer than 256 bytes"},
		{"an endless string of escapes", repeated(`{"name":"`, `\u0041`), 1 << 20, "name is longer than 256 bytes"},
		{"an endless key", repeated(`{"`, "k"), 1 << 20, "a key is longer than 256 bytes"},
		{"an endless number", repeated(`{"events":[[`, "1"), 1 << 20, "the creator is more than 4095"},
		{"endless zeros in a number", repeated(`{"events":[[`, "0"), 1 << 20, "the creator is written with a leading zero"},
		{"endless nesting", repeated(head, "["), 1 << 20, "the creator is an array"},
		{"endless voters", repeated(`{"blocks":[{"voters":[0`, ",0"), 1 << 20, "voters of more than 4096 items"},
		{"endless peers", repeated(`{"peers":["a"`, `,"a"`), 1 << 20, "peers of more than 4096 items"},
		{"a window of 16 MiB", bytes.NewReader(frame(24, 0)), 1 << 20, "window size exceeded"},
		{"a window of 2 TiB", bytes.NewReader(frame(41, 0)), 1 << 20, "window size exceeded"},
		{"a claim of 512 MiB", bytes.NewReader(frame(0, 512<<20)), 1 << 20, "decompressed size exceeds configured limit"},
		{"a claim of 2^63 bytes", bytes.NewReader(frame(0, 1<<63)), 1 << 20, "decompressed size exceeds configured limit"},
		{"a claim of 8 MiB", bytes.NewReader(frame(0, 8<<20)), window, ""},
		{"large numbers", strings.NewReader(head + `[[4095,"request",16777215,16777215]]`), 1 << 20, "a recording"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var err error
			got := allocated(func() { _, err = recording.Read(c.input, "x") })
			wantInvalid(t, err)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if got > c.most {
				t.Errorf("allocated %d bytes, want at most %d", got, c.most)
			}
		})
	}
}

// The densest input there is, in memory for a byte of JSON: initial events. What Read promises of live
// memory is measured by what it allocates in all, which for a list grown by a quarter at a time is five
// to six times the final list.
func TestMemoryFollowsInput(t *testing.T) {
	const events = 200_000
	text := `{"events":[[0,"initial"]` + strings.Repeat(`,[0,"initial"]`, events)
	got := allocated(func() { recording.Read(strings.NewReader(text), "x") })
	if most := uint64(9 * len(text)); got > most {
		t.Errorf("allocated %d bytes in all for %d of input, want at most %d", got, len(text), most)
	}
}
