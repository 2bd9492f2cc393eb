package election

import (
	"bytes"
	"encoding/binary"
	"math"

	"parsec/core/internal/bug"
	"parsec/core/internal/gossip"
)

// observation is an observation and its keys: one, or in Single mode one for each voter of it.
type observation struct {
	Observation
	keys uint32 // the first, linked by key.next; noKey for none
}

const noKey = math.MaxUint32

// key identifies an observation in the election.
type key struct {
	prefix      uint64 // what the observation's hash begins with
	observation uint32
	next        uint32 // the next key of the observation
	votes       uint32 // the first vote with it, linked by vote.alike
	tally       uint32 // its place in content.seen, noKey for none: Single keys have one if their voter forked
	pairs       uint32 // the first of its pairs with forkers, linked by pair.next
	lowest      uint32 // while a decision is made: lowest position in a content
	count       uint16 // while a decision is made: voters with it in their content
	by          gossip.Peer
	single      bool
	done        bool
	firsts      uint64 // of the first 64 peers, those with a vote with it on their first chain
}

// vote is an observation event whose key was not done when it came, the first on its chain with it.
type vote struct {
	event gossip.Index
	key   uint32
	next  uint32 // the next by the peer, 0 for none
	alike uint32 // the next with the key, 0 for none
	pair  uint32 // of a peer that forked: the key and the peer, in Election.pairs
}

// castVotes are the votes of one peer, in the order in which they came.
type castVotes struct {
	head uint32 // the first that may not be done, 0 for none
	tail uint32 // the last, done or not
}

// pair is a key that a forker voted for, on any number of branches.
type pair struct {
	peer gossip.Peer
	next uint32 // the next of the key, or the next free one; 0 for none
}

// castOn is a key that was voted for on a chain. Those on first chains of the first 64 peers are in key.firsts.
type castOn struct {
	key   uint32
	chain gossip.Chain
}

// head returns the first vote by p that is not done, 0 for none.
func (e *Election) head(p gossip.Peer) uint32 {
	k := &e.cast[p]
	for k.head != 0 && e.keys[e.votes[k.head].key].done {
		k.head = e.votes[k.head].next
	}
	return k.head
}

// firstUndecided returns the first event with a vote that is not done, never for none.
func (e *Election) firstUndecided() gossip.Index {
	from := never
	for p := range e.cast {
		if w := e.head(gossip.Peer(p)); w != 0 {
			from = min(from, e.votes[w].event)
		}
	}
	return from
}

// keyOf returns the key of a vote by p for observation o, making it if there is none.
func (e *Election) keyOf(o uint32, p gossip.Peer) uint32 {
	if k := e.find(o, p); k != noKey {
		return k
	}
	obs := &e.observations[o]
	single := e.isSingle(obs.Kind)
	prefix := binary.BigEndian.Uint64(obs.Hash[:])
	e.keys = append(e.keys, key{prefix: prefix, observation: o, next: obs.keys, by: p, single: single, tally: noKey})
	obs.keys = uint32(len(e.keys) - 1)
	return obs.keys
}

// logVote notes a vote that observation event x carries, unless its key is done or was voted for on the chain
// before: whatever descends from x descends from the first.
func (e *Election) logVote(x gossip.Index, ev *gossip.Event, o uint32) (logged bool) {
	id := e.keyOf(o, ev.By)
	k := &e.keys[id]
	if k.done {
		return false
	}
	if bit := uint64(1) << (ev.By & 63); ev.By < 64 && ev.Chain == e.g.First(ev.By) {
		if k.firsts&bit != 0 {
			return false
		}
		k.firsts |= bit
	} else {
		on := castOn{id, ev.Chain}
		if _, ok := e.castOn[on]; ok {
			return false
		}
		if e.castOn == nil {
			e.castOn = make(map[castOn]struct{})
		}
		e.castOn[on] = struct{}{}
	}
	w := uint32(len(e.votes))
	e.votes = append(e.votes, vote{event: x, key: id, alike: k.votes})
	k.votes = w
	c := &e.cast[ev.By]
	if c.tail != 0 {
		e.votes[c.tail].next = w
	}
	if c.head == 0 {
		c.head = w
	}
	c.tail = w
	if e.forks[ev.By] {
		e.pairUp(w)
		return true
	}
	views := &e.content
	for i := int(ev.By); i < len(views.unread); i += views.stride {
		if views.unread[i] == never {
			views.unread[i], views.cursor[i] = x, w
		}
	}
	return true
}

// pairUp gives vote w, by a forker, its pair. Time O(forkers that voted for the key).
func (e *Election) pairUp(w uint32) {
	v := &e.votes[w]
	k := &e.keys[v.key]
	by := e.g.Event(v.event).By
	for i := k.pairs; i != 0; i = e.pairs[i].next {
		if e.pairs[i].peer == by {
			v.pair = i
			return
		}
	}
	i := e.pairs[0].next
	if i != 0 {
		e.pairs[0].next = e.pairs[i].next
	} else {
		i = uint32(len(e.pairs))
		e.pairs = append(e.pairs, pair{})
		if c := &e.content; len(e.pairs) > 64*c.words {
			words := max(1, 2*c.words)
			c.forks = widened(c.forks, len(c.queue), c.words, words)
			c.words = words
		}
	}
	e.pairs[i] = pair{by, k.pairs}
	k.pairs, v.pair = i, i
}

// retire marks k done and frees what counted it. Time O(views), and O(votes with it).
func (e *Election) retire(id uint32) {
	k := &e.keys[id]
	k.done = true
	c := &e.content
	if k.tally != noKey {
		for i := int(k.tally); i < len(c.seen); i += c.room {
			c.seen[i], c.own[i] = 0, 0
		}
		c.recycled = append(c.recycled, k.tally)
		k.tally = noKey
	}
	for k.pairs != 0 {
		i := k.pairs
		for at := int(i >> 6); at < len(c.forks); at += c.words {
			c.forks[at] &^= 1 << (i & 63)
		}
		k.pairs = e.pairs[i].next
		e.pairs[i].next = e.pairs[0].next
		e.pairs[0].next = i
	}
	if len(e.castOn) > 0 {
		for w := k.votes; w != 0; w = e.votes[w].alike {
			delete(e.castOn, castOn{id, e.g.Event(e.votes[w].event).Chain})
		}
	}
}

// compare is the order of keys: by hash, then by peer identity.
func (e *Election) compare(a, b uint32) int {
	if bug.On(bug.ArrivalOrder) {
		return int(a) - int(b)
	}
	x, y := &e.keys[a], &e.keys[b]
	if x.observation != y.observation {
		if c := bytes.Compare(e.observations[x.observation].Hash[:], e.observations[y.observation].Hash[:]); c != 0 {
			return c
		}
	}
	return bytes.Compare(e.identities[x.by][:], e.identities[y.by][:])
}
