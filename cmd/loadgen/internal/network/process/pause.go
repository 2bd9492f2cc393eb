package process

import (
	"errors"
	"sync"
	"time"
)

// Period is of a slow child's turns: it runs for a share of each period, and is stopped for the rest.
const Period = 100 * time.Millisecond

// ErrUnsupported is the error of a fault that this system has no means for.
var ErrUnsupported = errors.New("this system cannot stop a process for a while")

// stop says why a child is stopped.
type stop uint8

const (
	stopPause stop = 1 << iota
	stopSlow
)

// slower stops a child and lets it go on, in turns.
type slower struct {
	end  chan struct{}
	once sync.Once
	wait sync.WaitGroup
}

// Pause stops the child (SIGSTOP) until Resume. The kernel goes on to accept connections and bytes for it.
func (p *Process) Pause() error { return p.setStop(stopPause, true) }

// Resume lets a child go on that Pause stopped.
func (p *Process) Resume() error { return p.setStop(stopPause, false) }

// Slow lets the child run for that share of its time (0 to 1) until Full: in each [Period] it is stopped for the rest.
// So it is not as a slow processor: it answers at full speed or not at all, and is late by up to a period.
func (p *Process) Slow(share float64) error {
	p.Full()
	s := &slower{end: make(chan struct{})}
	p.mu.Lock()
	if p.gone || p.slower != nil {
		p.mu.Unlock()
		return nil
	}
	p.slower = s
	s.wait.Add(1)
	p.mu.Unlock()
	run := time.Duration(share * float64(Period))
	if err := p.setStop(stopSlow, true); err != nil {
		s.wait.Done()
		p.Full()
		return err
	}
	go func() {
		defer s.wait.Done()
		defer p.setStop(stopSlow, false)
		// By an absolute schedule: what one turn is late does not move the others.
		for next := time.Now(); ; {
			next = next.Add(Period - run)
			if !s.until(next) {
				return
			}
			p.setStop(stopSlow, false)
			next = next.Add(run)
			if !s.until(next) {
				return
			}
			p.setStop(stopSlow, true)
		}
	}()
	return nil
}

// until waits and reports whether to go on.
func (s *slower) until(t time.Time) bool {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-s.end:
		return false
	case <-timer.C:
		return true
	}
}

// Full ends what Slow began.
func (p *Process) Full() {
	p.mu.Lock()
	s := p.slower
	p.slower = nil
	p.mu.Unlock()
	if s != nil {
		s.once.Do(func() { close(s.end) })
		s.wait.Wait()
	}
}

func (p *Process) setStop(why stop, on bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.stops
	if on {
		p.stops |= why
	} else {
		p.stops &^= why
	}
	if p.gone || (before == 0) == (p.stops == 0) {
		return nil
	}
	return halt(p.cmd.Process, p.stops != 0)
}
