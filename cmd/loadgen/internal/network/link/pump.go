package link

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// pump carries the bytes of one direction of a connection over a way: one goroutine reads them into a ring and notes
// when they arrive, another writes them then.
type pump struct {
	src, dst *net.TCPConn
	way      *Way
	closed   <-chan struct{} // when the connection is to end
	passed   *atomic.Uint64  // bytes

	wake  chan struct{} // there is more to write, or the end
	space chan struct{} // there is more room

	mu     sync.Mutex
	ring   []byte
	head   int    // where in ring the oldest byte is
	size   int    // of what is in ring
	marks  []mark // in order; those before first are done
	first  int
	last   time.Duration // when what was read last arrives
	ending ending
}

// mark says that bytes arrive together.
type mark struct {
	bytes int
	at    time.Duration
}

// ending is how the source ended.
type ending uint8

const (
	goesOn ending = iota
	finished
	broken
)

func newPump(src, dst *net.TCPConn, way *Way, passed *atomic.Uint64, closed <-chan struct{}) *pump {
	return &pump{src: src, dst: dst, way: way, passed: passed, closed: closed,
		wake: make(chan struct{}, 1), space: make(chan struct{}, 1)}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// read runs until the source ends.
func (p *pump) read() {
	for {
		room := p.room()
		if room == nil {
			return
		}
		n, err := p.src.Read(room)
		at := p.way.send(n)
		p.mu.Lock()
		at = max(at, p.last)
		if p.last = at; n > 0 {
			p.size += n
			if k := len(p.marks); k > p.first && p.marks[k-1].at == at {
				p.marks[k-1].bytes += n
			} else {
				p.marks = append(p.marks, mark{n, at})
			}
		}
		if err == io.EOF {
			p.ending = finished
		} else if err != nil {
			p.ending = broken
		}
		p.mu.Unlock()
		signal(p.wake)
		if err != nil {
			return
		}
	}
}

// room waits for room in the ring and returns it, or nil when the connection is to end.
func (p *pump) room() []byte {
	for {
		hold, read := p.way.buffer()
		p.mu.Lock()
		if p.size < hold {
			if p.size == 0 {
				p.head = 0 // the whole of the ring is one piece again
			}
			if p.size == len(p.ring) {
				p.grow(hold)
			}
			from := p.head + p.size
			to := len(p.ring)
			if from >= to {
				from, to = from-to, p.head
			}
			room := p.ring[from:to]
			p.mu.Unlock()
			return room[:min(len(room), read, hold)]
		}
		p.mu.Unlock()
		select {
		case <-p.space:
		case <-p.closed:
			return nil
		}
	}
}

// grow doubles the ring. What the writer has of the old one it may go on to read: nothing is written there any more.
func (p *pump) grow(hold int) {
	bigger := make([]byte, max(minBuffer, min(2*len(p.ring), hold)))
	n := copy(bigger, p.ring[p.head:])
	copy(bigger[n:], p.ring[:p.head])
	p.ring, p.head = bigger, 0
}

// write runs until what the source sent has been written and its end passed on, or the destination fails, or the
// connection is to end. It reports whether the whole connection is broken.
func (p *pump) write() (whole bool) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		cut, changed := p.way.state()
		if cut {
			select {
			case <-changed:
				continue
			case <-p.closed:
				return true
			}
		}
		now := p.way.now()
		chunk, next, end := p.due(now)
		switch {
		case len(chunk) > 0:
			if _, err := p.dst.Write(chunk); err != nil {
				return false // the other direction tells the source, in its time
			}
			p.passed.Add(uint64(len(chunk)))
			p.wrote(len(chunk))
			continue
		case end == finished:
			p.dst.CloseWrite()
			return false
		case end == broken:
			return true
		}
		timer.Reset(next - now)
		select {
		case <-p.wake:
		case <-timer.C:
		case <-changed:
		case <-p.closed:
			return true
		}
	}
}

// due returns what is to be written now; if there is nothing, whether the end is to be passed on; or else when to look
// again.
func (p *pump) due(now time.Duration) (chunk []byte, next time.Duration, end ending) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, m := range p.marks[p.first:] {
		if m.at > now {
			next = m.at
			break
		}
		n += m.bytes
	}
	if n > 0 {
		return p.ring[p.head:min(p.head+n, len(p.ring))], 0, goesOn
	}
	if p.first < len(p.marks) {
		return nil, next, goesOn
	}
	if p.ending != goesOn && p.last > now {
		return nil, p.last, goesOn
	}
	return nil, now + time.Hour, p.ending
}

// wrote takes the first n bytes off.
func (p *pump) wrote(n int) {
	p.mu.Lock()
	p.size -= n
	if p.head += n; p.head >= len(p.ring) {
		p.head -= len(p.ring)
	}
	for n > 0 {
		m := &p.marks[p.first]
		k := min(n, m.bytes)
		m.bytes -= k
		if n -= k; m.bytes == 0 {
			p.first++
		}
	}
	if p.first == len(p.marks) {
		p.marks, p.first = p.marks[:0], 0
	} else if p.first > 1024 && 2*p.first > len(p.marks) {
		p.marks = p.marks[:copy(p.marks, p.marks[p.first:])]
		p.first = 0
	}
	p.mu.Unlock()
	signal(p.space)
}
