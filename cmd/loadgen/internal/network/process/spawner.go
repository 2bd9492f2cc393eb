package process

import (
	"errors"
	"runtime"
	"sync"
)

// Spawner starts children. On Linux a child is killed when the thread that started it ends, so all are started by one
// that stays.
type Spawner struct {
	calls chan func()
	ended chan struct{}
	once  sync.Once

	mu     sync.Mutex
	closed bool
	alive  map[*Process]struct{}
}

// ErrClosed is the error of a start after Close.
var ErrClosed = errors.New("no process is started any more")

// NewSpawner returns a spawner, which is to be closed.
func NewSpawner() *Spawner {
	s := &Spawner{calls: make(chan func()), ended: make(chan struct{}), alive: map[*Process]struct{}{}}
	go func() {
		defer close(s.ended)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread() // or the thread would end, and with it what it started
		for call := range s.calls {
			call()
		}
	}()
	return s
}

// Start starts a child. It does not wait until the child is ready.
func (s *Spawner) Start(c Config) (*Process, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	var p *Process
	var err error
	done := make(chan struct{})
	s.calls <- func() { p, err = start(c); close(done) }
	<-done
	if err != nil {
		return nil, err
	}
	s.alive[p] = struct{}{}
	go func() {
		<-p.done
		s.mu.Lock()
		delete(s.alive, p)
		s.mu.Unlock()
	}()
	return p, nil
}

// Close kills all children that are alive, and returns when they are gone.
func (s *Spawner) Close() {
	s.mu.Lock()
	s.closed = true
	var alive []*Process
	for p := range s.alive {
		alive = append(alive, p)
	}
	s.mu.Unlock()
	for _, p := range alive {
		p.Kill()
	}
	for _, p := range alive {
		<-p.done
	}
	s.once.Do(func() { close(s.calls) })
	<-s.ended
}
