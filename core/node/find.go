package node

import (
	"parsec/core/node/client"
	"parsec/core/node/internal/batch"
)

// find returns how far a submission is. What is decided and not yet shown is pending. What no block can decide any more has
// expired, whether this node has seen it or not.
func (l *ledger) find(k *batch.Key) (client.State, client.Position) {
	l.mu.RLock()
	p, known := l.index.findKey(k)
	state, d := l.state(k.Until, p, known)
	l.mu.RUnlock()
	return state, d.position(p, state)
}

// state returns how far a submission is that is at a place, if it is known, and the block that decided it if one did.
func (l *ledger) state(until uint64, p place, known bool) (s client.State, d decided) {
	isDecided := known && p&claimed == 0 && batch.Counts(until, p.of())
	switch {
	case isDecided && p.of() < l.shown:
		return client.Decided, l.blocks[p.of()]
	case isDecided:
		return client.Pending, d
	case until < l.shown:
		return client.Expired, d
	case known:
		return client.Pending, d
	}
	return client.Unknown, d
}

// position returns where a submission was decided, if it was: it walks over the entries before it in the block.
func (d *decided) position(p place, s client.State) (at client.Position) {
	if s != client.Decided {
		return at
	}
	at.Number, at.Block = d.first, p.of()
	entries, n := batch.Entries(d.payload)
	for i := range n {
		if len(d.payload)-len(entries) == p.offset() {
			break
		}
		if i/64 >= len(d.skip) || d.skip[i/64]>>(i%64)&1 == 0 {
			at.Number++
		}
		_, entries, _ = batch.Next(entries)
	}
	return at
}

// list returns the submissions with an id that this node knows of, [client.MaxFound] at most, and whether there are more.
func (l *ledger) list(id *batch.ID) (found []client.Found, more bool) {
	type one struct {
		entry batch.Entry
		place place
		state client.State
		in    decided
	}
	var all [client.MaxFound]one
	l.mu.RLock()
	places, more := l.index.list(id)
	for i, p := range places {
		e := l.entry(p)
		state, d := l.state(e.Until, p, true)
		all[i] = one{e, p, state, d}
	}
	l.mu.RUnlock()
	for i := range places { // hashed and counted without the lock: payloads stay as they are
		x := &all[i]
		found = append(found, client.Found{Key: x.entry.Key(), State: x.state, Position: x.in.position(x.place, x.state)})
	}
	return found, more
}
