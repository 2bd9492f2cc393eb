// Package fake is a section in memory that does what tests want of it: it has a known capacity, it stalls, loses,
// repeats, invents, disagrees and crashes when told to. It knows nothing of consensus. It waits only by timers and
// conditions, so that it runs in the virtual time of testing/synctest.
package fake

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"parsec/cmd/loadgen/internal/load"
	"parsec/core/node/client"
)

// Options say how a section is when it does nothing wrong.
type Options struct {
	Nodes    int
	Interval time.Duration // between blocks; it is also the most that a submission waits
	Capacity int           // submissions that a block has room for; 0: no limit
	Room     int           // submissions that a node takes before the first of them is decided; 0: no limit
	History  int           // submissions of others that were decided before
}

// Section decides what is submitted to its nodes. Make it with New and end it with Close.
type Section struct {
	o       Options
	mu      sync.Mutex
	changed *sync.Cond
	order   []client.Item
	blocks  []int           // position after each
	decided map[string]bool // entries
	nodes   []*Node
	closed  bool
	ended   chan struct{}

	forked                           []string             // identities
	lose, repeat, invent, alter, rob int                  // how many of the next submissions
	swap                             map[int]map[int]bool // by node and position: exchanged with the next one, if of one block
}

// New begins a section.
func New(o Options) *Section {
	s := &Section{o: o, decided: map[string]bool{}, ended: make(chan struct{}), swap: map[int]map[int]bool{}}
	s.changed = sync.NewCond(&s.mu)
	s.blocks = append(s.blocks, 0) // genesis
	for i := range o.History {
		s.order = append(s.order, client.Item{ID: client.ID{255, byte(i), byte(i >> 8)}})
	}
	if o.History > 0 {
		s.blocks = append(s.blocks, o.History)
	}
	for i := range o.Nodes {
		s.nodes = append(s.nodes, &Node{s: s, number: i})
		s.swap[i] = map[int]bool{}
	}
	go s.run()
	return s
}

// Nodes returns all nodes, for a load.
func (s *Section) Nodes() []load.Node {
	all := make([]load.Node, len(s.nodes))
	for i, n := range s.nodes {
		all[i] = n
	}
	return all
}

// Node returns one of the nodes.
func (s *Section) Node(i int) *Node { return s.nodes[i] }

// Close ends the section. What uses it gets errors.
func (s *Section) Close() {
	s.do(func() { s.closed = true })
	<-s.ended
}

func (s *Section) do(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	s.changed.Broadcast()
}

// Lose makes the section forget the next n submissions that it should decide. Repeat makes it decide the next n twice.
// Invent makes it decide n that nobody submitted, with the nonce of the next one. Alter makes it decide other data in place
// of the next n, and Rob before the next n, which it decides too.
func (s *Section) Lose(n int)   { s.do(func() { s.lose += n }) }
func (s *Section) Repeat(n int) { s.do(func() { s.repeat += n }) }
func (s *Section) Invent(n int) { s.do(func() { s.invent += n }) }
func (s *Section) Alter(n int)  { s.do(func() { s.alter += n }) }
func (s *Section) Rob(n int)    { s.do(func() { s.rob += n }) }

// Fork makes all others say that a node forked.
func (s *Section) Fork(node int) { s.do(func() { s.forked = append(s.forked, identity(node)) }) }

func identity(node int) string { return fmt.Sprintf("%064x", node) }

// Swap makes a node report the submissions at a position and the next in the wrong order.
func (s *Section) Swap(node, position int) { s.do(func() { s.swap[node][position] = true }) }

func (s *Section) run() {
	defer close(s.ended)
	for {
		time.Sleep(s.o.Interval)
		s.mu.Lock()
		if s.closed {
			s.mu.Unlock()
			return
		}
		s.block()
		s.changed.Broadcast()
		s.mu.Unlock()
	}
}

// block decides what is pending, in turns over the nodes that are there.
func (s *Section) block() {
	left := s.o.Capacity
	if left == 0 {
		left = 1 << 30
	}
	before := len(s.order)
	for again := true; again; {
		again = false
		for _, n := range s.nodes {
			if len(n.pending) == 0 || n.down || n.stalled > 0 || left == 0 {
				continue
			}
			entry := n.pending[0]
			n.pending = n.pending[1:]
			again = true
			if s.decided[entry] {
				continue
			}
			item, other := itemOf(entry), itemOf(entry)
			other.Data = append([]byte("not "), item.Data...)
			if s.lose > 0 {
				s.lose--
				continue
			}
			left--
			s.decided[entry] = true
			if s.alter > 0 {
				s.alter--
				s.order = append(s.order, other)
				continue
			}
			if s.rob > 0 {
				s.rob--
				s.order = append(s.order, other)
			}
			s.order = append(s.order, item)
			if s.repeat > 0 {
				s.repeat--
				s.order = append(s.order, item)
			}
			if s.invent > 0 {
				s.invent--
				item.ID[8] = 1
				s.order = append(s.order, item)
			}
		}
	}
	if len(s.order) > before {
		s.blocks = append(s.blocks, len(s.order))
	}
}

// itemOf reads an entry.
func itemOf(entry string) client.Item {
	b := []byte(entry)
	until, k := binary.Uvarint(b[16:])
	_, l := binary.Uvarint(b[16+k:])
	return client.Item{ID: client.ID(b), Until: until, Data: b[16+k+l:]}
}

// Node is a node of a section.
type Node struct {
	s       *Section
	number  int
	pending []string // entries that were acknowledged
	stalled int      // calls of Stall under way
	down    bool
	lives   int // how often it crashed
}

// Stall makes the node do nothing for a time: it takes nothing, says nothing and has nothing decided.
func (n *Node) Stall(d time.Duration) {
	n.s.do(func() { n.stalled++ })
	time.Sleep(d)
	n.s.do(func() { n.stalled-- })
}

// Crash breaks all connections, and refuses new ones until Restart. What was acknowledged is kept, and lost if forget.
func (n *Node) Crash(forget bool) {
	n.s.do(func() {
		n.down = true
		n.lives++
		if forget {
			n.pending = nil
		}
	})
}

// Restart lets the node live again.
func (n *Node) Restart() { n.s.do(func() { n.down = false }) }

var errDown = errors.New("fake: the node is down")

// Status says how the node is.
func (n *Node) Status(ctx context.Context) (*client.Status, error) {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	stop := n.s.wake(ctx)
	defer stop()
	for n.stalled > 0 && !n.down && ctx.Err() == nil {
		n.s.changed.Wait()
	}
	if n.down || n.s.closed || ctx.Err() != nil {
		return nil, errDown
	}
	return &client.Status{Identity: identity(n.number), Forked: slices.DeleteFunc(slices.Clone(n.s.forked), func(id string) bool { return id == identity(n.number) }), Blocks: uint64(len(n.s.blocks)), Decided: uint64(len(n.s.order)), Order: fmt.Sprint(len(n.s.order)),
		Waiting: len(n.pending), CPU: 1, Resident: 1 << 20}, nil
}

// wake lets those who wait look again when the context ends.
func (s *Section) wake(ctx context.Context) (stop func() bool) {
	return context.AfterFunc(ctx, func() { s.do(func() {}) })
}

// Stream takes submissions.
type Stream struct {
	n      *Node
	ctx    context.Context
	life   int
	count  uint64
	told   uint64
	closed bool
	stop   func() bool
}

// Stream opens a stream.
func (n *Node) Stream(ctx context.Context) (load.Stream, error) {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	if n.down || n.s.closed {
		return nil, errDown
	}
	return &Stream{n: n, ctx: ctx, life: n.lives, stop: n.s.wake(ctx)}, nil
}

func (x *Stream) broken() bool {
	return x.closed || x.n.down || x.n.s.closed || x.n.lives != x.life || x.ctx.Err() != nil
}

// SendEntries takes entries, and acknowledges them at once. It blocks while the node is stalled or has no room.
func (x *Stream) SendEntries(entries []byte, count int) error {
	s := x.n.s
	s.mu.Lock()
	defer s.mu.Unlock()
	for ; count > 0; count-- {
		for !x.broken() && (x.n.stalled > 0 || s.o.Room > 0 && len(x.n.pending) >= s.o.Room) {
			s.changed.Wait()
		}
		if x.broken() {
			return errDown
		}
		_, k := binary.Uvarint(entries[16:])
		size, l := binary.Uvarint(entries[16+k:])
		end := 16 + k + l + int(size)
		x.n.pending = append(x.n.pending, string(entries[:end]))
		entries = entries[end:]
		x.count++
		s.changed.Broadcast()
	}
	if len(entries) > 0 {
		return errors.New("fake: more entries than said")
	}
	return nil
}

// Acknowledged returns how many the node has taken.
func (x *Stream) Acknowledged() (uint64, error) {
	s := x.n.s
	s.mu.Lock()
	defer s.mu.Unlock()
	for !x.broken() && (x.count == x.told || x.n.stalled > 0) {
		s.changed.Wait()
	}
	if x.broken() {
		return x.told, errDown
	}
	x.told = x.count
	return x.told, nil
}

// Close ends the stream.
func (x *Stream) Close() {
	x.stop()
	x.n.s.do(func() { x.closed = true })
}

// Follower yields blocks.
type Follower struct {
	n      *Node
	ctx    context.Context
	life   int
	next   int
	closed bool
	stop   func() bool
	block  client.Block
}

// Follow yields the blocks from that number on.
func (n *Node) Follow(ctx context.Context, from uint64) (load.Follower, error) {
	n.s.mu.Lock()
	defer n.s.mu.Unlock()
	if n.down || n.s.closed {
		return nil, errDown
	}
	return &Follower{n: n, ctx: ctx, life: n.lives, next: int(from), stop: n.s.wake(ctx)}, nil
}

// Next returns the next block.
func (f *Follower) Next() (*client.Block, error) {
	s := f.n.s
	s.mu.Lock()
	defer s.mu.Unlock()
	broken := func() bool {
		return f.closed || f.n.down || s.closed || f.n.lives != f.life || f.ctx.Err() != nil
	}
	for !broken() && (f.n.stalled > 0 || f.next >= len(s.blocks)) {
		s.changed.Wait()
	}
	if broken() {
		return nil, io.EOF
	}
	first := 0
	if f.next > 0 {
		first = s.blocks[f.next-1]
	}
	f.block = client.Block{Number: uint64(f.next), Kind: "submissions", First: uint64(first), Items: f.block.Items[:0]}
	end := s.blocks[f.next]
	for i := first; i < end; i++ {
		from := i
		switch swap := s.swap[f.n.number]; {
		case swap[i] && i+1 < end:
			from = i + 1
		case swap[i-1] && i > first:
			from = i - 1
		}
		f.block.Items = append(f.block.Items, s.order[from])
	}
	f.next++
	return &f.block, nil
}

// Close ends it.
func (f *Follower) Close() {
	f.stop()
	f.n.s.do(func() { f.closed = true })
}
