package link

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// MaxConnections is how many connections a proxy has at a time. A further one ends the oldest: a node that is started
// again and again behind a cut leaves one each time.
const MaxConnections = 32

// dialTimeout bounds how long the proxy tries to reach its target, which is on this machine.
const dialTimeout = 5 * time.Second

// Proxy passes connections on to a node, under the conditions of two ways.
type Proxy struct {
	there, back *Way
	listener    net.Listener
	wait        sync.WaitGroup

	mu     sync.Mutex
	target string
	closed bool
	conns  []*conn // oldest first

	accepted, failed  atomic.Uint64
	bytesTo, bytesFro atomic.Uint64
}

// conn is a connection that is passed on, or is to be.
type conn struct {
	net.Conn // from the node that dialled
	end      func()
	ended    <-chan struct{}
}

// Stats counts since the proxy was made.
type Stats struct {
	Accepted uint64 // connections
	Failed   uint64 // of them, those whose target did not answer
	There    uint64 // bytes to the target
	Back     uint64 // bytes from it
}

// NewProxy listens on a free port of loopback and passes connections on to the target, an address.
func NewProxy(target string, there, back *Way) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("link proxy: %w", err)
	}
	p := &Proxy{there: there, back: back, listener: l, target: target}
	p.wait.Add(1)
	go func() {
		defer p.wait.Done()
		p.accept()
	}()
	return p, nil
}

// Addr is the address to dial.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Stats returns what was counted so far.
func (p *Proxy) Stats() Stats {
	return Stats{p.accepted.Load(), p.failed.Load(), p.bytesTo.Load(), p.bytesFro.Load()}
}

// SetTarget passes connections on to another address from now on. Those that there are end.
func (p *Proxy) SetTarget(address string) {
	p.mu.Lock()
	p.target = address
	p.mu.Unlock()
	p.Reset()
}

// Reset ends the connections that there are, at once, at both ends.
func (p *Proxy) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.end()
	}
}

// Close ends all connections and returns when nothing of the proxy runs any more.
func (p *Proxy) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.listener.Close()
	p.Reset()
	p.wait.Wait()
}

func (p *Proxy) accept() {
	for {
		c, err := p.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // no more files, for instance
			time.Sleep(10 * time.Millisecond)
			continue
		}
		p.accepted.Add(1)
		ctx, cancel := context.WithCancel(context.Background())
		n := &conn{Conn: c, end: cancel, ended: ctx.Done()}
		p.mu.Lock()
		if p.closed {
			p.mu.Unlock()
			cancel()
			c.Close()
			continue
		}
		if len(p.conns) >= MaxConnections {
			p.conns[0].end()
			p.conns = append(p.conns[:0], p.conns[1:]...)
		}
		p.conns = append(p.conns, n)
		p.wait.Add(1)
		p.mu.Unlock()
		go func() {
			defer p.wait.Done()
			defer p.forget(n)
			defer cancel()
			p.serve(ctx, n)
		}()
	}
}

func (p *Proxy) forget(n *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, c := range p.conns {
		if c == n {
			p.conns = append(p.conns[:i], p.conns[i+1:]...)
			return
		}
	}
}

// serve passes one connection on.
func (p *Proxy) serve(ctx context.Context, n *conn) {
	src := n.Conn.(*net.TCPConn)
	defer reset(src) // does nothing after a Close
	if !p.made(ctx) {
		return
	}
	p.mu.Lock()
	target := p.target
	p.mu.Unlock()
	dialer := net.Dialer{Timeout: dialTimeout}
	c, err := dialer.DialContext(ctx, "tcp", target)
	if err != nil {
		p.failed.Add(1)
		return
	}
	dst := c.(*net.TCPConn)
	defer reset(dst)

	var running, writing sync.WaitGroup
	broken := make(chan struct{})
	var once sync.Once
	run := func(m *pump) {
		running.Go(m.read)
		writing.Go(func() {
			if m.write() {
				once.Do(func() { close(broken) })
			}
		})
	}
	run(newPump(src, dst, p.there, &p.bytesTo, n.ended))
	run(newPump(dst, src, p.back, &p.bytesFro, n.ended))
	whole := make(chan struct{})
	go func() {
		writing.Wait()
		close(whole)
	}()
	select {
	case <-whole: // both ends have been passed on: what the kernel still holds is to arrive
		dst.Close()
		src.Close()
	case <-broken:
	case <-ctx.Done():
	}
	n.end()
	now := time.Now()
	src.SetDeadline(now)
	dst.SetDeadline(now)
	running.Wait()
	<-whole
}

// made waits as long as a connection takes to be made, a round trip, and until neither way is cut. It reports false if
// ctx ended.
func (p *Proxy) made(ctx context.Context) bool {
	if trip := p.there.Conditions().Delay + p.back.Conditions().Delay; trip > 0 {
		timer := time.NewTimer(trip)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return false
		}
	}
	for {
		cut, changed := p.there.state()
		if !cut {
			cut, changed = p.back.state()
		}
		if !cut {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

// reset closes a connection. What was not written yet is thrown away, and so is what was not read.
func reset(c *net.TCPConn) {
	c.SetLinger(0)
	c.Close()
}
