package core_test

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"

	"parsec/core"
	"parsec/core/recording"
)

// tangle makes random graphs with what package workloads has no use for: votes cast twice and by peers
// that are no voters, members removed down to the last and added again, observations that give no block
// and that nobody else votes for, members that follow each other's other-parents in a ring or through a
// hub, events that have parents by themselves only, and any number of forkers.
type tangle struct {
	rng     *rand.Rand
	rec     *recording.Recording
	own     [][]int32 // by peer: its events
	tips    [][]int32 // by peer: the ends of its branches
	forks   []bool    // by peer
	ballots []ballot  // votes to be cast
	meeting []link    // sync events to be made
	settled bool      // hubs and quick votes only: a large section decides nothing soon otherwise
	quiet   int       // percent of peers that a meeting leaves out
	churn   int       // of ten proposals, how many change the members
}

type ballot struct {
	by          core.PeerIndex
	observation int32
}

// link is a sync event to be made: by one peer, on what another made last.
type link struct{ by, from core.PeerIndex }

// newTangle returns one with the genesis group the first n of the peers, as shuffled.
func newTangle(rng *rand.Rand, peers, n, forkers int) *tangle {
	g := &tangle{
		rng:     rng,
		rec:     &recording.Recording{Name: "tangle", Coin: recording.RoundParity},
		own:     make([][]int32, peers),
		tips:    make([][]int32, peers),
		forks:   make([]bool, peers),
		settled: peers > 16,
		quiet:   rng.IntN(35),
		churn:   rng.IntN(8),
	}
	for i := range peers {
		g.rec.Peers = append(g.rec.Peers, fmt.Sprintf("p%04d", i))
	}
	order := rng.Perm(peers)
	if rng.IntN(2) == 0 {
		slices.Sort(order) // the engine then reads rows as they are
	}
	if g.settled {
		g.quiet /= 8
		g.churn /= 3
	}
	for _, p := range order[:n] {
		g.rec.Genesis = append(g.rec.Genesis, core.PeerIndex(p))
	}
	slices.Sort(g.rec.Genesis)
	for _, p := range rng.Perm(n)[:min(n, forkers)] {
		g.forks[g.rec.Genesis[p]] = true
	}
	if peers > n && forkers > 0 && rng.IntN(3) == 0 {
		g.forks[order[n]] = true // one that may never vote
	}
	return g
}

// make lets the graph grow to so many events.
func (g *tangle) make(events int) *recording.Recording {
	for _, p := range g.rec.Genesis {
		if g.rng.IntN(20) > 0 {
			g.initial(p)
		}
	}
	votes, waiting := 22, 2*len(g.own)
	if g.settled {
		votes, waiting = 60, 1
	}
	for len(g.rec.Events) < events {
		switch k := g.rng.IntN(100); {
		case k < 2 && len(g.ballots) < waiting || len(g.rec.Observations) == 0:
			g.propose()
		case k < votes && len(g.ballots) > 0:
			i := g.rng.IntN(len(g.ballots))
			b := g.ballots[i]
			g.ballots = slices.Delete(g.ballots, i, i+1)
			g.vote(b.by, b.observation)
		case k == 99:
			g.vote(g.anyone(), int32(g.rng.IntN(len(g.rec.Observations))))
		default:
			g.gossip()
		}
	}
	g.rec.Events = g.rec.Events[:events]
	return g.rec
}

func (g *tangle) anyone() core.PeerIndex { return core.PeerIndex(g.rng.IntN(len(g.rec.Peers))) }

// observe makes an observation.
func (g *tangle) observe(kind core.Kind, peer core.PeerIndex) int32 {
	var name [16]byte
	binary.BigEndian.PutUint64(name[:], g.rng.Uint64())
	binary.BigEndian.PutUint64(name[8:], uint64(len(g.rec.Observations)))
	g.rec.Observations = append(g.rec.Observations, recording.Observation{ID: sha256.Sum256(name[:]), Kind: kind, Peer: peer})
	return int32(len(g.rec.Observations) - 1)
}

// propose has an observation come up, with its votes.
func (g *tangle) propose() {
	who := g.anyone()
	if g.rng.IntN(10) < g.churn {
		switch k := g.rng.IntN(20); {
		case k < 9:
			g.all(g.observe(core.Add, who))
		case k < 14:
			g.all(g.observe(core.Remove, who))
		case k < 18:
			g.all(g.observe(core.Accusation, who))
		default:
			g.purge(who)
		}
		return
	}
	switch k := g.rng.IntN(20); {
	case k < 13:
		if g.rec.Mode == core.Supermajority {
			g.all(g.observe(core.Opaque, 0))
		} else {
			g.some(g.observe(core.Opaque, 0))
		}
	case k < 15:
		g.some(g.observe(core.DKGMessage, 0))
	case k < 17:
		g.all(g.observe(core.StartDKG, 0))
	case k < 18:
		g.all(g.observe(core.Genesis, 0))
	default:
		g.some(g.observe(core.Opaque, 0)) // in Supermajority mode it never gets enough
	}
}

// purge removes everybody but one, and adds a few again.
func (g *tangle) purge(who core.PeerIndex) {
	for p := range g.rec.Peers {
		if core.PeerIndex(p) != who {
			g.all(g.observe(core.Remove, core.PeerIndex(p)))
		}
	}
	for range g.rng.IntN(6) {
		g.all(g.observe(core.Add, g.anyone()))
	}
}

// all has nearly every peer vote.
func (g *tangle) all(o int32) {
	for p := range g.rec.Peers {
		if g.rng.IntN(12) > 0 || g.settled {
			g.ballots = append(g.ballots, ballot{core.PeerIndex(p), o})
		}
	}
}

// some has one to three peers vote.
func (g *tangle) some(o int32) {
	for range 1 + g.rng.IntN(3) {
		g.ballots = append(g.ballots, ballot{g.anyone(), o})
	}
}

// gossip makes the next sync event.
func (g *tangle) gossip() {
	if len(g.meeting) == 0 {
		g.meet()
	}
	l := g.meeting[0]
	g.meeting = g.meeting[1:]
	if len(g.own[l.by]) == 0 {
		g.initial(l.by)
	}
	e := g.next(l.by)
	from := g.tips[l.from]
	if g.rng.IntN(40) == 0 {
		from = g.own[l.from]
	}
	switch k := g.rng.IntN(10); {
	case len(from) == 0 || k < 2 && !g.settled || k < 1 && g.rng.IntN(3) == 0:
		e.Cause, e.Recipient = core.Requesting, int32(l.from)
	case k < 6:
		e.Cause, e.OtherParent = core.Request, from[g.rng.IntN(len(from))]
	default:
		e.Cause, e.OtherParent = core.Response, from[g.rng.IntN(len(from))]
	}
	g.add(e)
}

// meet plans who talks to whom for a while.
func (g *tangle) meet() {
	var here []core.PeerIndex
	for _, p := range g.rng.Perm(len(g.rec.Peers)) {
		if g.rng.IntN(100) >= g.quiet {
			here = append(here, core.PeerIndex(p))
		}
	}
	if len(here) == 0 {
		here = append(here, g.anyone())
	}
	style := g.rng.IntN(4)
	switch {
	case len(here) == 1:
		style = 3
	case g.settled:
		style = 0
	}
	switch style {
	case 0: // a hub hears all, then all hear the hub
		for _, p := range here[1:] {
			g.meeting = append(g.meeting, link{here[0], p})
		}
		for _, p := range here[1:] {
			g.meeting = append(g.meeting, link{p, here[0]})
		}
	case 1: // round the ring
		for range 2 {
			for i, p := range here {
				g.meeting = append(g.meeting, link{here[(i+1)%len(here)], p})
			}
		}
	case 2: // pairs, one after the other
		for range len(here) {
			a, b := here[g.rng.IntN(len(here))], here[g.rng.IntN(len(here))]
			g.meeting = append(g.meeting, link{b, a}, link{a, b})
		}
	default: // each on its own
		for _, p := range here {
			g.meeting = append(g.meeting, link{p, g.anyone()})
		}
	}
}

func (g *tangle) vote(by core.PeerIndex, o int32) {
	if len(g.own[by]) == 0 {
		g.initial(by)
	}
	e := g.next(by)
	e.Cause, e.Observation = core.Observing, o
	g.add(e)
}

func (g *tangle) initial(by core.PeerIndex) { g.add(blank(by, core.Initial)) }

func blank(by core.PeerIndex, cause core.Cause) recording.Event {
	none := recording.None
	return recording.Event{Creator: by, Cause: cause, SelfParent: none, OtherParent: none, Observation: none, Recipient: none}
}

// next returns an event by a peer that has one already, on the end of one of its branches or, if it forks,
// now and then anywhere or from nothing.
func (g *tangle) next(by core.PeerIndex) recording.Event {
	own, tips := g.own[by], g.tips[by]
	e := blank(by, core.Requesting)
	e.SelfParent = tips[g.rng.IntN(len(tips))]
	if g.forks[by] && len(tips) < 4 && g.rng.IntN(12) == 0 {
		if g.rng.IntN(10) == 0 {
			g.initial(by)
			own = g.own[by]
		}
		e.SelfParent = own[g.rng.IntN(len(own))]
	}
	return e
}

func (g *tangle) add(e recording.Event) {
	x, p := int32(len(g.rec.Events)), e.Creator
	g.rec.Events = append(g.rec.Events, e)
	g.own[p] = append(g.own[p], x)
	if k := slices.Index(g.tips[p], e.SelfParent); k >= 0 {
		g.tips[p][k] = x
	} else {
		g.tips[p] = append(g.tips[p], x)
	}
}
