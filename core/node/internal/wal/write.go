package wal

import "time"

// Zeros are written ahead of small batches, so that a sync after one has no metadata to write: a block that was
// allocated and never written is marked so, and the mark is metadata. For large batches that would double what is
// written, and gain nothing.
const (
	smallBatch = 16 << 10 // bytes
	aheadSize  = 256 << 10
)

var ahead [aheadSize]byte // zeros

// write is the writer: it takes what was gathered while it wrote and synced what it took before.
func (l *Log) write() {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.progress.Broadcast()
	defer close(l.exited)
	for {
		for len(l.chunks) == 0 && !l.closing {
			l.work.Wait()
		}
		c := &chunk{buf: make([]byte, headerSize)} // a seal
		switch {
		case len(l.chunks) > 0:
			c = l.chunks[0]
			l.chunks[0] = nil
			l.chunks = l.chunks[1:]
		case l.sealed || l.end.batches == 0 || !l.read: // what may be damaged is left as it is
			return
		}
		l.mu.Unlock()
		before := l.end
		start := time.Now()
		n, syncs, err := l.writeBatch(c)
		took := time.Since(start)
		l.mu.Lock()
		l.stats.Syncs += syncs
		l.stats.Writing += took
		if err != nil {
			l.err = err
			l.chunks, l.spare = nil, nil
			return
		}
		l.stats.Batches++
		l.stats.Bytes += uint64(n)
		l.stats.Records += l.end.records - before.records
		l.pending -= c.bytes
		l.place = place{l.number, l.off}
		l.durable.Store(l.end.records)
		if c.records == 0 {
			return
		}
		if cap(c.buf) <= 2*gatherSize {
			*c = chunk{buf: c.buf[:headerSize]}
			l.spare = c
		}
		l.progress.Broadcast()
	}
}

// writeBatch writes a chunk as the next batch and syncs it. It returns its size in the file.
func (l *Log) writeBatch(c *chunk) (size int64, syncs uint64, err error) {
	size = batchSize(len(c.buf) - headerSize)
	if size > l.size-l.off {
		if err := l.newSegment(size); err != nil {
			return 0, 0, err
		}
	}
	var after end
	c.buf, after = sealBatch(c.buf, c.records, l.tag, l.end)
	if _, err := l.file.WriteAt(c.buf, l.off); err != nil {
		return 0, 0, final("writing a batch", err)
	}
	to := l.off + size
	zeroed := max(l.zeroed, to)
	if to > l.zeroed && size <= smallBatch {
		if zeroed = min(to+aheadSize, l.size); zeroed > to {
			if _, err := l.file.WriteAt(ahead[:zeroed-to], to); err != nil {
				return 0, 0, final("writing zeros", err)
			}
		}
	}
	if err := l.file.Sync(); err != nil {
		return 0, 1, final("syncing a batch", err)
	}
	first := l.off == sector
	l.off, l.zeroed, l.end, l.sealed = to, zeroed, after, c.records == 0
	// Of a segment that is missing later, or a seal, it must be known that it was there.
	return size, 1, l.reached.raise(l.number, l.end, first || l.sealed)
}
