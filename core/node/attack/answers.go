package attack

import (
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
			nonce, skip := m.Nonce, m.Skip
			all := []*forge.Event{w.firsts[member], w.tips[member]}
			for range enough {
				all = append(all, w.Vote(w.tips[member], w.label()))
			}
			out := w.Message(wire.KindTeach, all...)
			out.Nonce, out.Skip = nonce, skip
			return out
		},
	}
}

// questions has the questions of a member that learns its own events and has none, each as if more had come. All that
// there is would be the answer; what was answered before is to cost the target no more than what was not.
func questions(w *crew) script {
	const places = 1 << 20
	n := uint32(0)
	return script{next: func() (int, *wire.Message) {
		n++
		return int(n) % len(w.tips), &wire.Message{Kind: wire.KindLearn, Known: uint32(len(w.tips)), Nonce: wire.Hash{1}, Skip: n * 7 % places}
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
