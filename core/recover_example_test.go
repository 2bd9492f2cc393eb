package core_test

import (
	"errors"
	"fmt"
	"slices"

	"parsec/core"
)

// A node keeps its records, and is recovered from them; a proof of its vote is checked by somebody who has nothing but
// the names.
func ExampleRecover() {
	seed := [32]byte{7} // in earnest: random, and secret
	cfg := core.NodeConfig{Seed: seed, Section: core.Section{Name: "alone", Genesis: []core.Identity{core.IdentityOf(seed)}}}
	node, err := core.Recover(cfg, nil) // nothing yet: it starts
	if err != nil {
		panic(err)
	}
	if err := node.Vote([]byte("hello")); err != nil {
		panic(err)
	}
	todo := node.Ready()
	log := [][]byte{slices.Clone(todo.Record)}
	hash := todo.Blocks[1].Hash
	cfg.Applied = uint64(len(todo.Blocks))
	node.Advance()

	again, err := core.Recover(cfg, func(yield func([]byte, error) bool) {
		for _, record := range log { // from a disk, errors of reading would come with them
			if !yield(record, nil) {
				return
			}
		}
	})
	if err != nil {
		panic(err)
	}
	fmt.Println("the same state:", again.State() == node.State())
	fmt.Println("blocks to apply again:", len(again.Ready().Blocks))
	again.Advance()
	fmt.Println("a second vote:", errors.Is(again.Vote([]byte("hello")), core.ErrDuplicateVote))

	proof, err := again.Proof(hash, again.Identity())
	if err != nil {
		panic(err)
	}
	section, _ := cfg.Section.ID()
	fmt.Println("proved:", proof.Verify(section, core.IdentityOf(seed), core.PayloadHash(section, []byte("hello"))) == nil)
	// Output:
	// the same state: true
	// blocks to apply again: 0
	// a second vote: true
	// proved: true
}

// A fourth peer joins a section of three: members vote to add it, it asks one of them, and becomes a voter.
func ExampleJoin() {
	section := core.Section{Name: "join"}
	for i := range byte(3) {
		section.Genesis = append(section.Genesis, core.IdentityOf([32]byte{i}))
	}
	nodes := map[core.Identity]*core.Node{}
	for i := range byte(3) {
		n, err := core.Start(core.NodeConfig{Seed: [32]byte{i}, Section: section})
		if err != nil {
			panic(err)
		}
		nodes[n.Identity()] = n
	}
	joining, err := core.Join(core.NodeConfig{Seed: [32]byte{3}, Section: section, Contacts: section.Genesis})
	if err != nil {
		panic(err)
	}
	nodes[joining.Identity()] = joining
	for _, id := range section.Genesis {
		if err := nodes[id].VoteAdd(joining.Identity(), nil); err != nil {
			panic(err)
		}
	}
	exchange := func(from, to *core.Node) { // a request and its answer; what is to be persisted is not
		if err := from.Gossip(to.Identity()); err != nil {
			return
		}
		for {
			messages := from.Ready().Messages
			for _, m := range messages {
				_ = nodes[m.To].Handle(from.Identity(), m.Frame) // ErrPremature until the addition is decided
			}
			from.Advance()
			if len(messages) == 0 {
				return
			}
			from = nodes[messages[0].To]
		}
	}
	for i := range 60 {
		exchange(nodes[section.Genesis[i%3]], nodes[section.Genesis[(i+1)%3]])
		exchange(joining, nodes[section.Genesis[i%3]])
	}
	fmt.Println("voters:", len(joining.Voters()), "may vote:", joining.CanVote() == nil)
	// Output:
	// voters: 4 may vote: true
}
