package recording

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// zstdMagic begins every zstd frame (RFC 8878, section 3.1.1). No JSON text begins like this.
const zstdMagic = "\x28\xb5\x2f\xfd"

// source is the input of a reader: the bytes as given, decompressed where they need it, and never more
// of either than max. Both are counted: a stream of empty zstd blocks has no end and no output.
type source struct {
	max     int64
	given   meter
	content meter
	decoder *zstd.Decoder // nil if the input is plain
}

// openSource begins to read r. max is MaxBytes; tests set less.
func openSource(r io.Reader, max int64) (*source, error) {
	s := &source{max: max, given: meter{r: r, left: max}}
	in := bufio.NewReader(&s.given) // for the headers of zstd blocks; larger reads go past it
	s.content = meter{r: in, left: max}
	if magic, _ := in.Peek(len(zstdMagic)); string(magic) != zstdMagic {
		return s, nil // an error of Peek comes back with the next Read
	}
	// One goroutine, this one: the file is decoded as fast as it is parsed, and there is nothing to
	// leak. The decompressor allocates the window a frame asks for before it sees the frame's data, so
	// MaxWindow is what a claim of a few bytes can cost. For a frame of a single segment the window is
	// its content, which the second limit holds; in a stream it is no limit of the total.
	decoder, err := zstd.NewReader(in,
		zstd.WithDecoderConcurrency(1),
		zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(MaxWindow),
		zstd.WithDecoderMaxMemory(MaxWindow),
	)
	if err != nil {
		return nil, err
	}
	s.decoder, s.content.r = decoder, decoder
	return s, nil
}

// Read is that of an io.Reader, whose errors other than io.EOF are of type *Error.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.content.Read(p)
	switch {
	case err == nil || err == io.EOF:
		return n, err
	case s.given.failure != nil && s.given.failure != errTooLong:
		return n, &Error{Reason: "cannot be read: " + s.given.failure.Error(), Err: s.given.failure}
	case err == io.ErrNoProgress: // from the buffer between the two meters
		return n, &Error{Reason: "cannot be read: " + err.Error(), Err: err}
	case s.given.failure != nil || s.content.failure == errTooLong:
		return n, &Error{Reason: tooLong(s.max), Err: ErrInvalid}
	case err == io.ErrUnexpectedEOF:
		return n, &Error{Reason: "the compressed data is cut off", Err: ErrInvalid}
	}
	return n, &Error{Reason: "the compressed data cannot be used: " + err.Error(), Err: ErrInvalid}
}

func (s *source) close() {
	if s.decoder != nil {
		s.decoder.Close()
	}
}

// meter passes bytes through, up to a limit, and remembers why it stopped: a decompressor may report
// the failure of its input in words of its own.
type meter struct {
	r       io.Reader
	left    int64
	failure error // the first error other than io.EOF
}

var errTooLong = errors.New("past the limit")

// tooLong is the reason in an error about something of more than max bytes.
func tooLong(max int64) string { return fmt.Sprintf("longer than %d bytes", max) }

func (m *meter) Read(p []byte) (int, error) {
	if m.failure != nil {
		return 0, m.failure
	}
	if int64(len(p)) > m.left+1 { // one byte more tells an input at the limit from one past it
		p = p[:m.left+1]
	}
	n, err := m.r.Read(p)
	if m.left -= int64(n); m.left < 0 {
		m.failure = errTooLong
		return 0, errTooLong
	}
	if err != nil && err != io.EOF {
		m.failure = err
	}
	return n, err
}
