package intake

import (
	"fmt"

	"parsec/core/internal/history"
)

// insert is the last stage: it commits what was chosen of a message, all of which is staged and verified, and returns how
// many events that was.
func (in *Intake) insert(m *Message) int {
	for _, i := range m.choice.chosen {
		in.votes = in.votes[:0]
		for _, o := range m.votes(&m.Wire.Events[i]) {
			k := &m.Wire.Observations[o]
			in.votes = append(in.votes, history.Vote{Hash: &k.Hash, Body: k.Body})
		}
		x, err := in.h.Commit(m.checked[i].verified, in.votes)
		if err != nil || x != m.choice.places[i] {
			panic(fmt.Sprintf("intake: event %d, staged as %d, was committed as %d: %v", i, m.choice.places[i], x, err))
		}
	}
	n := len(m.choice.chosen)
	s := in.sender(m.From)
	s.waste = max(0, s.waste-2*n)
	return n
}
