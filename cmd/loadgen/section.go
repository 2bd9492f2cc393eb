package main

import (
	"context"
	"fmt"
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
	close     func()
}

// open begins a local section, or takes the one that runs.
func open(ctx context.Context, o *options) (*section, error) {
	s := &section{close: func() {}}
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
	c := network.Config{Nodes: o.nodes, Mode: o.mode, Dir: o.dir, Keep: o.keep, Seed: o.seed, Proxies: fault.NeedsLinks(o.faults)}
	if o.program != "" {
		c.Program = []string{o.program}
	}
	if o.profile != "none" {
		p, err := link.Named(o.profile)
		if err != nil {
			return nil, err
		}
		c.Links = p.Matrix(o.nodes)
	}
	for i := o.nodes - o.down; i < o.nodes; i++ {
		c.Down = append(c.Down, i)
		s.down = append(s.down, fmt.Sprintf("node%d", i))
	}
	var err error
	if s.local, err = network.Start(ctx, c); err != nil {
		return nil, err
	}
	s.close = func() { s.local.Close(10 * time.Second) }
	for i := range o.nodes - o.down {
		add(i, s.local.HTTP(i))
	}
	return s, nil
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
	f, err := r.c.Follow(ctx, from, true)
	if err != nil {
		return nil, err
	}
	return f, nil
}
