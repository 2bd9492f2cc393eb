package node

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"parsec/core"
	"parsec/core/node/internal/api"
)

// What is in this file keeps those that the transport talks to in step with those that the core knows.

// isAllowed reports whether a peer may connect. It is safe for concurrent use.
func (n *Runtime) isAllowed(id [32]byte) bool {
	known := n.known.Load()
	if known == nil {
		return false
	}
	_, ok := (*known)[id]
	return ok
}

// members takes in a block that changes who is a member. A peer that is removed may still connect: it is told of its
// removal when it asks.
func (l *loop) members(b *core.Decided) {
	switch b.Kind {
	case core.Add, core.Remove, core.Genesis:
		l.changed = true
	}
	if b.Peer == l.identity {
		return
	}
	if b.Kind == core.Remove {
		l.neighbour(b.Peer).added = 0
	}
	if b.Kind != core.Add {
		return
	}
	l.neighbour(b.Peer).added = b.Number + 1
	if l.fixed[b.Peer] {
		return
	}
	address := string(b.Info)
	if err := checkAddress(address); err != nil {
		l.log.Warn("a peer was added by votes that say no address", "peer", name(b.Peer), "error", err)
		return
	}
	l.addresses[b.Peer] = address
	l.transport.SetPeer(b.Peer, address)
}

// contacts returns whom this node can ask if it does not know the section's members: those that the section file and the
// settings have addresses of.
func (n *Runtime) contacts() []core.Identity {
	ids := slices.SortedFunc(maps.Keys(n.addresses), compareIdentities)
	return slices.DeleteFunc(ids, func(id core.Identity) bool { return id == n.identity })
}

// look brings what others see up to date.
func (l *loop) look() {
	v := &view{events: l.core.Len(), waiting: l.waiting, failed: l.failed, forked: l.forked, full: l.full, counts: l.core.Counts(), forkers: l.core.Forkers()}
	old := l.view.Load()
	for _, id := range v.forkers {
		if old == nil || !slices.Contains(old.forkers, id) {
			l.log.Warn("a member has forked: nothing more is taken from it; members can vote to remove it", "peer", FormatIdentity(id))
		}
	}
	if old != nil && !l.changed {
		v.voters, v.was = old.voters, old.was
	} else {
		l.changed = false
		v.voters = l.core.Voters()
		l.voter = slices.Contains(v.voters, l.identity)
		v.was = old != nil && old.was || l.voter
		l.pace.voters = len(v.voters)
		known := maps.Clone(l.addresses)
		for _, id := range l.core.Peers() {
			if _, ok := known[id]; !ok {
				known[id] = ""
			}
		}
		l.known.Store(&known)
	}
	v.voter, v.refusal = l.voter, l.core.CanVote()
	if v.learning, v.restored = l.core.Learning(); v.learning {
		v.awaits = l.awaits()
	}
	l.view.Store(v)
	if old == nil {
		old = new(view)
	}
	l.begun(old, v)
}

// view is what others see of the loop.
type view struct {
	events   int
	waiting  int // undecided votes
	voters   []core.Identity
	voter    bool
	was      bool            // a voter, once
	learning bool            // it asks for its own events still
	restored bool            // and lacks some, or is told that it does
	awaits   []core.Identity // who has not answered that
	refusal  error           // why it may not vote
	failed   error
	forked   error // its key was used elsewhere
	full     error // why it takes no submissions, though it votes
	counts   core.Counts
	forkers  []core.Identity
}

// deliver is called by the transport's readers. It returns when the frame was taken in; whoever sent what was refused
// is not heard for a while.
func (n *Runtime) deliver(from [32]byte, frame []byte) {
	done := make(chan time.Duration, 1)
	select {
	case n.frames <- inbound{from, frame, done}:
	case <-n.ended:
		return
	}
	select {
	case penalty := <-done:
		if penalty > 0 {
			select {
			case <-time.After(penalty):
			case <-n.ended:
			}
		}
	case <-n.ended:
	}
}

// up is called by the transport when there is a connection to a peer.
func (n *Runtime) up(id [32]byte) {
	select {
	case n.ups <- id:
	case <-n.ended:
	default: // the next status comes soon
	}
}

// call runs f in the loop, and returns when it has. The loop may wait for a disk that does not answer, so the error may be
// that of ctx, or [api.ErrStopping]; then f does not run.
func (n *Runtime) call(ctx context.Context, f func(*loop)) error {
	done := make(chan struct{})
	select {
	case n.calls <- func(l *loop) { f(l); close(done) }:
		<-done
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-n.ended:
		return api.ErrStopping
	}
}

// throttle lets a few complaints a second through.
type throttle struct {
	mu    sync.Mutex
	since time.Time
	count int
	kept  int
}

const complaintsEvery = 5 // a second

// complain logs a warning, unless there were many lately.
func (n *Runtime) complain(what string, args ...any) {
	t := &n.complaints
	t.mu.Lock()
	now := time.Now()
	if now.Sub(t.since) > time.Second {
		t.since, t.count = now, 0
	}
	t.count++
	over := t.count > complaintsEvery
	if over {
		t.kept++
	} else if t.kept > 0 {
		args = append(args, "left_out_before", t.kept)
		t.kept = 0
	}
	t.mu.Unlock()
	if !over {
		n.log.Warn(what, args...)
	}
}
