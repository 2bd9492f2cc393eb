package core_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"parsec/core"
)

const (
	fuzzPeers  = 12   // that are there from the start at most
	fuzzEvents = 500  // after which operations are ignored; a further vote of an event counts as one
	fuzzTries  = 5000 // likewise, of events offered, accepted or not
)

// operations is one input being read. The list of numbers that an operation takes is beside it in operate;
// behind the end of the input all numbers are 0.
type operations struct {
	t     *testing.T
	input []byte

	engine       *core.Engine
	identities   []core.Identity
	genesis      []core.PeerIndex
	mode         core.Mode
	rules        core.Rules
	coin         core.CoinKind
	observations []core.Observation
	events       []core.Event            // accepted
	last         map[int]core.EventIndex // by peer: what its next event goes on from
	size         int                     // of events, each with as many as it has votes
	tries        int                     // events offered
	blocks       []core.Block
	all          []core.Identity // when all is read: see everybody
}

func (r *operations) number() int {
	if len(r.input) == 0 {
		return 0
	}
	n := r.input[0]
	r.input = r.input[1:]
	return int(n)
}

// configure reads flags, the number of peers and two bytes of genesis group, a bit a peer. It reports
// whether there is an engine.
func (r *operations) configure() bool {
	flags := r.number()
	r.mode, r.rules = core.Mode(flags&1), core.Rules(flags>>1&1)
	r.coin = core.CoinKind(flags >> 2 & 1)
	cfg := core.Config{Mode: r.mode, Rules: r.rules, Coin: r.coin}
	valid := true
	switch flags >> 2 {
	case 61:
		cfg.Mode, valid = core.Mode(flags), false
	case 62:
		cfg.Rules, valid = core.Rules(flags), false
	case 63:
		cfg.Coin, valid = core.CoinKind(flags), false
	}
	peers := r.number() % (fuzzPeers + 1)
	for p := range peers {
		// An order of identities that is not the order of numbers.
		cfg.Peers = append(cfg.Peers, core.Identity{byte(p * 101), 1})
	}
	group := r.number() | r.number()<<8
	for p := range 16 {
		if group>>p&1 == 1 {
			cfg.Genesis = append(cfg.Genesis, core.PeerIndex(p))
			valid = valid && p < peers
		}
	}
	r.identities, r.genesis, r.last = cfg.Peers, cfg.Genesis, map[int]core.EventIndex{}
	e, err := core.NewEngine(cfg)
	if valid = valid && len(cfg.Genesis) > 0; valid != (err == nil) || err != nil && !errors.Is(err, core.ErrConfig) {
		r.t.Fatalf("%+v: %v", cfg, err)
	}
	r.engine = e
	return err == nil
}

func (r *operations) operate() {
	for len(r.input) > 0 && r.size < fuzzEvents && r.tries < fuzzTries {
		switch op := r.number(); op % 11 {
		case 0: // a byte of identity
			r.addPeer(core.Identity{byte(r.number()), 1})
		case 1: // kind, whom it is about
			r.addObservation(core.Observation{Kind: core.Kind(r.number() % 9), Peer: core.PeerIndex(r.number())})
		case 2: // creator, cause and, past 240, how many other-parents, self-parent, other-parents, observation
			ev := core.Event{Creator: core.PeerIndex(r.number())}
			n := r.number()
			ev.Cause, ev.SelfParent = core.Cause(n%6), r.place()
			others := 1
			if n >= 240 {
				others = n & 3
			}
			for range others {
				ev.OtherParents = append(ev.OtherParents, r.place())
			}
			ev.Observation = core.ObservationIndex(r.place())
			r.insert(ev)
		case 3: // voter, observation
			r.next(r.peer(), core.Event{Cause: core.Observing, Observation: core.ObservationIndex(r.number())})
		case 4: // who votes, a bit a peer; observation
			group, o := r.number()|r.number()<<8, r.number()
			for p := range r.identities {
				if group>>(p&15)&1 == 1 {
					r.next(p, core.Event{Cause: core.Observing, Observation: core.ObservationIndex(o)})
				}
			}
		case 5: // who, on whose last
			r.hear(r.peer(), r.peer())
		case 6: // who
			r.next(r.peer(), core.Event{Cause: core.Requesting})
		case 7: // who goes on from which of the events
			p, x := r.peer(), r.place()
			if int(x) < len(r.events) && int(r.events[x].Creator) == p {
				r.last[p] = x
			}
		case 8: // the hub, who meets, a bit a peer; how often
			r.meet(r.peer(), r.number()|r.number()<<8, 1+r.number()%8)
		case 9: // voter, how many votes after the first, observations
			ev := core.Event{Cause: core.Observing}
			p, further := r.peer(), r.number()%8
			ev.Observation = core.ObservationIndex(r.number())
			for range further {
				ev.Further = append(ev.Further, core.ObservationIndex(r.number()))
			}
			r.next(p, ev)
		case 10: // kind, a byte of the identity that it is about
			r.addObservation(core.Observation{Kind: core.Kind(r.number() % 9), Peer: core.NoPeer, Identity: core.Identity{byte(r.number()), 1}})
		}
	}
}

// place reads the number of an event, or one that no event has.
func (r *operations) place() core.EventIndex {
	switch n := r.number() | r.number()<<8; n {
	case 0xffff:
		return math.MaxUint32
	case 0xfffe:
		return math.MaxInt32
	default:
		return core.EventIndex(n)
	}
}

func (r *operations) peer() int { return r.number() % len(r.identities) }

func (r *operations) addPeer(id core.Identity) {
	p, err := r.engine.AddPeer(id)
	if slices.Contains(r.identities, id) {
		if !errors.Is(err, core.ErrConfig) {
			r.t.Fatalf("a peer known already: %v", err)
		}
		return
	}
	if err != nil || int(p) != len(r.identities) {
		r.t.Fatalf("peer %d has number %d, %v", len(r.identities), p, err)
	}
	r.identities = append(r.identities, id)
}

func (r *operations) addObservation(obs core.Observation) {
	n := len(r.observations)
	obs.Hash = core.Hash{byte(n * 37), byte(n >> 8), byte(n)}
	o, err := r.engine.AddObservation(obs)
	var want error
	switch {
	case obs.Kind > core.DKGMessage:
		want = core.ErrUnknownObservation
	case aboutPeer(obs.Kind) && int(obs.Peer) >= len(r.identities) && obs.Peer != core.NoPeer:
		want = core.ErrUnknownPeer
	}
	if !errors.Is(err, want) {
		r.t.Fatalf("%v of peer %d: %v, want %v", obs.Kind, obs.Peer, err, want)
	}
	if err != nil {
		return
	}
	if int(o) != n {
		r.t.Fatalf("observation %d has number %d", n, o)
	}
	r.observations = append(r.observations, obs)
}

// faults returns the errors that say what is wrong with an event.
func (r *operations) faults(ev core.Event) (faults []error) {
	n := core.EventIndex(len(r.events))
	if int(ev.Creator) >= len(r.identities) {
		faults = append(faults, core.ErrUnknownPeer)
	}
	if ev.Cause > core.Response {
		return append(faults, core.ErrInvalidEvent)
	}
	if ev.Cause != core.Initial {
		switch {
		case ev.SelfParent >= n:
			faults = append(faults, core.ErrUnknownSelfParent)
		case r.events[ev.SelfParent].Creator != ev.Creator:
			faults = append(faults, core.ErrInvalidEvent)
		}
	}
	if ev.Cause >= core.Request {
		if len(ev.OtherParents) > 1 {
			faults = append(faults, core.ErrInvalidEvent)
		}
		if len(ev.OtherParents) == 0 || slices.Max(ev.OtherParents) >= n {
			faults = append(faults, core.ErrUnknownOtherParent)
		}
	}
	for _, o := range votes(ev) {
		if int(o) >= len(r.observations) {
			faults = append(faults, core.ErrUnknownObservation)
		}
	}
	return faults
}

func (r *operations) insert(ev core.Event) {
	r.tries++
	ev.Hash[31] = byte(splitmix(uint64(len(r.events))))
	x, err := r.engine.Insert(ev)
	if faults := r.faults(ev); len(faults) > 0 {
		if !slices.ContainsFunc(faults, func(f error) bool { return errors.Is(err, f) }) {
			r.t.Fatalf("%+v: %v, want one of %v", ev, err, faults)
		}
		return
	}
	if err != nil || int(x) != len(r.events) {
		r.t.Fatalf("event %d: %+v: place %d, %v", len(r.events), ev, x, err)
	}
	r.events = append(r.events, ev)
	r.size += max(1, len(votes(ev)))
	r.last[int(ev.Creator)] = x
	r.blocks = append(r.blocks, taken(r.engine)...)
	for p := len(r.identities); p < r.engine.Peers(); p++ { // added by a decision
		r.identities = append(r.identities, r.engine.Identity(core.PeerIndex(p)))
	}
}

// votes returns the observations that an event votes for, in order.
func votes(ev core.Event) []core.ObservationIndex {
	if ev.Cause != core.Observing {
		return nil
	}
	return append([]core.ObservationIndex{ev.Observation}, ev.Further...)
}

func aboutPeer(k core.Kind) bool { return k == core.Add || k == core.Remove || k == core.Accusation }

// next inserts an event of p's, after its initial one if it has none.
func (r *operations) next(p int, ev core.Event) {
	ev.Creator = core.PeerIndex(p)
	if _, ok := r.last[p]; !ok {
		r.insert(core.Event{Creator: ev.Creator, Cause: core.Initial})
	}
	ev.SelfParent = r.last[p]
	r.insert(ev)
}

func (r *operations) hear(p, from int) {
	if x, ok := r.last[from]; ok {
		r.next(p, core.Event{Cause: core.Request, OtherParents: []core.EventIndex{x}})
	}
}

// meet has the hub hear a group, and then the group hear the hub.
func (r *operations) meet(hub, group, times int) {
	for range times {
		for _, toHub := range []bool{true, false} {
			for p := range r.identities {
				switch {
				case p == hub || group>>(p&15)&1 == 0 || r.size >= fuzzEvents:
				case toHub:
					r.hear(hub, p)
				default:
					r.hear(p, hub)
				}
			}
		}
	}
}
