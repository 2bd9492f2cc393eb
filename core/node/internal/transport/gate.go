package transport

import (
	"container/list"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// gate decides which new connections may start a handshake, which costs us 0.2 ms of a processor, whoever they are.
//
// Each source (an address; of IPv6 its /64) has a token bucket, and all sources where no peer is known to be share
// one more. So strangers elsewhere, however many addresses they have, do not keep peers from coming back: those pay
// from their own address's bucket alone. Who has no token is closed unread: the newest.
//
// Of those in a handshake, past the limit of a source or of all, the oldest is closed: honest handshakes are done in
// milliseconds, and the buckets see to it that as many new ones as the limit take at least
// (MaxAddressHandshakes - burst) / AddressRate to come; who holds places by saying nothing loses them.
//
// What this does not give: a peer behind the same address as an attacker (the same machine, or a NAT) shares its
// bucket and gets through with the probability of its share of attempts, each time it dials. It has connections that
// stand meanwhile, and nobody can take those.
type gate struct {
	cfg *Config

	mu        sync.Mutex
	strangers *rate.Limiter
	sources   map[netip.Addr]*source
	overflow  *source   // for sources there is no place for
	pending   list.List // of *entrant, oldest first
	swept     time.Time
}

// source is an address that connections come from. Invariant: pending is the number of entrants that have it.
type source struct {
	bucket  *rate.Limiter
	pending int
	known   int // peers that are known to be here
}

// entrant is a connection in its handshake.
type entrant struct {
	source *source
	conn   net.Conn
	at     *list.Element
}

const maxSources = 1024

func newGate(cfg *Config) *gate {
	g := &gate{cfg: cfg, strangers: rate.NewLimiter(rate.Limit(cfg.HandshakeRate), cfg.HandshakeRate), sources: map[netip.Addr]*source{}}
	g.overflow = g.newSource()
	return g
}

func (g *gate) newSource() *source {
	return &source{bucket: rate.NewLimiter(rate.Limit(g.cfg.AddressRate), 2*g.cfg.AddressRate)}
}

// sourceOf returns the source of a connection.
func sourceOf(addr net.Addr) netip.Addr {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return sourceAddr(tcp.AddrPort().Addr())
}

func sourceAddr(a netip.Addr) netip.Addr {
	if a = a.Unmap().WithZone(""); a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return a
}

// find returns a source, new if need be.
func (g *gate) find(addr netip.Addr, now time.Time) *source {
	if s, ok := g.sources[addr]; ok {
		return s
	}
	if len(g.sources) >= maxSources && now.Sub(g.swept) > time.Second/4 {
		g.swept = now
		for a, s := range g.sources { // those with a full bucket are as good as new
			if s.pending == 0 && s.known == 0 && s.bucket.TokensAt(now) >= float64(s.bucket.Burst()) {
				delete(g.sources, a)
			}
		}
	}
	if len(g.sources) >= maxSources {
		return g.overflow
	}
	s := g.newSource()
	g.sources[addr] = s
	return s
}

// enter takes a connection in, or returns nil. It may close an older one in its stead: closed returns that one's
// address.
func (g *gate) enter(conn net.Conn) (e *entrant, closed net.Conn) {
	now := time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.find(sourceOf(conn.RemoteAddr()), now)
	if !s.bucket.AllowN(now, 1) || s.known == 0 && !g.strangers.AllowN(now, 1) {
		return nil, nil
	}
	if s.pending >= g.cfg.MaxAddressHandshakes {
		closed = g.evict(s)
	} else if g.pending.Len() >= g.cfg.MaxHandshakes {
		closed = g.evict(nil)
	}
	e = &entrant{source: s, conn: conn}
	e.at = g.pending.PushBack(e)
	s.pending++
	return e, closed
}

// evict closes the oldest entrant, of one source or of all.
func (g *gate) evict(of *source) net.Conn {
	for at := g.pending.Front(); at != nil; at = at.Next() {
		if e := at.Value.(*entrant); of == nil || e.source == of {
			g.remove(e)
			e.conn.Close()
			return e.conn
		}
	}
	return nil
}

func (g *gate) remove(e *entrant) {
	if e.at != nil {
		g.pending.Remove(e.at)
		e.at = nil
		e.source.pending--
	}
}

// leave is called when an entrant is a peer, or closed.
func (g *gate) leave(e *entrant) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.remove(e)
}

// handshaking returns how many entrants there are.
func (g *gate) handshaking() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.pending.Len()
}

// home is where a peer is known to be: at most one source each. The zero value is nowhere.
type home struct{ source *source }

// move says that a peer is at addr now, or nowhere if that is invalid. A source with a peer is never swept.
func (g *gate) move(h *home, addr netip.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if h.source != nil {
		h.source.known--
		h.source = nil
	}
	if addr.IsValid() {
		// The overflow source is nobody's home.
		if s := g.find(addr, time.Now()); s != g.overflow {
			s.known++
			h.source = s
		}
	}
}
