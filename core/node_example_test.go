package core_test

import (
	"fmt"

	"parsec/core"
)

// Three nodes agree on one payload. A queue of messages stands for the network; what would go to a log is thrown
// away, which only an example may do.
func Example() {
	seeds := [][32]byte{{1}, {2}, {3}} // in earnest: random, and secret
	section := core.Section{Name: "example"}
	for _, seed := range seeds {
		section.Genesis = append(section.Genesis, core.IdentityOf(seed))
	}
	nodes := map[core.Identity]*core.Node{}
	for _, seed := range seeds {
		node, err := core.Start(core.NodeConfig{Seed: seed, Section: section})
		if err != nil {
			panic(err)
		}
		nodes[node.Identity()] = node
	}
	var network []func() error
	var do func(node *core.Node)
	do = func(node *core.Node) {
		todo := node.Ready() // persist todo.Record here
		for _, m := range todo.Messages {
			from, to, frame := node.Identity(), nodes[m.To], append([]byte(nil), m.Frame...)
			network = append(network, func() error { defer do(to); return to.Handle(from, frame) })
		}
		for _, block := range todo.Blocks {
			if node == nodes[section.Genesis[0]] {
				fmt.Printf("block %d: %v %q, by %d votes\n", block.Number, block.Kind, block.Payload, len(block.Voters))
			}
		}
		node.Advance()
	}
	for _, node := range nodes {
		if err := node.Vote([]byte("hello")); err != nil {
			panic(err)
		}
	}
	for i := range 30 {
		node, to := nodes[section.Genesis[i%3]], section.Genesis[(i+1)%3]
		if err := node.Gossip(to); err != nil {
			panic(err)
		}
		for do(node); len(network) > 0; network = network[1:] {
			if err := network[0](); err != nil {
				panic(err)
			}
		}
	}
	// Output:
	// block 0: genesis "", by 3 votes
	// block 1: opaque "hello", by 3 votes
}
