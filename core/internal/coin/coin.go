// Package coin holds the common coins of the meta-election (SPEC section 5).
package coin

import "parsec/core/internal/gossip"

// Query asks for the coin of one round about one subject, as seen from one event. An answer may read
// only what Event descends from.
type Query struct {
	Event   gossip.Index
	Subject gossip.Peer
	Round   uint32 // 1 or more
}

// Coin is a common coin.
type Coin interface {
	// Toss returns the coin; known is false while the event's ancestors do not tell. It is called while the
	// event's meta-votes are being made, and r serves for that call.
	Toss(q Query, r Reader) (heads, known bool)
}

// PredictableRoundParity is the coin of the recordings: that of round r is "r is odd". An adversary who
// controls the order of messages can hold agreement off for ever: it is for conformance only.
type PredictableRoundParity struct{}

// Toss implements [Coin].
func (PredictableRoundParity) Toss(q Query, _ Reader) (heads, known bool) {
	return q.Round%2 == 1, true
}
