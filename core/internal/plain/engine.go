package plain

import (
	"bytes"
	"slices"
	"sort"
)

// Kinds of observations, as package core numbers them.
const (
	Opaque = iota
	Genesis
	Add
	Remove
	Accusation
	StartDKG
	DKGMessage
)

// Observation is what is voted on.
type Observation struct {
	Hash [32]byte
	Kind int
	Peer int
}

// Key identifies an observation in the election; Peer is -1 unless it is Single.
type Key struct{ Observation, Peer int }

// Block is a decided observation with its voters, ascending. By is the key's Peer.
type Block struct {
	Observation int
	By          int
	Voters      []int
	At          int
}

// Observer is what an event is in the election.
type Observer uint8

// The states of a meta-event.
const (
	Neither Observer = iota
	IsObserver
	FollowsObserver
)

// Meta is a meta-event.
type Meta struct {
	Content  []Key
	Observer Observer
	Observes map[int]int  // IsObserver: observee -> its first interesting event
	Votes    [][]MetaVote // by subject's number, nil for one that is no voter; nil if there are none
}

// Engine runs the elections. Peers are numbered in order of identity.
type Engine struct {
	graph
	single       bool
	everyPeer    bool                          // crate-0.7.3: strongly-sees counts every peer
	coin         func(event, subject int) Coin // nil: the concrete coin
	identities   [][32]byte                    // for the concrete coin
	decidedLast  *Key                          // nil for none
	npeers       int
	observations []Observation
	voters       map[int]bool

	unconsensused []int
	done          map[Key]bool
	Metas         []*Meta       // by event; nil if it has none
	from          int           // no event before it has a meta-event
	interesting   map[int][]int // by creator, in insertion order
	Blocks        []Block
	Decisions     int // elections ended
	// Torn is set when the graph alone did not settle a decision: two sides of a fork were strongly seen,
	// which takes a third of forkers or more, and the one that was inserted first was taken.
	Torn bool
}

// New returns an engine without events. Peers, the first voters and observations are fixed from the
// start; coin gives the coin about a subject as seen from an event.
func New(single, everyPeer bool, coin func(event, subject int) Coin, npeers int, genesis []int, observations []Observation) *Engine {
	g := &Engine{
		graph:        graph{at: map[slot][]int{}, forked: map[int][]int{}},
		single:       single,
		everyPeer:    everyPeer,
		coin:         coin,
		npeers:       npeers,
		observations: observations,
		voters:       map[int]bool{},
		done:         map[Key]bool{},
		interesting:  map[int][]int{},
	}
	for _, p := range genesis {
		g.voters[p] = true
	}
	return g
}

// Voters lists the voters, ascending.
func (g *Engine) Voters() []int {
	var out []int
	for p := range g.voters {
		out = append(out, p)
	}
	sort.Ints(out)
	return out
}

func (g *Engine) key(u int) Key { return g.Key(g.events[u].Observation, g.events[u].Creator) }

// Key returns the key of a vote by peer for observation o.
func (g *Engine) Key(o, peer int) Key {
	k := g.observations[o].Kind
	if k == DKGMessage || k == Opaque && g.single {
		return Key{o, peer}
	}
	return Key{o, -1}
}

// Done reports whether a key was decided.
func (g *Engine) Done(k Key) bool { return g.done[k] }

func (g *Engine) less(a, b Key) bool {
	if c := bytes.Compare(g.observations[a.Observation].Hash[:], g.observations[b.Observation].Hash[:]); c != 0 {
		return c < 0
	}
	return a.Peer < b.Peer
}

// Insert adds an event; blocks that come out are appended to Blocks.
func (g *Engine) Insert(e Event) {
	x := g.graph.insert(e, g.npeers)
	g.Metas = append(g.Metas, nil)
	if e.Cause == Observing && !g.done[g.key(x)] {
		g.unconsensused = append(g.unconsensused, x)
	}
	for i := x; i <= x; {
		if restart, ended := g.process(i); ended {
			i = restart
		} else {
			i++
		}
	}
}

// process makes x's meta-event and, if it ends the election, starts the next and returns where.
func (g *Engine) process(x int) (restart int, ended bool) {
	g.makeMeta(x)
	keys := g.decide(x)
	if len(keys) == 0 {
		return 0, false
	}
	for _, k := range keys {
		// A payload of a peer that is no voter any more has no vote, and gives no block.
		voters := g.votersOf(k)
		if kind := g.observations[k.Observation].Kind; kind != StartDKG && kind != DKGMessage && len(voters) > 0 {
			g.Blocks = append(g.Blocks, Block{k.Observation, k.Peer, voters, len(g.events) - 1})
		}
	}
	g.Decisions++
	g.decidedLast = &keys[len(keys)-1]
	changed := false
	for _, k := range keys {
		g.done[k] = true
		switch o := g.observations[k.Observation]; o.Kind {
		case Add:
			g.voters[o.Peer] = true
			changed = true
		case Remove, Accusation:
			delete(g.voters, o.Peer)
			changed = true
		}
	}
	return g.restart(changed), true
}

func (g *Engine) votersOf(k Key) []int {
	set := map[int]bool{}
	for _, u := range g.unconsensused {
		if c := g.events[u].Creator; g.key(u) == k && g.voters[c] {
			set[c] = true
		}
	}
	var out []int
	for p := range set {
		out = append(out, p)
	}
	sort.Ints(out)
	return out
}

// restart is SPEC section 3, "After a decision".
func (g *Engine) restart(votersChanged bool) int {
	var left []int
	for _, u := range g.unconsensused {
		if !g.done[g.key(u)] {
			left = append(left, u)
		}
	}
	g.unconsensused = left
	first := len(g.events)
	if len(left) > 0 {
		first = left[0]
	}
	start := first
	if !votersChanged {
		start = max(g.firstObserver(), first)
	}
	for x := g.from; x < len(g.Metas); x++ {
		if votersChanged || x < first {
			g.Metas[x] = nil
		}
		if m := g.Metas[x]; m != nil {
			m.Content = slices.DeleteFunc(slices.Clone(m.Content), func(k Key) bool { return g.done[k] })
		}
	}
	g.from = first
	g.interesting = map[int][]int{}
	for x := first; x < start; x++ {
		g.note(x)
	}
	return start
}

// firstObserver returns the first event that is an observer, -1 for none.
func (g *Engine) firstObserver() int {
	return slices.IndexFunc(g.Metas, func(m *Meta) bool { return m != nil && m.Observer == IsObserver })
}

func (g *Engine) note(x int) {
	if m := g.Metas[x]; m != nil && len(m.Content) > 0 {
		g.interesting[g.events[x].Creator] = append(g.interesting[g.events[x].Creator], x)
	}
}

func (g *Engine) makeMeta(x int) {
	e := g.events[x]
	if e.Cause < Requesting || !g.voters[e.Creator] {
		return
	}
	m := &Meta{}
	if old := g.Metas[x]; old != nil {
		m.Content = old.Content
	} else {
		m.Content = g.content(x)
	}
	g.observe(x, m)
	g.vote(x, m)
	g.Metas[x] = m
	g.note(x)
}

// content is SPEC section 3.1.
func (g *Engine) content(x int) []Key {
	known := map[Key]bool{}
	for _, i := range g.interesting[g.events[x].Creator] {
		if g.descends(x, i) {
			for _, k := range g.Metas[i].Content {
				known[k] = true
			}
		}
	}
	present := 0
	for p := range g.voters {
		present += count(g.last[x][p] >= 0)
	}
	votes := map[Key]map[int]bool{}
	own := map[Key]int{}
	for _, u := range g.unconsensused {
		if !g.descends(x, u) || known[g.key(u)] {
			continue
		}
		k, c := g.key(u), g.events[u].Creator
		if votes[k] == nil {
			votes[k] = map[int]bool{}
		}
		votes[k][c] = true
		if c == g.events[x].Creator {
			if i, ok := own[k]; !ok || g.index[u] < i {
				own[k] = g.index[u]
			}
		}
	}
	var out []Key
	for k, by := range votes {
		n := 0
		for p := range by {
			n += count(g.voters[p])
		}
		if k.Peer >= 0 {
			n = present
		}
		if supermajority(n, len(g.voters)) {
			out = append(out, k)
		}
	}
	sort.Slice(out, func(i, j int) bool {
		a, mine := own[out[i]]
		b, theirs := own[out[j]]
		switch {
		case mine != theirs:
			return mine
		case a != b:
			return a < b
		}
		return g.less(out[i], out[j])
	})
	return out
}

// firsts lists p's interesting events that x descends from and that descend from no earlier one of
// p's: one, unless p forked.
func (g *Engine) firsts(p, x int) []int {
	var out []int
next:
	for _, i := range g.interesting[p] {
		if i == x || !g.descends(x, i) {
			continue
		}
		for _, j := range out {
			if g.descends(i, j) {
				continue next
			}
		}
		out = append(out, i)
	}
	return out
}

func (g *Engine) stronglySees(x, y int) bool {
	k := 0
	for q := 0; q < g.npeers; q++ {
		if !g.everyPeer && !g.voters[q] {
			continue
		}
		for _, e := range g.lastBy(x, q) {
			if g.sees(x, e) && g.sees(e, y) {
				k++
				break
			}
		}
	}
	return supermajority(k, len(g.voters))
}

// observe is SPEC section 3.2.
func (g *Engine) observe(x int, m *Meta) {
	if s := g.selfSyncParent(x); s >= 0 && g.Metas[s] != nil && g.Metas[s].Observer != Neither {
		m.Observer = FollowsObserver
		return
	}
	seen := map[int]int{}
	for p := range g.interesting {
		for _, i := range g.firsts(p, x) {
			if !g.stronglySees(x, i) {
				continue
			}
			if _, ok := seen[p]; ok {
				g.Torn = true
				continue
			}
			seen[p] = i
		}
	}
	if supermajority(len(seen), len(g.voters)) {
		m.Observer, m.Observes = IsObserver, seen
	}
}

// vote is SPEC section 3.3.
func (g *Engine) vote(x int, m *Meta) {
	var parent [][]MetaVote
	if s := g.selfSyncParent(x); s >= 0 && g.Metas[s] != nil {
		parent = g.Metas[s].Votes
	}
	if parent == nil && m.Observer != IsObserver {
		return
	}
	var others [][][]MetaVote
	for _, q := range g.Voters() {
		if q == g.events[x].Creator || g.seesForkBy(x, q) {
			continue
		}
		for _, a := range g.lastBy(x, q) {
			if g.descends(x, a) && g.Metas[a] != nil && g.Metas[a].Votes != nil {
				others = append(others, g.Metas[a].Votes)
				break
			}
		}
	}
	m.Votes = make([][]MetaVote, g.npeers)
	theirs := make([][]MetaVote, len(others))
	for _, p := range g.Voters() {
		for i, o := range others {
			theirs[i] = o[p]
		}
		if parent != nil {
			m.Votes[p] = follow(parent[p], theirs, g.coinAt(x, p), len(g.voters))
			continue
		}
		_, initial := m.Observes[p]
		m.Votes[p] = Observe(initial, theirs, len(g.voters))
	}
}

// decide returns the keys that x decides, in order; none if it does not end the election.
func (g *Engine) decide(x int) []Key {
	c := g.events[x].Creator
	first := map[int]int{} // voter decided true -> the interesting event whose content counts
	if len(g.voters) == 1 && g.voters[c] {
		for _, i := range g.interesting[c] {
			if g.descends(x, i) {
				first[c] = i
				break
			}
		}
	} else {
		m := g.Metas[x]
		if m == nil || m.Votes == nil {
			return nil
		}
		for p := range g.voters {
			v := m.Votes[p]
			switch v[len(v)-1].Decision {
			case None:
				return nil
			case True:
				if i, ok := g.observed(p, x); ok {
					first[p] = i
				}
			}
		}
	}
	type place struct{ voters, lowest int }
	tally := map[Key]*place{}
	for _, i := range first {
		for pos, k := range g.Metas[i].Content {
			if tally[k] == nil {
				tally[k] = &place{lowest: pos}
			}
			tally[k].voters++
			tally[k].lowest = min(tally[k].lowest, pos)
		}
	}
	var out []Key
	for k := range tally {
		out = append(out, k)
	}
	sort.Slice(out, func(i, j int) bool {
		a, b := tally[out[i]], tally[out[j]]
		switch {
		case a.lowest != b.lowest:
			return a.lowest < b.lowest
		case a.voters != b.voters:
			return a.voters > b.voters
		}
		return g.less(out[i], out[j])
	})
	return out
}

// observed returns p's interesting event that the observers behind x strongly see.
func (g *Engine) observed(p, x int) (f int, ok bool) {
	for i := g.from; i <= x; i++ {
		m := g.Metas[i]
		if m == nil || m.Observer != IsObserver || !g.descends(x, i) {
			continue
		}
		if seen, observee := m.Observes[p]; observee {
			g.Torn = g.Torn || ok && f != seen
			if !ok {
				f, ok = seen, true
			}
		}
	}
	return f, ok
}
