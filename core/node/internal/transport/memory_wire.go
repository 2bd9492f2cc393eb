package transport

import (
	"container/heap"
	"math/rand/v2"
	"time"
)

// wire is a connection in memory. All of it is under the network's lock.
type wire struct {
	network  *Network
	from, to *Memory
	rng      *rand.Rand
	bytes    int // on the way or being delivered; at most QueueBytes of from
	dead     bool
	done     chan struct{} // closed when dead

	// Not Manual:
	waiting []memoryFrame
	last    time.Time // when the last frame is due
	wake    chan struct{}

	lastDue time.Duration // Manual: likewise
}

// memoryFrame is a frame on the way.
type memoryFrame struct {
	frame  []byte
	at     time.Time
	wire   *wire
	due    time.Duration // Manual
	serial uint64        // Manual: which of two due at the same time was sent first
}

func (n *Network) newWire(from, to *Memory) *wire {
	w := &wire{network: n, from: from, to: to, rng: n.rngOf(from.id, to.id), done: make(chan struct{}), wake: make(chan struct{}, 1)}
	to.known(from.id)
	if !n.options.Manual {
		from.running.Add(1)
		to.running.Add(1)
		go func() {
			defer from.running.Done()
			defer to.running.Done()
			w.run()
		}()
	}
	return w
}

// send puts a frame on the way.
func (w *wire) send(frame []byte, delay time.Duration) {
	n := w.network
	w.bytes += headerSize + len(frame)
	w.from.queued.Add(int64(headerSize + len(frame)))
	if n.options.Manual {
		w.lastDue = max(w.lastDue, n.now+delay)
		n.serial++
		heap.Push(&n.due, memoryFrame{frame: frame, wire: w, due: w.lastDue, serial: n.serial})
		return
	}
	at := time.Now().Add(delay)
	if at.Before(w.last) {
		at = w.last
	}
	w.last = at
	w.waiting = append(w.waiting, memoryFrame{frame: frame, wire: w, at: at})
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// cut ends the connection; what is on the way is lost.
func (w *wire) cut() {
	if w.dead {
		return
	}
	w.dead = true
	close(w.done)
	for _, f := range w.waiting {
		w.lose(f)
	}
	w.waiting = nil
}

func (w *wire) lose(f memoryFrame) {
	w.arrived(f)
	w.from.peers[w.to.id].stats.lost.Add(1)
}

// arrived takes a frame off the bytes on the way.
func (w *wire) arrived(f memoryFrame) {
	w.bytes -= headerSize + len(f.frame)
	w.from.queued.Add(-int64(headerSize + len(f.frame)))
}

// run delivers what is due until the connection ends.
func (w *wire) run() {
	n := w.network
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		n.mu.Lock()
		var f memoryFrame
		wait, have := time.Duration(0), len(w.waiting) > 0
		if have {
			if wait = time.Until(w.waiting[0].at); wait <= 0 {
				f = w.waiting[0]
				w.waiting[0] = memoryFrame{}
				w.waiting = w.waiting[1:]
			}
		}
		n.mu.Unlock()
		if f.frame != nil {
			if !w.deliver(f) {
				return
			}
			continue
		}
		var due <-chan time.Time
		if have {
			timer.Reset(wait)
			due = timer.C
		}
		select {
		case <-w.done:
			return
		case <-w.wake:
		case <-due:
		}
	}
}

// deliver hands a frame over, in turn with an earlier connection of the same peer whose last frame is being
// delivered. It reports false if the connection ended before.
func (w *wire) deliver(f memoryFrame) bool {
	n := w.network
	n.mu.Lock()
	p := w.to.known(w.from.id)
	n.mu.Unlock()
	select {
	case p.turn <- struct{}{}:
	case <-w.done:
		n.mu.Lock()
		w.lose(f)
		n.mu.Unlock()
		return false
	}
	p.stats.framesIn.Add(1)
	p.stats.bytesIn.Add(uint64(headerSize + len(f.frame)))
	w.to.cfg.Deliver(w.from.id, f.frame)
	<-p.turn
	n.mu.Lock()
	w.arrived(f)
	n.mu.Unlock()
	return true
}

// Now returns the time of a Manual network, from its making.
func (n *Network) Now() time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.now
}

// Step delivers the frame that is due next, in a Manual network, and moves the time there. It reports false if
// nothing is on the way. It is called by one goroutine at a time, and not from Deliver.
func (n *Network) Step() bool { return n.step(1<<63 - 1) }

// Advance delivers all that is due within d, in a Manual network, and moves the time by d.
func (n *Network) Advance(d time.Duration) {
	until := n.Now() + d
	for n.step(until) {
	}
	n.mu.Lock()
	n.now = max(n.now, until)
	n.mu.Unlock()
}

func (n *Network) step(until time.Duration) bool {
	for {
		n.mu.Lock()
		if len(n.due) == 0 || n.due[0].due > until {
			n.mu.Unlock()
			return false
		}
		f := heap.Pop(&n.due).(memoryFrame)
		n.now = max(n.now, f.due)
		if f.wire.dead {
			f.wire.lose(f)
			n.mu.Unlock()
			continue
		}
		n.mu.Unlock()
		f.wire.deliver(f)
		return true
	}
}

// frameHeap orders frames by when they are due, and by when they were sent.
type frameHeap []memoryFrame

func (h frameHeap) Len() int { return len(h) }
func (h frameHeap) Less(i, j int) bool {
	return h[i].due < h[j].due || h[i].due == h[j].due && h[i].serial < h[j].serial
}
func (h frameHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push and Pop are for package heap.
func (h *frameHeap) Push(x any) { *h = append(*h, x.(memoryFrame)) }

// Pop is for package heap.
func (h *frameHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	old[len(old)-1] = memoryFrame{}
	*h = old[:len(old)-1]
	return last
}
