package transport

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
)

// Transport is a node's end of its connections. Its methods may be called from any goroutine.
type Transport struct {
	cfg      Config
	identity *identity
	server   *tls.Config
	listener net.Listener
	gate     *gate
	journal  *journal
	queued   atomic.Int64 // bytes, of all queues

	ctx     context.Context // ends at Close
	cancel  context.CancelFunc
	running sync.WaitGroup
	closing sync.Once

	mu     sync.RWMutex // before any peer's
	peers  map[ID]*peer
	closed bool
}

// Listen opens the address and takes connections in. It dials nobody: see SetPeer. Errors are those of the
// configuration and of opening the address.
func Listen(cfg Config) (*Transport, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	who, err := newIdentity(cfg.Seed)
	if err != nil {
		return nil, err
	}
	listen := net.ListenConfig{KeepAlive: -1} // keepalives of ours find what TCP's would
	listener, err := listen.Listen(context.Background(), "tcp", cfg.Listen)
	if err != nil {
		return nil, err
	}
	t := &Transport{
		cfg: cfg, identity: who, server: who.server(cfg.Allowed), listener: listener,
		journal: newJournal(cfg.Logger), peers: map[ID]*peer{},
	}
	t.gate = newGate(&t.cfg)
	t.ctx, t.cancel = context.WithCancel(context.Background())
	t.running.Go(t.accept)
	return t, nil
}

// Addr returns the address that is listened on, with its port.
func (t *Transport) Addr() string { return t.listener.Addr().String() }

// ID returns the node's identity.
func (t *Transport) ID() ID { return t.identity.id }

// peer returns what is kept about an identity, or nil.
func (t *Transport) peer(id ID) *peer {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.peers[id]
}

// known is peer, but makes what is missing. t.mu is held; we are not closed.
func (t *Transport) known(id ID) *peer {
	p := t.peers[id]
	if p == nil {
		p = t.newPeer(id)
		t.peers[id] = p
	}
	return p
}

// join adds a connection that a peer made, and returns whose it is. The error says why it may not stay.
func (t *Transport) join(id ID, a *accepted) (*peer, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil, net.ErrClosed
	}
	p := t.known(id)
	if !p.join(a) {
		return nil, &refusal{ReasonTooMany, errCrowded}
	}
	return p, nil
}

// SetPeer says where a peer listens (host:port), and dials it until told otherwise: again and again, with delays that
// grow. The address "" ends that, and closes the connection to it, and those from it if it is no longer Allowed.
// The same address again changes nothing; our own identity is ignored.
func (t *Transport) SetPeer(id ID, address string) {
	if id == t.identity.id {
		return
	}
	allowed := t.cfg.Allowed(id) // outside of our locks: it may take the caller's
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed || address == "" && t.peers[id] == nil {
		return
	}
	p := t.known(id)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.address != address {
		p.redirect(address)
	}
	if address == "" && !allowed {
		for _, a := range p.accepted {
			a.cancel(&refusal{ReasonStranger, errNotAllowed})
		}
		t.forget(p)
	}
}

// redirect ends dialling and, if there is an address, begins again there. t.mu and p.mu are held; we are not closed.
func (p *peer) redirect(address string) {
	t := p.t
	before := p.stopped
	if p.stop != nil {
		p.stop()
	}
	p.address, p.stop = address, nil // stopped stays: who dials next waits for it
	if address == "" {
		t.gate.move(&p.dialHome, netip.Addr{})
		return
	}
	if a, err := netip.ParseAddrPort(address); err == nil { // known before the first connection
		t.gate.move(&p.dialHome, sourceAddr(a.Addr()))
	}
	ctx, stop := context.WithCancel(t.ctx)
	stopped := make(chan struct{})
	p.stop, p.stopped = stop, stopped
	t.running.Go(func() {
		defer close(stopped)
		defer stop()
		if before != nil {
			<-before // one connection at a time
		}
		p.dial(ctx, address)
	})
}

// forget drops what is kept about a peer that is not dialled and has no connection. t.mu and p.mu are held.
func (t *Transport) forget(p *peer) {
	if p.address == "" && len(p.accepted) == 0 && t.peers[p.id] == p {
		t.gate.move(&p.fromHome, netip.Addr{})
		t.gate.move(&p.dialHome, netip.Addr{})
		delete(t.peers, p.id)
	}
}

// leave removes a connection that has ended, and what is kept about its peer if that is no longer allowed.
func (t *Transport) leave(p *peer, a *accepted) {
	allowed := t.cfg.Allowed(p.id)
	t.mu.Lock()
	defer t.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.leave(a)
	if !allowed {
		t.forget(p)
	}
}

// Send queues a copy of a frame (1 to MaxFrame bytes) for a peer, and never blocks. It reports false where the frame
// was dropped, and counts it (but for peers that nobody spoke of): there is no connection, or the queue is full. True is no promise that it arrives.
func (t *Transport) Send(to ID, frame []byte) bool {
	p := t.peer(to)
	if p == nil {
		return false
	}
	if len(frame) == 0 || len(frame) > t.cfg.MaxFrame {
		t.journal.note(ReasonOversize, "a frame of ours was not sent", errOversize, "bytes", len(frame), "peer", short(to))
		return false
	}
	result := pushedClosed
	if q := p.out.Load(); q != nil {
		result = q.push(frame)
	}
	switch result {
	case pushedFull:
		p.stats.full.Add(1)
		t.journal.note(ReasonQueueFull, "a frame was dropped", nil, "peer", short(to), "bytes", len(frame))
	case pushedClosed:
		p.stats.unconnected.Add(1)
	}
	return result == pushedOK
}

// Connected reports whether there is a connection to a peer, that is, whether Send may succeed.
func (t *Transport) Connected(id ID) bool {
	p := t.peer(id)
	return p != nil && p.out.Load() != nil
}

// Hears reports whether there is a connection from a peer, that is, whether it can answer.
func (t *Transport) Hears(id ID) bool {
	p := t.peer(id)
	if p == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.accepted) > 0
}

// Close ends all connections, drops what is queued and waits for all goroutines: for those in Deliver, until it returns.
func (t *Transport) Close() {
	t.closing.Do(func() {
		t.mu.Lock()
		t.closed = true
		t.mu.Unlock()
		t.cancel()
		t.listener.Close()
	})
	t.running.Wait()
}
