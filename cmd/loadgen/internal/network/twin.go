package network

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	corenode "parsec/core/node"
)

// nowhere is an address where nobody listens: a port that systems reserve.
const nowhere = "127.0.0.1:1"

// beginTwin starts a second process with node i's key, and a folder of its own without a log. Every second one of the
// others reaches it in the node's place, and it reaches them. So each half hears another chain of events by the same
// member: a fork, as soon as the halves talk.
func (n *Network) beginTwin(ctx context.Context, i int) error {
	if n.links == nil {
		return ErrNoProxy
	}
	n.mu.Lock()
	if _, ok := n.twins[i]; ok {
		n.mu.Unlock()
		return fmt.Errorf("node %d has a twin already", i)
	}
	n.number++
	original := n.nodes[i]
	dir := filepath.Join(n.dir, fmt.Sprintf("twin%d-%d", i, n.number))
	twin := &node{n: n, index: i, name: fmt.Sprintf("twin of node %d", i), identity: original.identity,
		dir: dir, log: dir + ".log", peers: n.peersOf(i), forged: true}
	n.twins[i] = twin
	n.mu.Unlock()

	original.forge()
	err := n.startTwin(ctx, twin, original)
	if err != nil {
		n.endTwin(i)
	}
	return err
}

func (n *Network) startTwin(ctx context.Context, twin, original *node) error {
	if err := os.Mkdir(twin.dir, 0o777); err != nil {
		return err
	}
	for name, mode := range map[string]os.FileMode{corenode.KeyFile: 0o600, corenode.SectionFile: 0o666, corenode.ConfigFile: 0o666} {
		b, err := os.ReadFile(filepath.Join(original.dir, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(twin.dir, name), b, mode)
		}
		if err != nil {
			return err
		}
	}
	ports, err := freePorts(3)
	if err != nil {
		return err
	}
	twin.listen, twin.http, twin.debug = ports[0], ports[1], ports[2]
	mine := n.half(twin.index)
	for j := range twin.peers {
		if !mine[j] {
			twin.peers[j] = nowhere
		}
	}
	if err := twin.start(ctx); err != nil {
		return err
	}
	for j := range mine {
		n.links.proxies[j][twin.index].SetTarget(twin.listen)
	}
	return nil
}

// half returns every second node but i.
func (n *Network) half(i int) map[int]bool {
	half := map[int]bool{}
	others := 0
	for j := range n.nodes {
		if j != i {
			if others++; others%2 == 0 {
				half[j] = true
			}
		}
	}
	return half
}

// endTwin kills a twin, and has the others reach the node itself again. The fork stays: the node counts as struck for
// good.
func (n *Network) endTwin(i int) error {
	n.mu.Lock()
	twin, ok := n.twins[i]
	delete(n.twins, i)
	n.mu.Unlock()
	if !ok {
		return fmt.Errorf("node %d has no twin", i)
	}
	for j := range n.half(i) {
		n.links.proxies[j][i].SetTarget(n.nodes[i].listen)
	}
	if _, err := twin.running(); err != nil {
		return nil // it never ran, or gave up when it saw that it forks
	}
	return twin.kill()
}
