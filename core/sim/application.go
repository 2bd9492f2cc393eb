package sim

import (
	"errors"
	"fmt"

	"parsec/core"
)

// proposal is something that the section's applications are to vote for.
type proposal struct {
	kind    core.Kind
	payload []byte
	peer    core.Identity
	info    []byte
	hash    core.Hash
	sole    int32 // the process that alone votes for it, -1 for all
}

// application is a process's user: it votes for what it hears of and applies blocks.
type application struct {
	heard   []int32 // proposals, in order
	voted   []bool  // by place in heard: it voted for it, or need not any more
	applied uint64  // blocks
	durable uint64  // how many of them it will remember after a crash
}

// crash forgets what is not durable.
func (a *application) crash() {
	a.applied = a.durable
	clear(a.voted)
}

// propose brings up the next payloads.
func (s *run) propose() {
	for range s.load.within(1, s.plan.burst) {
		payload := make([]byte, 0, s.plan.size)
		payload = fmt.Appendf(payload, "payload %d ", len(s.proposals))
		for n := s.load.below(max(1, s.plan.size)); len(payload) < n; {
			payload = append(payload, 'a'+byte(s.load.below(26)))
		}
		q := proposal{kind: core.Opaque, payload: payload, sole: -1}
		if s.plan.sole {
			q.sole = s.processes[s.load.below(s.plan.peers)].number
		}
		s.announce(q)
	}
}

// announce lets the applications hear of a proposal, each in its time.
func (s *run) announce(q proposal) {
	q.hash = s.hashOf(&q)
	i := int32(len(s.proposals))
	s.proposals = append(s.proposals, q)
	for _, p := range s.processes {
		if q.sole < 0 || q.sole == p.number {
			s.unheard++
			s.queue.push(action{at: s.now + s.load.draw(s.plan.spread), kind: doHear, who: p.number, what: i})
		}
	}
}

// hear lets a process's application hear of a proposal. It votes soon: what it hears of until then goes into one
// event, if it can.
func (s *run) hear(p *process, i int32) {
	s.unheard--
	p.app.heard = append(p.app.heard, i)
	p.app.voted = append(p.app.voted, false)
	s.voteSoon(p)
}

func (s *run) voteSoon(p *process) {
	s.queue.push(action{at: s.now + s.load.moment(0, interval), kind: doVote, who: p.number, epoch: p.epoch})
}

// hearAgain lets a process that came back, or came later than others, vote for what it may not have voted for.
func (s *run) hearAgain(p *process) {
	if len(p.app.heard) > 0 {
		s.voteSoon(p)
	}
}

// decided reports whether a process has applied a block for a proposal, as far as its vote goes.
func (s *run) decided(p *process, q *proposal) bool {
	k := key{hash: q.hash}
	if q.kind == core.Opaque && s.plan.mode == core.Single {
		k.by = p.identity
	}
	n, ok := s.ledger.number[k]
	return ok && n < p.app.applied
}

// vote votes for all that was heard of and is not decided: payloads in one event, if they can be.
func (p *process) vote(s *run) {
	if p.node.CanVote() != nil {
		return // it is asked again with the next gossip
	}
	var payloads [][]byte
	var which []int
	for k, i := range p.app.heard {
		q := &s.proposals[i]
		if p.app.voted[k] || s.decided(p, q) {
			continue
		}
		if q.kind == core.Opaque {
			payloads, which = append(payloads, q.payload), append(which, k)
			continue
		}
		err := p.voteOn(q)
		s.voted(p, q, err)
		p.app.voted[k] = true
	}
	if len(payloads) == 0 {
		return
	}
	err := p.node.Vote(payloads...)
	if errors.Is(err, core.ErrDuplicateVote) && len(payloads) > 1 {
		for n, k := range which {
			q := &s.proposals[p.app.heard[k]]
			s.voted(p, q, p.node.Vote(payloads[n]))
			p.app.voted[k] = true
		}
		return
	}
	for _, k := range which {
		s.voted(p, &s.proposals[p.app.heard[k]], err)
		p.app.voted[k] = true
	}
}

func (p *process) voteOn(q *proposal) error {
	if q.kind == core.Add {
		return p.node.VoteAdd(q.peer, q.info)
	}
	return p.node.VoteRemove(q.peer, q.info)
}

// voted notes a vote, or why there is none.
func (s *run) voted(p *process, q *proposal, err error) {
	s.trace.note('v', uint64(p.number), code(err))
	s.trace.bytes('h', q.hash[:])
	switch {
	case err == nil:
		s.note(p.identity, q.hash)
	case errors.Is(err, core.ErrDuplicateVote), q.kind != core.Opaque && errors.Is(err, core.ErrPeerState):
		// It came back, or what it is about has come to be in the meantime.
	case p.honest:
		s.violated("%v cannot vote: %v", p, err)
	}
}

// note notes that somebody voted for something.
func (s *run) note(who core.Identity, hash core.Hash) { s.votes[vote{who, hash}] = true }

// pending reports whether a process has still to vote for something.
func (s *run) pending(p *process) bool {
	for k, i := range p.app.heard {
		if !p.app.voted[k] && !s.decided(p, &s.proposals[i]) {
			return true
		}
	}
	return false
}

// apply applies a block.
func (p *process) apply(s *run, d *core.Decided) {
	s.trace.note('b', uint64(p.number), d.Number, uint64(len(d.Voters)))
	s.trace.bytes('h', d.Hash[:])
	if !p.honest {
		p.app.applied = d.Number + 1
		return
	}
	s.ledger.deliver(s, p, d)
	p.app.applied = d.Number + 1
	if s.disks.percent(60) {
		p.app.durable = p.app.applied
	}
}

// key names a decided observation; by is zero unless it is decided for each voter.
type key struct {
	hash core.Hash
	by   core.Identity
}

// vote is that somebody voted for something.
type vote struct {
	who  core.Identity
	what core.Hash
}
