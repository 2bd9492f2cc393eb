package election

import (
	"math/bits"

	"parsec/core/internal/coin"
	"parsec/core/internal/gossip"
)

// Sections of up to laneVoters voters: a subject has a nibble in each half of a word, the low half for
// "true" and the high half for "false", and the tallies of all subjects are sums of words.
const (
	laneVoters = 8
	laneOnes   = 0x1111_1111 // a bit a subject
	laneMask   = 0xFFFF_FFFF
	bothOnes   = laneOnes<<32 | laneOnes
)

// laneRecord is an event's meta-votes for one (round, step), about all subjects. A decided meta-vote
// holds its value in all of them.
type laneRecord struct {
	estimates uint64
	aux       uint64
	bins      uint64
	state     uint64 // low half: there is a meta-vote; high half: it is decided
}

// value returns the decisions.
func (r *laneRecord) value() uint64 {
	decided := r.state >> 32
	return r.aux & (decided | decided<<32)
}

// lanes are the meta-votes of the running election, by number, then by step (three a round). Number 0 is
// no meta-votes. Events whose meta-votes are the same as their self-parent's share the number.
type lanes struct {
	records   []laneRecord // number*stride+step
	top       []uint8      // by number: how many steps have meta-votes; the rest are zero
	unsettled []bool       // by number: a coin was awaited or applied
	stride    int          // steps there is room for
	used      int          // numbers in use
	met       uint64       // bit t modulo 64: a meta-vote of step t is decided
	all       uint64
	third     uint64      // added to a tally of others, sets a nibble's top bit where a third estimates so
	almost    uint64      // likewise where a supermajority lacks one
	enough    uint64      // likewise at a supermajority
	cur       [][8]uint32 // by chain: the numbers of the others' at its last evaluation
}

// maxSteps bounds the steps of one election. Agreement takes a few rounds; a fair coin makes more
// exponentially unlikely, and an adversary gains nothing from an event that has no more room.
const maxSteps = 240

func (l *lanes) reset(n, views int) {
	if n > laneVoters || n <= quadVoters {
		return
	}
	l.all = laneOnes & (1<<(4*n) - 1)
	l.third = bothOnes * uint64(8-third(n))
	l.almost = bothOnes * uint64(9-quorum(n))
	l.enough = bothOnes * uint64(8-quorum(n))
	l.cur = make([][8]uint32, views)
	if l.stride == 0 {
		l.stride = 4
		l.grow(256, 4)
	}
}

func (l *lanes) begin() { l.used, l.met = 1, 0 }

// grow makes room for more numbers or steps.
func (l *lanes) grow(numbers, stride int) {
	records := make([]laneRecord, numbers*stride)
	for i := range l.used {
		copy(records[i*stride:], l.records[i*l.stride:(i+1)*l.stride])
	}
	top, unsettled := make([]uint8, numbers), make([]bool, numbers)
	copy(top, l.top)
	copy(unsettled, l.unsettled)
	l.records, l.top, l.unsettled, l.stride = records, top, unsettled, stride
}

// trueLanes returns the bits of the subjects decided true under a number.
func (l *lanes) trueLanes(number uint32) (yes uint64) {
	for _, r := range l.records[int(number)*l.stride:][:l.top[number]] {
		yes |= r.state >> 32 & r.aux
	}
	return gatherLanes(yes)
}

// gatherLanes turns a bit a nibble into adjacent bits.
func gatherLanes(x uint64) uint64 {
	x &= laneOnes
	x = (x | x>>3) & 0x0303_0303
	x = (x | x>>6) & 0x000F_000F
	return (x | x>>12) & 0xFF
}

// spreadLanes is the inverse of gatherLanes.
func spreadLanes(x uint64) uint64 {
	x = (x | x<<12) & 0x000F_000F
	x = (x | x<<6) & 0x0303_0303
	return (x | x<<3) & laneOnes
}

// evalLanes computes the meta-votes of x, the event at entry i, from those numbered before, its
// self-parent's among the sync events, or at an observer, where before is 0, from the observees in
// e.subjects. It reports whether all are decided.
func (e *Election) evalLanes(x gossip.Index, i int, before uint32, in *info) bool {
	l := &e.lanes
	w := &e.window
	if in.kind == requesting && !l.unsettled[before] {
		w.votes[i] = before
		return false
	}
	row := w.row(i)
	votes := w.votes[e.base-w.base:]
	cur := &l.cur[in.view]
	news := uint32(0)
	for j, a := range row {
		d := int32(a) - int32(e.base)
		number := votes[d&^(d>>31)]
		news |= number ^ cur[j&7]
		cur[j&7] = number
	}
	if news == 0 && before != 0 && !l.unsettled[before] && len(e.forked) == 0 {
		w.votes[i] = before
		return false
	}
	e.Stats.Evals++
	if l.used == len(l.top) {
		l.grow(2*len(l.top), l.stride)
	}
again:
	var (
		begun    uint64 // subjects whose sequence goes on at this step, and their estimates
		startE   uint64
		gone     uint64 // subjects decided at an earlier step
		diff     uint64 // what is not as it was
		coinWait bool
		top      int
	)
	if before == 0 {
		begun = l.all
		yes := spreadLanes(e.subjects[0])
		startE = yes | (l.all&^yes)<<32
		diff = 1
	}
	others := cur[:len(row)]
	stride := l.stride
	records := l.records
	old := records[int(before)*stride:][:stride]
	now := records[l.used*stride:][:stride]
	for t := 0; t < int(l.top[before]) || begun != 0; t++ {
		if t == stride {
			if t == maxSteps {
				break
			}
			l.grow(len(l.top), 2*stride)
			goto again
		}
		o := &old[t]
		exists := o.state&laneMask&^gone | begun
		if exists == 0 {
			diff |= o.state
			now[t] = laneRecord{}
			continue
		}
		keep := exists | exists<<32
		estimates := o.estimates&keep | startE
		aux := o.aux & keep
		bins := o.bins & keep
		decided := o.state >> 32 & exists
		gone |= decided
		live := exists &^ decided
		begun, startE = 0, 0
		if live != 0 {
			var cE, cA uint64
			for _, j := range others {
				r := &records[int(j)*stride+t]
				cE += r.estimates
				cA += r.aux
			}
			both := live | live<<32
			none := live &^ (estimates | estimates>>32) // these wait for a coin
			estimates |= (cE + l.third) >> 3 & both &^ (none | none<<32)
			// enough: the others alone are a supermajority; almost: they are with one's own.
			bins |= ((cE+l.enough)>>3 | (cE+l.almost)>>3&estimates) & both
			fresh := live &^ (aux | aux>>32)
			yes := bins & fresh
			aux |= yes | (bins>>32&fresh&^yes)<<32
			enough := (cA+l.enough)>>3 | (cA+l.almost)>>3&aux
			turn := t % 3
			var d, value uint64
			switch turn {
			case 0:
				d = bins & enough & live
				value = d
			case 1:
				d = (bins & enough) >> 32 & live
				value = d << 32
			}
			if l.met>>(t&63)&1 != 0 {
				met := uint64(0)
				for _, j := range others {
					met |= records[int(j)*stride+t].state
				}
				for met = met >> 32 & live &^ d; met != 0; met &= met - 1 {
					subject := met & -met
					for _, j := range others {
						if v := records[int(j)*stride+t].value() & (subject | subject<<32); v != 0 {
							d |= subject
							value |= v
							break
						}
					}
				}
			}
			if d != 0 {
				rest := ^(d | d<<32)
				estimates, aux, bins = estimates&rest|value, aux&rest|value, bins&rest|value
				gone |= d
				decided |= d
				l.met |= 1 << (t & 63)
			}
			last := live &^ d
			if t+1 < stride {
				last &^= old[t+1].state
			}
			if last != 0 {
				sum := cA&laneMask + cA>>32
				begun = ((sum+l.enough&laneMask)>>3 | (sum+l.almost&laneMask)>>3&(aux|aux>>32)) & last
				if begun != 0 {
					yes, no := enough&begun, enough>>32&begun
					switch turn {
					case 0:
						startE = no<<32 | begun&^no
					case 1:
						startE = yes | (begun&^yes)<<32
					default:
						startE = yes | (no&^yes)<<32
					}
				}
			}
			if none &^= d | estimates | estimates>>32; none != 0 {
				coinWait = true
				if before != 0 {
					estimates |= e.tossLanes(x, none, t)
				}
			}
		}
		state := exists | decided<<32
		diff |= (o.estimates ^ estimates) | (o.aux ^ aux) | (o.bins ^ bins) | (o.state ^ state)
		now[t] = laneRecord{estimates, aux, bins, state}
		top = t + 1
	}
	if diff == 0 && !coinWait && !l.unsettled[before] {
		w.votes[i] = before
		return false
	}
	clear(now[top:])
	l.top[l.used] = uint8(top)
	l.unsettled[l.used] = coinWait
	e.coins = e.coins || coinWait
	w.votes[i] = uint32(l.used)
	l.used++
	return gone == l.all
}

// tossLanes asks the coin for the subjects that wait for it at step t, and returns their estimates.
func (e *Election) tossLanes(x gossip.Index, waits uint64, t int) (estimates uint64) {
	for ; waits != 0; waits &= waits - 1 {
		b := bits.TrailingZeros64(waits)
		heads, known := e.coin.Toss(coin.Query{Event: x, Subject: e.voters[b/4], Round: uint32(t / 3)})
		switch {
		case known && heads:
			estimates |= 1 << b
		case known:
			estimates |= 1 << (b + 32)
		}
	}
	return estimates
}
