package attack

import (
	"encoding/binary"

	"parsec/core/internal/forge"
	"parsec/core/internal/wire"
)

// hidden has, in each message, a branch and a head on it that is refused late, when the branch is there: it takes in a
// stranger's event, or, now and then, descends from one that adds a key that is none, for which the sender is punished. The
// message ends with an event that is there. If the branch stays, nothing that the target makes descends from it.
func hidden(w *crew) script {
	const punished = 64 // of so many, one
	first := w.Initial(w.Hold([32]byte{'s'}))
	stranger := w.Ask(first, w.to)
	n := 0
	return script{next: func() (int, *wire.Message) {
		n++
		member := n % len(w.tips)
		if !w.victim() {
			return member, w.opened(member)
		}
		b := w.Vote(w.tips[member], w.label())
		if n%punished > 0 {
			return member, w.show(b, first, stranger, w.Hear(b, stranger), w.firsts[member])
		}
		bad := w.Vote(b, forge.About(wire.Add, noKey, binary.BigEndian.AppendUint32([]byte{byte(w.target)}, uint32(n))))
		return member, w.show(b, bad, w.Ask(bad, w.to), w.firsts[member])
	}}
}

// noKey is the encoding of no point.
var noKey = func() (id wire.Hash) {
	for i := range id {
		id[i] = 0xff
	}
	return id
}()

// opened returns a branch in the open, if it is time for it.
func (w *crew) opened(member int) *wire.Message {
	if !w.open() {
		return nil
	}
	return w.branch(member)
}

// merged has branches of one member, which forks in the open, each taken in by the first event of a stranger, and these
// by each other: a hundred in a message of another member. A member that is alone sends its own, and has not forked in the
// open before. In the end the sender forks in the open too.
func merged(w *crew) script {
	const strangers = 100
	var first []*forge.Event
	for i := range strangers {
		first = append(first, w.Initial(w.Hold([32]byte{'s', byte(i)})))
	}
	n, forker, sender := 0, 0, len(w.tips)-1
	return script{next: func() (int, *wire.Message) {
		n++
		switch {
		case n < 3 && forker != sender:
			return forker, w.branch(forker)
		case !w.victim():
			return sender, w.opened(sender)
		}
		var all []*forge.Event
		var top *forge.Event
		for _, x := range first {
			b := w.Vote(w.tips[forker], w.label())
			h := w.Hear(x, b)
			all = append(all, b, x, h)
			if top != nil {
				h = w.Hear(h, top)
				all = append(all, h)
			}
			top = h
		}
		return sender, w.show(all...)
	}}
}

// nested has chains of the k-th member that take in two chains each of all members before it, each with branches of its
// own. Every event keeps rule 6 of core/design/acceptance.md; five members of sixteen come to more branches than
// any limit that does not grow with them.
func nested(w *crew) script {
	const deepest = 5 // 243 labels in a message
	var chain func(k int) ([]*forge.Event, *forge.Event)
	chain = func(k int) (all []*forge.Event, tip *forge.Event) {
		tip = w.Vote(w.tips[k], w.label())
		all = append(all, tip)
		for j := range k {
			for range 2 {
				below, top := chain(j)
				tip = w.Hear(tip, top)
				all = append(append(all, below...), tip)
			}
		}
		tip = w.Ask(tip, w.to)
		return append(all, tip), tip
	}
	n := 0
	return script{next: func() (int, *wire.Message) {
		n++
		member := n % min(deepest+1, len(w.tips))
		all, _ := chain(member)
		return member, w.show(all...)
	}}
}

// branches has a branch in each message. No two targets are sent the same, so that each meets another one first.
func branches(w *crew) script {
	n := 0
	return script{next: func() (int, *wire.Message) {
		n++
		member := n % len(w.tips)
		return member, w.branch(member)
	}}
}
