package transport

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

const (
	headerSize = 4        // a frame's length
	readSize   = 32 << 10 // the buffer of a reader: two TLS records
	keepBuffer = pieceSize
	keepFrames = 256 // a large buffer is let go after so many frames that needed a quarter of it
)

// Errors of frames. A timeout is the connection's.
var (
	errOversize  = errors.New("frame over the limit")
	errTruncated = errors.New("the connection ended inside a frame")
)

// frames reads frames. Memory: its buffer grows as bytes come, to at most twice what came of the largest recent
// frame, whatever length was claimed; above 64 KiB it is let go when the peer sends small frames or nothing.
type frames struct {
	r     *bufio.Reader
	max   int
	buf   []byte
	small int // frames since one needed more than a quarter of buf

	// Called before what may block: for the next frame to begin, and for n more bytes of it.
	idle  func() error
	piece func(n int) error
}

func newFrames(r io.Reader, max int, idle func() error, piece func(n int) error) *frames {
	return &frames{r: bufio.NewReaderSize(r, readSize), max: max, idle: idle, piece: piece}
}

// header reads a frame's length, 0 for a keepalive. The error is io.EOF where the connection ended between frames,
// [errTruncated], [errOversize], or the connection's; started tells whether a part of the length had come.
func (f *frames) header() (n int, started bool, err error) {
	if f.r.Buffered() < headerSize {
		if err := f.idle(); err != nil {
			return 0, false, err
		}
	}
	b, err := f.r.Peek(headerSize)
	if err != nil {
		if err == io.EOF && len(b) > 0 {
			err = errTruncated
		}
		return 0, len(b) > 0, err
	}
	length := binary.LittleEndian.Uint32(b)
	if uint64(length) > uint64(f.max) {
		return 0, true, fmt.Errorf("%w: %d bytes", errOversize, length)
	}
	_, err = f.r.Discard(headerSize)
	return int(length), true, err
}

// body reads the n bytes after a header. They are valid until the next call.
func (f *frames) body(n int) ([]byte, error) {
	f.trim(n)
	for have := 0; have < n; {
		part := min(n-have, pieceSize)
		if have+part > len(f.buf) {
			grown := make([]byte, min(max(2*len(f.buf), keepBuffer), max(f.max, have+part)))
			copy(grown, f.buf[:have])
			f.buf = grown
		}
		if f.r.Buffered() < part {
			if err := f.piece(part); err != nil {
				return nil, err
			}
		}
		if _, err := io.ReadFull(f.r, f.buf[have:have+part]); err != nil {
			if err == io.EOF || err == io.ErrUnexpectedEOF {
				err = errTruncated
			}
			return nil, err
		}
		have += part
	}
	return f.buf[:n:n], nil
}

// trim lets a large buffer go that was not needed for a while.
func (f *frames) trim(n int) {
	if len(f.buf) <= keepBuffer {
		return
	}
	if n > len(f.buf)/4 {
		f.small = 0
	} else if f.small++; f.small >= keepFrames || n == 0 {
		f.buf, f.small = nil, 0
	}
}

// A hello is the first frame, both ways: a version and the section.
const (
	helloVersion = 1
	helloSize    = 1 + 32
)

var errHello = errors.New("not a hello")

func appendHello(b []byte, section *[32]byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, helloSize)
	b = append(b, helloVersion)
	return append(b, section[:]...)
}

// hello reads the first frame. The error is [errHello], [errTruncated], io.EOF or the connection's.
func (f *frames) hello() (section [32]byte, err error) {
	n, _, err := f.header()
	if errors.Is(err, errOversize) || err == nil && n != helloSize {
		return section, errHello // not even read
	}
	if err != nil {
		return section, err
	}
	b, err := f.body(n)
	if err != nil {
		return section, err
	}
	if b[0] != helloVersion {
		return section, errHello
	}
	return [32]byte(b[1:]), nil
}
