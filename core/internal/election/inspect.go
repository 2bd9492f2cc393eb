package election

import "parsec/core/internal/gossip"

// Meta is an event's meta-event in the running election, spelled out. It is for tests and for debugging.
type Meta struct {
	Content   []MetaKey
	Observer  uint8         // 0: neither, 1: observer, 2: follows one
	Observees []gossip.Peer // of an observer, ascending
	Votes     [][]MetaVote  // by voter, ascending; nil if there are none
}

// MetaKey is a key in an event's interesting content. Peer is -1 unless it is a Single key.
type MetaKey struct {
	Observation uint32
	Peer        int
}

// MetaVote is one meta-vote. Aux and Decision are 0 for none, 1 for true, 2 for false.
type MetaVote struct {
	Round                  uint32
	Step                   uint8
	EstT, EstF, BinT, BinF bool
	Aux, Decision          int8
}

// Inspect returns the meta-event of x; ok is false if it has none, because it is no sync event by a
// voter, or because no election can need it any more.
func (e *Election) Inspect(x gossip.Index) (m Meta, ok bool) {
	if x == 0 || x > e.g.Len() {
		return Meta{}, false
	}
	ev := e.g.Event(x)
	if !ev.Cause.Sync() || e.vbit[ev.By] < 0 {
		return Meta{}, false
	}
	view := int(e.column[ev.Col].view)
	c := &e.content
	for i := c.queue[view].head; i != 0 && c.nodes[i].event <= x; i = c.nodes[i].next {
		if k := &e.keys[c.nodes[i].key]; c.nodes[i].event == x && !k.done {
			key := MetaKey{k.observation, -1}
			if k.single {
				key.Peer = int(k.by)
			}
			m.Content = append(m.Content, key)
		}
	}
	w := &e.window
	if e.n < 2 || e.earliest == 0 || x < e.earliest || x >= e.next {
		return m, true
	}
	i := int(x - w.base)
	if w.votes[i] == 0 {
		return m, true
	}
	m.Observer = 2
	in := &w.info[i]
	if in.sync <= e.base || w.votes[in.sync-w.base] == 0 {
		m.Observer = 1
		from := e.observers.from[in.view]
		e.probe(x, i, in)
		e.observers.from[in.view] = from
		for v, p := range e.voters {
			if e.subjects[v>>6]>>(v&63)&1 != 0 {
				m.Observees = append(m.Observees, p)
			}
		}
	}
	for v := range e.voters {
		m.Votes = append(m.Votes, e.spell(w.votes[i], v))
	}
	return m, true
}

// spell returns the sequence about voter v under a number.
func (e *Election) spell(number uint32, v int) (out []MetaVote) {
	for t := 0; ; t++ {
		estimates, aux, bins, exists, decided, ok := e.halves(number, t, v)
		if !ok || !exists {
			return out
		}
		vote := MetaVote{
			Round: uint32(t / 3), Step: uint8(t % 3),
			EstT: estimates[0], EstF: estimates[1], BinT: bins[0], BinF: bins[1],
		}
		switch {
		case aux[0]:
			vote.Aux = 1
		case aux[1]:
			vote.Aux = 2
		}
		if decided {
			vote.Decision = vote.Aux
		}
		out = append(out, vote)
	}
}

// halves reads the bits about voter v at step t of a number: of pairs, true comes first.
func (e *Election) halves(number uint32, t, v int) (estimates, aux, bins [2]bool, exists, decided, ok bool) {
	l := &e.metaVotes
	if t == l.active {
		return
	}
	group, bit := l.classes.place(l.classes.of[v])
	k := int(number) + group
	at := func(word uint64, quarter int) bool { return word>>(quarter*quarterBits+bit)&1 != 0 }
	counted, state := l.steps[t].counted[k], l.steps[t].state[k]
	return [2]bool{at(counted, 0), at(counted, 1)}, [2]bool{at(counted, 2), at(counted, 3)},
		[2]bool{at(state, 0), at(state, 1)}, at(state, 2), at(state, 3), true
}
