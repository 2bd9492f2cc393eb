package plain

import (
	"bytes"
	"encoding/binary"

	"github.com/zeebo/blake3"
)

// Coin makes the coin about a subject, as seen from an event, another than New was given.
func (g *Engine) Coin(coin func(event, subject int) Coin) { g.coin = coin }

// Concrete makes the coin the concrete one, whatever New was given. Identities are by peer, ascending.
func (g *Engine) Concrete(identities [][32]byte) {
	g.coin, g.identities = nil, identities
}

// coinAt returns the coin about a subject as seen from event x, given x's own meta-votes about it.
func (g *Engine) coinAt(x, subject int) func(own []MetaVote) Coin {
	return func(own []MetaVote) Coin {
		if g.coin != nil {
			return g.coin(x, subject)
		}
		return func(round uint32) Tri { return g.concrete(x, subject, round, own) }
	}
}

// concrete is the concrete coin of SPEC section 5.
func (g *Engine) concrete(x, subject int, round uint32, own []MetaVote) Tri {
	has := func(y int, round uint32, step uint8, test func(MetaVote) bool) bool {
		votes := own
		if y != x {
			if m := g.Metas[y]; m == nil || m.Votes == nil {
				return false
			}
			votes = g.Metas[y].Votes[subject]
		}
		for _, v := range votes {
			if v.Round == round && v.Step == step && test(v) {
				return true
			}
		}
		return false
	}
	var chain []int // x's own, from the start
	for y := x; y >= 0; y = g.events[y].Self {
		chain = append([]int{y}, chain...)
	}
	carrier := func(voter int) (event int, ok bool) {
		candidates := chain
		if voter != g.events[x].Creator {
			candidates = nil
			for y := 0; y < x; y++ {
				if g.events[y].Creator == voter && g.descends(x, y) {
					candidates = append(candidates, y)
				}
			}
			if g.seesForkBy(x, voter) {
				return 0, false
			}
		}
		for _, y := range candidates {
			if has(y, round-1, GenuineFlip, func(v MetaVote) bool { return v.Aux != None || v.Decision != None }) {
				return y, true
			}
		}
		return 0, false
	}
	ranked := g.ranked(subject, round)
	if y, ok := carrier(ranked[0]); ok {
		return tri(g.events[y].Odd)
	}
	responses, began := 0, false
	for _, y := range chain {
		if began {
			responses += count(g.events[y].Cause == Response)
		}
		began = began || has(y, round, ForcedTrue, func(MetaVote) bool { return true })
	}
	if 1<<responses < len(ranked) { // fewer than log2(n)
		return None
	}
	for _, v := range ranked {
		if y, ok := carrier(v); ok {
			return tri(g.events[y].Odd)
		}
	}
	return None
}

// ranked lists the voters by rank, by selection: the nearest of those that are left comes next.
func (g *Engine) ranked(subject int, round uint32) (out []int) {
	const tag = "parsec concrete coin 1"
	about := append([]byte(tag), g.identities[subject][:]...)
	var last [64]byte
	if g.decidedLast != nil {
		copy(last[:32], g.observations[g.decidedLast.Observation].Hash[:])
		if g.decidedLast.Peer >= 0 {
			copy(last[32:], g.identities[g.decidedLast.Peer][:])
		}
	}
	about = binary.BigEndian.AppendUint32(append(about, last[:]...), round)
	target := blake3.Sum256(about)
	left := g.Voters()
	for len(left) > 0 {
		best, nearest := 0, []byte(nil)
		for i, v := range left {
			d := blake3.Sum256(append([]byte(tag), g.identities[v][:]...))
			for j := range d {
				d[j] ^= target[j]
			}
			if nearest == nil || bytes.Compare(d[:], nearest) < 0 {
				best, nearest = i, d[:]
			}
		}
		out = append(out, left[best])
		left = append(left[:best:best], left[best+1:]...)
	}
	return out
}
