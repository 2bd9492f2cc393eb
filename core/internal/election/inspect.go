package election

import "parsec/core/internal/gossip"

// Meta is an event's meta-event in the running election, spelled out. It is for tests and for debugging.
type Meta struct {
	Content   []MetaKey
	Forked    bool          // x descends from a fork by its creator: nobody sees it, and its content is not known
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
	if x == 0 || x > e.came {
		return Meta{}, false
	}
	ev := e.g.Event(x)
	if !ev.Cause.Sync() || e.vbit[ev.By] < 0 {
		return Meta{}, false
	}
	view := int(e.vbit[ev.By])
	if e.forks[ev.By] {
		if _, m.Forked = e.g.Tip(x, ev.By); !m.Forked {
			view = e.follow(e.vbit[ev.By], x)
		}
	}
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
	if e.n < 2 {
		return m, true
	}
	if e.levels.on {
		e.bringUp()
	}
	if e.levels.on {
		e.inspectLevels(x, ev.By, &m)
	} else {
		e.inspectPasses(x, &m)
	}
	return m, true
}

// bringUp settles everything, which elections leave until it matters.
func (e *Election) bringUp() {
	l := &e.levels
	if l.base[0].count == 0 {
		return
	}
	if !l.built {
		e.tellApart()
	}
	for i := range l.classes {
		if !e.raiseClass(&l.classes[i], e.voters, e.voters) {
			e.byPasses(e.came)
			if e.pass(e.came) != 0 {
				panic("election: what did not end by levels ends by passes")
			}
			return
		}
	}
}

// inspectLevels completes the meta-event of x, an event of chain c.
func (e *Election) inspectLevels(x gossip.Index, c gossip.Peer, m *Meta) {
	l := &e.levels
	if x < l.base[0].at[c] {
		return
	}
	m.Observer = 2
	if x == l.base[0].at[c] {
		m.Observer = 1
		for i, p := range e.voters {
			if l.saw(c, e.voters[i]) {
				m.Observees = append(m.Observees, p)
			}
		}
	}
	for _, subject := range e.voters {
		if k := l.of[subject]; k >= 0 {
			m.Votes = append(m.Votes, e.spellClass(&l.classes[k], x, c))
		} else {
			m.Votes = append(m.Votes, e.spellUniform(l.saw(l.like, subject), x, c))
		}
	}
}

// spellUniform returns the sequence of event x of chain c about a subject that all observers see, or none.
func (e *Election) spellUniform(seen bool, x gossip.Index, c gossip.Peer) (out []MetaVote) {
	base := &e.levels.base
	for t, last := 0, 2; ; t++ {
		if !seen {
			last = 4
		}
		v := MetaVote{Step: uint8(t), EstT: seen, EstF: !seen}
		if x >= base[2*t+1].at[c] {
			v.BinT, v.BinF = seen, !seen
			v.Aux = oneOrTwo(seen)
		}
		if x >= base[last].at[c] && 2*t+2 == last {
			v.Decision = v.Aux
		}
		out = append(out, v)
		if 2*t+2 == last || x < base[2*t+2].at[c] {
			return out
		}
	}
}

// oneOrTwo is how a MetaVote has a value.
func oneOrTwo(value bool) int8 {
	if value {
		return 1
	}
	return 2
}

// spellClass returns the sequence of event x of chain c about the subjects of a class.
func (e *Election) spellClass(k *class, x gossip.Index, c gossip.Peer) (out []MetaVote) {
	l := &e.levels
	row := e.g.Row(x, 0)[:l.chains.width]
	for t := 0; t < k.stages; t++ {
		g := &l.stages[k.stage[t]]
		if x < g.start[c] {
			break
		}
		v := MetaVote{
			Round: uint32(t / 3), Step: uint8(t % 3),
			EstT: x >= g.et[c], EstF: x >= g.ef[c],
			BinT: look(row, 1, g.et, e.quorum) == 0, BinF: look(row, 1, g.ef, e.quorum) == 0,
		}
		switch {
		case x >= g.at[c]:
			v.Aux = 1
		case x >= g.af[c]:
			v.Aux = 2
		}
		if x >= k.done[c] && int(k.step[c]) == t {
			v.Decision = oneOrTwo(k.value)
			v.Aux = v.Decision
			v.EstT, v.BinT = k.value, k.value
			v.EstF, v.BinF = !k.value, !k.value
			return append(out, v)
		}
		out = append(out, v)
	}
	return out
}

// inspectPasses completes the meta-event of x.
func (e *Election) inspectPasses(x gossip.Index, m *Meta) {
	w := &e.window
	if e.earliest == 0 || x < e.earliest || x >= e.next {
		return
	}
	i := int(x - w.base)
	if w.votes[i] == 0 {
		return
	}
	m.Observer = 2
	in := &w.info[i]
	if in.sync <= e.base || w.votes[in.sync-w.base] == 0 {
		m.Observer = 1
		from := e.observers.from[in.voter]
		e.probe(x, i, in)
		e.observers.from[in.voter] = from
		for v, p := range e.voters {
			if e.subjects[v>>6]>>(v&63)&1 != 0 {
				m.Observees = append(m.Observees, p)
			}
		}
	}
	for v := range e.voters {
		m.Votes = append(m.Votes, e.spell(w.votes[i], v))
	}
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

// PassesOnly has every election computed by passes, as if the graph had forks. It is called before Start, and
// is for tests.
func (e *Election) PassesOnly() { e.passesOnly = true }
