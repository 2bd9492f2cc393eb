package sim

import (
	"fmt"
	"slices"
	"strings"

	"parsec/core"
)

// reached reports whether all that has to be decided after the faults have ended is: each honest member has applied
// all blocks that anybody has, and none of its votes is undecided. Members are those by the last block; what peers
// that were removed voted for may stay undecided.
func (s *run) reached() bool {
	if s.unheard > 0 {
		return false
	}
	for _, p := range s.processes {
		if s.owes(p) && s.lack(p) != "" {
			return false
		}
	}
	return true
}

// owes reports whether a process is one that everything has to be decided at.
func (s *run) owes(p *process) bool { return p.honest && s.ledger.member(p.identity) }

// lack says what a process lacks, if anything.
func (s *run) lack(p *process) string {
	switch {
	case p.node == nil:
		return "is down"
	case p.app.applied < uint64(len(s.ledger.blocks)):
		return fmt.Sprintf("has %d of %d blocks", p.app.applied, len(s.ledger.blocks))
	case s.pending(p):
		return "has not voted for all it heard of"
	}
	if u := p.node.Undecided(); len(u) > 0 {
		return fmt.Sprintf("has %d votes undecided, the first for %v %x", len(u), u[0].Kind, u[0].Hash[:4])
	}
	return ""
}

// lacking says what is not decided.
func (s *run) lacking() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v after the faults ended, not all is decided:", s.now-s.plan.horizon)
	for _, p := range s.processes {
		if s.owes(p) {
			if l := s.lack(p); l != "" {
				fmt.Fprintf(&b, " process %d %s;", p.number, l)
			}
		}
	}
	return strings.TrimSuffix(b.String(), ";")
}

// finish checks what is checked once, at the end of a run or after a failure to come to one.
func (s *run) finish() {
	if s.failure != nil && s.failure.Verdict != Stuck {
		return
	}
	stuck := s.failure
	s.failure = nil
	for _, p := range s.processes {
		if p.honest && p.node != nil && s.failure == nil {
			s.checkRecovery(p)
		}
		if p.honest && p.node != nil && s.failure == nil {
			s.checkGraph(p)
		}
	}
	s.checkOrders()
	if s.failure == nil {
		s.failure = stuck
	}
}

// checkRecovery checks that a node that recovers from all records that were handed out, that which is being written
// included, is the same bit for bit.
func (s *run) checkRecovery(p *process) {
	records := p.disk.records
	if p.disk.writing != nil {
		records = append(slices.Clip(records), p.disk.writing)
	}
	cfg := s.config(p)
	options := *cfg.Simulation
	options.Probe = nil
	cfg.Simulation = &options
	again, err := core.Recover(cfg, stored(records))
	switch {
	case err != nil:
		s.violated("process %d cannot recover from its records: %v", p.number, err)
	case again.State() != p.node.State():
		s.violated("process %d recovers to another state: %d events and %d blocks, and had %d and %d", p.number,
			again.Len(), again.Height(), p.node.Len(), p.node.Height())
	}
}

// checkGraph checks a node's graph: each event is there once; all descend from the node's last event, but for those
// of peers that forked; each creator is a founder or was added, or is the node itself; no honest member forked; and
// each content is what its hash says.
func (s *run) checkGraph(p *process) {
	n := p.node
	peers := n.Peers()
	count := n.Len()
	last := -1
	forked := make([]bool, len(peers))
	child := make(map[core.EventIndex]bool) // by self-parent
	begun := make([]bool, len(peers))
	ids := make(map[core.Hash]bool, count)
	events := make([]core.Event, count)
	for i := range events {
		ev := n.EventAt(core.EventIndex(i))
		ev.Further = slices.Clone(ev.Further)
		events[i] = ev
		if ids[ev.Hash] {
			s.violated("process %d has event %x twice", p.number, ev.Hash[:4])
			return
		}
		ids[ev.Hash] = true
		twice := begun[ev.Creator]
		if ev.Cause != core.Initial {
			twice = child[ev.SelfParent]
			child[ev.SelfParent] = true
		}
		begun[ev.Creator] = true
		if twice {
			forked[ev.Creator] = true
			if s.isHonest(peers[ev.Creator]) {
				s.violated("process %d has a fork by %x, which is honest", p.number, peers[ev.Creator][:4])
				return
			}
		}
		if id := peers[ev.Creator]; id == p.identity {
			last = i
		} else if !slices.Contains(s.founders, id) && !s.wasAdded(id) {
			s.violated("process %d has an event by %x, which was never added", p.number, id[:4])
			return
		}
	}
	if i := s.fedFork(events, forked, peers); i >= 0 {
		s.violated("event %d of process %d, by %x, which is honest, takes in more of a peer whose fork it had seen", i, p.number,
			peers[events[i].Creator][:4])
		return
	}
	if i := loose(events, forked, last); i >= 0 && !p.learns() {
		s.violated("event %d of process %d is not behind its last event, %d", i, p.number, last)
		return
	}
	for i := range n.Observations() {
		o := n.ObservationAt(core.ObservationIndex(i))
		if o.Kind == core.Opaque && core.PayloadHash(n.SectionID(), o.Payload) != o.Hash {
			s.violated("process %d has another content for %x", p.number, o.Hash[:4])
			return
		}
	}
}

// loose returns an event that the event last does not descend from, -1 if there is none but events of peers that
// forked and what came with them: what only such events descend from.
func loose(events []core.Event, forked []bool, last int) int {
	under := make([]bool, len(events)) // last descends from it
	with := make([]bool, len(events))  // an event of a peer that forked does
	if last >= 0 {
		under[last] = true
	}
	for i := len(events) - 1; i >= 0; i-- {
		ev := &events[i]
		with[i] = with[i] || forked[ev.Creator]
		if !under[i] && !with[i] {
			return i
		}
		for _, x := range parents(ev) {
			under[x] = under[x] || under[i]
			with[x] = with[x] || with[i] && !under[i]
		}
	}
	return -1
}

func (s *run) isHonest(id core.Identity) bool {
	all := s.byIdentity[id]
	return len(all) > 0 && all[0].honest
}

// wasAdded reports whether a block adds a peer.
func (s *run) wasAdded(id core.Identity) bool {
	return slices.ContainsFunc(s.ledger.blocks, func(b block) bool { return b.kind == core.Add && b.peer == id })
}
