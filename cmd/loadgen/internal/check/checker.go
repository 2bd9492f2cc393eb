package check

import (
	"fmt"
	"hash/maphash"
	"math/bits"
	"math/rand/v2"

	"parsec/core/node/client"
)

// Config says what is watched.
type Config struct {
	Nodes  int     // 1 to 256
	Nonce  [5]byte // with which all ids of this run begin
	Window uint64  // positions that are kept for a node that is away; 0 stands for DefaultWindow

	// Hostile: members may submit what they like with ids of this run. Else that is a violation: a node made it.
	Hostile bool
}

// DefaultWindow takes 32 MiB.
const DefaultWindow = 1 << 22

// Span is how many positions share a hash.
const Span = 4096

// Checker watches one run. Make it with [New]; one goroutine at a time uses it.
type Checker struct {
	cfg   Config
	nodes []node
	order ring // what is at each position: see entry
	block ring // what each block is, as a hash
	begun bool // the rings begin where the first block did
	spans []span
	first uint64                            // position of spans[0], a multiple of Span
	start struct{ number, position uint64 } // of the first block
	all   uint64                            // positions before it were decided at all live nodes

	submissions submissions
	foreign     uint64
	altered     uint64
	own         []uint64 // what Block returns

	point      uint64 // at which the polynomials are taken; secret
	seed       maphash.Seed
	violations []Violation
	counts     [Kinds]uint64
}

type node struct {
	begun    bool
	next     uint64 // number of the next block
	position uint64 // of the next submission
	hash     uint64 // of the span that position is in
	live     bool
	target   uint64 // it is live again when it has come here
	following,
	diverged bool // its order is not the others': it is left out of everything
}

type span struct {
	hash uint64 // of the first one, the part since the run began
	node int    // which came to its end first
}

// foreignBit marks entries of the order that are not this run's; the rest is a hash of the submission then, else the sequence
// number.
const foreignBit = 1 << 63

// New returns a checker of nodes that are all live and have come to no block yet.
func New(cfg Config) *Checker {
	if cfg.Nodes < 1 || cfg.Nodes > 256 {
		panic(fmt.Sprintf("check: %d nodes", cfg.Nodes))
	}
	if cfg.Window == 0 {
		cfg.Window = DefaultWindow
	}
	c := &Checker{cfg: cfg, nodes: make([]node, cfg.Nodes), point: rand.Uint64N(prime-1) + 1, seed: maphash.MakeSeed()}
	for i := range c.nodes {
		c.nodes[i].live, c.nodes[i].following = true, true
	}
	return c
}

// Submitted says that a submission is about to be handed to a node: from now on it may be in a block, up to until. Sequence
// numbers are dense: 65,536 of them share what is kept. It reports whether it is the first time; saying it again changes
// nothing.
func (c *Checker) Submitted(seq, until uint64) (first bool) {
	if first = c.submissions.add(seq, submitted); first {
		c.submissions.chunks[seq>>chunkBits].until[seq%chunkSize] = until
	}
	return first
}

// Acknowledged says that a node acknowledged a submission, and reports whether it is the first to.
func (c *Checker) Acknowledged(seq uint64, node int) bool {
	if !c.submissions.add(seq, acknowledged) {
		return false
	}
	if chunk := c.submissions.chunks[seq>>chunkBits]; chunk != nil {
		chunk.node[seq%chunkSize] = uint8(node)
	}
	return true
}

// Decided reports whether a submission is in a block, at any node.
func (c *Checker) Decided(seq uint64) bool { return c.submissions.of(seq)&decided != 0 }

// Next returns the number of the block that a node has to deliver next, and whether it has delivered any.
func (c *Checker) Next(node int) (number uint64, begun bool) {
	return c.nodes[node].next, c.nodes[node].begun
}

// Position returns how many submissions the blocks that a node delivered reach up to, since the section began.
func (c *Checker) Position(node int) uint64 { return c.nodes[node].position }

// Head returns the position after the last that any node delivered.
func (c *Checker) Head() uint64 { return c.order.head }

// Blocks returns how many blocks there are, at the node that is furthest, or 0 before there are any.
func (c *Checker) Blocks() uint64 { return c.block.head }

// Live reports whether a node counts as live.
func (c *Checker) Live(node int) bool { return c.nodes[node].live }

// Away says that a node's blocks do not come any more. It counts no longer as live.
func (c *Checker) Away(node int) { c.nodes[node].live, c.nodes[node].following = false, false }

// Back says that a node's blocks come again, beginning with the one after the last that came. It counts as live once it
// has what all live nodes have now.
func (c *Checker) Back(node int) {
	n := &c.nodes[node]
	if n.following || n.diverged {
		return
	}
	n.following, n.target = true, c.all
	n.live = n.position >= n.target && (n.begun || !c.begun)
}

// Block takes the next block of a node, and returns the sequence numbers of this run's submissions in it, in order; they
// are valid until the next call. All nodes begin with the same block. Of a node whose order is not that of the others,
// only the first difference is reported: no block of its counts after that.
func (c *Checker) Block(at int, b *client.Block) (own []uint64) {
	n := &c.nodes[at]
	if n.diverged {
		return nil
	}
	differs := func(position uint64, id client.ID, format string, args ...any) []uint64 {
		c.violate(Violation{Order, at, b.Number, position, id, fmt.Sprintf(format, args...)})
		n.diverged, n.live = true, false
		return nil
	}
	if !c.begun {
		c.begun = true
		c.order.begin(b.First)
		c.block.begin(b.Number)
		c.all, c.first = b.First, b.First/Span*Span
		c.start.number, c.start.position = b.Number, b.First
	}
	if !n.begun {
		n.begun, n.next, n.position = true, c.start.number, c.start.position
	}
	if b.Number != n.next || b.First != n.position {
		return differs(b.First, client.ID{}, "block %d, of submissions from %d on, comes where block %d, from %d on, should",
			b.Number, b.First, n.next, n.position)
	}
	meta := c.metaOf(b)
	if b.Number == c.block.head {
		c.block.push(meta)
	} else if b.Number >= c.block.base && c.block.at(b.Number) != meta {
		return differs(b.First, client.ID{}, "kind %s, peer %s, by %s, %d submissions: another node has another block of that number",
			b.Kind, b.Peer, b.By, len(b.Items))
	}
	n.next++
	c.own = c.own[:0]
	for i := range b.Items {
		id := &b.Items[i].ID
		v := c.entry(&b.Items[i])
		switch position := n.position; {
		case position == c.order.head:
			c.extend(at, b.Number, position, id, v)
		case position >= c.order.base:
			if want := c.order.at(position); want != v {
				return differs(position, *id, "another node has %s there", c.describe(want))
			}
		}
		if v&foreignBit == 0 {
			c.own = append(c.own, v)
		}
		if !c.hashed(n, at, v) {
			s := c.spans[(n.position-1-c.first)/Span]
			return differs(n.position-1, client.ID{}, "positions %d to %d have not the hash that they have at node %d", n.position-Span, n.position-1, s.node)
		}
	}
	if !n.live && n.following && n.position >= n.target {
		n.live = true
	}
	return c.own
}

func (c *Checker) describe(entry uint64) string {
	if entry&foreignBit != 0 {
		return "a submission of others"
	}
	return fmt.Sprintf("submission %d of this run", entry)
}

// extend takes what is at a position that no node came to before.
func (c *Checker) extend(at int, block, position uint64, id *client.ID, v uint64) {
	c.order.push(v)
	if v&foreignBit != 0 {
		if c.foreign++; [5]byte(id[:]) == c.cfg.Nonce {
			if c.altered++; !c.cfg.Hostile {
				c.violate(Violation{Invented, at, block, position, *id, "this run submitted no such data and until with that id"})
			}
		}
		return
	}
	switch state := c.submissions.of(v); {
	case state&submitted == 0:
		c.violate(Violation{Invented, at, block, position, *id, fmt.Sprintf("submission %d of this run was never handed to a node", v)})
	case !c.submissions.add(v, decided):
		c.violate(Violation{Duplicate, at, block, position, *id, fmt.Sprintf("submission %d of this run was decided before", v)})
	}
}

// prime is 2^61-1.
const prime = 1<<61 - 1

// hashed takes a node one position further, with the hash of its span, and reports whether that is the others'.
func (c *Checker) hashed(n *node, at int, v uint64) bool {
	hi, lo := bits.Mul64(n.hash, c.point)
	low := lo & prime
	sum := low + (hi<<3 | lo>>61) + v%prime
	n.hash = sum % prime
	n.position++
	if n.position%Span != 0 {
		return true
	}
	hash := n.hash
	n.hash = 0
	i := (n.position - 1 - c.first) / Span
	if i == uint64(len(c.spans)) {
		c.spans = append(c.spans, span{hash: hash, node: at})
	}
	return c.spans[i].hash == hash
}

// metaOf returns a hash of what a block is beside its submissions.
func (c *Checker) metaOf(b *client.Block) uint64 {
	var h maphash.Hash
	h.SetSeed(c.seed)
	for _, s := range []string{b.Kind, b.By, b.Peer, string(b.Info)} {
		maphash.WriteComparable(&h, s)
	}
	maphash.WriteComparable(&h, [2]uint64{b.First, uint64(len(b.Items))})
	return h.Sum64()
}

// Everywhere calls f with the sequence number of each of this run's submissions that was decided at all live nodes since
// the last call, in order. While no node is live there are none.
func (c *Checker) Everywhere(f func(seq uint64)) {
	to, live := ^uint64(0), false
	for i := range c.nodes {
		if n := &c.nodes[i]; n.live {
			live = true
			if !n.begun {
				to = 0
			}
			to = min(to, n.position)
		}
	}
	if !live || !c.begun {
		return
	}
	for ; c.all < to; c.all++ {
		if v := c.order.at(c.all); v&foreignBit == 0 {
			f(v)
		}
	}
	c.trim()
}

// trim forgets what no node needs any more, and what is outside of the window of those that are away.
func (c *Checker) trim() {
	positions, blocks := c.all, c.block.head
	for i := range c.nodes {
		if n := &c.nodes[i]; !n.diverged {
			positions = min(positions, n.position)
			if blocks = min(blocks, n.next); !n.begun {
				positions, blocks = c.order.base, c.block.base
			}
		}
	}
	window := c.cfg.Window
	if c.order.head > window {
		positions = max(positions, min(c.all, c.order.head-window))
	}
	if c.block.head > window {
		blocks = max(blocks, c.block.head-window)
	}
	c.order.drop(positions)
	c.block.drop(blocks)
}
