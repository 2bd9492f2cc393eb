// Package columns is the graph that elections read, with a column a branch, until they read that of package gossip.
package columns

import "parsec/core/internal/gossip"

type (
	Peer  = gossip.Peer
	Index = gossip.Index
	Cause = gossip.Cause
)

const (
	Initial     = gossip.Initial
	Observation = gossip.Observation
	Requesting  = gossip.Requesting
	Request     = gossip.Request
	Response    = gossip.Response
)
