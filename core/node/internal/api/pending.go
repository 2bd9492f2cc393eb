package api

import (
	"sync"
)

// pending is what a stream has handed to the backend and is not acknowledged: frames in the order they came. Entries
// are kept in a list and used again, with the function that each gives to the backend: a frame costs no allocation
// once there have been as many at a time.
//
// Invariants, under mu:
//  1. acked is the count of all entries that were taken off the front, and inFlight that of those in the list.
//  2. The entry at the front is not done, but after a failure.
//  3. Nothing is taken off after a failure: what comes after what failed may be durable, but is not acknowledged.
type pending struct {
	mu          sync.Mutex
	front, back *entry
	free        *entry
	acked       uint64
	inFlight    int
	failed      error
	over        bool // the stream has ended: what comes is nobody's

	wake   chan struct{} // has one when acked, failed or emptiness changed: for who writes
	room   chan struct{} // has one when inFlight fell: for who reads
	failDo func()        // called when something failed first
}

// entry is a frame.
type entry struct {
	count int
	done  bool
	next  *entry
	call  func(error)
}

func newPending(failed func()) *pending {
	return &pending{wake: make(chan struct{}, 1), room: make(chan struct{}, 1), failDo: failed}
}

// push adds a frame with so many submissions. Its call is to be called when it is done.
func (p *pending) push(count int) *entry {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.free
	if e == nil {
		e = new(entry)
		e.call = func(err error) { p.done(e, err) }
	} else {
		p.free, e.next = e.next, nil
	}
	e.count, e.done = count, false
	if p.back == nil {
		p.front = e
	} else {
		p.back.next = e
	}
	p.back = e
	p.inFlight += count
	return e
}

// withdraw says that the backend did not take a frame, the last one pushed: it counts for nothing.
func (p *pending) withdraw(e *entry) {
	p.mu.Lock()
	p.inFlight -= e.count
	e.count = 0
	p.mu.Unlock()
	p.done(e, nil)
}

// done takes off what is done at the front. Backends may finish frames in any order.
func (p *pending) done(e *entry, err error) {
	p.mu.Lock()
	if p.over || p.failed != nil {
		p.mu.Unlock()
		return
	}
	if err != nil {
		p.failed = err
		p.mu.Unlock()
		p.failDo()
		signal(p.wake)
		return
	}
	e.done = true
	changed := false
	for p.front != nil && p.front.done {
		e := p.front
		p.front = e.next
		if p.front == nil {
			p.back = nil
		}
		p.acked += uint64(e.count)
		p.inFlight -= e.count
		e.next, p.free = p.free, e
		changed = true
	}
	p.mu.Unlock()
	if changed {
		signal(p.wake)
		signal(p.room)
	}
}

// fits reports whether a frame with so many submissions may be in flight, of at most max. One is always let in.
func (p *pending) fits(count, max int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.inFlight == 0 || p.inFlight+count <= max
}

// state returns how many submissions are acknowledged, whether none are in flight, and what failed.
func (p *pending) state() (acked uint64, empty bool, failed error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.acked, p.front == nil, p.failed
}

// abandon ends it.
func (p *pending) abandon() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
