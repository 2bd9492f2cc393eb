package gossip

import "math"

// Chain numbers the self-parent chains of a graph: the first of each peer, and one for each further branch of a
// fork. Numbers are below Chains; that of a branch that was truncated is given again.
type Chain uint32

// NoChain is no chain.
const NoChain Chain = math.MaxUint32

// chain is what is known of one chain.
type chain struct {
	by     Peer
	parent Chain  // the chain it branched off, NoChain for none
	base   Index  // the event of parent that it branched off at, 0 for none
	tip    Index  // its last event
	sync   Index  // the last sync event of the tip's self-parent chain, 0 for none
	nth    uint32 // the tip's index by creator
	number uint32 // its place among the chains of the peer: the key in sets
	below  uint32 // the set of the chains it goes back to, each up to where it was left; 0 for none
}

// Chains returns how many chains were numbered.
func (g *Graph) Chains() int { return len(g.chains) }

// Branches returns how many chains there are beyond the first of each peer.
func (g *Graph) Branches() int { return len(g.chains) - len(g.first) - len(g.free) }

// First returns p's first chain.
func (g *Graph) First(p Peer) Chain { return g.first[p] }

// Forked lists the peers that forked, in the order met. It is for reading.
func (g *Graph) Forked() []Peer { return g.forked }

// HasForked reports whether p forked.
func (g *Graph) HasForked(p Peer) bool { return g.all[p] != nil }

// Of returns all chains of a peer that forked, in the order met; nil for one that did not. It is for reading.
func (g *Graph) Of(p Peer) []Chain { return g.all[p] }

// ChainTip returns the last event of chain c, 0 for none.
func (g *Graph) ChainTip(c Chain) Index { return g.chains[c].tip }

// ChainBase returns the event that chain c branched off at, 0 for none, and that event's chain.
func (g *Graph) ChainBase(c Chain) (base Index, parent Chain) {
	k := &g.chains[c]
	return k.base, k.parent
}

// branch makes a chain for a new branch of p's events, off event self of chain parent; off none if self is 0.
func (g *Graph) branch(p Peer, parent Chain, self Index) Chain {
	if g.all[p] == nil {
		g.forked = append(g.forked, p)
		g.all[p] = append(make([]Chain, 0, 2), g.first[p])
	}
	c := chain{by: p, parent: NoChain, number: uint32(len(g.all[p]))}
	if self != 0 {
		k := &g.chains[parent]
		c.parent, c.base = parent, self
		c.below = g.sets.with(k.below, k.number, uint32(self))
	}
	id := Chain(len(g.chains))
	if n := len(g.free); n > 0 {
		id, g.free = g.free[n-1], g.free[:n-1]
		g.chains[id] = c
	} else {
		g.chains = append(g.chains, c)
	}
	g.all[p] = append(g.all[p], id)
	return id
}

// OnChain reports whether event y is x or on the self-parent chain of x. Time O(1) on one chain, else O(log branches).
func (g *Graph) OnChain(y, x Index) bool {
	if y > x {
		return false
	}
	c, d := &g.chains[g.Event(y).Chain], &g.chains[g.Event(x).Chain]
	return c == d || c.by == d.by && Index(g.sets.get(d.below, c.number)) >= y
}

// made says that an event made nodes of sets, from this one on.
type made struct {
	event Index
	nodes uint32
}

// Truncate drops the events after place n, with their chains, forks and sets, as if they had never been inserted.
// Peers stay. Time O(1) for each event and node dropped, and O(size of the memo) if any node is.
func (g *Graph) Truncate(n Index) {
	for x := g.size; x > n; x-- {
		ev := g.Event(x)
		if ev.other[0] >= several {
			g.others = g.others[:ev.other[0]&^several]
		}
		c := &g.chains[ev.Chain]
		switch {
		case ev.Self != 0 && g.Event(ev.Self).Chain == ev.Chain:
			parent := g.Event(ev.Self)
			c.tip, c.nth, c.sync = ev.Self, parent.Nth, parent.Sync
		case g.first[ev.By] == ev.Chain:
			c.tip, c.nth, c.sync = 0, 0, 0
		default:
			g.prune(ev.By, ev.Chain)
		}
	}
	g.size = min(g.size, n)
	nodes := len(g.sets.nodes)
	for len(g.made) > 0 && g.made[len(g.made)-1].event > n {
		nodes = int(g.made[len(g.made)-1].nodes)
		g.made = g.made[:len(g.made)-1]
	}
	g.sets.truncate(nodes)
	if g.nodes = len(g.sets.nodes); g.nodes <= maxNodes && len(g.first) > 0 {
		g.most = MaxEvents
	}
}

// prune drops chain c, the last branch that p began.
func (g *Graph) prune(p Peer, c Chain) {
	if int(c) == len(g.chains)-1 {
		g.chains = g.chains[:c]
	} else { // a peer became known since
		g.chains[c] = chain{by: p, parent: NoChain}
		g.free = append(g.free, c)
	}
	g.all[p] = g.all[p][:len(g.all[p])-1]
	if len(g.all[p]) == 1 {
		g.all[p] = nil
		g.forked = g.forked[:len(g.forked)-1]
	}
}
