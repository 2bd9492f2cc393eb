package transport

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"
	"testing/iotest"
)

// FuzzFrames reads a stream as a connection's reader does: a hello, then frames. Whatever comes, the buffer is no more
// than twice what came, what is read is what is written again, and how the bytes are cut into reads does not matter.
func FuzzFrames(f *testing.F) {
	hello := appendHello(nil, &[32]byte{7})
	f.Add(hello, uint16(100))
	f.Add(append(bytes.Clone(hello), 3, 0, 0, 0, 1, 2, 3, 0, 0, 0, 0, 1, 0, 0, 0, 9), uint16(100))
	f.Add(append(bytes.Clone(hello), 255, 255, 255, 255), uint16(100))
	f.Add(append(bytes.Clone(hello), 10, 0, 0, 0, 1), uint16(100))
	f.Add(hello[:20], uint16(100))
	f.Add([]byte{33, 0, 0, 0, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, uint16(100))
	f.Add(append(binary.LittleEndian.AppendUint32(bytes.Clone(hello), 65535), make([]byte, 65535)...), uint16(65535))
	f.Fuzz(func(t *testing.T, stream []byte, max uint16) {
		read := func(r io.Reader) (section [32]byte, all [][]byte, end error) {
			in := newFrames(r, int(max), func() error { return nil }, func(n int) error {
				if n <= 0 || n > pieceSize {
					t.Errorf("asks for %d bytes", n)
				}
				return nil
			})
			if section, end = in.hello(); end != nil {
				return section, nil, end
			}
			for {
				n, started, err := in.header()
				if err != nil {
					if errors.Is(err, io.EOF) && started {
						t.Error("an end inside a length")
					}
					return section, all, err
				}
				b, err := in.body(n)
				if len(in.buf) > keepBuffer+2*len(stream) {
					t.Errorf("a buffer of %d bytes for a stream of %d", len(in.buf), len(stream))
				}
				if err != nil {
					return section, all, err
				}
				if len(b) != n || n > int(max) {
					t.Errorf("%d bytes of %d", len(b), n)
				}
				all = append(all, bytes.Clone(b))
			}
		}
		section, all, end := read(bytes.NewReader(stream))
		_, slowly, end2 := read(iotest.OneByteReader(bytes.NewReader(stream)))
		if len(all) != len(slowly) || end.Error() != end2.Error() {
			t.Errorf("%d frames and %v; byte by byte %d and %v", len(all), end, len(slowly), end2)
		}
		if errors.Is(end, errHello) || all == nil {
			return
		}
		again := appendHello(nil, &section)
		for _, b := range all {
			again = append(binary.LittleEndian.AppendUint32(again, uint32(len(b))), b...)
		}
		if !bytes.HasPrefix(stream, again) || end == io.EOF && len(again) != len(stream) {
			t.Errorf("%x is read as %x", stream, again)
		}
		if end != io.EOF && !errors.Is(end, errTruncated) && !errors.Is(end, errOversize) {
			t.Errorf("ended with %v", end)
		}
	})
}

// TestBuffer: what a claimed length costs, and that a large buffer is let go.
func TestBuffer(t *testing.T) {
	const large = 8 << 20
	var stream bytes.Buffer
	put := func(n int) {
		binary.Write(&stream, binary.LittleEndian, uint32(n))
		stream.Write(make([]byte, n))
	}
	put(large)
	for range keepFrames {
		put(10)
	}
	put(large)
	put(0)
	in := newFrames(&stream, large, func() error { return nil }, func(int) error { return nil })
	next := func(want int) {
		t.Helper()
		n, _, err := in.header()
		if err == nil {
			_, err = in.body(n)
		}
		if err != nil || n != want {
			t.Fatalf("%d bytes, %v", n, err)
		}
	}
	next(large)
	for range keepFrames - 1 {
		next(10)
	}
	if len(in.buf) != large {
		t.Errorf("let go early: %d bytes", len(in.buf))
	}
	next(10)
	if len(in.buf) > keepBuffer {
		t.Errorf("kept %d bytes", len(in.buf))
	}
	next(large)
	next(0)
	if len(in.buf) > keepBuffer {
		t.Errorf("idle, kept %d bytes", len(in.buf))
	}

	stream.Reset()
	binary.Write(&stream, binary.LittleEndian, uint32(large))
	stream.Write(make([]byte, 300_000))
	n, _, _ := in.header()
	if _, err := in.body(n); !errors.Is(err, errTruncated) {
		t.Error(err)
	}
	if len(in.buf) > 600_000 {
		t.Errorf("%d bytes for 300,000 that came", len(in.buf))
	}
}
