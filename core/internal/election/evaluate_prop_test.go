package election

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"parsec/core/internal/coin"
	"parsec/core/internal/gossip"
	"parsec/core/internal/plain"
)

// subjectCoin falls by subject, and is not known for all rounds.
type subjectCoin uint64

func (c subjectCoin) Toss(q coin.Query, _ coin.Reader) (heads, known bool) {
	switch c.at(int(q.Subject), q.Round) {
	case plain.True:
		return true, true
	case plain.False:
		return false, true
	}
	return false, false
}

func (c subjectCoin) at(subject int, round uint32) plain.Tri {
	if uint64(c)>>(40+round%8)&3 == 0 {
		return plain.None
	}
	return plain.Tri(1 + uint64(c)>>((uint32(subject)*7+round)%40)&1)
}

// TestEvaluate compares single evaluations with the oracle's, on sequences of meta-votes that no election
// has led to: auxiliary values are divided as they please, so that coins are awaited all the time. Subjects
// whose sequences are equal share a class, and their coins may part them.
func TestEvaluate(t *testing.T) {
	sections := []int{2, 3, 4, 5, 7, 8, 9, 10, 16, 17, 33, 64, 65}
	tosses, parted := 0, 0
	for _, n := range sections {
		rounds := 4000 / n
		if testing.Short() {
			rounds /= 4
		}
		for seed := range uint64(rounds) {
			m := madeUp{rng: rand.New(rand.NewPCG(seed, uint64(n))), n: n}
			if err := m.check(&tosses, &parted); err != nil {
				t.Errorf("%d voters, seed %d: %v", n, seed, err)
				break
			}
		}
	}
	if t.Logf("%d tosses, %d times a class parted", tosses, parted); tosses < 200 || parted < 20 {
		t.Errorf("only %d tosses, %d times a class parted", tosses, parted)
	}
}

// madeUp is an evaluation with everything it depends on.
type madeUp struct {
	rng    *rand.Rand
	n      int
	kind   []int                // by subject: subjects of one kind have equal sequences
	parent [][]plain.MetaVote   // by kind
	others [][][]plain.MetaVote // by voter but the last, then kind; nil for one that has none
	coin   subjectCoin
}

func (m *madeUp) check(tosses, parted *int) error {
	kinds := 1 + m.rng.IntN(min(m.n, 6))
	for v := range m.n {
		m.kind = append(m.kind, v)
		if v >= kinds {
			m.kind[v] = m.rng.IntN(kinds)
		}
	}
	m.coin = subjectCoin(m.rng.Uint64())
	length := []int{1, 2, 3, 3, 3, 4, 4, 4, 5, 6, 6, 7, 7}[m.rng.IntN(13)] // mostly where coins come in
	m.parent = m.sequences(kinds, length)
	for range m.n - 1 {
		if m.rng.IntN(6) == 0 {
			m.others = append(m.others, nil)
			continue
		}
		m.others = append(m.others, m.sequences(kinds, length))
	}
	got, classes := m.evaluate(kinds)
	if classes > kinds {
		*parted++
	}
	for v, kind := range m.kind {
		var others [][]plain.MetaVote
		for _, o := range m.others {
			if o != nil {
				others = append(others, o[kind])
			}
		}
		toss := func(round uint32) plain.Tri {
			*tosses++
			return m.coin.at(v, round)
		}
		want := fromPlain(plain.Follow(m.parent[kind], others, toss, m.n))
		if !slices.Equal(got[v], want) {
			return fmt.Errorf("subject %d: parent %+v, others %+v:\n%+v\nwant\n%+v", v, m.parent[kind], others, got[v], want)
		}
	}
	return nil
}

// sequences returns one for each kind, of about the same length.
func (m *madeUp) sequences(kinds, length int) (all [][]plain.MetaVote) {
	for range kinds {
		all = append(all, m.sequence(max(1, length+(m.rng.IntN(5)-2)/2)))
	}
	return all
}

// sequence returns meta-votes that are possible each for itself.
func (m *madeUp) sequence(length int) (votes []plain.MetaVote) {
	bit := func() bool { return m.rng.IntN(2) == 0 }
	for t := range length {
		v := plain.MetaVote{Round: uint32(t / 3), Step: uint8(t % 3)}
		v.Estimates = plain.Set{T: bit(), F: bit()}
		waits := t > 2 && t%3 == 0 && bit()
		if !v.Estimates.T && !v.Estimates.F && !waits {
			v.Estimates.T = true
		}
		if v.Bins = (plain.Set{T: v.Estimates.T && bit(), F: v.Estimates.F && bit()}); v.Bins.T && bit() {
			v.Aux = plain.True
		} else if v.Bins.F {
			v.Aux = plain.False
		} else if v.Bins.T {
			v.Aux = plain.True
		}
		if t%3 < 2 && m.rng.IntN(20) == 0 {
			v.Decision = plain.Tri(1 + t%3)
		}
		votes = append(votes, v)
		if v.Decision != plain.None && bit() {
			break // at times there are more: they are dropped when the sequence is advanced
		}
	}
	return votes
}

// evaluate has the engine evaluate an event of the last voter's. It returns the sequences by subject, and
// how many classes there are then.
func (m *madeUp) evaluate(kinds int) (got [][]MetaVote, classes int) {
	e := New(false, false, m.coin)
	var genesis []gossip.Peer
	for i := range m.n {
		p, _ := e.AddPeer([32]byte{byte(i >> 8), byte(i)})
		genesis = append(genesis, p)
	}
	e.Start(genesis)
	const base = 1
	x := gossip.Index(base + 1 + m.n)
	e.base, e.earliest, e.coins = base, base+1, true
	w := &e.window
	w.reset(m.n, false)
	for int(x) >= len(w.info) {
		w.size = len(w.info)
		w.slide(0)
	}
	w.base = 0
	of := make([]uint16, kinds) // by kind: its class
	for k := 1; k < kinds; k++ {
		of[k] = e.metaVotes.split(0, w.votes)
	}
	for v, k := range m.kind {
		e.metaVotes.classes.of[v] = of[k]
	}
	for i, o := range m.others {
		if o != nil {
			event := base + 1 + i
			w.votes[event] = e.numberByClass(of, o)
			e.row(int(x))[i] = gossip.Index(event)
		}
	}
	before := e.numberByClass(of, m.parent)
	e.metaVotes.versions[before].unsettled = true
	e.evaluate(x, int(x), before, &info{voter: int16(m.n - 1), kind: receiving})
	for v := range m.n {
		got = append(got, e.spell(w.votes[x], v))
	}
	return got, e.metaVotes.classes.count
}

// numberByClass gives a number to sequences, one for each class of of.
func (e *Election) numberByClass(of []uint16, sequences [][]plain.MetaVote) (number uint32) {
	l := &e.metaVotes
	top := 0
	for _, s := range sequences {
		top = max(top, len(s))
	}
	for top > l.active {
		l.open()
	}
	l.roomy = max(l.roomy, l.used+l.groups)
	for t := range l.active {
		l.room(&l.steps[t])
	}
	number = uint32(l.used)
	l.used += l.groups
	l.versions[number].top = uint8(top)
	for k, sequence := range sequences {
		g, bit := l.classes.place(of[k])
		for t, v := range fromPlain(sequence) {
			s := &l.steps[t]
			if v.Decision != 0 {
				s.met[g] |= 1 << bit
			}
			s.counted[int(number)+g] |= quarters(v.EstT, v.EstF, v.Aux == 1, v.Aux == 2) << bit
			s.state[int(number)+g] |= quarters(v.BinT, v.BinF, true, v.Decision != 0) << bit
		}
	}
	return number
}
