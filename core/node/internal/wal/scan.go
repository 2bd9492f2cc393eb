package wal

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
)

// readSize is how much is read at a time, in bytes, unless a batch is larger.
const readSize = 256 << 10

// window reads parts of a file that follow one another, through a buffer as large as the largest part asked for.
type window struct {
	file File
	size int64 // of the file
	from int64 // of the bytes in buf
	buf  []byte
}

// at returns n bytes of the file, valid until the next call. They are in the file: the caller looked at size.
func (w *window) at(off int64, n int) ([]byte, error) {
	if i := off - w.from; i >= 0 && i+int64(n) <= int64(len(w.buf)) {
		return w.buf[i : i+int64(n)], nil
	}
	want := int(min(w.size-off, int64(max(n, readSize))))
	if cap(w.buf) < want {
		w.buf = make([]byte, want)
	}
	w.from, w.buf = off, w.buf[:want]
	got, err := w.file.ReadAt(w.buf, off)
	if got < n {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		w.buf = w.buf[:0]
		return nil, err
	}
	w.buf = w.buf[:got]
	return w.buf[:n], nil
}

// walk goes over the batches of one segment, each of which must follow from the one before.
type walk struct {
	window
	tag uint64
	off int64 // of the next batch
	end end   // before the next batch
	// known is where the log is known to have stood, after a batch: no other may be there.
	known end
}

// fault is why a place has no batch that follows from the one before.
type fault struct {
	expected, found string
	impossible      bool // no crash leaves this
}

// next returns the next batch as it is in the file: header, payload and padding. It is valid until the next call. With
// a fault, the walk stays where it is. err is one of reading.
func (w *walk) next() (batch []byte, h batchHeader, f *fault, err error) {
	expected := func() string { return fmt.Sprintf("batch %d after record %d", w.end.batches+1, w.end.records) }
	if w.size-w.off < sector {
		return nil, h, &fault{expected(), "the end of the file", false}, nil
	}
	b, err := w.at(w.off, sector)
	if err != nil {
		return nil, h, nil, err
	}
	h, wrong := decodeBatch(b, w.tag)
	if wrong != "" {
		return nil, h, &fault{expected(), wrong, false}, nil
	}
	next := w.off + h.size()
	// The header was written as it is, so what it says is no torn write's.
	if h.number != w.end.batches+1 || h.before != w.end.records || h.sum != chain(w.end.sum, b) {
		return nil, h, &fault{expected(), fmt.Sprintf("batch %d after record %d, or one that follows from others",
			h.number, h.before), true}, nil
	}
	if h.size() > w.size-w.off {
		return nil, h, &fault{expected(), "the end of the file in it", false}, nil
	}
	if batch, err = w.at(w.off, int(h.size())); err != nil {
		return nil, h, nil, err
	}
	if got := crc32.Checksum(batch[headerSize:], castagnoli); got != h.crc {
		return nil, h, &fault{expected() + fmt.Sprintf(" with checksum %08x", h.crc),
			fmt.Sprintf("checksum %08x", got), false}, nil
	}
	if !parses(batch[headerSize:headerSize+int(h.length)], h.records) {
		return nil, h, &fault{expected(), "records that do not fill the batch", true}, nil
	}
	after := end{h.number, h.before + uint64(h.records), h.sum}
	if after.batches == w.known.batches && after != w.known {
		return nil, h, &fault{fmt.Sprintf("batch %d up to record %d with running checksum %x", w.known.batches, w.known.records,
			w.known.sum), fmt.Sprintf("one up to record %d with running checksum %x", after.records, after.sum), true}, nil
	}
	w.off, w.end = next, after
	return batch, h, nil, nil
}

// rest is what stands in a segment from some place on.
type rest struct {
	headers int   // of later batches, intact
	batches int   // later ones, intact, which need not follow from one another
	bytes   int64 // that those take
	dirty   int64 // the end of the last sector that is not zero, or 0 if all are
}

// look reads a segment from a place on, where the batch of a number is missing, and looks for later ones. It needs nothing
// that stands before them: the tag is enough, and that the number is greater. A record may be a copy of batches of this
// very log, but not of one that was written after it.
func look(w *window, tag, missing uint64, from int64) (r rest, err error) {
	for off := from; w.size-off >= sector; {
		b, err := w.at(off, sector)
		if err != nil {
			return r, err
		}
		if isZero(b) {
			off += sector
			continue
		}
		r.dirty = off + sector
		h, wrong := decodeBatch(b, tag)
		if wrong != "" || h.number <= missing {
			off += sector
			continue
		}
		r.headers++
		if n := h.size(); n <= w.size-off {
			if b, err = w.at(off, int(n)); err != nil {
				return r, err
			}
			if crc32.Checksum(b[headerSize:], castagnoli) == h.crc {
				r.batches++
				r.bytes += n
				off += n
				r.dirty = off
				continue
			}
		}
		off += sector
	}
	return r, nil
}

// damaged completes an error of damage with what stands after it: the rest of its segment, and later segments.
func (l *Log) damaged(e *DamageError, r rest, later []uint64) error {
	e.Batches, e.Bytes = r.batches, r.bytes
	for _, number := range later {
		w, h, err := l.openSegment(number)
		if damage := (*DamageError)(nil); errors.As(err, &damage) || errors.Is(err, ErrVersion) {
			continue // nothing in it can be told to be intact
		} else if err != nil {
			return err
		}
		r, err := look(w, h.tag, h.before.batches, sector)
		w.file.Close()
		if err != nil {
			return err
		}
		e.Batches += r.batches
		e.Bytes += r.bytes
	}
	return e
}

// headerDamaged completes the error of a segment's header: what stands after it in its own segment cannot be told to be
// intact.
func (l *Log) headerDamaged(err error, number, last uint64) error {
	if damage := (*DamageError)(nil); errors.As(err, &damage) {
		return l.damaged(damage, rest{}, between(number, last))
	}
	return err
}

// between returns the numbers of the segments after one, up to a last.
func between(number, last uint64) (later []uint64) {
	for number++; number <= last; number++ {
		later = append(later, number)
	}
	return later
}

// openSegment opens a segment and reads its header. The error may be a [*DamageError], which says nothing yet of what
// stands after.
func (l *Log) openSegment(number uint64) (*window, segmentHeader, error) {
	name := l.path(segmentName(number))
	file, err := l.fs.Open(name)
	if err != nil {
		return nil, segmentHeader{}, err
	}
	w := &window{file: file}
	h, err := w.header(name, number)
	if err != nil {
		file.Close()
		return nil, h, err
	}
	return w, h, nil
}

func (w *window) header(name string, number uint64) (h segmentHeader, err error) {
	if w.size, err = w.file.Size(); err != nil {
		return h, err
	}
	damaged := func(offset int64, expected, found string) error {
		return &DamageError{File: name, Offset: offset, Expected: expected, Found: found}
	}
	const expected = "a segment's header"
	if w.size < sector {
		return h, damaged(0, expected, fmt.Sprintf("a file of %d bytes", w.size))
	}
	b := make([]byte, sector)
	if _, err := w.file.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return h, err
	}
	h, wrong, err := decodeSegment(b)
	switch {
	case err != nil:
		return h, fmt.Errorf("%s: %w", name, err)
	case wrong != "":
		return h, damaged(0, expected, wrong)
	case h.number != number:
		return h, damaged(0, fmt.Sprintf("the header of segment %d", number), fmt.Sprintf("that of segment %d", h.number))
	case h.size != w.size:
		return h, damaged(max(0, min(h.size, w.size)), fmt.Sprintf("a file of %d bytes", h.size), fmt.Sprintf("one of %d bytes", w.size))
	case h.size%sector != 0:
		return h, damaged(0, expected, fmt.Sprintf("that of a file of %d bytes", h.size))
	case h.length < 0 || h.length > math.MaxInt64-sector || (h.length == 0) != (number == 1):
		return h, damaged(0, expected, fmt.Sprintf("%d bytes of the segment before", h.length))
	}
	return h, nil
}
