package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net"
	"time"
)

// dial keeps a connection to a peer until ctx ends.
func (p *peer) dial(ctx context.Context, address string) {
	t := p.t
	client := t.identity.client(p.id)
	failed := 0 // attempts since a connection lasted
	for {
		began := time.Now()
		up, err := p.connect(ctx, address, client)
		if ctx.Err() != nil {
			return
		}
		text := "no connection to a peer"
		if up > 0 {
			text = "a connection to a peer ended"
		}
		t.journal.note(reasonOf(err, up > 0), text, err, "peer", short(p.id), "address", address)
		if up >= t.cfg.StableAfter {
			failed = 0
		}
		if !p.pause(ctx, began, failed) {
			return
		}
		failed++
	}
}

// pause waits before dialling again: anything up to a bound that doubles with each failure (full jitter, so that
// nodes that lost a peer together do not come back together), or until the peer connects to us. Hints save no
// more than the growth: attempts are at least BackoffMin apart, whatever a peer does.
func (p *peer) pause(ctx context.Context, began time.Time, failed int) bool {
	c := &p.t.cfg
	bound := c.BackoffMax
	if failed < 30 {
		bound = min(bound, 2*c.BackoffMin<<failed)
	}
	timer := time.NewTimer(rand.N(bound))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	case <-p.hint:
	}
	timer.Reset(c.BackoffMin - time.Since(began))
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// connect dials and serves one connection, and returns how long it was up, 0 if it never was.
func (p *peer) connect(ctx context.Context, address string, client *tls.Config) (up time.Duration, err error) {
	t := p.t
	dialer := net.Dialer{Timeout: t.cfg.HandshakeTimeout, KeepAliveConfig: net.KeepAliveConfig{Enable: false}, KeepAlive: -1}
	raw, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return 0, &refusal{ReasonUnreachable, err}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(ctx, func() { raw.Close() })()
	defer raw.Close()

	raw.SetDeadline(time.Now().Add(t.cfg.HandshakeTimeout))
	corked := &cork{Conn: raw}
	conn := tls.Client(corked, client)
	if err := conn.HandshakeContext(ctx); err != nil {
		return 0, err
	}
	in := newFrames(conn, helloSize, func() error { return nil }, func(int) error { return nil })
	if _, err := conn.Write(appendHello(nil, &t.cfg.Section)); err != nil {
		return 0, err
	}
	section, err := in.hello()
	if err != nil {
		return 0, err
	}
	if section != t.cfg.Section {
		return 0, &refusal{ReasonSection, errSection}
	}
	raw.SetDeadline(time.Time{})
	p.mu.Lock()
	if ctx.Err() == nil { // else it may have been forgotten
		t.gate.move(&p.dialHome, sourceOf(raw.RemoteAddr()))
	}
	p.mu.Unlock()
	corked.start()

	q := newQueue(t.cfg.QueueBytes, &t.queued, t.cfg.QueueTotal)
	p.out.Store(q)
	defer func() {
		p.out.Store(nil)
		p.stats.lost.Add(uint64(q.close()))
	}()
	began := time.Now()
	done := make(chan struct{})
	go func() {
		defer close(done)
		cancel(t.listen(ctx, raw, in, p))
	}()
	if t.cfg.OnUp != nil {
		t.cfg.OnUp(p.id)
	}
	err = t.write(ctx, raw, conn, corked, q, p)
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	cancel(err)
	raw.Close()
	<-done
	return max(time.Since(began), 1), err
}

// listen reads keepalives of a peer that we dialled. Nothing else comes that way.
func (t *Transport) listen(ctx context.Context, raw net.Conn, in *frames, p *peer) error {
	in.idle = func() error { return raw.SetReadDeadline(time.Now().Add(t.cfg.IdleTimeout)) }
	for {
		n, started, err := in.header()
		if err != nil && !errors.Is(err, errOversize) {
			return idle(err, started)
		}
		if err != nil || n > 0 {
			return &refusal{ReasonGarbage, errors.New("a frame where only keepalives may be")}
		}
		if err := p.admit(ctx, 0); err != nil {
			return err
		}
	}
}

// write sends what is queued until the connection ends, and a keepalive when there is nothing.
func (t *Transport) write(ctx context.Context, raw net.Conn, conn *tls.Conn, corked *cork, q *queue, p *peer) error {
	tick := time.NewTicker(t.cfg.PingEvery)
	defer tick.Stop()
	send := func(b []byte) error {
		if err := raw.SetWriteDeadline(time.Now().Add(t.cfg.pieceTime(len(b)))); err != nil {
			return err
		}
		if _, err := conn.Write(b); err != nil {
			return err
		}
		return corked.flush()
	}
	var taken []*chunk
	quiet := false
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
			if quiet {
				if err := send(make([]byte, headerSize)); err != nil {
					return err
				}
			}
			quiet = true
			continue
		case <-q.wake:
		}
		var frames int
		taken, frames = q.take(taken)
		var err error
		for i, c := range taken {
			if err == nil {
				if err = send(c.b[:c.n]); err == nil {
					p.stats.bytesOut.Add(uint64(c.n))
				}
			}
			q.release(c)
			taken[i] = nil
		}
		if err != nil {
			p.stats.lost.Add(uint64(frames)) // some may have been sent: nobody knows which
			return err
		}
		p.stats.framesOut.Add(uint64(frames))
		quiet = false
	}
}
