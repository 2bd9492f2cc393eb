package wal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// The file reached says how far the log had come, so that a log that ends sooner is not taken for one that was torn. It is
// written after each batch and, because that would cost as much as the batch, not synced but at the first batch of a
// segment, at the seal and by Open. What it says was durable before, so whatever state of it a crash leaves is true.
const (
	reachedName  = "reached"
	magicReached = "PARSECRE"
	slotSize     = 4 << 10 // of two slots, which are written in turn: a write that tears one leaves the other
	reachedSize  = 2 * slotSize
)

// reach is how far a log has come.
type reach struct {
	id      [16]byte // of the log
	segment uint64   // in which the last batch is; 0 while there is none
	end     end      // after that batch
}

func (r *reach) encode(b *[sector]byte) {
	clear(b[:])
	copy(b[:], magicReached)
	le := binary.LittleEndian
	le.PutUint32(b[8:], version)
	copy(b[16:], r.id[:])
	le.PutUint64(b[32:], r.segment)
	le.PutUint64(b[40:], r.end.batches)
	le.PutUint64(b[48:], r.end.records)
	copy(b[56:], r.end.sum[:])
	le.PutUint32(b[sector-4:], crc32.Checksum(b[:sector-4], castagnoli))
}

// decodeReach reads a slot, and reports whether it has something. The error is [ErrVersion].
func decodeReach(b *[sector]byte) (r reach, ok bool, err error) {
	le := binary.LittleEndian
	if string(b[:8]) != magicReached || crc32.Checksum(b[:sector-4], castagnoli) != le.Uint32(b[sector-4:]) {
		return r, false, nil
	}
	if err := knownVersion(le.Uint32(b[8:])); err != nil {
		return r, false, err
	}
	copy(r.id[:], b[16:])
	r.segment = le.Uint64(b[32:])
	r.end.batches = le.Uint64(b[40:])
	r.end.records = le.Uint64(b[48:])
	copy(r.end.sum[:], b[56:])
	return r, true, nil
}

// reached is the open file.
type reached struct {
	reach
	file File
	slot int64 // that is written next
	buf  [sector]byte
}

// raise notes how far the log has come, which must be durable.
func (r *reached) raise(segment uint64, e end, sync bool) error {
	r.segment, r.end = segment, e
	r.encode(&r.buf)
	if _, err := r.file.WriteAt(r.buf[:], r.slot*slotSize); err != nil {
		return final("noting how far the log has come", err)
	}
	r.slot = 1 - r.slot
	if !sync {
		return nil
	}
	if err := r.file.Sync(); err != nil {
		return final("syncing how far the log has come", err)
	}
	return nil
}

// read reads the file: of its slots, the one that says more.
func (r *reached) read(name string) error {
	damaged := func(found string) error {
		return &DamageError{File: name, Expected: fmt.Sprintf("how far the log has come, in a file of %d bytes", reachedSize), Found: found}
	}
	size, err := r.file.Size()
	if err != nil {
		return err
	}
	if size != reachedSize {
		return damaged(fmt.Sprintf("one of %d bytes", size))
	}
	none := true
	for slot := range int64(2) {
		if _, err := r.file.ReadAt(r.buf[:], slot*slotSize); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		said, ok, err := decodeReach(&r.buf)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if ok && (none || said.end.batches > r.end.batches) {
			none = false
			r.reach, r.slot = said, 1-slot
		}
	}
	if none {
		return damaged("none that is whole")
	}
	return nil
}

// openReached opens the file, or makes it for a log that has no segment yet, and compares it with what segments there are.
func (l *Log) openReached(there bool, numbers []uint64) (err error) {
	name, last := l.path(reachedName), uint64(len(numbers))
	damaged := func(file, expected, found string) error {
		return l.damaged(&DamageError{File: file, Expected: expected, Found: found}, rest{}, numbers)
	}
	r := &l.reached
	switch {
	case !there && last > 0:
		return damaged(name, "how far the log has come", "no such file")
	case !there:
		r.id = l.id
		r.encode(&r.buf)
		if r.file, err = l.makeFile(reachedName, reachedSize, r.buf[:]); err != nil {
			return err
		}
		r.slot = 1
		return nil
	}
	if r.file, err = l.fs.Open(name); err != nil {
		return err
	}
	if err := r.read(name); err != nil {
		if damage := (*DamageError)(nil); errors.As(err, &damage) {
			return l.damaged(damage, rest{}, numbers)
		}
		return err
	}
	switch {
	case last == 0:
		l.id = r.id
		// Whoever made it may have ended before its name was durable, which has to be before a segment's.
		if err := l.fs.SyncDir(l.dir); err != nil {
			return final("syncing the folder", err)
		}
	case r.id != l.id:
		return damaged(name, fmt.Sprintf("how far log %x has come", l.id), fmt.Sprintf("that of log %x", r.id))
	}
	if r.segment > last {
		return damaged(l.path(segmentName(last+1)), fmt.Sprintf("segments up to %d, in which batch %d was durable", r.segment,
			r.end.batches), "no such file")
	}
	return nil
}
