// Package solo is a node of one, in memory, for tests and examples of the interface: it decides what it is given at
// once, each call of Submit as a block, and its disk never fails unless it is told to.
package solo

import (
	"context"
	"encoding/hex"
	"slices"
	"sync"

	"parsec/core/node/client"
	"parsec/core/node/internal/api"
	"parsec/core/node/internal/batch"
)

// Node is an [api.Backend]. The zero value is not one.
type Node struct {
	// Count: it only counts what is submitted, and decides nothing. Benchmarks have it.
	Count bool

	mu       sync.Mutex
	changed  chan struct{} // closed, and replaced, when something changed
	blocks   []api.Block
	places   map[client.Key]client.Position
	keys     map[batch.ID][]client.Key // decided, in order
	decided  uint64
	held     []func(error)
	hold     bool
	full     bool
	state    string
	fail     error
	stuck    error
	members  map[[32]byte]bool
	identity [32]byte
}

// New returns a node. Its first block is the genesis.
func New() *Node {
	n := &Node{changed: make(chan struct{}), places: map[client.Key]client.Position{},
		keys: map[batch.ID][]client.Key{}, state: client.StateVoting,
		members: map[[32]byte]bool{}, identity: [32]byte{0x50, 0x10}}
	n.members[n.identity] = true
	n.blocks = []api.Block{{Kind: client.KindGenesis}}
	return n
}

// wakes wakes whoever waits for a change. Under mu.
func (n *Node) wakes() {
	close(n.changed)
	n.changed = make(chan struct{})
}

// Hold has what is submitted from now on neither acknowledged nor decided, until it is called with false.
func (n *Node) Hold(on bool) {
	n.mu.Lock()
	n.hold = on
	held := n.held
	if !on {
		n.held = nil
	}
	n.mu.Unlock()
	if !on {
		for _, do := range held {
			do(nil)
		}
	}
}

// FailHeld has the oldest submission that is held never become durable, and the others held still.
func (n *Node) FailHeld(err error) {
	n.mu.Lock()
	do := n.held[0]
	n.held = n.held[1:]
	n.mu.Unlock()
	do(err)
}

// Held returns how many calls of Submit are held.
func (n *Node) Held() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.held)
}

// Full has Submit wait for room.
func (n *Node) Full(on bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.full = on
	n.wakes()
}

// Refuse has submissions and votes fail with that error; nil ends it.
func (n *Node) Refuse(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.fail = err
	n.wakes()
}

// SetState sets the state that the node says it is in.
func (n *Node) SetState(s string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.state = s
}

// Submit implements [api.Backend].
func (n *Node) Submit(ctx context.Context, entries []byte, sum batch.Sum, done func(error)) error {
	for {
		n.mu.Lock()
		if n.fail != nil {
			defer n.mu.Unlock()
			return n.fail
		}
		if err := n.admits(entries, sum); err != nil {
			defer n.mu.Unlock()
			return err
		}
		if !n.full {
			break
		}
		changed := n.changed
		n.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if n.Count {
		n.decided += uint64(sum.Count)
		n.mu.Unlock()
		done(nil)
		return nil
	}
	payload := append(batch.Begin(nil, batch.Salt{}), entries...)
	if n.hold {
		n.held = append(n.held, func(err error) {
			if err == nil {
				n.mu.Lock()
				n.decide(payload)
				n.mu.Unlock()
			}
			done(err)
		})
		n.mu.Unlock()
		return nil
	}
	n.decide(payload)
	n.mu.Unlock()
	done(nil)
	return nil
}

// admits returns why one of the entries can be in no block to come. Under mu.
func (n *Node) admits(entries []byte, sum batch.Sum) error {
	height := uint64(len(n.blocks))
	if sum.Last > height && !batch.Counts(sum.Last, height) {
		return api.ErrTooFar
	}
	for sum.First < height && len(entries) > 0 {
		e, rest, _ := batch.Next(entries)
		if _, known := n.places[e.Key()]; e.Until < height && !known {
			return api.ErrExpired
		}
		entries = rest
	}
	return nil
}

// decide makes a block of a payload. Under mu.
func (n *Node) decide(payload []byte) {
	b := api.Block{Number: uint64(len(n.blocks)), Kind: client.KindSubmissions, By: &n.identity, First: n.decided, Payload: payload}
	entries, count := batch.Entries(payload)
	for i := range count {
		e, rest, _ := batch.Next(entries)
		entries = rest
		k := e.Key()
		if _, known := n.places[k]; known || !batch.Counts(k.Until, b.Number) {
			for len(b.Skip) <= i>>6 {
				b.Skip = append(b.Skip, 0)
			}
			b.Skip[i>>6] |= 1 << (i & 63)
			continue
		}
		n.keys[k.ID] = append(n.keys[k.ID], k)
		n.places[k] = client.Position{Number: n.decided, Block: b.Number}
		n.decided++
	}
	n.blocks = append(n.blocks, b)
	n.wakes()
}

// Append adds a block as it is, but for its number.
func (n *Node) Append(b api.Block) {
	n.mu.Lock()
	defer n.mu.Unlock()
	b.Number = uint64(len(n.blocks))
	n.blocks = append(n.blocks, b)
	n.wakes()
}

// Blocks implements [api.Backend].
func (n *Node) Blocks(from uint64, max int) ([]api.Block, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if from >= uint64(len(n.blocks)) {
		return nil, nil
	}
	return slices.Clip(n.blocks[from:min(uint64(len(n.blocks)), from+uint64(max))]), nil
}

// Wait implements [api.Backend].
func (n *Node) Wait(ctx context.Context, blocks uint64) (uint64, error) {
	for {
		n.mu.Lock()
		now, changed, stuck := uint64(len(n.blocks)), n.changed, n.stuck
		n.mu.Unlock()
		if now > blocks {
			return now, nil
		}
		if stuck != nil {
			return now, stuck
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return now, ctx.Err()
		}
	}
}

// Stick has the node decide nothing any more, for that reason.
func (n *Node) Stick(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.stuck = err
	n.wakes()
}

// Stuck implements [api.Backend].
func (n *Node) Stuck() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.stuck
}

// Find implements [api.Backend].
func (n *Node) Find(k client.Key) (client.State, client.Position) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if p, ok := n.places[k]; ok {
		return client.Decided, p
	}
	if k.Until < uint64(len(n.blocks)) {
		return client.Expired, client.Position{}
	}
	return client.Unknown, client.Position{}
}

// List implements [api.Backend].
func (n *Node) List(id batch.ID) (found []client.Found, more bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, k := range n.keys[id] {
		if len(found) == client.MaxFound {
			return found, true
		}
		found = append(found, client.Found{Key: k, State: client.Decided, Position: n.places[k]})
	}
	return found, false
}

// Until implements [api.Backend].
func (n *Node) Until(id batch.ID, hash [32]byte) uint64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, k := range n.keys[id] {
		if k.Hash == hash {
			return k.Until
		}
	}
	return uint64(len(n.blocks)) + client.Ahead
}

// Vote implements [api.Backend].
func (n *Node) Vote(_ context.Context, change api.Change, identity [32]byte, info []byte) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.fail != nil:
		return n.fail
	case n.members[identity] == (change == api.Add):
		return api.ErrConflict
	}
	n.members[identity] = change == api.Add
	n.blocks = append(n.blocks, api.Block{Number: uint64(len(n.blocks)), Kind: change.String(), By: &n.identity, Peer: &identity,
		Info: slices.Clone(info), First: n.decided})
	n.wakes()
	return nil
}

// Status implements [api.Backend].
func (n *Node) Status() client.Status {
	n.mu.Lock()
	defer n.mu.Unlock()
	voters := 0
	for _, in := range n.members {
		if in {
			voters++
		}
	}
	return client.Status{Identity: hex.EncodeToString(n.identity[:]), Section: "solo", Mode: "single", State: n.state,
		Voters: voters, Blocks: uint64(len(n.blocks)), Decided: n.decided}
}
