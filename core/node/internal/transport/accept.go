package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"
)

var (
	errSuperseded = errors.New("a newer connection of the same peer takes its place")
	errCrowded    = errors.New("connections of the peer have not ended")
	errSection    = errors.New("another section")
	errIdle       = errors.New("nothing came for long")
	errNotAllowed = errors.New("no longer allowed")
)

// accepted is a connection that a peer made.
type accepted struct {
	cancel context.CancelCauseFunc // closes it
}

// maxGreeting is how many bytes may come before the hello has: an honest peer sends 900. TLS would take certificates
// of 256 KiB.
const maxGreeting = 8 << 10

var errGreeting = errors.New("a handshake of too many bytes")

// guarded is a connection of which only so much is read until it is open.
type guarded struct {
	net.Conn
	left int
	open bool
}

func (g *guarded) Read(b []byte) (int, error) {
	if g.open {
		return g.Conn.Read(b)
	}
	if g.left == 0 {
		return 0, &refusal{ReasonOversize, errGreeting}
	}
	n, err := g.Conn.Read(b[:min(len(b), g.left)])
	g.left -= n
	return n, err
}

// accept takes connections in until the listener is closed.
func (t *Transport) accept() {
	var pause time.Duration
	for {
		raw, err := t.listener.Accept()
		if t.ctx.Err() != nil {
			if err == nil {
				raw.Close()
			}
			return
		}
		if err != nil { // out of file descriptors, or the like: it may pass
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			t.journal.note(ReasonTooMany, "cannot accept", err)
			select {
			case <-time.After(pause):
			case <-t.ctx.Done():
			}
			continue
		}
		pause = 0
		e, closed := t.gate.enter(raw)
		if closed != nil {
			t.journal.note(ReasonTooMany, "closed the oldest handshake", nil, "from", closed.RemoteAddr())
		}
		if e == nil {
			t.journal.note(ReasonTooMany, "refused a connection: too many of late", nil, "from", raw.RemoteAddr())
			raw.Close()
			continue
		}
		t.running.Go(func() { t.serve(raw, e) })
	}
}

// serve sees an accepted connection from its handshake to its end.
func (t *Transport) serve(raw net.Conn, e *entrant) {
	ctx, cancel := context.WithCancelCause(t.ctx)
	defer cancel(nil)
	defer context.AfterFunc(ctx, func() { raw.Close() })()
	defer raw.Close()

	raw.SetDeadline(time.Now().Add(t.cfg.HandshakeTimeout))
	guard := &guarded{Conn: raw, left: maxGreeting}
	conn := tls.Server(guard, t.server)
	in := newFrames(conn, t.cfg.MaxFrame,
		func() error { return nil }, // one deadline for all of the handshake
		func(int) error { return nil })
	id, err := t.welcome(ctx, conn, in)
	t.gate.leave(e)
	a := &accepted{cancel: cancel}
	var p *peer
	if err == nil {
		p, err = t.join(id, a)
	}
	if err != nil {
		t.journal.note(reasonOf(err, false), "refused a connection", err, "from", raw.RemoteAddr())
		return
	}
	defer t.leave(p, a)
	t.gate.move(&p.fromHome, sourceOf(raw.RemoteAddr()))
	guard.open = true
	raw.SetDeadline(time.Time{})
	p.wake()

	done := make(chan struct{})
	go func() {
		defer close(done)
		t.keepalive(ctx, cancel, conn, p.id)
	}()
	err = t.receive(ctx, raw, in, p)
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	cancel(err)
	raw.Close()
	<-done
	if t.ctx.Err() == nil {
		t.journal.note(reasonOf(err, true), "a connection from a peer ended", err, "from", raw.RemoteAddr(), "peer", short(p.id))
	}
}

// welcome does the handshake of an accepted connection and returns whose it is.
func (t *Transport) welcome(ctx context.Context, conn *tls.Conn, in *frames) (ID, error) {
	if err := conn.HandshakeContext(ctx); err != nil {
		return ID{}, err
	}
	section, err := in.hello()
	if err != nil {
		return ID{}, err
	}
	// The answer comes before the verdict: a peer of another section shall see why it is refused.
	if _, err := conn.Write(appendHello(nil, &t.cfg.Section)); err != nil {
		return ID{}, err
	}
	if section != t.cfg.Section {
		return ID{}, &refusal{ReasonSection, errSection}
	}
	return keyOf(conn.ConnectionState().PeerCertificates)
}

// receive reads frames and delivers them until the connection ends.
func (t *Transport) receive(ctx context.Context, raw net.Conn, in *frames, p *peer) error {
	in.idle = func() error { return raw.SetReadDeadline(time.Now().Add(t.cfg.IdleTimeout)) }
	in.piece = func(n int) error { return raw.SetReadDeadline(time.Now().Add(t.cfg.pieceTime(n))) }
	for {
		n, started, err := in.header()
		if err != nil {
			return idle(err, started)
		}
		if err := p.admit(ctx, n); err != nil {
			return err
		}
		frame, err := in.body(n)
		if err != nil {
			return err
		}
		if n == 0 {
			continue // a keepalive
		}
		if err := p.deliver(ctx, frame); err != nil {
			return err
		}
	}
}

// idle tells a connection on which nothing came from one on which half a length did.
func idle(err error, started bool) error {
	var timeout net.Error
	if !started && errors.As(err, &timeout) && timeout.Timeout() {
		return &refusal{ReasonIdle, errIdle}
	}
	return err
}

// keepalive tells the dialler now and then that we are there, whether or not Deliver blocks, and closes the
// connection when its peer is no longer allowed.
func (t *Transport) keepalive(ctx context.Context, cancel context.CancelCauseFunc, conn net.Conn, id ID) {
	tick := time.NewTicker(t.cfg.PingEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if !t.cfg.Allowed(id) {
			cancel(&refusal{ReasonStranger, errNotAllowed})
			return
		}
		conn.SetWriteDeadline(time.Now().Add(t.cfg.Stall))
		if _, err := conn.Write(make([]byte, headerSize)); err != nil {
			cancel(err)
			return
		}
	}
}
