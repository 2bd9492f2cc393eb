package wal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// Options of a log. The zero value is good.
type Options struct {
	SegmentSize int64 // of a new segment's file, in bytes; 0: 64 MiB. At least 4 KiB, rounded up to a sector.
	MaxPending  int   // bytes of records that wait to be durable; 0: 64 MiB. One record may always wait.
	FS          FS    // nil: the system's
}

// Log is an open log. Its methods may be called by many goroutines at a time.
type Log struct {
	fs          FS
	dir         string
	lock        io.Closer // nil once closed
	segmentSize int64
	maxPending  int
	recovered   uint64 // records that Open found
	exited      chan struct{}
	durable     atomic.Uint64

	mu       sync.Mutex
	work     sync.Cond // for the writer: something was appended, or the log closes
	progress sync.Cond // for callers: something became durable, the log failed or closes
	chunks   []*chunk  // appended and not taken by the writer, in order
	spare    *chunk    // for reuse
	pending  int       // bytes of records that are not durable
	appended uint64    // the position after the last record
	read     bool      // all that was recovered was read
	closing  bool
	err      error // final
	closed   error // what Close returned
	place    place // of the end of what is durable
	stats    Stats

	// Below is the writer's, after Open.
	id      [16]byte
	known   end // where the log was known to have stood, when it was opened
	reached reached
	file    File // the last segment
	number  uint64
	tag     uint64
	size    int64 // of the file
	off     int64 // of the next batch
	zeroed  int64 // zeros were written up to here
	end     end
	sealed  bool // the last batch is a seal
}

// place is in a segment.
type place struct {
	segment uint64
	off     int64
}

// Stats count since the log was opened.
type Stats struct {
	Records uint64        // that became durable
	Batches uint64        // that became durable, seals too
	Syncs   uint64        // of batches, whether they failed or not; each is one fdatasync
	Bytes   uint64        // of batches, as they are in the file
	Writing time.Duration // in which batches were written and synced

	Segments  uint64 // files of the log
	Recovered uint64 // records that Open found
	Cut       uint64 // bytes of a torn tail that Open cut off
	Pending   uint64 // bytes of records that are not durable now
}

// chunk is a batch that is being gathered: room for the header, then the payload.
type chunk struct {
	buf     []byte
	records uint32
	bytes   int // of records
}

// Open opens the log in a folder, which it makes if it is not there, and finds where it ends. No other process may have
// it open: [ErrLocked]. A torn tail is cut off, see [Stats].Cut; a [*DamageError] says that the log is damaged and was
// left as it is; an error that wraps [ErrFailed] or [ErrFull], that it could not be made ready to go on.
//
// It reads the last segment, the first sector of each other one, and how far the log has come.
func Open(dir string, o Options) (*Log, error) {
	if o.SegmentSize == 0 {
		o.SegmentSize = 64 << 20
	}
	if o.MaxPending == 0 {
		o.MaxPending = 64 << 20
	}
	if o.FS == nil {
		o.FS = system{}
	}
	if o.SegmentSize < 4<<10 || o.SegmentSize > 1<<40 || o.MaxPending < 0 {
		return nil, fmt.Errorf("wal: segments of %d bytes, %d bytes pending", o.SegmentSize, o.MaxPending)
	}
	l := &Log{
		fs: o.FS, dir: dir, maxPending: o.MaxPending, exited: make(chan struct{}),
		segmentSize: (o.SegmentSize + sector - 1) / sector * sector,
	}
	l.work.L, l.progress.L = &l.mu, &l.mu
	if err := l.fs.MakeDir(dir); err != nil {
		return nil, final("making the folder", err)
	}
	var err error
	if l.lock, err = l.fs.Lock(l.path(lockName)); err != nil {
		if errors.Is(err, ErrLocked) {
			return nil, err
		}
		return nil, final("locking", err)
	}
	if err := l.recoverLog(); err != nil {
		for _, f := range []File{l.file, l.reached.file} {
			if f != nil {
				f.Close()
			}
		}
		l.lock.Close()
		return nil, err
	}
	l.recovered, l.appended = l.end.records, l.end.records
	l.read = l.recovered == 0
	l.durable.Store(l.recovered)
	l.place = place{l.number, l.off}
	go l.write()
	return l, nil
}

func (l *Log) path(name string) string { return filepath.Join(l.dir, name) }

// Append appends a record of up to [MaxRecord] bytes, of which it keeps a copy, and returns the position after it, for
// [Log.Wait]. It does not wait for the disk, but while [Options].MaxPending bytes do. It fails if the log has failed, or
// was closed, or has records that were not read ([ErrUnread]).
func (l *Log) Append(record []byte) (uint64, error) {
	if len(record) > MaxRecord {
		return 0, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, len(record), MaxRecord)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.read {
		return 0, ErrUnread
	}
	for l.err == nil && !l.closing && l.pending > 0 && l.pending+len(record) > l.maxPending {
		l.progress.Wait()
	}
	if l.err != nil {
		return 0, l.err
	}
	if l.closing {
		return 0, ErrClosed
	}
	return l.append(record), nil
}

// append puts a record into the chunk that is being gathered.
func (l *Log) append(record []byte) uint64 {
	c := l.gathering(lengthSize + len(record))
	c.buf = binary.LittleEndian.AppendUint32(c.buf, uint32(len(record)))
	c.buf = append(c.buf, record...)
	c.records++
	c.bytes += len(record)
	l.pending += len(record)
	l.appended++
	l.work.Signal()
	return l.appended
}

// gathering returns the chunk that so many bytes go into.
func (l *Log) gathering(n int) *chunk {
	if k := len(l.chunks); k > 0 && len(l.chunks[k-1].buf)+n <= gatherSize {
		return l.chunks[k-1]
	}
	c := l.spare
	if l.spare = nil; c == nil {
		c = &chunk{buf: make([]byte, headerSize, 4<<10)}
	}
	l.chunks = append(l.chunks, c)
	return c
}

// Durable returns the position up to which all records are on disk.
func (l *Log) Durable() uint64 { return l.durable.Load() }

// Wait waits until all records up to a position, of [Log.Append], are on disk. If it returns an error, some are not, and
// it cannot be told which until the log is opened again.
func (l *Log) Wait(position uint64) error {
	if l.durable.Load() >= position {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.durable.Load() < position && l.err == nil && !l.stopped() {
		l.progress.Wait()
	}
	switch {
	case l.durable.Load() >= position:
		return nil
	case l.err != nil:
		return l.err
	}
	return ErrClosed
}

func (l *Log) stopped() bool {
	select {
	case <-l.exited:
		return true
	default:
		return false
	}
}

// Err returns the error that ended the log, nil while there is none. It wraps [ErrFailed] or [ErrFull].
func (l *Log) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// Stats returns what was counted.
func (l *Log) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	s.Segments, s.Recovered, s.Pending = l.place.segment, l.recovered, uint64(l.pending)
	return s
}

// Close makes durable what was appended, writes a seal, and closes the log. It returns the error that ended the log, if
// one did. Other calls return the same, and no sooner.
func (l *Log) Close() error {
	l.mu.Lock()
	l.closing = true
	l.work.Signal()
	l.progress.Broadcast()
	l.mu.Unlock()
	<-l.exited
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lock != nil {
		l.closed = errors.Join(l.err, l.file.Close(), l.reached.file.Close(), l.lock.Close())
		l.lock = nil
	}
	return l.closed
}
