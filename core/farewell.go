package core

import "parsec/core/internal/wire"

// maxFarewells is how often a removed peer is told so.
const maxFarewells = 16

// seeOff notes up to which event those who were removed since the last one may be told.
func (n *Node) seeOff() {
	for _, p := range n.leaving {
		p.removedAt, p.farewells = n.last, 0
	}
	n.leaving = n.leaving[:0]
}

// farewell answers a removed peer, of whom nothing is taken any more, with what it needs to decide its removal too:
// what this node had when it did, and nothing newer. A peer that stays behind by more than a message does not get
// there; it is no member.
func (n *Node) farewell(p *peer) {
	if p.removedAt == 0 || p.farewells == maxFarewells {
		return
	}
	p.farewells++
	n.sendUpTo(p, wire.KindResponse, p.removedAt)
}
