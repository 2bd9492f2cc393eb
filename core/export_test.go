package core

import (
	"parsec/core/internal/coin"
	"parsec/core/internal/election"
	"parsec/core/internal/gossip"
)

// Inner returns the engine's election, for tests that look into it.
func Inner(e *Engine) *election.Election { return e.election }

// SetCoin gives the engine another coin. Toss gets an event's place, a peer and a round. The engine must
// have been made from cfg and know nothing else yet.
func SetCoin(e *Engine, cfg Config, toss func(x EventIndex, subject PeerIndex, round uint32) (heads, known bool)) error {
	e.election = election.New(cfg.Mode == Single, cfg.Rules == Crate073, coinFunc(toss))
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

func (f coinFunc) Toss(q coin.Query) (heads, known bool) {
	return f(EventIndex(q.Event-1), PeerIndex(q.Subject), q.Round)
}
