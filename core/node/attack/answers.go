package attack

import (
	"encoding/binary"

	"parsec/core/internal/forge"
	"parsec/core/internal/wire"
)

// enough is how many branches a graph has no room for: it took 1,024 in all, and then refused those of honest members too.
const enough = 1100

// lesson has branches in answer to whoever learns its own events, which takes in what it is taught whoever made it. Until it
// forks in the open, for some, it is asked like any other member.
func lesson(w *crew) script {
	n := 0
	return script{
		next: func() (int, *wire.Message) {
			n++
			member := n % len(w.tips)
			if w.victim() {
				return member, nil
			}
			return member, w.opened(member)
		},
		heard: func(member int, m *wire.Message) *wire.Message {
			if m.Kind != wire.KindLearn {
				return nil
			}
			nonce := m.Nonce
			all := []*forge.Event{w.firsts[member], w.tips[member]}
			for range enough {
				all = append(all, w.Vote(w.tips[member], w.label()))
			}
			out := w.Message(wire.KindTeach, all...)
			out.Nonce = nonce
			return out
		},
	}
}

// questions has the questions of a member that has lost its log, again and again, each as if it were new. The members have
// two events each: there is no more to answer.
func questions(w *crew) script {
	n := uint32(0)
	return script{next: func() (int, *wire.Message) {
		n++
		m := &wire.Message{Kind: wire.KindLearn, Known: uint32(len(w.tips))}
		binary.LittleEndian.PutUint32(m.Nonce[:], n)
		return int(n) % len(w.tips), m
	}}
}

// withheld has votes for contents that the target lacks, and no answer when it asks for them.
func withheld(w *crew) script {
	n := 0
	return script{next: func() (int, *wire.Message) {
		n++
		member := n % len(w.tips)
		var votes []forge.Vote
		for range 16 {
			v := w.label()
			v.Withheld = true
			votes = append(votes, v)
		}
		b := w.Vote(w.tips[member], votes...)
		return member, w.show(b, w.Ask(b, w.to))
	}}
}
