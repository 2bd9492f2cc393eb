// Package plain is the ordering of SPEC sections 1 to 4 written as plainly as it can be: maps, sets and
// loops, no arena, no bit tricks. It is the oracle the engine is compared with, event by event, and has
// no other use. Time per event grows with the graph.
package plain

// Steps of a round (SPEC section 4).
const (
	ForcedTrue = iota
	ForcedFalse
	GenuineFlip
)

// Tri is none, true or false.
type Tri int8

// The values of a Tri.
const (
	None Tri = iota
	True
	False
)

func tri(b bool) Tri {
	if b {
		return True
	}
	return False
}

// Set is a set of booleans.
type Set struct{ T, F bool }

// MetaVote is one meta-vote about one subject.
type MetaVote struct {
	Round     uint32
	Step      uint8
	Estimates Set
	Bins      Set
	Aux       Tri
	Decision  Tri
}

// Coin gives a round's coin; None if it is not known.
type Coin func(round uint32) Tri

// RoundParity is the predictable coin of the recordings: r's coin is "r is odd".
func RoundParity(round uint32) Tri { return tri(round%2 == 1) }

// Predictable is RoundParity for every event and subject.
func Predictable(event, subject int) Coin { return RoundParity }

// NoCoin knows no coin.
func NoCoin(uint32) Tri { return None }

func supermajority(k, n int) bool { return 3*k > 2*n }
func third(k, n int) bool         { return 3*k >= n }

type tally struct {
	estT, estF, auxT, auxF int
	decision               Tri
}

func (t *tally) add(v MetaVote) {
	if v.Decision != None {
		if t.decision == None {
			t.decision = v.Decision
		}
		is := Set{T: v.Decision == True, F: v.Decision == False}
		v.Estimates, v.Bins, v.Aux = is, is, v.Decision
	}
	t.estT += count(v.Estimates.T)
	t.estF += count(v.Estimates.F)
	t.auxT += count(v.Aux == True)
	t.auxF += count(v.Aux == False)
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// tallyOf counts v and, from each of others, its last meta-vote with v's round and step.
func tallyOf(v MetaVote, others [][]MetaVote) tally {
	var t tally
	for _, o := range others {
		for i := len(o) - 1; i >= 0; i-- {
			if o[i].Round == v.Round && o[i].Step == v.Step {
				t.add(o[i])
				break
			}
		}
	}
	t.add(v)
	return t
}

// update is SPEC section 4, "Update".
func update(v MetaVote, t *tally, coin Coin, n int) MetaVote {
	if v.Decision != None {
		return v
	}
	hadBins := v.Bins.T || v.Bins.F
	if !v.Estimates.T && !v.Estimates.F {
		switch coin(v.Round) {
		case True:
			v.Estimates.T = true
			t.estT++
		case False:
			v.Estimates.F = true
			t.estF++
		}
	} else {
		if third(t.estT, n) && !v.Estimates.T {
			v.Estimates.T = true
			t.estT++
		}
		if third(t.estF, n) && !v.Estimates.F {
			v.Estimates.F = true
			t.estF++
		}
	}
	v.Bins.T = v.Bins.T || supermajority(t.estT, n)
	v.Bins.F = v.Bins.F || supermajority(t.estF, n)
	if v.Aux == None && !hadBins && (v.Bins.T || v.Bins.F) {
		v.Aux = tri(v.Bins.T)
		t.auxT += count(v.Aux == True)
		t.auxF += count(v.Aux == False)
	}
	switch {
	case v.Step == ForcedTrue && v.Bins.T && supermajority(t.auxT, n):
		v.Decision = True
	case v.Step == ForcedFalse && v.Bins.F && supermajority(t.auxF, n):
		v.Decision = False
	default:
		v.Decision = t.decision
	}
	return v
}

// next is the meta-vote that follows v once its tally has enough auxiliary values.
func next(v MetaVote, t tally, n int) MetaVote {
	allT, allF := supermajority(t.auxT, n), supermajority(t.auxF, n)
	w := MetaVote{Round: v.Round, Step: v.Step + 1}
	switch v.Step {
	case ForcedTrue:
		w.Estimates = Set{T: !allF, F: allF}
	case ForcedFalse:
		w.Estimates = Set{T: allT, F: !allT}
	default:
		w = MetaVote{Round: v.Round + 1, Estimates: Set{T: allT, F: allF && !allT}}
	}
	return w
}

func advance(prev []MetaVote, others [][]MetaVote, coin Coin, n int) []MetaVote {
	out := make([]MetaVote, 0, len(prev)+1)
	for _, v := range prev {
		t := tallyOf(v, others)
		out = append(out, update(v, &t, coin, n))
		if v.Decision != None {
			break
		}
	}
	for {
		last := out[len(out)-1]
		if last.Decision != None {
			return out
		}
		t := tallyOf(last, others)
		if !supermajority(t.auxT+t.auxF, n) {
			return out
		}
		w := next(last, t, n)
		wt := tallyOf(w, others)
		out = append(out, update(w, &wt, coin, n))
	}
}

// Observe starts an observer's sequence about one subject; initial is "the subject is an observee".
func Observe(initial bool, others [][]MetaVote, n int) []MetaVote {
	first := MetaVote{Estimates: Set{T: initial, F: !initial}}
	return advance([]MetaVote{first}, others, NoCoin, n)
}

// Follow continues parent's sequence about one subject at a later event of the same creator.
func Follow(parent []MetaVote, others [][]MetaVote, coin Coin, n int) []MetaVote {
	return follow(parent, others, func([]MetaVote) Coin { return coin }, n)
}

// follow is Follow with a coin that reads the event's own sequence, as it is before coins are applied.
func follow(parent []MetaVote, others [][]MetaVote, coin func(own []MetaVote) Coin, n int) []MetaVote {
	own := advance(parent, others, NoCoin, n)
	return advance(own, nil, coin(own), n)
}
