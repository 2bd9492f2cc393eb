package node

import (
	"errors"

	"parsec/core"
)

// fork ends all that this node takes part in: its key made events that it did not. What is there can be read.
func (l *loop) fork(err error) {
	if l.forked != nil {
		return
	}
	l.forked = err
	l.log.Error("this node has forked, and takes part no more: its key runs elsewhere, or its folder was an old copy", "error", err)
	l.end(unavailable(err))
	close(l.stuck)
}

// halted reports whether this node makes nothing any more.
func (l *loop) halted() bool { return l.failed != nil || l.forked != nil }

// end tells those that submitted that nothing is taken any more, and why.
func (l *loop) end(err error) {
	l.intake.refuse(err)
	for _, done := range l.acks {
		done(err)
	}
	clear(l.acks)
	l.acks = l.acks[:0]
	l.look()
}

// isFork reports whether an error of the core says that this node has forked.
func isFork(err error) bool { return errors.Is(err, core.ErrForked) }
