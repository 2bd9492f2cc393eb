package schedule

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
)

// Limits of a trace.
const (
	MaxTrace    = 1 << 25 // arrivals; 12 bytes of memory each
	maxLine     = 256     // bytes of a line
	traceWindow = 8 << 20 // bytes that a zstd decoder may keep
)

// TraceError says what is wrong with a trace, and where.
type TraceError struct {
	Line int // from 1
	What string
}

func (e *TraceError) Error() string { return fmt.Sprintf("arrival trace, line %d: %s", e.Line, e.What) }

// Trace is a recorded sequence of arrivals.
//
// As text it is a line for each arrival, OFFSET or OFFSET,SIZE. The offset is in seconds from the start, a decimal
// number with at most nine digits after the point, and never less than that of the line before. The size is in bytes;
// where it is left out, the run's own sizes are used. Empty lines and those that begin with # are skipped. The whole
// may be compressed with zstd.
//
//	# seconds,bytes
//	0,128
//	0.000250,128
//	0.000250
//	1.5,4096
type Trace struct {
	at   []time.Duration
	size []int32 // nil if no line has one
}

// ReadTrace reads a trace, compressed or not. maxSize is how large a submission may be. Errors in what was read are a
// [*TraceError]. Memory is at most 12 bytes for each of [MaxTrace] arrivals, twice that while it grows.
func ReadTrace(r io.Reader, maxSize int) (*Trace, error) {
	buffered := bufio.NewReader(r)
	if magic, _ := buffered.Peek(4); bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}) {
		d, err := zstd.NewReader(buffered, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(traceWindow),
			zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, err
		}
		defer d.Close()
		buffered = bufio.NewReader(d)
	}
	t := &Trace{}
	lines := bufio.NewScanner(buffered)
	lines.Buffer(make([]byte, 0, maxLine), maxLine)
	n := 0
	for lines.Scan() {
		n++
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		offset, number, sized := strings.Cut(line, ",")
		at, err := parseSeconds(offset)
		switch {
		case err != nil:
			return nil, &TraceError{n, err.Error()}
		case len(t.at) == MaxTrace:
			return nil, &TraceError{n, fmt.Sprintf("more than %d arrivals", MaxTrace)}
		case len(t.at) > 0 && at < t.at[len(t.at)-1]:
			return nil, &TraceError{n, fmt.Sprintf("%s comes after a later offset", offset)}
		}
		size := Unsized
		if sized {
			if size, err = strconv.Atoi(number); err != nil || size < 0 || size > maxSize {
				return nil, &TraceError{n, fmt.Sprintf("%q is not a size from 0 to %d bytes", number, maxSize)}
			}
			for len(t.size) < len(t.at) { // the lines before had none
				t.size = append(t.size, Unsized)
			}
		}
		if sized || t.size != nil {
			t.size = append(t.size, int32(size))
		}
		t.at = append(t.at, at)
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, &TraceError{n + 1, fmt.Sprintf("longer than %d bytes", maxLine)}
	case err != nil:
		return nil, fmt.Errorf("arrival trace, after line %d: %w", n, err)
	case len(t.at) == 0:
		return nil, &TraceError{n + 1, "the end, and not one arrival"}
	}
	return t, nil
}

// parseSeconds reads a decimal number of seconds exactly: through floating point, 0.000250 would not be 250 us.
func parseSeconds(s string) (time.Duration, error) {
	bad := fmt.Errorf("%q is not a number of seconds from 0 to %d with at most nine digits after the point", s, int64(MaxLength/time.Second))
	whole, part, point := strings.Cut(s, ".")
	if len(part) > 9 || point && part == "" {
		return 0, bad
	}
	sec, err := strconv.ParseUint(whole, 10, 32)
	if err != nil || time.Duration(sec) > MaxLength/time.Second {
		return 0, bad
	}
	var nano uint64
	if point {
		if nano, err = strconv.ParseUint(part+strings.Repeat("0", 9-len(part)), 10, 32); err != nil {
			return 0, bad
		}
	}
	return time.Duration(sec)*time.Second + time.Duration(nano), nil
}

// Count returns how many arrivals there are, at least 1.
func (t *Trace) Count() uint64 { return uint64(len(t.at)) }

// Length returns the offset of the last arrival.
func (t *Trace) Length() time.Duration { return t.at[len(t.at)-1] }

// Arrivals returns the arrivals from the first on. They may be walked several times.
func (t *Trace) Arrivals() Arrivals { return &replay{t: t} }

type replay struct {
	t *Trace
	i int
}

func (r *replay) Next() (Arrival, bool) {
	if r.i == len(r.t.at) {
		return Arrival{}, false
	}
	a := Arrival{r.t.at[r.i], Unsized}
	if r.t.size != nil {
		a.Size = int(r.t.size[r.i])
	}
	r.i++
	return a, true
}

// WriteTrace writes arrivals as [ReadTrace] reads them, uncompressed. The error is w's.
func WriteTrace(w io.Writer, arrivals Arrivals) error {
	b := bufio.NewWriter(w)
	var line []byte
	for a, ok := arrivals.Next(); ok; a, ok = arrivals.Next() {
		line = strconv.AppendInt(line[:0], int64(a.At/time.Second), 10)
		if part := a.At % time.Second; part > 0 {
			line = append(line, '.')
			digits := strconv.Itoa(int(time.Second + part))[1:]
			line = append(line, strings.TrimRight(digits, "0")...)
		}
		if a.Size != Unsized {
			line = strconv.AppendInt(append(line, ','), int64(a.Size), 10)
		}
		if _, err := b.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return b.Flush()
}
