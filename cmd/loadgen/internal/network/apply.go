package network

import (
	"context"
	"fmt"

	"parsec/cmd/loadgen/internal/network/fault"
)

// A network is what faults happen to.
var _ fault.Target = (*Network)(nil)

// Apply begins a fault or ends it; see [fault.Target].
func (n *Network) Apply(ctx context.Context, s fault.Step) error {
	switch s.Action {
	case fault.Kill:
		if s.Ends {
			return n.Restart(ctx, s.Node)
		}
		return n.Kill(s.Node)
	case fault.Restart:
		return n.Restart(ctx, s.Node)
	case fault.Pause, fault.Slow:
		return n.halt(s)
	case fault.Twin:
		if s.Ends {
			return n.endTwin(s.Node)
		}
		return n.beginTwin(ctx, s.Node)
	case fault.Relearn:
		return n.Relearn(ctx, s.Node)
	case fault.Attack:
		if s.Ends {
			return n.endAttack(s)
		}
		return n.beginAttack(ctx, s)
	}
	if n.links == nil {
		return ErrNoProxy
	}
	switch s.Action {
	case fault.Cut, fault.Partition:
		n.links.cut(s.Links, !s.Ends)
	case fault.Heal:
		n.links.cut(s.Links, false)
	case fault.Link:
		if !s.Ends {
			return n.links.change(s.Links, s.Conditions)
		}
		n.links.restore(s.Links)
	case fault.Reset:
		n.links.reset(s.Links)
	default:
		return fmt.Errorf("no such fault: %s", s.Action)
	}
	return nil
}

// Kill kills node i (kill -9) and returns when it is gone.
func (n *Network) Kill(i int) error { return n.nodes[i].kill() }

// Restart starts node i, which is down, with the folder and the addresses that it had. It returns when the node
// serves.
func (n *Network) Restart(ctx context.Context, i int) error { return n.nodes[i].start(ctx) }

// Relearn kills node i and starts it again as one whose log is a backup: it asks the others for its own events before it
// makes one. It returns when the node serves.
func (n *Network) Relearn(ctx context.Context, i int) error {
	if err := n.Kill(i); err != nil {
		return err
	}
	return n.nodes[i].start(ctx, "-restored")
}

// halt pauses or slows a node, or lets it go on.
func (n *Network) halt(s fault.Step) error {
	d := n.nodes[s.Node]
	p, err := d.running()
	if s.Ends {
		d.strike(-1)
		if err != nil {
			return nil // what was stopped has been killed since
		}
		if s.Action == fault.Pause {
			return p.Resume()
		}
		p.Full()
		return nil
	}
	if err != nil {
		return err
	}
	d.strike(1) // before it happens, so that no other fault strikes it meanwhile
	if s.Action == fault.Pause {
		err = p.Pause()
	} else {
		err = p.Slow(s.Share)
	}
	if err != nil {
		d.strike(-1)
	}
	return err
}

// Sound returns the nodes that serve and that no fault has struck, in order; see [fault.Target].
func (n *Network) Sound() []int {
	var sound []int
	for i, d := range n.nodes {
		if d.sound() {
			sound = append(sound, i)
		}
	}
	return sound
}

// Running returns the nodes whose process runs, in order: also those that are paused, or not yet serving.
func (n *Network) Running() []int {
	var running []int
	for i, d := range n.nodes {
		if _, err := d.running(); err == nil {
			running = append(running, i)
		}
	}
	return running
}

// Restore ends what lasts: paused and slow nodes go on, all links have the conditions that they had at first and are
// healed, attackers end. Nodes that are down stay so, and so do twins.
func (n *Network) Restore() {
	for _, d := range n.nodes {
		if p, err := d.running(); err == nil {
			p.Full()
			p.Resume()
		}
	}
	if n.links != nil {
		all := n.links.all()
		n.links.cut(all, false)
		n.links.restore(all)
	}
	n.endAttacks(attackGrace)
}
