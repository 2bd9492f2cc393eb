package election

import (
	"math/bits"

	"parsec/core/internal/coin"
	"parsec/core/internal/gossip"
)

// toss asks the coin for the classes of group g that wait for it at step t, and returns their estimates.
// It asks for each subject of a class; where they differ it splits the class and reports that. All of a class
// are asked before it is split: a coin reads the meta-votes that are being made, under number l.used.
func (e *Election) toss(x gossip.Index, waits uint64, t, g int) (estimates uint64, split bool) {
	l := &e.metaVotes
	for ; waits != 0; waits &= waits - 1 {
		bit := bits.TrailingZeros64(waits)
		class := uint16((g*quarterBits + bit) / l.classes.lane)
		first, seen, differ, fallen := uint32(0), false, false, uint64(0)
		for v, of := range l.classes.of {
			if of != class {
				continue
			}
			q := coin.Query{Event: x, Subject: e.voters[v], Round: uint32(t / 3)}
			heads, known := e.coin.Toss(q, (*reader)(e))
			fell := uint32(0)
			switch {
			case known && heads:
				fell = 1
			case known:
				fell = 1 << quarterBits
			}
			if !seen {
				first, seen = fell, true
			}
			l.fell[v] = fell
			differ = differ || fell != first
			if fell != 0 {
				fallen++
			}
		}
		if differ {
			other := l.split(class, e.window.votes)
			for v, of := range l.classes.of {
				if of == class && l.fell[v] != first {
					l.classes.of[v] = other
				}
			}
			return 0, true
		}
		estimates |= uint64(first) << bit
		e.Stats.Tosses += fallen
	}
	return estimates, false
}

// reader is what a coin sees of the election, while the meta-votes of the query's event are made.
//
// Elections that get to a coin go by passes, and the window then has all events from before the election's
// first observer on. No event before that has meta-votes, so chains are read back to there and no further.
// Numbers keep what they stand for until the election ends.
type reader Election

// Voters implements [coin.Reader].
func (r *reader) Voters() []gossip.Peer { return r.voters }

// Identity implements [coin.Reader].
func (r *reader) Identity(p gossip.Peer) *[32]byte { return &r.identities[p] }

// Last implements [coin.Reader].
func (r *reader) Last() (last [64]byte) {
	if r.last == noKey {
		return last
	}
	k := &r.keys[r.last]
	copy(last[:32], r.observations[k.observation].Hash[:])
	if k.single {
		copy(last[32:], r.identities[k.by][:])
	}
	return last
}

// Odd implements [coin.Reader].
func (r *reader) Odd(x gossip.Index) bool { return r.g.Event(x).Odd }

// Carrier implements [coin.Reader]. A chain has the flip from an event on and an auxiliary value there from a
// later one on, until an earlier step is decided, which drops it for good: seen from any later event of the chain, the
// carrier is the same. Time O(events of the voter since the last question, or from the carrier on).
func (r *reader) Carrier(q coin.Query, voter gossip.Peer) (carrier gossip.Index) {
	return r.carrier(q, r.newest(q.Event, voter), int(q.Round)*3-1)
}

// carrier is Carrier as seen from sync event y, by which the voter is meant. A branch asks the chain that it is off.
func (r *reader) carrier(q coin.Query, y gossip.Index, t int) (carrier gossip.Index) {
	e := (*Election)(r)
	if y <= e.base {
		return 0
	}
	w := &e.metaVotes.walks
	chain := e.g.Event(y).Chain
	key, here := walk{chain, q.Subject, int16(t)}, y
	known, ok := w.carriers[key]
	if ok && y <= known.event {
		if known.carrier <= y {
			return known.carrier
		}
		return 0
	}
	for ; y > e.base; y = e.window.info[y-e.window.base].sync {
		w.steps++
		exists, aux := r.at(q, y, t)
		before := gossip.Index(0)
		if ok && y == known.event {
			before = known.carrier
		} else if e.g.Event(y).Chain != chain {
			before = r.carrier(q, y, t)
		} else if exists && aux {
			carrier = y
			continue
		} else if carrier == 0 {
			continue
		} else {
			break
		}
		if carrier == 0 || exists && aux {
			carrier = before
		}
		break
	}
	if w.carriers == nil {
		w.carriers = make(map[walk]carrierUpTo)
	}
	w.carriers[key] = carrierUpTo{here, carrier}
	return carrier
}

// Responses implements [coin.Reader]. The meta-vote that waits is there from the event on that began it, since
// what is dropped once does not come again. Whoever waits asks at each event, so that the one before was asked about.
// Time O(own events since the last question, or from that one on).
func (r *reader) Responses(q coin.Query) (n int) {
	e := (*Election)(r)
	t := int(q.Round) * 3
	w := &e.metaVotes.walks
	for y := q.Event; ; {
		known, ok := w.waits[awaited{y, q.Subject, int16(t)}]
		if ok {
			n += known // of q.Event itself if a class was split, and all are asked again
			break
		}
		w.steps++
		before := e.window.info[y-e.window.base].sync
		waiting := false // the query's event has the meta-vote that waits, though it is not written yet
		if before > e.base {
			waiting, _ = r.at(q, before, t)
		}
		if !waiting {
			break
		}
		if e.g.Event(y).Cause == gossip.Response {
			n++
		}
		y = before
	}
	if w.waits == nil {
		w.waits = make(map[awaited]int)
	}
	w.waits[awaited{q.Event, q.Subject, int16(t)}] = n
	return n
}

// newest returns the voter's last sync event that x descends from, or, if x sees a fork by it, 0; the voter's
// own is x itself.
func (r *reader) newest(x gossip.Index, voter gossip.Peer) gossip.Index {
	if r.g.Event(x).By == voter {
		return x
	}
	if tip, _ := r.g.Tip(x, voter); tip != 0 {
		return r.g.Event(tip).Sync
	}
	return 0
}

// at reports whether event y has a meta-vote at step t about the query's subject, and an auxiliary value there.
func (r *reader) at(q coin.Query, y gossip.Index, t int) (exists, aux bool) {
	e := (*Election)(r)
	l := &e.metaVotes
	number := e.window.votes[y-e.window.base]
	if y == q.Event {
		number = uint32(l.used)
	}
	if number == 0 {
		return false, false
	}
	group, bit := l.classes.place(l.classes.of[e.vbit[q.Subject]])
	k := int(number) + group
	s := &l.steps[t]
	counted := s.counted[k]
	return s.state[k]>>(2*quarterBits+bit)&1 != 0, (counted>>32|counted>>48)>>bit&1 != 0
}
