package network

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"parsec/cmd/loadgen/internal/network/process"
	corenode "parsec/core/node"
)

// Network is a section of nodes on this machine. Its methods may be called by many goroutines.
type Network struct {
	c       Config
	dir     string
	made    bool // dir is ours to remove
	spawner *process.Spawner
	links   *mesh // nil: nodes are connected directly
	nodes   []*node

	started atomic.Bool // all nodes have been: from now on an end is a failure
	closing atomic.Bool
	failed  atomic.Bool

	mu      sync.Mutex
	twins   map[int]*node
	attacks map[string]*attacker
	number  int // of attackers begun
	reports []AttackReport
}

// Start makes a network and starts its nodes. It returns when all serve, or with an error that says which node does
// not and what it wrote last; nothing is left running then, and the folder is kept, if there were nodes and ctx has not
// ended.
func Start(ctx context.Context, c Config) (*Network, error) {
	if err := c.complete(); err != nil {
		return nil, err
	}
	n := &Network{c: c, dir: c.Dir, twins: map[int]*node{}, attacks: map[string]*attacker{}}
	var err error
	if n.dir == "" {
		n.dir, err = os.MkdirTemp("", "parsec-net-")
		n.made = true
	} else {
		err = os.MkdirAll(n.dir, 0o777)
	}
	if err != nil {
		return nil, fmt.Errorf("network: %w", err)
	}
	n.spawner = process.NewSpawner()
	if err = n.start(ctx); err != nil {
		// What is said before there are nodes is all in the error, and who interrupts wants nothing kept.
		n.failed.Store(len(n.nodes) > 0 && ctx.Err() == nil)
		n.Close(0)
		if n.made && n.Kept() {
			err = fmt.Errorf("%w\n(the nodes' folders are in %s)", err, n.dir)
		}
		return nil, fmt.Errorf("network: %w", err)
	}
	n.started.Store(true)
	return n, nil
}

func (n *Network) start(ctx context.Context) error {
	if _, err := os.Stat(n.folder(0)); errors.Is(err, os.ErrNotExist) {
		if err := n.init(ctx); err != nil {
			return err
		}
	}
	section, err := corenode.ReadSection(filepath.Join(n.folder(0), corenode.SectionFile))
	if err != nil {
		return err
	}
	if len(section.Genesis) != n.c.Nodes {
		return fmt.Errorf("%s has a section of %d nodes, not of %d", n.dir, len(section.Genesis), n.c.Nodes)
	}
	ports, err := freePorts(3 * n.c.Nodes)
	if err != nil {
		return err
	}
	var listen []string
	for i, member := range section.Genesis {
		p := ports[3*i:]
		listen = append(listen, p[0])
		n.nodes = append(n.nodes, &node{
			n: n, index: i, name: fmt.Sprintf("node %d", i), identity: member.Identity, dir: n.folder(i), log: n.folder(i) + ".log",
			listen: p[0], http: p[1], debug: p[2],
		})
	}
	if n.c.Proxies {
		if n.links, err = newMesh(n.c.Links, listen, n.c.Seed); err != nil {
			return err
		}
	}
	for i, node := range n.nodes {
		node.peers = n.peersOf(i)
	}
	// All at once, as they would be found: a node serves whether it has peers or not.
	errs := make([]error, len(n.nodes))
	var wait sync.WaitGroup
	for i, node := range n.nodes {
		if !slices.Contains(n.c.Down, i) {
			wait.Go(func() { errs[i] = node.start(ctx) })
		}
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return err // of several the first will do: they mostly have one cause
		}
	}
	return nil
}

func (n *Network) folder(i int) string { return filepath.Join(n.dir, "node"+strconv.Itoa(i)) }

// init has the program make the folders.
func (n *Network) init(ctx context.Context) error {
	args := append(slices.Clone(n.c.Program[1:]), "init", "-dir", n.dir, "-nodes", strconv.Itoa(n.c.Nodes), "-mode", n.c.Mode)
	p, err := n.spawner.Start(process.Config{
		Name: "init", Path: n.c.Program[0], Args: args, Env: n.c.Env, Log: filepath.Join(n.dir, "init.log"),
		Ready: func(string) bool { return false },
	})
	if err != nil {
		return err
	}
	select {
	case <-p.Done():
	case <-ctx.Done():
		p.Kill()
		return context.Cause(ctx)
	}
	if e, _ := p.Exit(); e.Code != 0 {
		return fmt.Errorf("%s init: %w", n.c.Program[0], p.Failure())
	}
	return nil
}

// peersOf returns where node i reaches the others, by number.
func (n *Network) peersOf(i int) map[int]string {
	peers := map[int]string{}
	for j, other := range n.nodes {
		if j == i {
			continue
		}
		peers[j] = other.listen
		if n.links != nil {
			peers[j] = n.links.proxies[i][j].Addr()
		}
	}
	return peers
}

// Dir is the folder with the nodes' folders and logs.
func (n *Network) Dir() string { return n.dir }

// Nodes is how many nodes there are, those that are down included.
func (n *Network) Nodes() int { return len(n.nodes) }

// HTTP is the address at which node i serves clients, also while it is down.
func (n *Network) HTTP(i int) string { return n.nodes[i].http }

// Debug is the address of node i's metrics and profiles.
func (n *Network) Debug(i int) string { return n.nodes[i].debug }

// Forged reports whether another has, or had, node i's key: a twin or an attacker. Forks of such a node are not its own.
func (n *Network) Forged(i int) bool {
	d := n.nodes[i]
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.forged
}

// Identity is node i's, in 64 hexadecimal digits.
func (n *Network) Identity(i int) string { return n.nodes[i].identity }

// fail tells of a node's end that nobody asked for.
func (n *Network) fail(node *node, p *process.Process, e process.Exit) {
	if n.closing.Load() || !n.started.Load() {
		return
	}
	n.failed.Store(true)
	node.mu.Lock()
	node.told = true
	node.mu.Unlock()
	err := fmt.Errorf("%s ended by itself: %s%s", node.name, e.Status, p.Tail())
	n.c.Logger.Error("a node ended by itself", "node", node.index, "status", e.Status)
	if n.c.Failed != nil {
		n.c.Failed(Failure{Node: node.index, At: e.At, Err: err})
	}
}

// Close ends the network: it asks the nodes that run to end, kills those that have not within grace, and removes the
// folder, unless it was given, or is to be kept, or a node failed. The error says which nodes did not end well.
// With a grace of 0 all are killed at once, and that is no error; so are those whose key another has.
func (n *Network) Close(grace time.Duration) error {
	if n.closing.Swap(true) {
		return nil
	}
	n.endAttacks(0)
	var wait sync.WaitGroup
	errs := make([]error, len(n.nodes))
	if grace > 0 {
		for i, node := range n.nodes {
			if n.Forged(i) {
				continue // the others may not take what it waits to have decided: it would wait for all of grace
			}
			wait.Go(func() { errs[i] = node.stop(grace) })
		}
	}
	wait.Wait()
	n.spawner.Close() // twins too
	n.links.close()
	err := errors.Join(errs...)
	if err != nil {
		n.failed.Store(true)
	}
	if n.Kept() {
		return err
	}
	return os.RemoveAll(n.dir)
}

// Keep has Close keep the folder: somebody will want to look at it.
func (n *Network) Keep() { n.failed.Store(true) }

// Kept reports whether Close left the folder, or will as things are.
func (n *Network) Kept() bool { return !n.made || n.c.Keep || n.failed.Load() }
