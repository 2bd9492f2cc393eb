package sim

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"parsec/core"
)

// ErrConfig is what all errors about a [Config] wrap.
var ErrConfig = errors.New("invalid configuration")

// MaxProcesses is how many founders a section may have.
const MaxProcesses = core.MaxVoters

// Config says what to simulate. The zero value is seed 0 of the scenario that the seed chooses.
type Config struct {
	Scenario   string     // "" for the one that the seed chooses
	Seed       uint64     // everything is drawn from it
	Peers      int        // founders, 0 for as many as the scenario likes
	Twins      int        // more of the founders are two processes; fewer than a third are hostile in all
	Hostile    int        // more of the founders send what scenario hostile sends; likewise
	Steps      int        // about how many actions there are until all faults end; 0 for as many as the scenario likes
	Signatures bool       // events are signed and checked
	Beyond     bool       // hostile ones may be a third of the founders or more: nothing is promised then
	Mode       *core.Mode // nil for one that the seed chooses
}

// Result is what came of a run. Whatever the machine, the same Config gives the same Result.
type Result struct {
	Scenario string
	Seed     uint64
	Mode     core.Mode
	Peers    int // founders
	Events   int // of the largest graph
	Messages int // that were sent
	Blocks   int // that were agreed on
	Time     time.Duration
	Actions  uint64
	Tosses   uint64   // of coins, by all honest nodes together
	Trace    [32]byte // BLAKE3 of all that happened
	Failure  *Failure // nil if all is fine

	run *run
}

// Verdict returns how it went.
func (r *Result) Verdict() Verdict {
	if r.Failure == nil {
		return Fine
	}
	return r.Failure.Verdict
}

// Hash returns the trace hash as text.
func (r *Result) Hash() string { return hex.EncodeToString(r.Trace[:]) }

// Run simulates one section. It starts no goroutine; several runs may go on at once. The error wraps [ErrConfig], or
// is the context's; whatever goes wrong in the section is in the result.
func Run(ctx context.Context, cfg Config) (*Result, error) {
	sc, err := cfg.scenario()
	if err != nil {
		return nil, err
	}
	cfg.Scenario = sc.Name
	s := newRun(&cfg, sc)
	s.do(ctx)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r := &Result{
		Scenario: sc.Name, Seed: cfg.Seed, Mode: s.plan.mode, Peers: s.plan.peers, Messages: s.net.sent, Blocks: len(s.ledger.blocks),
		Time: s.now, Actions: s.actions, Trace: s.trace.sum(), Failure: s.failure, run: s,
	}
	for _, p := range s.processes {
		if p.node != nil && p.honest {
			r.Events = max(r.Events, p.node.Len())
			r.Tosses += p.node.Stats().Tosses
		}
	}
	return r, nil
}

// Check returns why the configuration cannot be run, nil if it can. The error wraps [ErrConfig].
func (c *Config) Check() error {
	_, err := c.scenario()
	return err
}

// scenario returns the configuration's scenario, and checks the rest.
func (c *Config) scenario() (*Scenario, error) {
	var sc *Scenario
	if c.Scenario == "" {
		usual := usual()
		sc = &usual[c.Seed%uint64(len(usual))]
	} else {
		for i := range scenarios {
			if scenarios[i].Name == c.Scenario {
				sc = &scenarios[i]
			}
		}
		if sc == nil {
			return nil, fmt.Errorf("%w: no scenario %q", ErrConfig, c.Scenario)
		}
	}
	least := sc.MinPeers
	if c.Peers > 0 {
		least = c.Peers
	}
	more := c.Twins + c.Hostile
	switch {
	case c.Peers < 0 || c.Peers > MaxProcesses:
		return nil, fmt.Errorf("%w: %d peers, and there may be up to %d", ErrConfig, c.Peers, MaxProcesses)
	case c.Peers > 0 && c.Peers < sc.Least:
		return nil, fmt.Errorf("%w: %d peers, and scenario %s takes at least %d", ErrConfig, c.Peers, sc.Name, sc.Least)
	case c.Twins < 0 || c.Hostile < 0 || more > tolerated(least) && !c.Beyond || more >= least && more > 0:
		return nil, fmt.Errorf("%w: %d twins and %d hostile of %d peers, and it takes fewer than a third", ErrConfig, c.Twins, c.Hostile, least)
	case c.Steps < 0:
		return nil, fmt.Errorf("%w: %d steps", ErrConfig, c.Steps)
	case c.Mode != nil && *c.Mode > core.Single:
		return nil, fmt.Errorf("%w: unknown %v", ErrConfig, *c.Mode)
	}
	return sc, nil
}
