package core

// Counts is what a node's messages have come to since it was started or recovered. Events of refused messages count
// as far as the message could be read; a message that waited for contents counts when it came, not again when it is
// taken in.
type Counts struct {
	Events         uint64 // that came in messages
	KnownEvents    uint64 // of those, that were in the graph already: duplicates
	Contents       uint64 // that came in messages, with their bytes
	KnownContents  uint64 // of those, that were here already: duplicates
	Signatures     uint64 // checked
	BadSignatures  uint64 // of those, that were bad
	WaitedMessages uint64 // that lacked contents when they came
}

// Counts returns the counters. Cost: none.
func (n *Node) Counts() Counts { return Counts(n.intake.Counts) }

// Made returns how many events of a peer this node has, whoever brought them; 0 for one that it does not know. Cost: none.
func (n *Node) Made(id Identity) int {
	return n.history.Made(n.peerOf(id))
}

// Waiting returns how many votes by current voters this node knows of that have no block yet: as long as there are
// any, gossip has something to bring about. In Supermajority mode, and for an Add or a Remove, a vote waits until
// enough others vote alike, for ever if they do not; so a caller that hurries while votes wait should slow down where
// gossip changes nothing. Votes of voters that forked do not count: they may never be decided. Time O(voters).
func (n *Node) Waiting() int {
	waiting, g := 0, n.history.Graph()
	for _, p := range n.history.Election().Voters() {
		if !g.HasForked(p) {
			votes, _ := n.history.Undecided(g.ChainTip(g.First(p)))
			waiting += votes
		}
	}
	return waiting
}
