package transport

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// peer is what is kept about an identity: one that is dialled, or that connected while it was allowed. It outlives
// connections, so that connecting again does not fill quotas again.
type peer struct {
	id ID
	t  *Transport

	out  atomic.Pointer[queue] // of the connection dialled; nil if there is none
	hint chan struct{}         // has a token when the peer connected to us: it is there
	turn chan struct{}         // holds a token while a frame of the peer is delivered

	framesIn, bytesIn *rate.Limiter // quotas

	mu       sync.Mutex
	address  string
	stop     context.CancelFunc // ends dialling; nil if it is not dialled
	stopped  chan struct{}      // closed when it has ended
	accepted []*accepted        // oldest first; those whose goroutine has not ended
	dialHome home               // where we reach it
	fromHome home               // where it connects from

	stats peerCounters
}

type peerCounters struct {
	framesIn, bytesIn, framesOut, bytesOut atomic.Uint64
	full, unconnected, lost                atomic.Uint64
	delayed                                atomic.Uint64
}

func (t *Transport) newPeer(id ID) *peer {
	return &peer{
		id: id, t: t,
		hint:     make(chan struct{}, 1),
		turn:     make(chan struct{}, 1),
		framesIn: rate.NewLimiter(rate.Limit(t.cfg.ReceiveFrames), t.cfg.ReceiveFrames),
		bytesIn:  rate.NewLimiter(rate.Limit(t.cfg.ReceiveBytes), max(t.cfg.ReceiveBytes, t.cfg.MaxFrame+headerSize)),
	}
}

// admit takes a frame of n bytes out of the peer's quotas, and waits while they are overdrawn or until ctx ends.
func (p *peer) admit(ctx context.Context, n int) error {
	now := time.Now()
	delay := max(p.framesIn.ReserveN(now, 1).DelayFrom(now), p.bytesIn.ReserveN(now, headerSize+n).DelayFrom(now))
	if delay == 0 {
		return nil
	}
	p.stats.delayed.Add(1)
	p.t.journal.note(ReasonOverQuota, "reading from a peer is delayed", nil, "peer", short(p.id))
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// deliver hands a frame over, in turn with the peer's other connection.
func (p *peer) deliver(ctx context.Context, frame []byte) error {
	select {
	case p.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-p.turn }()
	p.stats.framesIn.Add(1)
	p.stats.bytesIn.Add(uint64(headerSize + len(frame)))
	p.t.cfg.Deliver(p.id, frame)
	return nil
}

// join adds an accepted connection, closing the oldest of the peer's for it. Goroutines of closed ones end soon,
// but for one that may be inside Deliver: past one more than the limit, the new one is refused.
func (p *peer) join(a *accepted) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.accepted) > maxAccepted {
		return false
	}
	if len(p.accepted) == maxAccepted {
		p.accepted[0].cancel(&refusal{ReasonTooMany, errSuperseded})
	}
	p.accepted = append(p.accepted, a)
	return true
}

// leave removes an accepted connection whose goroutine ends. p.mu is held.
func (p *peer) leave(a *accepted) {
	for i, b := range p.accepted {
		if a == b {
			p.accepted = append(p.accepted[:i], p.accepted[i+1:]...)
			break
		}
	}
}

// wake says that the peer was heard of: dialling it may succeed.
func (p *peer) wake() {
	select {
	case p.hint <- struct{}{}:
	default:
	}
}
