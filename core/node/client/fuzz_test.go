package client

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"

	"parsec/core/node/internal/batch"
)

// FuzzBlockFrames: whatever a node sends as blocks, nothing panics, memory is bounded, blocks read the same when they
// come byte by byte, and what is read as a block has no more than came.
func FuzzBlockFrames(f *testing.F) {
	frame := func(kind, flags byte, count int, tail []byte) []byte {
		b := binary.LittleEndian.AppendUint32(nil, uint32(frameFixed+len(tail)))
		b = append(b, kind, flags)
		b = binary.LittleEndian.AppendUint64(b, 7)
		b = binary.LittleEndian.AppendUint64(b, 9)
		b = binary.LittleEndian.AppendUint32(b, uint32(count))
		return append(append(b, 0, 0), tail...)
	}
	entries := batch.Append(batch.Append(nil, &ID{1}, 1<<20, []byte("one")), &ID{2}, 1, nil)
	f.Add(append(frame(1, 0, 0, nil), frame(2, 0, 2, entries)...))
	f.Add(frame(2, frameIDs|frameBy, 2, make([]byte, 32+2*KeySize)))
	f.Add(frame(2, 0, 1<<31, entries))
	f.Add([]byte("\x20\x00\x00\x00\x00\x00" + `{"error":"e","code":"stopping"}`))
	f.Add([]byte{0xff, 0xff, 0x1f, 0, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		whole := decoder{r: bufio.NewReader(bytes.NewReader(b))}
		bytewise := decoder{r: bufio.NewReaderSize(&trickle{b}, 16)}
		for left := len(b); ; {
			x, err := whole.next()
			y, err2 := bytewise.next()
			if (err == nil) != (err2 == nil) {
				t.Fatalf("%v whole, %v by bytes", err, err2)
			}
			if cap(whole.frame) > maxFrame || cap(whole.frame) > max(frameSteps, 2*len(b)) {
				t.Fatalf("a buffer of %d bytes for %d", cap(whole.frame), len(b))
			}
			if err != nil {
				var e *Error
				if err != io.EOF && err != io.ErrUnexpectedEOF && !errors.As(err, &e) {
					t.Fatal(err)
				}
				return
			}
			size := frameLength + frameFixed + len(x.Info) + len(x.By)/2 + len(x.Peer)/2
			for i, item := range x.Items {
				if item.Data == nil {
					size += KeySize
				} else {
					size += batch.Size(item.Until, len(item.Data))
				}
				if z := y.Items[i]; z.ID != item.ID || z.Until != item.Until || z.Hash != item.Hash || !bytes.Equal(z.Data, item.Data) {
					t.Fatal("differs by bytes")
				}
			}
			if left -= size; left < 0 {
				t.Fatalf("%d bytes more than there were", -left)
			}
			if x.Number != y.Number || x.Kind != y.Kind || x.By != y.By || len(x.Items) != len(y.Items) || cap(x.Items) > len(b) {
				t.Fatal("differs by bytes")
			}
		}
	})
}

// trickle gives a byte at a time.
type trickle struct{ b []byte }

func (r *trickle) Read(p []byte) (int, error) {
	if len(r.b) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:1], r.b)
	r.b = r.b[n:]
	return n, nil
}

// FuzzAcknowledged: whatever a node sends on a stream, counts grow and are no more than were sent, and it ends.
func FuzzAcknowledged(f *testing.F) {
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0}, uint16(5))
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\xff\x1f\x00\x00\x00"+`{"error":"e","code":"stopping"}`), uint16(5))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, uint16(5))
	f.Fuzz(func(t *testing.T, b []byte, sent uint16) {
		s := &Stream{body: bufio.NewReader(bytes.NewReader(b))}
		s.sent.Store(uint64(sent))
		var last uint64
		for turn := 0; ; turn++ {
			err := s.read()
			if s.count < last || s.count > uint64(sent) || err == nil && s.count == last {
				t.Fatalf("%d after %d, of %d: %v", s.count, last, sent, err)
			}
			if last = s.count; err != nil {
				return
			}
			if turn > len(b)/8 {
				t.Fatal("no end")
			}
		}
	})
}
