package check

import (
	"fmt"

	"parsec/core/node/client"
)

// Kind is which promise was broken.
type Kind int

// The kinds.
const (
	Order     Kind = iota // two nodes have different submissions, or blocks, in one place; or a node's blocks do not follow each other
	Lost                  // acknowledged, and never decided
	Duplicate             // decided twice
	Invented              // decided, has this run's nonce, and was never submitted so
	Fork                  // a node made two events where one could be
	Kinds                 // how many there are
)

func (k Kind) String() string {
	return [...]string{"order", "lost", "duplicate", "invented", "fork"}[k]
}

// Violation is one broken promise, with what it takes to look for it elsewhere.
type Violation struct {
	Kind     Kind
	Node     int       // at which it was seen; of lost submissions, that which acknowledged it; of forks, that which made it
	Block    uint64    // number of the block; 0 of lost submissions
	Position uint64    // of the submission in the section's order; 0 of lost submissions
	ID       client.ID // zero where blocks differ, or it is not known; of lost submissions, the beginning
	Evidence string    // what was expected and what was found
}

func (v Violation) Error() string {
	where := fmt.Sprintf("block %d, position %d", v.Block, v.Position)
	switch v.Kind {
	case Lost:
		where = "in no block"
	case Fork:
		return fmt.Sprintf("%v: node %d: %s", v.Kind, v.Node, v.Evidence)
	}
	return fmt.Sprintf("%v: node %d, %s, id %x: %s", v.Kind, v.Node, where, v.ID, v.Evidence)
}

// MaxViolations is how many violations are kept with their evidence. All are counted.
const MaxViolations = 100

func (c *Checker) violate(v Violation) {
	c.counts[v.Kind]++
	if len(c.violations) < MaxViolations {
		c.violations = append(c.violations, v)
	}
}

// Violations returns what was found so far, in the order in which it was found, at most [MaxViolations], and how many
// there are of each kind.
func (c *Checker) Violations() ([]Violation, [Kinds]uint64) { return c.violations, c.counts }
