package transport

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
)

// chunk is a piece of the stream of frames that goes out.
type chunk struct {
	n int
	b [pieceSize]byte
}

var chunks = sync.Pool{New: func() any { return new(chunk) }}

// queue holds what goes out on one connection, as the bytes that will be on the wire: writing many small frames costs
// what writing one large one does, and queueing a frame costs a copy and no allocation.
//
// Invariants: bytes counts what is in full and what was taken and not yet released; it is at most max, and part of
// total. All chunks but the last of full are full.
type queue struct {
	max      int
	total    *atomic.Int64 // of all queues
	totalMax int64
	wake     chan struct{} // has one token when there may be something to take

	mu     sync.Mutex
	full   []*chunk
	bytes  int
	frames int // queued and not yet taken
	closed bool
}

func newQueue(max int, total *atomic.Int64, totalMax int64) *queue {
	return &queue{max: max, total: total, totalMax: totalMax, wake: make(chan struct{}, 1)}
}

// pushed is what became of a frame.
type pushed uint8

const (
	pushedOK pushed = iota
	pushedFull
	pushedClosed
)

// push queues a copy of a frame.
func (q *queue) push(frame []byte) pushed {
	size := headerSize + len(frame)
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return pushedClosed
	}
	if q.bytes+size > q.max {
		return pushedFull
	}
	if q.total.Add(int64(size)) > q.totalMax {
		q.total.Add(-int64(size))
		return pushedFull
	}
	var header [headerSize]byte
	binary.LittleEndian.PutUint32(header[:], uint32(len(frame)))
	q.append(header[:])
	q.append(frame)
	q.bytes += size
	q.frames++
	select {
	case q.wake <- struct{}{}:
	default:
	}
	return pushedOK
}

func (q *queue) append(b []byte) {
	for len(b) > 0 {
		if len(q.full) == 0 || q.full[len(q.full)-1].n == pieceSize {
			c := chunks.Get().(*chunk)
			c.n = 0
			q.full = append(q.full, c)
		}
		c := q.full[len(q.full)-1]
		k := copy(c.b[c.n:], b)
		c.n += k
		b = b[k:]
	}
}

// take moves all that is queued into spare, whose memory the queue has afterwards, and returns it with how many
// frames it holds. Each chunk is to be released.
func (q *queue) take(spare []*chunk) (taken []*chunk, frames int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	taken, q.full = q.full, spare[:0]
	frames, q.frames = q.frames, 0
	return taken, frames
}

// release gives a chunk back, written or not.
func (q *queue) release(c *chunk) {
	q.mu.Lock()
	q.bytes -= c.n
	q.mu.Unlock()
	q.total.Add(-int64(c.n))
	chunks.Put(c)
}

// close drops what is queued and returns how many frames that was.
func (q *queue) close() (lost int) {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	taken, lost := q.take(nil)
	for _, c := range taken {
		q.release(c)
	}
	return lost
}

// queued returns the bytes queued or being written.
func (q *queue) queued() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.bytes
}
