package election

import (
	"math/bits"

	"parsec/core/internal/gossip"
)

// findObserver looks for the observer of a chain: first guess places further than it was the last time, by
// which it then goes on or back. It returns how much further it is.
func (e *Election) findObserver(c gossip.Peer, guess uint32) uint32 {
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
	words    int      // of a set of peers
	seen     []uint64 // what observes found
	observed []uint64 // peer*words: the voters that the chain's observer observes
	lanes    bool     // few peers: S has a nibble for each
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

// of returns the set of a chain.
func (s *sight) of(c gossip.Peer) []uint64 { return s.observed[int(c)*s.words:][:s.words] }

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

// observes reports whether the event at place k of chain c strongly sees the first interesting events of a
// supermajority of voters, and leaves in sight.seen the peers of those it does.
func (e *Election) observes(c gossip.Peer, k uint32) bool {
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
		for _, c := range e.voters {
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
	for _, c := range e.voters {
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
	for _, c := range e.voters {
		if f := e.levels.first[c]; f != never && e.stronglySees(x, f) {
			set[c>>6] |= 1 << (c & 63)
			k++
		}
	}
	return k >= e.quorum
}
