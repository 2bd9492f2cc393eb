package core_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"parsec/core"
	"parsec/core/internal/plain"
	"parsec/core/recording"
)

// comparison feeds one graph to the plain oracle and to engines, event by event, and compares each engine
// with the oracle after every event: the blocks that came out, who votes, how many elections ended, and
// meta-events (which of them and when is said at looking).
//
// Peers, observations and events are numbered as in the recording, whose peers are in order of identity.
type comparison struct {
	rec    *recording.Recording
	ids    []core.Hash
	oracle *plain.Engine
	pairs  []*pair
	tolerance
}

// variant is how an engine is used. It makes no difference to what is decided.
type variant struct {
	passes bool // it computes by passes, whatever the graph
	many   bool // it gets votes that are in a row in one event, up to mostVotes (see runs)
	// If late is nil, the engine knows all peers and observations from the start, numbered as in the
	// recording. Else it learns of them in another order, and of those outside the genesis group mostly not
	// before they are needed.
	late *rand.Rand
	// If strange, it is told of the identities of peers that are to be added or removed and not known by then: they
	// get their numbers by decisions, or before their first event. It takes late.
	strange bool
	metas   looking
	// If tossed is not nil, it is told of each toss, in the engine's numbers.
	tossed func(x core.EventIndex, subject core.PeerIndex, round uint32, heads, known, led bool)
}

func (v variant) String() string {
	s := "by levels"
	if v.passes {
		s = "by passes"
	}
	if v.many {
		s += ", with many votes in one event"
	}
	if v.late != nil {
		s += ", learning of peers late"
		if v.strange {
			s += " and by decisions"
		}
	}
	return s + ", meta-events looked at " + v.metas.String()
}

// usual is what a graph is compared by unless there is more to say. One engine is never looked into: looking
// makes it compute what it would put off.
func usual() []variant {
	return []variant{{metas: always}, {metas: never}, {passes: true, metas: seldom}}
}

// pair is the oracle and one engine beside it.
type pair struct {
	variant
	rec         *recording.Recording
	ids         []core.Hash // of the events
	oracle      *plain.Engine
	engine      *core.Engine
	peer        []int // the engine's number of a peer, -1 while it does not know it
	rank        []int // the inverse
	observation []int // the engine's number of an observation, -1 while it does not know it
	number      []int // the inverse
	place       []int // the engine's place of an event; that of the event that it is part of if it has many votes
	event       []int // the inverse: the last of the events that are one there
	runs        []bool
	votes       []core.ObservationIndex // of a run so far
	strangers   int                     // peers that got their numbers by decisions
	decisions   int
	resets      uint64
	chance      *rand.Rand // when to look at meta-events
}

// identity returns the identity of a recording's peer, such that identities sort as the numbers do.
func identity(peer int) (id core.Identity) {
	binary.BigEndian.PutUint32(id[:], uint32(peer))
	return id
}

// newComparison returns a comparison without events. If coin is nil, it is that of the recordings.
func newComparison(rec *recording.Recording, coin tossing, variants ...variant) (*comparison, error) {
	c := &comparison{rec: rec, ids: ids(coin, rec), oracle: newOracle(rec, coin), tolerance: newTolerance(rec)}
	for _, v := range variants {
		p, err := newPair(rec, c.oracle, coin, v)
		if err != nil {
			return nil, fmt.Errorf("%v: %w", v, err)
		}
		c.pairs = append(c.pairs, p)
	}
	return c, nil
}

func newPair(rec *recording.Recording, oracle *plain.Engine, coin tossing, v variant) (*pair, error) {
	p := &pair{variant: v, rec: rec, ids: ids(coin, rec), oracle: oracle, chance: rand.New(rand.NewPCG(uint64(len(rec.Events)), 6))}
	p.peer, p.observation = unknown(len(rec.Peers)), unknown(len(rec.Observations))
	p.runs = make([]bool, len(rec.Events))
	if v.many {
		p.runs = runs(rec)
	}
	cfg := core.Config{Mode: rec.Mode, Rules: rec.Rules, Coin: core.PredictableRoundParityCoin}
	if _, ok := coin.(concreteCoin); ok {
		cfg.Coin = core.ConcreteCoin
	}
	first := rec.Genesis
	if v.late == nil {
		first = nil
		for i := range rec.Peers {
			first = append(first, core.PeerIndex(i))
		}
	} else {
		first = slices.Clone(first)
		for i := range rec.Peers {
			if v.late.IntN(4) == 0 && !slices.Contains(first, core.PeerIndex(i)) {
				first = append(first, core.PeerIndex(i))
			}
		}
		v.late.Shuffle(len(first), func(i, j int) { first[i], first[j] = first[j], first[i] })
	}
	for i, r := range first {
		cfg.Peers = append(cfg.Peers, identity(int(r)))
		p.peer[r] = i
		p.rank = append(p.rank, int(r))
		if slices.Contains(rec.Genesis, r) {
			cfg.Genesis = append(cfg.Genesis, core.PeerIndex(i))
		}
	}
	var err error
	if p.engine, err = core.NewEngine(cfg); err != nil {
		return p, err
	}
	way := core.Way{Passes: v.passes, Tossed: v.tossed}
	if odd, ok := coin.(oddCoin); ok {
		way.Toss = func(x core.EventIndex, subject core.PeerIndex, round uint32) (heads, known bool) {
			p.learn()
			return odd(p.event[x], p.rank[subject], round)
		}
	}
	if err := core.SetWay(p.engine, cfg, way); err != nil || v.late != nil {
		return p, err
	}
	for o := range rec.Observations {
		if err := p.knowObservation(o); err != nil {
			return p, err
		}
	}
	return p, nil
}

func newOracle(rec *recording.Recording, coin tossing) *plain.Engine {
	var genesis []int
	for _, p := range rec.Genesis {
		genesis = append(genesis, int(p))
	}
	var observations []plain.Observation
	for _, o := range rec.Observations {
		observations = append(observations, plain.Observation{Hash: o.ID, Kind: int(o.Kind), Peer: int(o.Peer)})
	}
	g := plain.New(rec.Mode == core.Single, rec.Rules == core.Crate073, plain.Predictable, len(rec.Peers), genesis, observations)
	if coin != nil {
		coin.oracle(g, rec)
	}
	return g
}

func plainEvent(e recording.Event, id core.Hash) plain.Event {
	return plain.Event{
		Creator:     int(e.Creator),
		Cause:       int(e.Cause),
		Self:        int(e.SelfParent),
		Other:       int(e.OtherParent),
		Observation: int(e.Observation),
		Odd:         odd(id),
	}
}

func unknown(n int) []int { return slices.Repeat([]int{-1}, n) }

func (p *pair) knowPeer(r core.PeerIndex) error {
	if p.peer[r] >= 0 {
		return nil
	}
	i, err := p.engine.AddPeer(identity(int(r)))
	if err == nil && int(i) != len(p.rank) {
		err = fmt.Errorf("the peer after %d others got number %d", len(p.rank), i)
	}
	p.peer[r] = int(i)
	p.rank = append(p.rank, int(r))
	return err
}

func (p *pair) knowObservation(o int) error {
	if p.observation[o] >= 0 {
		return nil
	}
	obs := &p.rec.Observations[o]
	to := core.Observation{Hash: obs.ID, Kind: obs.Kind, Peer: obs.Peer}
	if aboutPeer(obs.Kind) {
		if p.strange && (p.peer[obs.Peer] < 0 || p.late.IntN(2) == 0) {
			to.Peer, to.Identity = core.NoPeer, identity(int(obs.Peer))
		} else if err := p.knowPeer(obs.Peer); err != nil {
			return err
		} else {
			to.Peer = core.PeerIndex(p.peer[obs.Peer])
		}
	}
	i, err := p.engine.AddObservation(to)
	if err == nil && int(i) != len(p.number) {
		err = fmt.Errorf("the observation after %d others got number %d", len(p.number), i)
	}
	p.observation[o] = int(i)
	p.number = append(p.number, o)
	return err
}

// learn numbers the peers that got their numbers by decisions.
func (p *pair) learn() {
	for len(p.rank) < p.engine.Peers() {
		id := p.engine.Identity(core.PeerIndex(len(p.rank)))
		r := int(binary.BigEndian.Uint32(id[:]))
		p.peer[r] = len(p.rank)
		p.rank = append(p.rank, r)
		p.strangers++
	}
}

// errTorn ends a comparison where the graph alone does not settle what is decided.
var errTorn = errors.New("torn")

// insert feeds event i to all. The error says how an engine differs from the oracle.
func (c *comparison) insert(i int) error {
	for _, p := range c.pairs {
		if err := p.insert(i); err != nil {
			return fmt.Errorf("%v: %w", p.variant, err)
		}
	}
	known := len(c.oracle.Blocks)
	c.oracle.Insert(plainEvent(c.rec.Events[i], c.ids[i]))
	c.tolerance.insert(c.rec, i, c.oracle.Blocks[known:])
	if c.oracle.Torn {
		if c.tolerated() {
			return errors.New("the graph is torn, with forkers that are to be tolerated")
		}
		return errTorn
	}
	for _, p := range c.pairs {
		err := p.compareBlocks(c.oracle.Blocks[known:])
		if err == nil {
			err = p.compareState(i)
		}
		if err != nil {
			return fmt.Errorf("%v: %w", p.variant, err)
		}
	}
	return nil
}

// insert feeds event i to the engine.
func (p *pair) insert(i int) error {
	e := p.rec.Events[i]
	if err := p.knowPeer(e.Creator); err != nil {
		return err
	}
	ev := p.rec.Event(i)
	ev.Creator, ev.Hash = core.PeerIndex(p.peer[e.Creator]), p.ids[i]
	if e.Cause == core.Observing {
		if err := p.knowObservation(int(e.Observation)); err != nil {
			return err
		}
		p.votes = append(p.votes, core.ObservationIndex(p.observation[e.Observation]))
		p.place = append(p.place, len(p.event))
		if p.runs[i] {
			return nil
		}
		ev.SelfParent = core.EventIndex(p.rec.Events[i-len(p.votes)+1].SelfParent)
		ev.Observation, ev.Further = p.votes[0], p.votes[1:]
		p.votes = p.votes[:0]
	} else {
		p.place = append(p.place, len(p.event))
	}
	p.event = append(p.event, i)
	if e.SelfParent != recording.None {
		ev.SelfParent = core.EventIndex(p.place[ev.SelfParent])
	}
	for k, other := range ev.OtherParents {
		ev.OtherParents[k] = core.EventIndex(p.place[other])
	}
	x, err := p.engine.Insert(ev)
	p.learn()
	if err == nil && int(x) != len(p.event)-1 {
		err = fmt.Errorf("the engine gave it place %d", x)
	}
	return err
}

func (p *pair) compareBlocks(want []plain.Block) error {
	got := p.engine.Blocks()
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			return fmt.Errorf("block %+v is missing", want[i])
		case i >= len(want):
			return fmt.Errorf("block %+v is too many", p.translate(got[i]))
		}
		g, w := p.translate(got[i]), want[i]
		if g.Observation != w.Observation || g.By != w.By || g.At != w.At || !slices.Equal(g.Voters, w.Voters) {
			return fmt.Errorf("block is %+v, want %+v", g, w)
		}
	}
	if again := p.engine.Blocks(); again != nil {
		return fmt.Errorf("the same %d blocks again", len(again))
	}
	return nil
}

// translate gives a block the recording's numbers.
func (p *pair) translate(b core.Block) plain.Block {
	out := plain.Block{Observation: p.number[b.Observation], By: -1, At: p.event[b.At]}
	if b.By != core.NoPeer {
		out.By = p.rank[b.By]
	}
	for _, v := range b.Voters {
		out.Voters = append(out.Voters, p.rank[v])
	}
	return out
}

// compareState compares what is left after the blocks.
func (p *pair) compareState(i int) error {
	stats := p.engine.Stats()
	if int(stats.Decisions) != p.oracle.Decisions {
		return fmt.Errorf("%d elections ended, want %d", stats.Decisions, p.oracle.Decisions)
	}
	again := p.decisions != p.oracle.Decisions || p.resets != stats.Resets
	p.decisions, p.resets = p.oracle.Decisions, stats.Resets
	if again {
		voters := p.oracle.Voters()
		for r := range p.rec.Peers {
			want := slices.Contains(voters, r)
			if got := p.peer[r] >= 0 && p.engine.Voter(core.PeerIndex(p.peer[r])); got != want {
				return fmt.Errorf("peer %d votes: %t, want %t", r, got, want)
			}
		}
	}
	if p.runs[i] {
		return nil
	}
	return p.compareMetas(i, again)
}

// compare feeds the whole graph. The error says at which event an engine first differs from the oracle,
// and how. Where the graph is torn, the comparison ends there.
func compare(rec *recording.Recording, coin tossing, variants ...variant) error {
	c, err := newComparison(rec, coin, variants...)
	if err != nil {
		return err
	}
	return c.run()
}

func (c *comparison) run() error {
	for i := range c.rec.Events {
		switch err := c.insert(i); {
		case err == errTorn:
			return nil
		case err != nil:
			return fmt.Errorf("event %d of %d: %w", i, len(c.rec.Events), err)
		}
	}
	return nil
}
