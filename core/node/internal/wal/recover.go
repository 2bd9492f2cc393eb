package wal

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"slices"
)

// recoverLog finds where the log ends, cuts off what a crash left there, and makes what is left durable. Only the last
// segment is read whole; [Log.Records] reads the others.
func (l *Log) recoverLog() error {
	names, err := l.fs.List(l.dir)
	if err != nil {
		return err
	}
	var numbers []uint64
	for _, name := range names {
		if n, ok := segmentNumber(name); ok {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	for i, n := range numbers {
		if want := uint64(i) + 1; n != want {
			return l.damaged(&DamageError{File: l.path(segmentName(want)), Expected: fmt.Sprintf("segment %d", want),
				Found: fmt.Sprintf("segment %d to be the next", n)}, rest{}, numbers[i:])
		}
	}
	if slices.Contains(names, unfinished) {
		// Never renamed, so nothing was ever written to it but a header.
		if err := l.fs.Remove(l.path(unfinished)); err != nil {
			return final("removing an unfinished segment", err)
		}
	}
	there := slices.Contains(names, reachedName)
	if len(numbers) == 0 {
		rand.Read(l.id[:]) // does not fail
		if err := l.openReached(there, nil); err != nil {
			return err
		}
		return l.newSegment(0)
	}
	last := uint64(len(numbers))
	for n := uint64(1); n < last; n++ {
		w, h, err := l.openSegment(n)
		if err == nil {
			w.file.Close()
			err = l.sameLog(h)
		}
		if err != nil {
			return l.headerDamaged(err, n, last)
		}
	}
	w, h, err := l.openSegment(last)
	if err != nil {
		return l.headerDamaged(err, last, last)
	}
	l.file, l.tag, l.number = w.file, h.tag, h.number
	l.size = w.size
	if err := l.sameLog(h); err != nil {
		return l.headerDamaged(err, last, last)
	}
	if err := l.openReached(there, numbers); err != nil {
		return err
	}
	l.known = l.reached.end
	return l.findEnd(w, h)
}

// sameLog compares the id of a segment with that of the first.
func (l *Log) sameLog(h segmentHeader) error {
	if h.number == 1 {
		l.id = h.id
	}
	if h.id != l.id {
		return &DamageError{File: l.path(segmentName(h.number)), Expected: fmt.Sprintf("a segment of log %x", l.id),
			Found: fmt.Sprintf("one of log %x", h.id)}
	}
	return nil
}

// findEnd walks to where no batch follows. Because a batch is durable before the next is written, a crash leaves at most
// one that is torn, and nothing after it: so a batch's header further on is proof of damage here.
func (l *Log) findEnd(w *window, h segmentHeader) error {
	k := &walk{window: *w, tag: h.tag, off: sector, end: h.start(), known: l.known}
	var batch []byte // the last
	var f *fault
	for f == nil {
		b, bh, fa, err := k.next()
		if err != nil {
			return err
		}
		if f = fa; f == nil {
			batch = append(batch[:0], b...)
			l.sealed = bh.records == 0
		}
	}
	r, err := look(&k.window, h.tag, k.end.batches+1, k.off)
	if err != nil {
		return err
	}
	short := k.end.batches < l.known.batches
	if short && !f.impossible {
		f.expected += fmt.Sprintf(", of %d batches that were durable", l.known.batches)
	}
	if f.impossible || r.headers > 0 || short {
		return l.damaged(&DamageError{File: l.path(segmentName(h.number)), Offset: k.off, Expected: f.expected,
			Found: f.found}, r, nil)
	}
	// The last batch may be in memory only, either because no sync was reached before the process ended or because one
	// failed: then the system may think that it is on disk. So it is written again before it is called durable.
	if len(batch) > 0 {
		if _, err := l.file.WriteAt(batch, k.off-int64(len(batch))); err != nil {
			return final("writing the last batch again", err)
		}
	}
	// What was torn is overwritten: bytes of it that stayed would stand after a shorter batch.
	if err := l.zero(k.off, r.dirty); err != nil {
		return final("cutting a torn tail", err)
	}
	if err := l.file.Sync(); err != nil {
		return final("syncing what was recovered", err)
	}
	if err := l.fs.SyncDir(l.dir); err != nil {
		return final("syncing the folder", err)
	}
	number, reached := h.number, k.end
	if len(batch) == 0 {
		number, reached = number-1, h.before
	}
	if err := l.reached.raise(number, reached, true); err != nil {
		return err
	}
	l.off, l.zeroed, l.end = k.off, k.off, k.end
	l.stats.Cut = uint64(max(0, r.dirty-k.off))
	return nil
}

// zero writes zeros.
func (l *Log) zero(from, to int64) error {
	if to <= from {
		return nil
	}
	zeros := make([]byte, min(to-from, readSize))
	for from < to {
		n := min(to-from, int64(len(zeros)))
		if _, err := l.file.WriteAt(zeros[:n], from); err != nil {
			return err
		}
		from += n
	}
	return nil
}

// newSegment makes the next segment, with room for a batch of so many bytes, and goes on in it.
func (l *Log) newSegment(batch int64) error {
	h := segmentHeader{id: l.id, number: l.number + 1, before: l.end, length: l.off}
	var tag [8]byte
	rand.Read(tag[:])
	h.tag = binary.LittleEndian.Uint64(tag[:])
	h.size = max(l.segmentSize, sector+batch)
	f, err := l.makeFile(segmentName(h.number), h.size, h.encode())
	if err != nil {
		return err
	}
	if l.file != nil {
		if err := l.file.Close(); err != nil {
			f.Close()
			return final("closing a segment", err)
		}
	}
	l.file, l.size, l.tag, l.number = f, h.size, h.tag, h.number
	l.off, l.zeroed = sector, sector
	l.end = h.start()
	return nil
}

// makeFile makes a file of a size, with a first sector, and opens it. It has its name only after both are durable: one that
// has a name and is not whole is damaged.
func (l *Log) makeFile(name string, size int64, first []byte) (File, error) {
	doing, temporary := "making "+name, l.path(unfinished)
	f, err := l.fs.Create(temporary)
	if err != nil {
		return nil, final(doing, err)
	}
	err = f.Allocate(size)
	if err == nil {
		_, err = f.WriteAt(first, 0)
	}
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		l.fs.Remove(temporary) // for the space; if it fails the next Open tries again
		return nil, final(doing, err)
	}
	if err := l.fs.Rename(temporary, l.path(name)); err != nil {
		return nil, final(doing, err)
	}
	if err := l.fs.SyncDir(l.dir); err != nil {
		return nil, final(doing, err)
	}
	if f, err = l.fs.Open(l.path(name)); err != nil {
		return nil, final(doing, err)
	}
	return f, nil
}
