package election

import (
	"math/bits"

	"parsec/core/internal/gossip"
)

// An election without forks and coins is computed by levels (core/design/levels.md). What a chain holds
// about a subject only ever grows along it, and each piece comes with the first event that descends from
// enough events that hold the piece before. So all there is to know is, for each piece and chain, at which
// event it comes: a level. It is found by holding rows against the level before, from where it was in
// the election before on. Between levels, nothing is computed.

// baseLevels is how many levels are kept about subjects that all observers see alike. On each chain, level
// 0 is the observer, and level j the first event that descends from level j-1 of a supermajority of
// voters. If all see the subject, it has the bin value and the auxiliary value true from level 1 on and is
// decided at level 2. If none does, they are false from level 1 on, forced false begins at level 2 and
// decides at level 4. For other subjects the same levels are the least that they can have.
const baseLevels = 5

// level is a level of all chains. Columns that are no voter's have none.
type level struct {
	at    []gossip.Index // by column; never if it is not reached
	next  []uint32       // by column: its place; or else of the first event that was not looked at
	count int            // chains that reached it
}

// levels is an election by levels.
//
// Invariants, after each event:
//  1. Levels ascend: base[j].at >= base[j-1].at on each chain.
//  2. No event of a chain before base.next is at the level, in this election or a later one of the same
//     voters. Where a base level in use is not reached and the one below is, it is the end of the chain.
//  3. Count is the number of columns that reached the level.
//  4. No chain has reached the end of the election.
type levels struct {
	on      bool // the running election is computed so; else by passes
	fresh   bool // nothing is settled yet
	arrived gossip.Column
	spoiled gossip.Index   // the last observation event that is an other-parent
	first   []gossip.Index // by column: the voter's first interesting event, never for none
	chains  chains
	base    [baseLevels]level
	depth   int // base levels in use
	sight   sight
	subjects
}

// resetLevels makes levels for the present voters.
func (e *Election) resetLevels() {
	l := &e.levels
	width := (e.g.Columns() + 3) &^ 3
	places := make([]gossip.Index, (baseLevels+1)*width)
	for i := range places {
		places[i] = never
	}
	next := make([]uint32, baseLevels*width)
	*l = levels{spoiled: l.spoiled, arrived: gossip.NoColumn, first: places[:width:width]}
	for j := range l.base {
		places = places[width:]
		l.base[j] = level{at: places[:width:width], next: next[j*width:][:width:width]}
	}
	l.on = e.byLevels()
	l.chains.reset(e.g, width, e.n)
	l.sight.reset(width)
	l.subjects.reset(width, e.vcol)
}

func (e *Election) byLevels() bool { return len(e.forked) == 0 && !e.passesOnly }

// beginLevels starts an election. Its levels are looked for from where those of the last were.
func (e *Election) beginLevels() {
	l := &e.levels
	l.on = e.byLevels()
	l.fresh = true
	for j := range l.base {
		b := &l.base[j]
		if b.count > 0 {
			b.count = 0
			for i := range b.at {
				b.at[i] = never
			}
		}
	}
	l.depth = 2
	copy(l.chains.head, l.base[0].next)
	l.sight.begin()
	l.subjects.begin()
}

// settle brings the levels up to event x, and reports whether the election has ended. It may find that
// the election has to be computed by passes.
func (e *Election) settle(x gossip.Index) bool {
	l := &e.levels
	if !l.fresh {
		return l.arrived != gossip.NoColumn && e.settleOn(x, l.arrived)
	}
	l.fresh = false
	before := e.Stats.Looks + e.Stats.Probes
	l.clock++
	l.sight.room(x, e.observers.lowest)
	further := uint32(0)
	for _, c := range e.vcol {
		further = e.findObserver(c, further)
	}
	ended, byPasses := false, l.base[0].count > 0 && l.spoiled > e.earliest
	if !byPasses {
		for j := 1; j <= l.depth; j++ {
			for _, c := range e.vcol {
				e.rise(j, c)
			}
		}
		if l.base[2].count > 0 {
			ended, byPasses = e.ends()
		}
	}
	e.Stats.Retouched += e.Stats.Looks + e.Stats.Probes - before
	if byPasses {
		e.byPasses(x)
	}
	return ended
}

// settleOn is settle where everything was settled up to the newest event, x, which is of column c.
func (e *Election) settleOn(x gossip.Index, c gossip.Column) bool {
	l := &e.levels
	l.clock++
	if l.base[0].at[c] == never {
		l.sight.room(x, e.observers.lowest)
		e.findObserver(c, 0)
		if l.base[0].at[c] == never {
			return false
		}
	}
	if l.spoiled > e.earliest {
		e.byPasses(x)
		return false
	}
	i := l.chains.tail[c] - 1
	row := l.chains.row(c, i)
	for j := 1; j <= l.depth; j++ {
		b, below := &l.base[j], &l.base[j-1]
		if b.at[c] != never {
			continue
		}
		if below.count < e.quorum || !e.has(row, below.at, e.quorum) {
			b.next[c] = i + 1
			break
		}
		b.at[c], b.next[c] = x, i
		b.count++
	}
	if l.base[2].at[c] == never {
		return false
	}
	if !l.built {
		e.tellApart()
	}
	if l.base[l.last].at[c] == never {
		return false
	}
	if l.blocker < len(l.classes) {
		if k := &l.classes[l.blocker]; k.clock+1 == l.clock && k.heard == k.clock {
			if known, _ := e.settleClassOn(k, c); known && k.done[c] == never {
				return false
			}
		}
	}
	l.one[0] = c
	ended, coin := e.endsOn(l.one[:], l.one[:])
	if coin {
		e.byPasses(x)
	}
	return ended
}

// has reports whether at least need entries of a row have got to level.
func (e *Election) has(row, level []gossip.Index, need int) bool {
	e.Stats.Looks++
	if len(level) <= 8 {
		return lessPlain(row, level) <= uint32(len(level)-need)
	}
	return look(row, 1, level, need) == 0
}

// rise looks for level j on a chain.
func (e *Election) rise(j int, c gossip.Column) {
	l := &e.levels
	b, below := &l.base[j], &l.base[j-1]
	if b.at[c] != never {
		return
	}
	k, tail := max(b.next[c], below.next[c]), l.chains.tail[c]
	if below.count < e.quorum {
		k = tail
	}
	if k = e.look(c, k, tail, below.at, e.quorum); k < tail {
		b.at[c] = l.chains.at(c, k)
		b.count++
	}
	b.next[c] = k
}

// deepen takes the base levels up to depth into use.
func (e *Election) deepen(depth int) {
	l := &e.levels
	for l.depth < depth {
		l.depth++
		for _, c := range e.vcol {
			e.rise(l.depth, c)
		}
	}
}

// look is look along a chain, for k up to end or past it, and counts.
func (e *Election) look(c gossip.Column, k, end uint32, level []gossip.Index, need int) uint32 {
	if k >= end {
		return k
	}
	at := e.levels.chains.look(c, k, end, level, need)
	e.Stats.Looks += uint64(min(at+1, end) - k)
	return at
}

// findObserver looks for the observer of a chain: first guess places further than it was the last time, by
// which it then goes on or back. It returns how much further it is.
func (e *Election) findObserver(c gossip.Column, guess uint32) uint32 {
	l := &e.levels
	b := &l.base[0]
	k, tail := b.next[c], l.chains.tail[c]
	if b.at[c] != never || k == tail {
		return guess
	}
	if len(e.counted) > 0 {
		guess = 0 // one that counts may have forked, and what is strongly seen is then lost along the chain
	}
	set := l.sight.of(c)
	i := min(k+guess, tail-1)
	if e.observes(c, i) {
		copy(set, l.sight.seen)
		for ; i > k && e.observes(c, i-1); i-- {
			copy(set, l.sight.seen)
		}
	} else {
		for i++; i < tail && !e.observes(c, i); i++ {
		}
		copy(set, l.sight.seen)
	}
	b.next[c] = i
	if i == tail {
		return guess
	}
	x := l.chains.at(c, i)
	b.at[c] = x
	b.count++
	if b.count == 1 || x < e.earliest {
		e.earliest = x
	}
	if l.built {
		e.distinguish(c, x, i)
	}
	return i - k
}

// sight is what is known of which first interesting events are seen.
type sight struct {
	words    int      // of a set of columns
	seen     []uint64 // what observes found
	observed []uint64 // column*words: the voters that the chain's observer observes
	lanes    bool     // few columns: S has a nibble for each
	sets     []uint64 // (event mod size)*words: S of the event, if it is known
	epoch    []uint32 // event mod size: the election that S is of
	now      uint32
	mask     gossip.Index    // size - 1
	at       []uint32        // scratch
	rows     []*gossip.Index // scratch
}

func (s *sight) reset(width int) {
	*s = sight{words: (width + 63) / 64, lanes: width <= nibbleVoters}
	s.observed = make([]uint64, (width+1)*s.words)
	s.seen = s.observed[width*s.words:]
	s.at = make([]uint32, 0, width)
	s.rows = make([]*gossip.Index, 0, width)
}

func (s *sight) begin() {
	s.now++
	if s.now == 0 {
		clear(s.epoch)
		s.now = 1
	}
}

// of returns the set of a column.
func (s *sight) of(c gossip.Column) []uint64 { return s.observed[int(c)*s.words:][:s.words] }

// room sees to it that no two of the events from lowest to x share an entry.
func (s *sight) room(x, lowest gossip.Index) {
	if need := int(x-lowest) + 1; need > len(s.epoch) {
		size := 256
		for size < need {
			size *= 2
		}
		s.sets, s.epoch, s.mask = make([]uint64, size*s.words), make([]uint32, size), gossip.Index(size-1)
	}
}

// observes reports whether the event at place k of column c strongly sees the first interesting events of a supermajority of voters, and
// leaves in sight.seen the columns of those it does.
func (e *Election) observes(c gossip.Column, k uint32) bool {
	l := &e.levels
	s := &l.sight
	set := s.seen
	e.Stats.Probes++
	if len(e.counted) > 0 {
		return e.observesEach(l.chains.at(c, k), set)
	}
	row := l.chains.row(c, k)
	if !e.has(row, l.first, e.quorum) {
		return false // it sees whatever it strongly sees
	}
	lowest := e.observers.lowest
	if vector && len(l.first) <= strongColumns {
		rows := s.rows[:0]
		for _, c := range e.vcol {
			if a := row[c]; a >= lowest {
				rows = append(rows, &e.g.Stored(a)[0])
			}
		}
		if len(rows) < e.quorum {
			return false
		}
		strong(set, rows, l.first, e.quorum)
		return bits.OnesCount64(set[0]) >= e.quorum
	}
	return e.observesBySets(row, set)
}

// observesBySets is observes for an event with this row, by the sets S of the last ancestors.
func (e *Election) observesBySets(row []gossip.Index, set []uint64) bool {
	s := &e.levels.sight
	lowest := e.observers.lowest
	at := s.at[:0]
	for _, c := range e.vcol {
		if a := row[c]; a >= lowest {
			at = append(at, uint32(e.sees(a)))
		}
	}
	if len(at) < e.quorum {
		return false
	}
	if s.lanes {
		sum := uint64(laneOnes * (8 - e.quorum))
		for _, i := range at {
			sum += s.sets[i]
		}
		set[0] = gatherLanes(sum >> 3)
		return bits.OnesCount64(set[0]) >= e.quorum
	}
	n := 0
	for j := range set {
		var c counter
		c.count(s.sets[j:], at)
		set[j], _ = c.compare(e.metaVotes.depth+1, &e.metaVotes.almost)
		n += bits.OnesCount64(set[j])
	}
	return n >= e.quorum
}

// sees returns where S of event a is: the voters whose first interesting event it sees.
func (e *Election) sees(a gossip.Index) int {
	l := &e.levels
	s := &l.sight
	i := int(a & s.mask)
	if s.epoch[i] == s.now {
		return i * s.words
	}
	s.epoch[i] = s.now
	set := s.sets[i*s.words:][:s.words]
	row := e.g.Stored(a)
	if s.lanes {
		set[0] = 0
		for c, f := range l.first {
			set[0] |= uint64(uint32(f-row[c]-1)>>31) << (4 * c)
		}
	} else {
		setOf(set, row, l.first)
	}
	return i * s.words
}

// observesEach is observes for rules that count peers which are no voters.
func (e *Election) observesEach(x gossip.Index, set []uint64) bool {
	k := 0
	clear(set)
	for _, c := range e.vcol {
		if f := e.levels.first[c]; f != never && e.stronglySees(x, f) {
			set[c>>6] |= 1 << (c & 63)
			k++
		}
	}
	return k >= e.quorum
}
