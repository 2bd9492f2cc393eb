package network

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"parsec/cmd/loadgen/internal/network/link"
)

// Config says which network to start.
type Config struct {
	Nodes int
	Mode  string // single (""), supermajority

	// Dir gets the nodes' folders and logs, and is kept. Folders of a network of as many nodes that are there already
	// are used as they are. Empty: a new folder of [os.TempDir], which Close removes if all went well.
	Dir  string
	Keep bool // keep the folder in any case

	// Program is the command with the subcommands init and node, and its first arguments. Nil: this program.
	Program []string
	// Attacker is the command that attacks; see [AttackMain]. Nil: this program with the argument attack.
	Attacker []string
	NodeArgs []string // more flags for each node
	Env      []string // of the nodes, as os/exec has it; nil: this process's

	Links   link.Matrix // conditions at first; nil: none
	Proxies bool        // links may get conditions later
	Down    []int       // nodes that are never started, but by a fault
	Seed    uint64      // of the links' chances, and of attackers

	ReadyWithin time.Duration // how long a node may take to serve; 0: a minute

	// Failed is told of a node that ended though nobody asked it to. It must not block and must not call Close. It may be
	// nil.
	Failed func(Failure)
	Logger *slog.Logger // nil: nothing is logged
}

// Failure is a node's end that nobody asked for.
type Failure struct {
	Node int
	At   time.Time
	Err  error // with the end of what it wrote
}

// complete checks and fills in defaults.
func (c *Config) complete() error {
	if c.Nodes < 1 || c.Nodes > link.MaxNodes {
		return fmt.Errorf("%d nodes: want 1 to %d", c.Nodes, link.MaxNodes)
	}
	if c.Links != nil && len(c.Links) != c.Nodes {
		return fmt.Errorf("links of %d nodes for a network of %d", len(c.Links), c.Nodes)
	}
	if c.Links != nil && !c.Links.Clear() {
		c.Proxies = true
	}
	if c.Links == nil {
		c.Links = link.New(c.Nodes)
	}
	for _, i := range c.Down {
		if i < 0 || i >= c.Nodes {
			return fmt.Errorf("node %d is to be down, but there are nodes 0 to %d", i, c.Nodes-1)
		}
	}
	if c.Mode == "" {
		c.Mode = "single"
	}
	if c.ReadyWithin == 0 {
		c.ReadyWithin = time.Minute
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Program == nil || c.Attacker == nil {
		self, err := os.Executable()
		if err != nil {
			return fmt.Errorf("to start nodes: %w", err)
		}
		if c.Program == nil {
			c.Program = []string{self}
		}
		if c.Attacker == nil {
			c.Attacker = []string{self, "attack"}
		}
	}
	return nil
}

// Errors that callers may branch on.
var (
	ErrRunning  = errors.New("runs already")
	ErrDown     = errors.New("is down")
	ErrNoProxy  = errors.New("links have no proxies: say at the start that they are needed")
	ErrNotReady = errors.New("it took too long")
	errKilled   = errors.New("killed while it started")
)
