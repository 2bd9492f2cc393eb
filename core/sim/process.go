package sim

import (
	"errors"
	"iter"
	"slices"
	"time"

	"parsec/core"
	"parsec/core/internal/bug"
	"parsec/core/internal/simulation"
	"parsec/workloads"
)

// process is a node with what is around it: a disk, an application, a timer. It does as the runtime of a node has to:
// what the node returns is made durable, then sent, then applied, and until then the node takes in nothing.
type process struct {
	number   int32
	seed     [32]byte
	identity core.Identity
	honest   bool
	hostile  *hostile // nil if honest
	twin     *twin    // nil unless another process has the same key
	second   bool     // of two with one key
	founder  bool
	probe    *simulation.Probe

	node     *core.Node // nil while it is down
	epoch    uint32     // how often it crashed
	inbox    []input
	busy     bool // its node waits until what it returned is done
	doing    core.Ready
	disk     disk
	app      application
	restored core.Hash // not zero while its log is a backup and its node has to learn what it lost
	nonce    core.Hash // of the present life, if it asks for its own events first
	asked    int       // how often it did

	gone bool // it stops for good
	slow int  // it takes so many times as long for everything, 0 for once
}

// disk is the log of a process. What is written is durable once the sync has ended.
type disk struct {
	records [][]byte
	writing []byte // nil while nothing is
}

// stored yields records as a log that can be read does.
func stored(records [][]byte) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// input is what a process is to take in.
type input struct {
	kind    inputKind
	message message       // gotMessage
	whom    core.Identity // gotRequest
}

type inputKind uint8

const (
	gotMessage inputKind = iota
	gotTimer             // time to gossip
	gotRequest           // the scheduler has it gossip to somebody
	gotVotes             // time to vote for what was heard of
)

func (p *process) slowness() int { return max(1, p.slow) }

// config is what the process's node starts from.
func (s *run) config(p *process) core.NodeConfig {
	cfg := core.NodeConfig{
		Seed: p.seed, Section: s.section, Applied: p.app.durable, Nonce: p.nonce, Restored: p.restored,
		Simulation: &simulation.Options{Unsigned: !s.plan.signed, PredictableCoin: s.plan.coin == core.PredictableRoundParityCoin, Passes: s.plan.passes, Probe: p.probe},
	}
	if !p.founder {
		cfg.Contacts = s.founders
	}
	return cfg
}

// start starts a process for the first time.
func (p *process) start(s *run) {
	var err error
	if p.founder {
		p.node, err = core.Start(s.config(p))
	} else {
		p.node, err = core.Join(s.config(p))
	}
	if err != nil {
		s.broken("%v does not start: %v", p, err)
		return
	}
	s.checkWhole(p)
	s.set(p)
	p.work(s)
}

// set sets a process's timers.
func (s *run) set(p *process) {
	s.queue.push(action{at: max(s.now, s.plan.ambush.length()) + s.pause(p), kind: doGossip, who: p.number, epoch: p.epoch})
}

// pause is how long a process waits until it gossips again.
func (s *run) pause(p *process) time.Duration {
	d := s.gossip.draw(workloads.Delay{Shape: workloads.Exponential, Mean: interval})
	if !s.net.healed {
		d *= time.Duration(p.slowness())
	}
	return d
}

// give gives a process something to take in, now or when it is done with what it does.
func (p *process) give(s *run, in input) {
	if p.node == nil || p.gone {
		return
	}
	p.inbox = append(p.inbox, in)
	if !p.busy {
		p.work(s)
	}
}

// work takes in what there is, and begins to do what comes of it.
func (p *process) work(s *run) {
	for !p.busy && s.failure == nil {
		r := p.node.Ready()
		if len(r.Record) > 0 || len(r.Messages) > 0 || len(r.Blocks) > 0 {
			p.begin(s, r)
			return
		}
		p.node.Advance()
		if len(p.inbox) == 0 {
			return
		}
		n := min(len(p.inbox), 1+s.disks.below(s.plan.batch))
		for _, in := range p.inbox[:n] {
			p.take(s, in)
			s.checkWhole(p)
		}
		p.inbox = slices.Delete(p.inbox, 0, n)
	}
}

// take has the node take in one thing.
func (p *process) take(s *run, in input) {
	switch in.kind {
	case gotMessage:
		s.take(p, &in.message)
	case gotTimer:
		to := p.node.Recipients()
		switch {
		case len(to) == 0:
		case p.learns(): // it asks all, and after a while waits for no more
			if p.asked++; p.asked > asksAtMost {
				if err := p.node.Begin(); err != nil {
					s.broken("%v does not begin: %v", p, err)
				}
				return
			}
			for _, id := range slices.Clone(to) {
				p.request(s, id)
			}
		default:
			p.request(s, pick(s.gossip, to))
		}
	case gotRequest: // unless it is no recipient any more
		if slices.Contains(p.node.Recipients(), in.whom) {
			p.request(s, in.whom)
		}
	case gotVotes:
		p.vote(s)
	}
}

// request gossips to somebody.
func (p *process) request(s *run, who core.Identity) {
	err := p.node.Gossip(who)
	s.trace.note('g', uint64(p.number), code(err))
	if err != nil && p.honest && !errors.Is(err, core.ErrSelfState) {
		s.violated("%v cannot gossip to %s, whom it names as a recipient: %v", p, s.name(who), err)
	}
}

// begin begins to do what the node wants done.
func (p *process) begin(s *run, r core.Ready) {
	p.busy, p.doing = true, r
	if len(r.Record) == 0 {
		p.finish(s)
		return
	}
	s.trace.note('r', uint64(p.number))
	s.trace.bytes('w', r.Record)
	p.disk.writing = slices.Clone(r.Record)
	if bug.On(bug.SendEarly) {
		p.send(s)
	}
	d := s.disks.draw(s.plan.sync)
	if !s.net.healed {
		d *= time.Duration(p.slowness())
	}
	s.queue.push(action{at: s.now + d, kind: doSynced, who: p.number, epoch: p.epoch})
}

// synced goes on once the record is durable.
func (p *process) synced(s *run) {
	p.disk.records = append(p.disk.records, p.disk.writing)
	p.disk.writing = nil
	p.finish(s)
	p.work(s)
}

// finish sends and applies.
func (p *process) finish(s *run) {
	if !bug.On(bug.SendEarly) || len(p.doing.Record) == 0 {
		p.send(s)
	}
	blocks := p.doing.Blocks
	for i := range blocks {
		p.apply(s, &blocks[i])
	}
	if len(blocks) > 0 {
		p.check(s, blocks)
	}
	p.node.Advance()
	p.busy, p.doing = false, core.Ready{}
}

func (p *process) send(s *run) {
	for _, m := range p.doing.Messages {
		frame := slices.Clone(m.Frame)
		if p.hostile == nil {
			s.post(p, m.To, frame, true)
			continue
		}
		p.hostile.send(s, p, m.To, frame)
	}
}

// stop crashes a process.
func (p *process) stop(s *run, c *crash) {
	if p.node == nil || p.gone {
		return
	}
	s.checkRecovery(p)
	if !p.learns() {
		p.restored = core.Hash{}
	}
	if c.kept && p.disk.writing != nil {
		p.disk.records = append(p.disk.records, p.disk.writing)
	}
	p.disk.writing = nil
	if c.backup > 0 {
		p.disk.records = p.disk.records[:max(0, len(p.disk.records)-c.backup)]
	}
	if c.backup > 0 || c.restored {
		s.disks.fill(p.restored[:])
	}
	p.node, p.inbox, p.busy, p.doing = nil, nil, false, core.Ready{}
	p.epoch++
	p.app.crash()
}

// asksAtMost is how often a process that starts asks for its own events before it takes what came for all.
const asksAtMost = 8

// learns reports whether a process's node asks for its own events still.
func (p *process) learns() bool {
	learning, _ := p.node.Learning()
	return learning
}

// restart brings a process back from what is durable.
func (p *process) restart(s *run) {
	if p.node != nil || p.gone {
		return
	}
	var err error
	p.asked = 0
	if p.nonce = (core.Hash{}); s.disks.percent(70) {
		s.disks.fill(p.nonce[:])
	}
	if p.node, err = core.Recover(s.config(p), stored(p.disk.records)); err != nil {
		s.violated("%v does not recover: %v", p, err)
		return
	}
	s.checkWhole(p)
	s.set(p)
	s.hearAgain(p)
	if p.learns() { // at once, and again with every gossip
		p.inbox = append(p.inbox, input{kind: gotTimer})
	}
	p.work(s)
}
