package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"parsec/cmd/loadgen/internal/load"
	"parsec/cmd/loadgen/internal/network"
	"parsec/cmd/loadgen/internal/network/fault"
	"parsec/cmd/loadgen/internal/network/link"
	"parsec/core/node/client"
)

// section is what is loaded.
type section struct {
	nodes     []load.Node
	names     []string // of the nodes
	addresses []string
	down      []string         // names of those that never ran
	local     *network.Network // nil if others run it
	// close ends what open began, with no patience if hurry, and keeps the nodes' folder if keep, or if nodes failed. It
	// returns what is to be said of that, mostly nothing.
	close func(hurry, keep bool) string

	mu     sync.Mutex
	failed []network.Failure // nodes that ended by themselves
}

// open begins a local section, or takes the one that runs.
func open(ctx context.Context, o *options) (*section, error) {
	s := &section{close: func(bool, bool) string { return "" }}
	add := func(i int, address string) {
		s.nodes = append(s.nodes, remote{client.New(address)})
		s.names = append(s.names, fmt.Sprintf("node%d", i))
		s.addresses = append(s.addresses, address)
	}
	if o.targets != nil {
		for i, address := range o.targets {
			add(i, address)
		}
		return s, nil
	}
	c := network.Config{Nodes: o.nodes, Mode: o.mode, Dir: o.dir, Keep: o.keep, Seed: o.seed, Proxies: fault.NeedsLinks(o.faults), Failed: s.fail}
	if o.program != "" {
		c.Program = []string{o.program}
	}
	var err error
	if c.Links, err = link.Choose(o.profile, o.nodes); err != nil {
		return nil, err
	}
	for i := o.nodes - o.down; i < o.nodes; i++ {
		c.Down = append(c.Down, i)
		s.down = append(s.down, fmt.Sprintf("node%d", i))
	}
	if s.local, err = network.Start(ctx, c); err != nil {
		return nil, err
	}
	s.close = func(hurry, keep bool) string {
		grace := 10 * time.Second
		if hurry {
			grace = 0
		}
		if keep {
			s.local.Keep()
		}
		switch err := s.local.Close(grace); {
		case err != nil:
			return fmt.Sprintf("%v\nthe nodes' folders are in %s", err, s.local.Dir())
		case o.dir == "" && s.local.Kept():
			return "the nodes' folders are in " + s.local.Dir()
		}
		return ""
	}
	for i := range o.nodes - o.down {
		add(i, s.local.HTTP(i))
	}
	return s, nil
}

// fail notes that a node ended by itself.
func (s *section) fail(f network.Failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed = append(s.failed, f)
}

// failures says which nodes ended by themselves, and when.
func (s *section) failures(start time.Time) (all []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.failed {
		what, _, _ := strings.Cut(f.Err.Error(), "\n") // the end of its log is in its folder, which is kept
		all = append(all, fmt.Sprintf("%s, %v after the start", what, f.At.Sub(start).Round(time.Millisecond)))
	}
	return all
}

// forged reports whether another has a node's key.
func (s *section) forged(identity string) bool {
	if s.local == nil {
		return false
	}
	for i := range s.local.Nodes() {
		if s.local.Identity(i) == identity {
			return s.local.Forged(i)
		}
	}
	return false
}

// remote is a node as package load wants it.
type remote struct{ c *client.Client }

func (r remote) Status(ctx context.Context) (*client.Status, error) { return r.c.Status(ctx) }

func (r remote) Stream(ctx context.Context) (load.Stream, error) {
	s, err := r.c.Stream(ctx)
	if err != nil {
		return nil, err // and not a nil stream in an interface
	}
	return s, nil
}

func (r remote) Follow(ctx context.Context, from uint64) (load.Follower, error) {
	f, err := r.c.Follow(ctx, from, false)
	if err != nil {
		return nil, err
	}
	return f, nil
}
