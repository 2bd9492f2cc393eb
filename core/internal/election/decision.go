package election

import (
	"bytes"
	"slices"

	"parsec/core/internal/gossip"
)

// keyRank is a decided key with what orders it among the keys of one decision.
type keyRank struct {
	key    uint32
	lowest uint32
	count  uint16
}

// decide ends the election at event y, while x is being inserted, with the voters in e.subjects decided true
// (SPEC section 3, "Decision").
func (e *Election) decide(y, x gossip.Index) {
	for i := range e.voters {
		if e.subjects[i>>6]>>(i&63)&1 == 0 {
			continue
		}
		if f, v := e.observed(int16(i), y); f != 0 {
			e.tallyContent(f, v)
		}
	}
	e.finish(x)
}

// decideAlone is decide for a section of one voter: its first interesting event ends the election.
func (e *Election) decideAlone(x gossip.Index) bool {
	first, view := never, 0
	for v := range e.content.queue {
		if f := e.pop(v); f < first {
			first, view = f, v
		}
	}
	if first == never {
		return false
	}
	e.tallyContent(first, view)
	e.finish(x)
	return true
}

// observed returns the interesting event of voter i that the observers behind y strongly see, and the
// view whose queue has its content.
func (e *Election) observed(i int16, y gossip.Index) (f gossip.Index, view int) {
	if !e.voterForked(i) {
		if f = e.pop(int(i)); f == never {
			f = 0
		}
		return f, int(i)
	}
	for _, z := range e.seen {
		if z > y || !e.g.Descends(y, z) {
			continue
		}
		if f, view = e.seenCandidate(z, i); f != 0 {
			return f, view
		}
	}
	return 0, 0
}

// tallyContent counts the keys left in the content of interesting event f.
func (e *Election) tallyContent(f gossip.Index, view int) {
	c := &e.content
	pos := uint32(0)
	for i := c.queue[view].head; i != 0 && c.nodes[i].event <= f; i = c.nodes[i].next {
		k := &e.keys[c.nodes[i].key]
		if c.nodes[i].event < f || k.done {
			continue
		}
		if k.count == 0 {
			k.lowest = pos
			e.decided = append(e.decided, keyRank{key: c.nodes[i].key})
		}
		k.count++
		k.lowest = min(k.lowest, pos)
		pos++
	}
}

// rank orders the keys tallied.
func (e *Election) rank() {
	for i := range e.decided {
		d := &e.decided[i]
		k := &e.keys[d.key]
		d.lowest, d.count = k.lowest, k.count
		k.count = 0
	}
	slices.SortFunc(e.decided, func(a, b keyRank) int {
		switch {
		case a.lowest != b.lowest:
			return int(a.lowest) - int(b.lowest)
		case a.count != b.count:
			return int(b.count) - int(a.count)
		}
		return e.compare(a.key, b.key)
	})
}

// finish makes blocks of the keys tallied and begins the next election.
func (e *Election) finish(x gossip.Index) {
	e.rank()
	if len(e.decided) == 0 {
		return
	}
	e.Stats.Decisions++
	for _, d := range e.decided {
		k := &e.keys[d.key]
		by := NoPeer
		if k.single {
			by = k.by
		}
		kind := e.observations[k.observation].Kind
		if kind == StartDKG || kind == DKGMessage || k.single && !e.member[k.by] {
			e.settled = append(e.settled, Settled{Observation: k.observation, By: by})
			continue
		}
		e.blocks = append(e.blocks, Block{Observation: k.observation, By: by, Voters: e.votersOf(d.key), At: x})
	}
	changed, now := false, e.n
	for _, d := range e.decided {
		k := &e.keys[d.key]
		e.retire(d.key)
		if o := k.observation; e.observations[o].Kind.aboutPeer() && e.act(o, &now) {
			changed = true
		}
	}
	e.last = e.decided[len(e.decided)-1].key
	e.decided = e.decided[:0]
	if changed {
		e.reset()
		return
	}
	e.renew()
	e.begin()
	if e.levels.on && e.observers.lowest != never {
		e.Stats.Retouched += e.levels.chains.kept(e.voters)
	}
}

// votersOf lists the voters that an event votes for the key by, in order of identity.
func (e *Election) votersOf(id uint32) []gossip.Peer {
	from := len(e.backers)
	clear(e.backs)
	for w := e.keys[id].votes; w != 0; w = e.votes[w].alike {
		p := e.g.Event(e.votes[w].event).By
		if v := e.vbit[p]; v >= 0 && e.backs[v>>6]>>(v&63)&1 == 0 {
			e.backs[v>>6] |= 1 << (v & 63)
			e.backers = append(e.backers, p)
		}
	}
	to := len(e.backers)
	voters := e.backers[from:to:to]
	slices.SortFunc(voters, func(a, b gossip.Peer) int {
		return bytes.Compare(e.identities[a][:], e.identities[b][:])
	})
	return voters
}
