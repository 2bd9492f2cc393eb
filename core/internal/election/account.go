package election

import "parsec/core/internal/gossip"

// What the caller may ask about votes and keys. A key is named by its observation and, if that is Single, the voter
// whose key it is; else the peer is ignored. Nobody has voted for what is unknown.

// Votes returns how many votes were logged so far. A vote is not if its key was done by then, or was voted for
// before on the chain: what Insert of an event adds is how many of its votes count.
func (e *Election) Votes() int { return len(e.votes) - 1 }

// VotesFor calls visit for the events whose votes for a key were logged, the last logged first, until it returns
// false. A peer has one, or if it forked one a branch at most. They stay when the key is done. Time O(votes
// with the key), and O(voters of the observation) if it is Single.
func (e *Election) VotesFor(observation uint32, peer gossip.Peer, visit func(event gossip.Index) bool) {
	k := e.find(observation, peer)
	if k == noKey {
		return
	}
	for v := e.keys[k].votes; v != 0; v = e.votes[v].alike {
		if !visit(e.votes[v].event) {
			return
		}
	}
}

// HasVoted reports whether a vote by the peer for its key of an observation was logged: false if the key was done
// when it came. Time O(votes with the key), and O(voters of the observation) if it is Single.
func (e *Election) HasVoted(observation uint32, peer gossip.Peer) (has bool) {
	e.VotesFor(observation, peer, func(x gossip.Index) bool {
		has = e.g.Event(x).By == peer
		return !has
	})
	return has
}

// Done reports whether a key was decided, so that it has a block if its kind gives one. Time O(1), but
// O(voters of the observation) if it is Single.
func (e *Election) Done(observation uint32, peer gossip.Peer) bool {
	k := e.find(observation, peer)
	return k != noKey && e.keys[k].done
}

// Voters returns who votes now, ascending. It is for reading, and valid until the next Insert.
func (e *Election) Voters() []gossip.Peer { return e.voters }

// find returns a key, noKey if nobody has voted for it.
func (e *Election) find(o uint32, p gossip.Peer) uint32 {
	if int64(o) >= int64(len(e.observations)) {
		return noKey
	}
	obs := &e.observations[o]
	single := e.isSingle(obs.Kind)
	k := obs.keys
	for k != noKey && single && e.keys[k].by != p {
		k = e.keys[k].next
	}
	return k
}

// isSingle reports whether observations of the kind have a key for each voter.
func (e *Election) isSingle(k Kind) bool { return k == DKGMessage || k == Opaque && e.single }
