package load

import (
	"time"

	"parsec/cmd/loadgen/internal/latency"
	"parsec/core/node/client"
)

// Absence is a time in which the blocks of a node did not come.
type Absence struct {
	Node   int
	From   time.Duration // when they ended
	Back   time.Duration // when it served them again; 0 if it did not
	Caught time.Duration // when it had what all live nodes had when it came back, and counted as live; 0 if it did not
}

// absent returns the last absence of a node that has not come to its end, if there is one.
func (l *ledger) absent(node int) *Absence {
	for i := len(l.absences) - 1; i >= 0; i-- {
		if a := &l.absences[i]; a.Node == node {
			if a.Caught > 0 {
				return nil
			}
			return a
		}
	}
	return nil
}

// caught notes that a node lives, if it has been away.
func (l *ledger) caught(node int, now time.Duration) {
	if !l.away[node] || !l.check.Live(node) {
		return
	}
	l.away[node] = false
	if a := l.absent(node); a != nil {
		a.Caught = now
	}
}

// maxAbsences is how many absences are kept: nodes that come and go all the time must not take memory without bound.
const maxAbsences = 10_000

// arrived notes that a node has a stream again.
func (l *ledger) arrived(node int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.up[node] = true
	l.wakeAll()
}

// expel notes that others have a node's key, and reports whether that is new.
func (l *ledger) expel(node int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.forged[node] {
		return false
	}
	l.forged[node] = true
	return true
}

// left notes that the stream of a node broke, and finds places for what was handed to it and not acknowledged, and for
// what waits.
func (l *ledger) left(node int, now time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.up[node] = false
	step := l.step(now)
	retry := queue{} // before what waits: it was due before
	for q := &l.flight[node]; q.len() > 0; {
		seq := q.pop()
		switch {
		case l.check.Decided(seq):
			l.reach(seq, acked, latency.Acknowledged, now, step)
			l.reach(seq, contacted, latency.Contacted, now, step)
		case l.cfg.Retry == None || l.expired(seq):
			l.givenUp++
			if c, i := l.at(seq); c != nil {
				if c.state[i]&contacted == 0 {
					l.again(node, now)
				}
				l.mark(seq, acked|contacted)
			}
		default:
			retry.push(seq)
		}
	}
	waiting := l.queues[node]
	l.queues[node] = queue{}
	for retry.len() > 0 {
		l.queues[l.route(node, l.cfg.Retry)].push(retry.pop())
	}
	for waiting.len() > 0 {
		l.queues[l.route(node, l.cfg.Away)].push(waiting.pop())
	}
	l.wakeAll()
}

// expired reports whether no block can decide a submission any more: no node takes it.
func (l *ledger) expired(seq uint64) bool {
	c, i := l.at(seq)
	return c != nil && c.until[i] < l.check.Blocks()
}

// blocks notes that the blocks of a node come, or that they do not any more.
func (l *ledger) blocks(node int, come bool, now time.Duration) (from uint64, begun bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if come {
		l.check.Back(node)
		if a := l.absent(node); a != nil && l.away[node] && a.Back == 0 {
			a.Back = now
		}
		l.caught(node, now)
	} else {
		l.check.Away(node)
		if !l.away[node] && !l.stopped && len(l.absences) < maxAbsences {
			l.away[node] = true
			l.absences = append(l.absences, Absence{Node: node, From: now})
		}
	}
	l.progressed(now)
	return l.check.Next(node)
}

// block takes a block of a node, and reports whether all is well.
func (l *ledger) block(node int, b *client.Block, now time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	step := l.step(now)
	for _, seq := range l.check.Block(node, b) {
		if seq >= l.due {
			continue // invented: the checker said so
		}
		if c, i := l.at(seq); c != nil && int(c.node[i]) == node {
			l.reach(seq, contacted, latency.Contacted, now, step)
		}
	}
	l.caught(node, now)
	l.progressed(now)
	_, wrong := l.check.Violations()
	return wrong == [len(wrong)]uint64{}
}
