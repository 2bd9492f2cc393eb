package check

import (
	"fmt"
	"slices"

	"parsec/core/node/client"
)

// Verdict is what a run comes to. All counts are of submissions of this run but for Foreign.
type Verdict struct {
	Submitted    uint64 // handed to a node, once or several times
	Acknowledged uint64 // by a node
	Decided      uint64 // in a block of any node
	Foreign      uint64 // of others, in blocks
	Altered      uint64 // of them, with ids of this run: other data, or another until
	Expired      uint64 // acknowledged, in no block up to their until, and that has passed
	Stranded     uint64 // acknowledged by a node that is away now, and in no block
	Unfinished   uint64 // acknowledged and in no block, but the section was not quiet, or has two orders
	Behind       []int  // live nodes that have not all of the blocks that others have, though the run waited
	Violations   []Violation
	Counts       [Kinds]uint64 // of violations
}

// Safe reports whether no promise was broken.
func (v *Verdict) Safe() bool { return v.Counts == [Kinds]uint64{} }

// Finish judges what has not come to its end. Quiet says that the nodes have nothing left to decide, and that their
// blocks came.
func (c *Checker) Finish(quiet bool) *Verdict {
	v := &Verdict{
		Submitted:    c.submissions.counts[0],
		Acknowledged: c.submissions.counts[1],
		Decided:      c.submissions.counts[2],
		Foreign:      c.foreign,
		Altered:      c.altered,
	}
	c.submissions.unfinished(func(seq, until uint64, node int) {
		switch {
		case until < c.block.head && c.counts[Order] == 0:
			v.Expired++
		case !c.nodes[node].following:
			v.Stranded++
		case !quiet || c.counts[Order] > 0: // of two orders, nobody knows which it is missing from
			v.Unfinished++
		default:
			c.violate(Violation{Kind: Lost, Node: node, ID: c.begin(seq),
				Evidence: fmt.Sprintf("submission %d of this run was acknowledged, is in none of the blocks up to position %d, and nothing is left to be decided", seq, c.order.head)})
		}
	})
	for i := range c.nodes {
		if n := &c.nodes[i]; n.live && n.position < c.order.head {
			v.Behind = append(v.Behind, i)
		}
	}
	v.Violations, v.Counts = c.violations, c.counts
	return v
}

// Forks takes what nodes say of members that forked. Statuses are by node, nil of those that are away; identities
// are the nodes', "" of those whose forks are no violation: others have their keys, or nobody knows them.
func (c *Checker) Forks(statuses []*client.Status, identities []string) {
	for by, identity := range identities {
		for at, s := range statuses {
			if identity != "" && s != nil && slices.Contains(s.Forked, identity) {
				c.violate(Violation{Kind: Fork, Node: by, Evidence: fmt.Sprintf("node %d has two chains of events by %s", at, identity)})
				break
			}
		}
	}
}

// Histories compares what nodes say of all of their history, that before the run too: those that decided equally much
// must have it in equal order. Statuses are by node, nil of those that are away.
func (c *Checker) Histories(statuses []*client.Status) {
	first := map[uint64]int{}
	for i, s := range statuses {
		if s == nil {
			continue
		}
		j, ok := first[s.Decided]
		if !ok {
			first[s.Decided] = i
		} else if o := statuses[j]; o.Order != s.Order {
			c.violate(Violation{Kind: Order, Node: i, Block: s.Blocks, Position: s.Decided,
				Evidence: fmt.Sprintf("the hash of all %d submissions in order is %s, at node %d it is %s", s.Decided, s.Order, j, o.Order)})
		}
	}
}
