package election

import (
	"math/bits"

	"parsec/core/internal/coin"
	"parsec/core/internal/gossip"
)

// Sections of up to quadVoters voters: the meta-votes of one (round, step) about all subjects are two
// words of sixteen nibbles, so that all tallies are one sum. This is lanes with halves of sixteen bits.
const (
	quadVoters = 4
	quadOnes   = 0x1111             // a bit a subject
	quadTwice  = 0x1_0001           // copies a quarter to the lower half
	quadTimes  = 0x1_0001_0001_0001 // copies a quarter to all four
)

// quadRecord holds, from the lowest quarter: in counted the estimates true and false and the auxiliary
// values true and false; in state the bin values true and false, which meta-votes there are, and which
// are decided. A decided meta-vote holds its value in all of them.
type quadRecord struct{ counted, state uint64 }

// value returns the decisions, true in the lowest quarter and false in the next.
func (r *quadRecord) value() uint64 {
	return r.counted >> 32 & (r.state >> 48 * quadTwice)
}

// adopt returns the first decision met about a subject, whose bit for false is half bits above.
func adopt(subject uint64, half int, met ...uint64) uint64 {
	for _, v := range met {
		if v &= subject | subject<<half; v != 0 {
			return v
		}
	}
	return 0
}

// quads are the meta-votes of the running election, by number, then by step (three a round). A number is
// the place of the first record; 0 is no meta-votes. Events whose meta-votes are the same as their
// self-parent's share the number.
type quads struct {
	records   []quadRecord
	unsettled []bool // by number/stride: a coin was awaited or applied
	stride    int    // steps there is room for, a power of two
	used      int    // records in use
	met       uint64 // bit t modulo 64: a meta-vote of step t is decided
	all       uint64
	third     uint64      // added to a tally of others, sets a nibble's top bit where a third estimates so
	almost    uint64      // likewise where a supermajority lacks one
	enough    uint64      // likewise at a supermajority
	cur       [][4]uint32 // by chain: the numbers of the others' at its last evaluation
}

func (l *quads) reset(n, views int) {
	if n > quadVoters {
		return
	}
	l.all = quadOnes & (1<<(4*n) - 1)
	l.third = quadOnes * quadTimes * uint64(8-third(n))
	l.almost = quadOnes * quadTimes * uint64(9-quorum(n))
	l.enough = quadOnes * quadTimes * uint64(8-quorum(n))
	l.cur = make([][4]uint32, views)
	if l.stride == 0 {
		l.stride = 4
		l.records, l.unsettled = make([]quadRecord, 1024), make([]bool, 256)
	}
}

func (l *quads) begin() { l.used, l.met = l.stride, 0 }

// more makes room for more numbers.
func (l *quads) more() {
	l.records = append(l.records, make([]quadRecord, len(l.records))...)
	l.unsettled = append(l.unsettled, make([]bool, len(l.unsettled))...)
}

// longer doubles the steps there is room for. Numbers double with them.
func (l *quads) longer(votes []uint32) {
	records := make([]quadRecord, 2*len(l.records))
	for i := 0; i < l.used; i += l.stride {
		copy(records[2*i:], l.records[i:i+l.stride])
	}
	for i := range votes {
		votes[i] *= 2
	}
	for v := range l.cur {
		for j := range l.cur[v] {
			l.cur[v][j] *= 2
		}
	}
	l.records = records
	l.stride *= 2
	l.used *= 2
}

// trueQuads returns the bits of the subjects decided true under a number.
func (l *quads) trueQuads(number uint32) (yes uint64) {
	for _, r := range l.records[number:][:l.stride] {
		yes |= r.state >> 48 & (r.counted >> 32)
	}
	return gatherLanes(yes)
}

// evalQuads computes the meta-votes of x, the event at entry i, from those numbered before, its
// self-parent's among the sync events, or at an observer, where before is 0, from the observees in
// e.subjects. It reports whether all are decided.
func (e *Election) evalQuads(x gossip.Index, i int, before uint32, in *info) bool {
	l := &e.quads
	w := &e.window
	settled := before != 0 && (!e.coins || !l.unsettled[int(before)/l.stride])
	if in.kind == requesting && settled {
		w.votes[i] = before
		return false
	}
	row := (*[4]gossip.Index)(w.rows[4*i:])
	votes := w.votes[e.base-w.base:]
	base := int32(e.base)
	d0, d1, d2, d3 := int32(row[0])-base, int32(row[1])-base, int32(row[2])-base, int32(row[3])-base
	j0, j1, j2, j3 := votes[d0&^(d0>>31)], votes[d1&^(d1>>31)], votes[d2&^(d2>>31)], votes[d3&^(d3>>31)]
	cur := &l.cur[in.view]
	if (j0^cur[0])|(j1^cur[1])|(j2^cur[2])|(j3^cur[3]) == 0 && settled && len(e.forked) == 0 {
		w.votes[i] = before
		return false
	}
	cur[0], cur[1], cur[2], cur[3] = j0, j1, j2, j3
	e.Stats.Evals++
	if l.used == len(l.records) {
		l.more()
	}
again:
	var (
		begun    uint64 // subjects whose sequence goes on at this step, and their estimates
		start    uint64
		gone     uint64 // subjects decided at an earlier step
		diff     uint64 // what is not as it was
		coinWait bool
	)
	if before == 0 {
		begun = l.all
		yes := spreadLanes(e.subjects[0])
		start = yes | (l.all&^yes)<<16
		diff = 1
	}
	stride := l.stride
	old := l.records[before:][:stride]
	now := l.records[l.used:][:stride]
	o0, o1, o2, o3 := l.records[j0:][:stride], l.records[j1:][:stride], l.records[j2:][:stride], l.records[j3:][:stride]
	t, turn := 0, 0
	for {
		o := old[t]
		exists := o.state>>32&0xFFFF&^gone | begun
		decided := o.state >> 48 & exists
		live := exists &^ decided
		counted := o.counted&(exists*quadTimes) | start
		bins := o.state & (exists * quadTwice)
		gone |= decided
		begun, start = 0, 0
		if live != 0 {
			sum := o0[t].counted + o1[t].counted + o2[t].counted + o3[t].counted
			both := live * quadTwice
			none := live &^ (counted | counted>>16) // these wait for a coin
			// enough: the others alone are a supermajority; almost: they are with one's own.
			almost, enough := (sum+l.almost)>>3, (sum+l.enough)>>3
			counted |= (sum + l.third) >> 3 & both &^ (none * quadTwice)
			bins |= (enough | almost&counted) & both
			fresh := live &^ (counted>>32 | counted>>48)
			yes := bins & fresh
			counted |= yes<<32 | (bins>>16&fresh&^yes)<<48
			enough = (enough | almost&counted) >> 32
			var d, value uint64
			if turn == 0 {
				d = bins & enough & live
				value = d
			} else if turn == 1 {
				d = (bins & enough) >> 16 & live
				value = d << 16
			}
			if l.met>>(t&63)&1 != 0 {
				met := (o0[t].state | o1[t].state | o2[t].state | o3[t].state) >> 48 & live &^ d
				d |= met
				for ; met != 0; met &= met - 1 {
					value |= adopt(met&-met, 16, o0[t].value(), o1[t].value(), o2[t].value(), o3[t].value())
				}
			}
			if d != 0 {
				counted = counted&^(d*quadTimes) | value | value<<32
				bins = bins&^(d*quadTwice) | value
				gone |= d
				decided |= d
				live &^= d
				l.met |= 1 << (t & 63)
			}
			if t+1 < stride {
				live &^= old[t+1].state >> 32
			}
			if live != 0 {
				aux := sum>>32 + sum>>48
				own := counted>>32 | counted>>48
				if begun = ((aux+l.enough)>>3 | (aux+l.almost)>>3&own) & live; begun != 0 {
					yes, no := enough&begun, enough>>16&begun
					switch turn {
					case 0:
						start = no<<16 | begun&^no
					case 1:
						start = yes | (begun&^yes)<<16
					default:
						start = yes | (no&^yes)<<16
					}
				}
			}
			if none &^= decided; none != 0 {
				coinWait = true
				if before != 0 {
					counted |= e.tossQuads(x, none, t)
				}
			}
		}
		state := bins | exists<<32 | decided<<48
		diff |= (o.counted ^ counted) | (o.state ^ state)
		now[t] = quadRecord{counted, state}
		t++
		if t == stride {
			if begun == 0 || t == maxSteps {
				break
			}
			l.longer(w.votes)
			before *= 2
			j0, j1, j2, j3 = 2*j0, 2*j1, 2*j2, 2*j3
			goto again
		}
		if begun == 0 && old[t].state == 0 {
			break
		}
		if turn++; turn == 3 {
			turn = 0
		}
	}
	if diff == 0 && !coinWait && settled {
		w.votes[i] = before
		return false
	}
	for ; t < len(now); t++ {
		now[t] = quadRecord{}
	}
	l.unsettled[l.used/stride] = coinWait
	e.coins = e.coins || coinWait
	w.votes[i] = uint32(l.used)
	l.used += stride
	return gone == l.all
}

// tossQuads asks the coin for the subjects that wait for it at step t, and returns their estimates.
func (e *Election) tossQuads(x gossip.Index, waits uint64, t int) (estimates uint64) {
	for ; waits != 0; waits &= waits - 1 {
		b := bits.TrailingZeros64(waits)
		heads, known := e.coin.Toss(coin.Query{Event: x, Subject: e.voters[b/4], Round: uint32(t / 3)})
		switch {
		case known && heads:
			estimates |= 1 << b
		case known:
			estimates |= 1 << (b + 16)
		}
	}
	return estimates
}
