package core

import (
	"parsec/core/internal/coin"
	"parsec/core/internal/election"
	"parsec/core/internal/gossip"
)

// Inner returns the engine's election, for tests that look into it.
func Inner(e *Engine) *election.Election { return e.election }

// Way is how an engine computes elections, where Config leaves no choice.
type Way struct {
	Passes bool // by passes, whatever the graph
	// Toss is the coin, nil for that of the configuration. It gets an event's place, a peer and a round.
	Toss func(x EventIndex, subject PeerIndex, round uint32) (heads, known bool)
	// Tossed is told of each toss. Led says that the concrete coin found the leader's event.
	Tossed func(x EventIndex, subject PeerIndex, round uint32, heads, known, led bool)
}

// SetWay gives the engine another way. The engine must have been made from cfg and know nothing else yet.
func SetWay(e *Engine, cfg Config, w Way) error {
	toss := cfg.Coin.new()
	if w.Toss != nil {
		toss = coinFunc(w.Toss)
	}
	if w.Tossed != nil {
		toss = watched{toss, w.Tossed}
	}
	e.election = election.New(cfg.Mode == Single, cfg.Rules == Crate073, toss)
	if w.Passes {
		e.election.PassesOnly()
	}
	for _, id := range cfg.Peers {
		if _, err := e.election.AddPeer(id); err != nil {
			return err
		}
	}
	var genesis []gossip.Peer
	for _, p := range cfg.Genesis {
		genesis = append(genesis, gossip.Peer(p))
	}
	e.election.Start(genesis)
	return nil
}

type coinFunc func(x EventIndex, subject PeerIndex, round uint32) (heads, known bool)

func (f coinFunc) Toss(q coin.Query, _ coin.Reader) (heads, known bool) {
	return f(EventIndex(q.Event-1), PeerIndex(q.Subject), q.Round)
}

// Whole reports whether the node's last event descends from all others.
func (n *Node) Whole() bool { return n.whole() }

// watched is a coin that tells of its tosses.
type watched struct {
	coin.Coin
	tell func(x EventIndex, subject PeerIndex, round uint32, heads, known, led bool)
}

func (w watched) Toss(q coin.Query, r coin.Reader) (heads, known bool) {
	asked := &asking{Reader: r}
	heads, known = w.Coin.Toss(q, asked)
	w.tell(EventIndex(q.Event-1), PeerIndex(q.Subject), q.Round, heads, known, asked.first != 0)
	return heads, known
}

// asking notes the first carrier that a coin asks for, which is the leader's.
type asking struct {
	coin.Reader
	asked bool
	first gossip.Index
}

func (a *asking) Carrier(q coin.Query, voter gossip.Peer) gossip.Index {
	x := a.Reader.Carrier(q, voter)
	if !a.asked {
		a.asked, a.first = true, x
	}
	return x
}

// Forked returns the peers that a node knows to have forked.
func Forked(n *Node) []Identity { return n.Forkers() }

// Branches returns how many branches of forks a node's graph has.
func Branches(n *Node) int { return n.history.Graph().Branches() }
