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

// giveUp ends a run in which not all is decided in time.
func (s *run) giveUp() {
	if p, from, r := s.refused(); p != nil {
		s.cutOff("%v has refused %d messages in a row of %v since the faults ended, the last with: %v; %s", p, r.times, from, r.last, s.lacking())
		return
	}
	s.fail(Stuck, "%s", s.lacking())
}

// lacking says what is not decided.
func (s *run) lacking() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v after the faults ended, not all is decided:", s.now-s.plan.horizon)
	for _, p := range s.processes {
		if s.owes(p) {
			if l := s.lack(p); l != "" {
				fmt.Fprintf(&b, " %v %s;", p, l)
			}
		}
	}
	return strings.TrimSuffix(b.String(), ";")
}

// finish checks what is checked once, at the end of a run or after a failure to come to one.
func (s *run) finish() {
	if s.failure != nil && s.now <= s.plan.limit {
		return
	}
	late := s.failure // what broke a promise is told before what came of it
	s.failure = nil
	for _, p := range s.processes {
		if p.node != nil && s.failure == nil {
			s.checkRecovery(p)
		}
		if p.honest && p.node != nil && s.failure == nil {
			s.checkGraph(p)
		}
	}
	s.checkOrders()
	if s.failure == nil {
		s.failure = late
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
		s.violated("%v cannot recover from its records: %v", p, err)
	case again.State() != p.node.State():
		s.violated("%v recovers to another state: %d events and %d blocks, and had %d and %d", p,
			again.Len(), again.Height(), p.node.Len(), p.node.Height())
	}
}

// checkGraph checks a node's graph: each event is there once; nothing is loose; each creator is a founder or was added, or is the node itself; no honest member forked; and
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
		events[i] = ev
		if ids[ev.Hash] {
			s.violated("%v has event %x twice", p, ev.Hash[:4])
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
				s.violated("%v has a fork by %s", p, s.name(peers[ev.Creator]))
				return
			}
		}
		if id := peers[ev.Creator]; id == p.identity {
			last = i
		} else if !slices.Contains(s.founders, id) && !s.wasAdded(id) {
			s.violated("%v has an event by %s, which was never added", p, s.name(id))
			return
		}
	}
	if i := s.fedFork(events, forked, peers); i >= 0 {
		s.violated("event %d of %v, by %s, takes in more of a peer whose fork it had seen", i, p, s.name(peers[events[i].Creator]))
		return
	}
	if why := loose(events, last); why != "" && !p.learns() {
		s.violated("in the end %v has events that its own do not show: %s", p, why)
		return
	}
	for i := range n.Observations() {
		o := n.ObservationAt(core.ObservationIndex(i))
		if o.Kind == core.Opaque && core.PayloadHash(n.SectionID(), o.Payload) != o.Hash {
			s.violated("%v has another content for %x", p, o.Hash[:4])
			return
		}
	}
}

func (s *run) isHonest(id core.Identity) bool {
	all := s.byIdentity[id]
	return len(all) > 0 && all[0].honest
}

// wasAdded reports whether a block adds a peer.
func (s *run) wasAdded(id core.Identity) bool {
	return slices.ContainsFunc(s.ledger.blocks, func(b block) bool { return b.kind == core.Add && b.peer == id })
}
