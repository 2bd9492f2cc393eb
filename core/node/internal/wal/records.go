package wal

import (
	"fmt"
	"iter"
)

// Records yields all records that are durable when the iteration begins, in order. A record is valid until the next one.
// They are read from the disk: in memory is one batch, or a quarter of a megabyte. Records of batches that were damaged
// are not yielded: the iteration ends with the error, which is a [*DamageError] or one of reading. It may be called at
// any time before [Log.Close], also while the log is written, or when it has failed.
//
// The first iteration that comes to its end lets [Log.Append] begin.
func (l *Log) Records() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		l.mu.Lock()
		to, records := l.place, l.durable.Load()
		l.mu.Unlock()
		complete, err := l.readTo(to, records, yield)
		if err != nil {
			yield(nil, err)
		} else if complete {
			l.mu.Lock()
			l.read = true
			l.mu.Unlock()
		}
	}
}

// readTo reads all segments up to a place, before which there are so many records. It reports whether it came there.
func (l *Log) readTo(to place, records uint64, yield func([]byte, error) bool) (bool, error) {
	w, h, err := l.openSegment(1)
	if err != nil {
		return false, l.headerDamaged(err, 1, to.segment)
	}
	k := &walk{window: *w, end: h.start(), known: l.known}
	defer func() { k.file.Close() }()
	for number := uint64(1); ; number++ {
		k.tag, k.off = h.tag, sector
		// A segment ends where the header of the next one says, with the batch whose running checksum it has.
		var next *window
		var nextHeader segmentHeader
		length := to.off
		if number < to.segment {
			if next, nextHeader, err = l.openSegment(number + 1); err != nil {
				return false, l.headerDamaged(err, number+1, to.segment)
			}
			length = nextHeader.length
		}
		complete, err := l.readSegment(k, number, length, to.segment, yield)
		if err == nil && complete && next != nil && k.end != nextHeader.before {
			err = l.damaged(&DamageError{File: l.path(segmentName(number + 1)),
				Expected: fmt.Sprintf("a segment that follows batch %d", k.end.batches),
				Found:    fmt.Sprintf("one that follows batch %d, or one like it", nextHeader.before.batches),
			}, rest{}, between(number, to.segment))
		}
		if err != nil || !complete || next == nil {
			if next != nil {
				next.file.Close()
			}
			if err == nil && complete && k.end.records != records {
				err = fmt.Errorf("wal: read %d records where there were %d", k.end.records, records)
			}
			return complete, err
		}
		k.file.Close()
		next.buf, next.from = k.buf[:0], 0
		k.window, k.end = *next, nextHeader.start()
		h = nextHeader
	}
}

// readSegment yields the records of one segment, of which so many bytes are used. It reports whether it came to its end.
func (l *Log) readSegment(k *walk, number uint64, length int64, last uint64, yield func([]byte, error) bool) (bool, error) {
	for k.off != length {
		off, missing := k.off, k.end.batches+1
		b, h, f, err := k.next()
		if err != nil {
			return false, err
		}
		if f == nil && k.off > length {
			f = &fault{fmt.Sprintf("the end of the segment at byte %d", length), "a batch over it", true}
		}
		if f != nil {
			r, err := look(&k.window, k.tag, missing, off)
			if err != nil {
				return false, err
			}
			return false, l.damaged(&DamageError{File: l.path(segmentName(number)), Offset: off, Expected: f.expected,
				Found: f.found}, r, between(number, last))
		}
		payload := b[headerSize : headerSize+int(h.length)]
		for range h.records {
			record, rest, _ := cutRecord(payload) // it parses: see walk.next
			if !yield(record, nil) {
				return false, nil
			}
			payload = rest
		}
	}
	return true, nil
}
