package sim

import (
	"bytes"
	"slices"

	"parsec/core"
)

// ledger is the one order of blocks: who delivers a number first writes it, all others have to agree. It knows the
// honest processes' blocks only.
type ledger struct {
	blocks []block
	number map[key]uint64
	groups []group
}

// block is what all have to agree on; not the voters, which may differ.
type block struct {
	key
	kind core.Kind
	peer core.Identity
	who  int32 // who delivered it first
}

// group is who votes once the blocks before from are applied.
type group struct {
	from    uint64
	members []core.Identity // in order
}

func newLedger(founders []core.Identity) ledger {
	members := slices.Clone(founders)
	slices.SortFunc(members, order)
	return ledger{number: make(map[key]uint64), groups: []group{{members: members}}}
}

func order(a, b core.Identity) int { return bytes.Compare(a[:], b[:]) }

// members returns who votes by all that was decided.
func (l *ledger) members() []core.Identity { return l.groups[len(l.groups)-1].members }

func (l *ledger) member(id core.Identity) bool {
	_, ok := slices.BinarySearchFunc(l.members(), id, order)
	return ok
}

// deliver takes in a block that an honest process delivers.
func (l *ledger) deliver(s *run, p *process, d *core.Decided) {
	k := key{d.Hash, d.By}
	if d.Number != p.app.applied {
		s.violated("%v delivers block %d, and has applied %d", p, d.Number, p.app.applied)
		return
	}
	if d.Number < uint64(len(l.blocks)) {
		b := &l.blocks[d.Number]
		if b.key != k || b.kind != d.Kind || b.peer != d.Peer {
			s.violated("block %d is %v %x by %x at %v, and %v %x by %x at %v", d.Number, b.kind, b.hash[:4],
				b.by[:4], s.processes[b.who], d.Kind, d.Hash[:4], d.By[:4], p)
			return
		}
	} else {
		if n, ok := l.number[k]; ok {
			s.violated("blocks %d and %d are both %v %x by %x, at %v", n, d.Number, d.Kind, d.Hash[:4], d.By[:4], p)
			return
		}
		l.blocks = append(l.blocks, block{k, d.Kind, d.Peer, p.number})
		l.number[k] = d.Number
		l.change(d)
		s.moved = s.now
	}
	l.judge(s, p, d)
}

// change takes in what a block changes of the section.
func (l *ledger) change(d *core.Decided) {
	if d.Kind != core.Add && d.Kind != core.Remove {
		return
	}
	now := l.members()
	i, is := slices.BinarySearchFunc(now, d.Peer, order)
	if is == (d.Kind == core.Add) {
		return
	}
	now = slices.Clone(now)
	if is {
		now = slices.Delete(now, i, i+1)
	} else {
		now = slices.Insert(now, i, d.Peer)
	}
	l.groups = append(l.groups, group{d.Number + 1, now})
}

// together is how many blocks back the election that decided a block may have begun: blocks do not tell which of
// them were decided together, so the votes may be those of the members before any of so many. Where a graph is
// replayed the exact rule is checked.
const together = 64

// judge checks a block's votes: there are enough for the mode, by members, and all were made.
func (l *ledger) judge(s *run, p *process, d *core.Decided) {
	if !slices.IsSortedFunc(d.Voters, order) || len(slices.Compact(slices.Clone(d.Voters))) < len(d.Voters) {
		s.violated("block %d has voters out of order at %v", d.Number, p)
		return
	}
	for _, v := range d.Voters {
		if !s.votes[vote{v, d.Hash}] && !(d.Kind == core.Genesis && slices.Contains(s.founders, v)) {
			s.violated("block %d has a vote of %s, who did not vote for %v %x, at %v", d.Number, s.name(v), d.Kind, d.Hash[:4], p)
			return
		}
	}
	if d.Kind == core.Opaque && s.plan.mode == core.Single {
		if !s.votes[vote{d.By, d.Hash}] || len(d.Voters) > 1 || len(d.Voters) == 1 && d.Voters[0] != d.By {
			s.violated("block %d is for %x by %s alone, and has the votes of %d, at %v", d.Number, d.Hash[:4], s.name(d.By), len(d.Voters), p)
		}
		return
	}
	for i := len(l.groups) - 1; i >= 0; i-- {
		g := &l.groups[i]
		if g.from <= d.Number && enough(d.Voters, g.members) {
			return
		}
		if g.from+together < d.Number {
			break
		}
	}
	s.violated("block %d, %v %x, has %d votes at %v: too few, or not by members", d.Number, d.Kind, d.Hash[:4], len(d.Voters), p)
}

// enough reports whether all voters are members, and a supermajority of them.
func enough(voters, members []core.Identity) bool {
	for _, v := range voters {
		if _, ok := slices.BinarySearchFunc(members, v, order); !ok {
			return false
		}
	}
	return 3*len(voters) > 2*len(members)
}

// check checks what a process can show for blocks that it has just delivered: that there is a proof of each vote,
// and, where signatures are on, that it verifies. Proofs of one block are checked at whoever has it first, and
// at one in eight of the others.
func (p *process) check(s *run, blocks []core.Decided) {
	if !p.honest || s.failure != nil {
		return
	}
	for i := range blocks {
		d := &blocks[i]
		if s.ledger.blocks[d.Number].who != p.number && s.checks.below(8) > 0 {
			continue
		}
		for _, v := range d.Voters {
			if err := s.prove(p, d, v); err != nil {
				s.violated("%v has no proof of the vote of %s in block %d: %v", p, s.name(v), d.Number, err)
				return
			}
		}
	}
}

// prove checks the proof that somebody voted for what a block decides.
func (s *run) prove(p *process, d *core.Decided, voter core.Identity) error {
	proof, err := p.node.Proof(d.Hash, voter)
	if err != nil {
		return err
	}
	var read core.Proof
	text, err := proof.MarshalBinary()
	if err == nil {
		err = read.UnmarshalBinary(text)
	}
	switch {
	case err != nil:
		return err
	case read.Voter() != voter || read.Observation() != d.Hash || read.Section() != p.node.SectionID():
		return errOtherProof
	case s.plan.signed:
		return read.Verify(p.node.SectionID(), voter, d.Hash)
	}
	return nil
}
