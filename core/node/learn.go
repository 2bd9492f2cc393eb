package node

import (
	"crypto/rand"
	"slices"
	"time"

	"parsec/core"
)

// A node asks the members for its own last events before it makes one: its folder may be an old copy, and whoever goes on
// from that contradicts itself. What is in this file says whom it asks, and when it begins.
const (
	learnEvery  = 10 * time.Millisecond  // between two looks at who can be asked
	learnWithin = time.Second            // in which members answer, from when the first was reached, or from the start if none is
	settleIn    = 250 * time.Millisecond // from the start: who is up has connected by then
)

// nonce returns what marks the questions of one start.
func nonce() (h core.Hash) {
	_, _ = rand.Read(h[:]) // it never fails
	return h
}

// question is what a peer was asked for at the start.
type question struct {
	at    time.Time // last
	times int
}

// due reports whether the peer is to be asked, for the first time or again. Each time takes twice as long as the one before:
// a peer answers the same question so often, and no more.
func (q *question) due(now time.Time) bool {
	return q.times == 0 || now.Sub(q.at) >= min(answerWithin<<min(q.times-1, 8), slowest)
}

// learn goes on with what a node does before its first event, and shows how far that is.
func (l *loop) learn(now time.Time) {
	if learning, restored := l.core.Learning(); learning {
		answered := l.ask(now)
		if l.late(now) || answered && !restored && now.Sub(l.asking) >= settleIn {
			silent := l.awaits()
			if err := l.core.Begin(); err != nil {
				l.complain("cannot begin", "error", err)
			}
			if learning, _ := l.core.Learning(); !learning {
				l.log.Info("begins without answers of some members about its own events", "members", names(silent))
			}
		}
	}
	l.look()
}

// ask asks those who can answer and have not been asked, or not lately. Who has a connection to this node says so by a frame:
// answers before that are lost, and each peer gives few. It reports whether all have answered that are
// connected. A node that lacks events asks on until a quorum has answered: [core.Node.Begin] does nothing before.
func (l *loop) ask(now time.Time) (answered bool) {
	if l.asking.IsZero() {
		l.asking = now
	}
	awaited := l.core.Awaits()
	answered = true
	for _, id := range l.core.Recipients() {
		if !l.transport.Connected(id) {
			continue
		}
		if l.reached.IsZero() {
			l.reached = now
		}
		p := l.neighbour(id)
		if p.question.times > 0 && !slices.Contains(awaited, id) {
			continue // it has answered
		}
		answered = false
		if p.question.due(now) && (p.heard || now.Sub(l.reached) >= learnWithin) {
			l.question(id, p, now)
		}
	}
	return answered && !l.reached.IsZero()
}

// question asks a peer.
func (l *loop) question(id core.Identity, p *neighbour, now time.Time) {
	if err := l.core.Gossip(id); err != nil {
		l.complain("cannot ask for this node's own events", "peer", name(id), "error", err)
	}
	p.question = question{now, p.question.times + 1}
	p.quota.asked(now, l.pace.rates())
}

// late reports whether those that have not answered had their time. One that joins waits until it reaches a member: alone it
// can do nothing.
func (l *loop) late(now time.Time) bool {
	since := l.reached
	if since.IsZero() {
		if l.joins() {
			return false
		}
		since = l.asking
	}
	return now.Sub(since) >= learnWithin
}

// joins reports whether this node is to be added, and does not know that it was.
func (l *loop) joins() bool { return l.cfg.Join && !l.view.Load().was }

// awaits returns the voters that have not answered, whether or not they could be asked.
func (l *loop) awaits() []core.Identity {
	awaited := l.core.Awaits()
	return slices.DeleteFunc(l.core.Voters(), func(id core.Identity) bool {
		return id == l.identity || l.neighbour(id).question.times > 0 && !slices.Contains(awaited, id)
	})
}

// begun notes that this node's questions were answered, or that it takes longer.
func (l *loop) begun(was, is *view) {
	if is.restored && !was.restored {
		l.log.Warn("this node's log lacks events that it made, or is said to: it learns them from the others before it makes one")
	}
	if (!is.learning || is.restored || l.halted()) && !l.answered {
		l.answered = true
		close(l.asked)
	}
}
