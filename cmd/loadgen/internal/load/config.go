package load

import (
	"fmt"
	"time"

	"parsec/cmd/loadgen/internal/schedule"
)

// Policy says where a submission goes whose node is away.
type Policy int

// The policies.
const (
	Same  Policy = iota // it waits for its node
	Other               // it goes to another node that is there; to its own if none is
	None                // it is given up, and counts as missing; for Retry only
)

func (p Policy) String() string { return [...]string{"same", "other", "none"}[p] }

// ParsePolicy reads a policy's name.
func ParsePolicy(s string) (Policy, error) {
	for p := Same; p <= None; p++ {
		if p.String() == s {
			return p, nil
		}
	}
	return 0, fmt.Errorf("%w: %q is none of same, other, none", schedule.ErrSyntax, s)
}

// Config says what load there is to be. Nodes and either Arrivals or Closed have no default.
type Config struct {
	Nodes    []Node
	Arrivals schedule.Arrivals // of an open loop; it is used up
	Closed   int               // submissions outstanding, of a closed loop, where Arrivals is nil
	Length   time.Duration     // when the schedule ends, as an offset; when a closed loop ends. With the warm-up
	Warmup   time.Duration     // what is due before it is not measured, but checked
	Until    <-chan struct{}   // when it is closed, the load ends, as if Length were over; nil: it never is
	Drain    time.Duration     // how long after Length the run waits for what is not decided; 0 stands for a minute

	Size schedule.Size // of what the arrivals have no size for
	Seed uint64        // of sizes and data

	Away  Policy // for what is due while its node is away: Same or Other
	Retry Policy // for what was handed to a node that went away before it acknowledged it

	Tick    time.Duration              // the pacer sleeps no less; 0 stands for half a millisecond
	Sleep   func(time.Duration)        // how it sleeps; nil stands for time.Sleep, which on Linux is late by up to a millisecond
	Step    time.Duration              // of intervals, and between questions to nodes; 0 stands for a second
	Hostile bool                       // whether members may submit what they like, with ids of this run too
	Forged  func(identity string) bool // whether others have that node's key: see doc.go; nil: they have none
	Began   func(time.Time)            // if not nil, called with the time of the start when all nodes are connected
	Tell    func(Progress)             // if not nil, called after each step, by one goroutine at a time
}

func (c *Config) defaults() {
	for _, d := range []struct {
		value    *time.Duration
		standard time.Duration
	}{{&c.Drain, time.Minute}, {&c.Tick, 500 * time.Microsecond}, {&c.Step, time.Second}} {
		if *d.value == 0 {
			*d.value = d.standard
		}
	}
	if c.Forged == nil {
		c.Forged = func(string) bool { return false }
	}
	if c.Sleep == nil {
		c.Sleep = time.Sleep
	}
}

// MaxClosed is how many submissions may be outstanding in a closed loop.
const MaxClosed = 10_000_000

func (c *Config) check() error {
	switch {
	case len(c.Nodes) < 1 || len(c.Nodes) > 256:
		return fmt.Errorf("%d nodes, not 1 to 256", len(c.Nodes))
	case (c.Arrivals == nil) == (c.Closed == 0) || c.Closed < 0 || c.Closed > MaxClosed:
		return fmt.Errorf("a load has either a schedule or 1 to %d submissions outstanding", MaxClosed)
	case c.Length <= c.Warmup:
		return fmt.Errorf("a load of %v is over before its warm-up of %v", c.Length, c.Warmup)
	case c.Length < 0 || c.Warmup < 0 || c.Drain < 0 || c.Tick < 0 || c.Step < 0:
		return fmt.Errorf("a time below zero")
	case c.Away == None:
		return fmt.Errorf("what is due has to go somewhere")
	}
	return nil
}

// Progress is how a run is.
type Progress struct {
	At      time.Duration
	Length  time.Duration
	Phase   string // warm-up, load, drain
	Due     uint64 // submissions up to now
	Sent    uint64
	Acked   uint64
	Decided uint64        // at all live nodes
	Rates   Rates         // of the last whole step
	P50     time.Duration // of the last whole step, from intended to all; 0 if nothing came to its end
	P99     time.Duration
	Away    int    // nodes
	Wrong   uint64 // violations
}
