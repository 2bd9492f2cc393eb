package sim

import (
	"fmt"

	"parsec/core"
)

// checkOrders feeds the graph of an honest member, in its own order and in two others, to an engine that knows
// nothing of messages, and demands the blocks that were agreed on: all that the member has.
func (s *run) checkOrders() {
	if s.failure != nil {
		return
	}
	var able []*process
	for _, p := range s.processes {
		if p.honest && p.node != nil && p.node.Len() > 0 {
			able = append(able, p)
		}
	}
	if len(able) == 0 {
		return
	}
	p := pick(s.checks, able)
	g := newGraph(p.node)
	for n, order := range [][]int{g.straight(), g.shuffled(s.checks), g.deep(s.checks)} {
		if err := s.checkOrder(g, order, p.node.Height()); err != nil {
			s.violated("the graph of %v, in order %d: %v", p, n, err)
			return
		}
	}
}

// graph is a node's graph, by the node's own numbers.
type graph struct {
	node     *core.Node
	peers    []core.Identity
	events   []core.Event
	children [][]int
}

func newGraph(n *core.Node) *graph {
	g := &graph{node: n, peers: n.Peers(), events: make([]core.Event, n.Len()), children: make([][]int, n.Len())}
	for i := range g.events {
		ev := n.EventAt(core.EventIndex(i))
		g.events[i] = ev
		for _, x := range parents(&ev) {
			g.children[x] = append(g.children[x], i)
		}
	}
	return g
}

func parents(ev *core.Event) (out []core.EventIndex) {
	if ev.Cause != core.Initial {
		out = append(out, ev.SelfParent)
	}
	return append(out, ev.OtherParents...)
}

// straight is the order in which the node inserted events.
func (g *graph) straight() []int {
	out := make([]int, len(g.events))
	for i := range out {
		out[i] = i
	}
	return out
}

// shuffled is a random order in which parents come first.
func (g *graph) shuffled(r stream) []int {
	return g.order(func(ready int) int { return r.below(ready) })
}

// deep is an order that follows the newest events as far as it goes, now and then another.
func (g *graph) deep(r stream) []int {
	return g.order(func(ready int) int {
		if r.percent(5) {
			return r.below(ready)
		}
		return ready - 1
	})
}

func (g *graph) order(next func(ready int) int) []int {
	missing := make([]int, len(g.events))
	var ready, out []int
	for i := range g.events {
		if missing[i] = len(parents(&g.events[i])); missing[i] == 0 {
			ready = append(ready, i)
		}
	}
	for len(ready) > 0 {
		k := next(len(ready))
		i := ready[k]
		ready[k] = ready[len(ready)-1]
		ready = ready[:len(ready)-1]
		out = append(out, i)
		for _, c := range g.children[i] {
			if missing[c]--; missing[c] == 0 {
				ready = append(ready, c)
			}
		}
	}
	return out
}

// engine returns an engine that knows the graph's peers and observations, by the same numbers.
func (s *run) engine(g *graph) (*core.Engine, error) {
	cfg := core.Config{Mode: s.plan.mode, Coin: s.plan.coin, Peers: g.peers}
	number := make(map[core.Identity]core.PeerIndex)
	for i, id := range g.peers {
		number[id] = core.PeerIndex(i)
	}
	for _, id := range s.founders {
		cfg.Genesis = append(cfg.Genesis, number[id])
	}
	e, err := core.NewEngine(cfg)
	if err != nil {
		return nil, err
	}
	for i := range g.node.Observations() {
		o := g.node.ObservationAt(core.ObservationIndex(i))
		if _, err := e.AddObservation(core.Observation{Hash: o.Hash, Kind: o.Kind, Peer: core.NoPeer, Identity: o.Peer}); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// checkOrder checks the blocks that come out of one order, and that each has enough votes.
func (s *run) checkOrder(g *graph, order []int, height uint64) error {
	e, err := s.engine(g)
	if err != nil {
		return err
	}
	place := make([]core.EventIndex, len(order))
	var others []core.EventIndex
	number := uint64(0)
	for _, i := range order {
		ev := g.events[i]
		ev.SelfParent, others = at(place, ev.SelfParent), others[:0]
		for _, other := range ev.OtherParents { // which orders share
			others = append(others, at(place, other))
		}
		ev.OtherParents = others
		before := s.voters(e, g)
		was := e.Stats().Decisions
		if place[i], err = e.Insert(ev); err != nil {
			return fmt.Errorf("event %d: %w", i, err)
		}
		blocks := e.Blocks()
		for _, b := range blocks {
			if number >= height {
				return fmt.Errorf("it decides more than the %d blocks that the node has", height)
			}
			hash := g.node.ObservationAt(b.Observation).Hash
			if number < uint64(len(s.ledger.blocks)) { // else no process has delivered it yet
				want := &s.ledger.blocks[number]
				if hash != want.hash || b.By != core.NoPeer && g.peers[b.By] != want.by {
					return fmt.Errorf("block %d is %x, not %x", number, hash[:4], want.hash[:4])
				}
			}
			if b.By == core.NoPeer && e.Stats().Decisions == was+1 {
				have := 0
				for _, v := range b.Voters {
					if before[v] {
						have++
					}
				}
				if n := count(before); have < len(b.Voters) || 3*have <= 2*n {
					return fmt.Errorf("block %d has %d votes, of %d voters", number, len(b.Voters), n)
				}
			}
			number++
		}
	}
	if number != height {
		return fmt.Errorf("it decides %d blocks, and the node has %d", number, height)
	}
	return nil
}

// voters returns by peer who votes now.
func (s *run) voters(e *core.Engine, g *graph) []bool {
	out := make([]bool, len(g.peers))
	for p := range out {
		out[p] = e.Voter(core.PeerIndex(p))
	}
	return out
}

func count(set []bool) (n int) {
	for _, is := range set {
		if is {
			n++
		}
	}
	return n
}

func at(place []core.EventIndex, x core.EventIndex) core.EventIndex {
	if int(x) < len(place) {
		return place[x]
	}
	return x
}
