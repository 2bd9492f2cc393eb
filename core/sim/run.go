package sim

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"parsec/core"
	"parsec/core/internal/simulation"
	"parsec/core/internal/wire"
	"parsec/workloads"

	"github.com/zeebo/blake3"
)

// run is one simulated section.
type run struct {
	cfg  *Config
	plan *plan

	network, gossip, disks, load, hostility, scheduling, checks stream

	now       time.Duration
	queue     queue
	net       network
	processes []*process

	byIdentity map[core.Identity][]*process
	founders   []core.Identity
	section    core.Section
	wire       *wire.Section
	genesis    []byte // the section's first observation, encoded
	plot       *plot  // what hostile members know
	proposals  []proposal
	votes      map[vote]bool
	ledger     ledger
	scheduler  scheduler
	trace      trace
	actions    uint64
	moved      time.Duration // when the ledger last grew
	failure    *Failure
	refusals   map[[2]int32]refusal // by who refuses and whom, since the faults ended
	unheard    int                  // proposals that an application is still to hear of

	hook func(*action) // for tests: called before each action
}

var errOtherProof = errors.New("it is a proof of something else")

// newRun sets a run up.
func newRun(cfg *Config, sc *Scenario) *run {
	s := &run{
		cfg: cfg, votes: make(map[vote]bool), refusals: make(map[[2]int32]refusal), trace: newTrace(), byIdentity: make(map[core.Identity][]*process),
		network: newStream(cfg.Seed, forNetwork), gossip: newStream(cfg.Seed, forGossip), disks: newStream(cfg.Seed, forDisks),
		load: newStream(cfg.Seed, forLoad), hostility: newStream(cfg.Seed, forHostile),
		scheduling: newStream(cfg.Seed, forScheduler), checks: newStream(cfg.Seed, forChecks),
	}
	r := newStream(cfg.Seed, forPlan)
	s.plan = newPlan(r, cfg, sc)
	if sc.plan != nil {
		sc.plan(s.plan, r)
	}
	most := tolerated(s.plan.peers)
	if cfg.Beyond {
		most = s.plan.peers - 1
	}
	s.plan.addTwins(r, cfg.Twins, most)
	s.plan.addHostile(r, cfg.Hostile, most)
	if !cfg.Beyond {
		s.plan.spare()
	}
	if s.plan.limit == 0 {
		s.plan.limit = s.plan.horizon + patience
	}
	return s
}

// patience is how long after all faults have ended everything has to be decided: a request takes a process 100 ms on
// average, and a section of ten needs some 40 of each to decide what is there, or a fifth of this.
const patience = 60 * time.Second

// secret returns the seed of a process's key.
func (s *run) secret(number int) (out [32]byte) {
	var in [32]byte
	copy(in[:], "parsec sim key")
	binary.LittleEndian.PutUint64(in[16:], s.cfg.Seed)
	binary.LittleEndian.PutUint64(in[24:], uint64(number))
	return blake3.Sum256(in[:])
}

func (s *run) addProcess(seed [32]byte) *process {
	p := &process{
		number: int32(len(s.processes)), seed: seed, identity: core.IdentityOf(seed), honest: true,
		slow: s.plan.slow[len(s.processes)], probe: new(simulation.Probe),
	}
	s.processes = append(s.processes, p)
	s.byIdentity[p.identity] = append(s.byIdentity[p.identity], p)
	return p
}

// populate makes the founders, the twins' second processes, and those that join.
func (s *run) populate() {
	n := s.plan.peers
	for i := range n {
		p := s.addProcess(s.secret(i))
		p.founder = true
		s.founders = append(s.founders, p.identity)
		if i < len(s.plan.hostile) {
			p.honest, p.hostile = false, &s.plan.hostile[i]
		}
	}
	joiners := 0
	for _, c := range s.plan.changes {
		joiners = max(joiners, c.who-n+1)
	}
	for i := range joiners {
		s.addProcess(s.secret(n + i))
	}
	for i := range s.plan.hostile {
		v := &s.plan.hostile[i]
		v.process = s.processes[i]
		if v.twins {
			a, t := s.processes[i], &twin{pairing: v.pairing}
			b := s.addProcess(a.seed)
			b.founder, b.honest, b.hostile, b.second = true, false, v, true
			a.twin, b.twin = t, t
		}
	}
	s.section = core.Section{Name: s.cfg.Scenario, Mode: s.plan.mode, Genesis: s.founders}
	id, err := s.section.ID()
	if err != nil {
		s.broken("%v", err)
		return
	}
	s.wire = wire.SectionOf(wire.Hash(id))
	group := wire.Body{Kind: wire.Genesis}
	for _, id := range slices.SortedFunc(slices.Values(s.founders), order) {
		group.Group = append(group.Group, wire.Hash(id))
	}
	s.genesis = wire.AppendBody(nil, &group)
	s.plot = newPlot(s)
	s.ledger = newLedger(s.founders)
}

// begin schedules what the plan says.
func (s *run) begin() {
	p := s.plan
	for _, q := range s.processes {
		if q.founder {
			q.start(s)
		}
	}
	r := s.load
	for range p.payloads {
		s.queue.push(action{at: r.moment(p.ambush.length(), p.horizon), kind: doPropose, what: -1})
	}
	for i, c := range p.changes {
		s.queue.push(action{at: c.at, kind: doPropose, what: int32(i)})
		if c.add && s.processes[c.who].node == nil {
			s.queue.push(action{at: c.at + r.moment(0, p.horizon/8), kind: doJoin, who: int32(c.who)})
		}
	}
	for i, c := range p.crashes {
		s.queue.push(action{at: c.at, kind: doCrash, who: int32(c.who), what: int32(i)})
		s.queue.push(action{at: c.at + c.down, kind: doRestart, who: int32(c.who)})
	}
	if p.replay > 0 {
		s.queue.push(action{at: s.network.draw(workloads.Delay{Shape: workloads.Exponential, Mean: p.replay}), kind: doReplay})
	}
	if p.scheduler {
		if p.ambush != nil {
			s.prepare()
			s.queue.push(action{at: lead, kind: doAmbush})
		}
		s.queue.push(action{at: p.ambush.length() + schedulerTick, kind: doSchedule})
	}
	for i := range p.hostile {
		if v := &p.hostile[i]; v.mischief > 0 {
			s.queue.push(action{at: v.pause(s), kind: doMischief, who: int32(i)})
		}
	}
	s.queue.push(action{at: p.horizon, kind: doHeal})
}

// do runs to the end.
func (s *run) do(ctx context.Context) {
	defer func() {
		if r := recover(); r != nil {
			s.failure = nil
			s.fail(blame(debug.Stack()), "panic: %v\n%s", r, debug.Stack())
		}
	}()
	s.populate()
	if s.failure != nil {
		return
	}
	s.begin()
	for s.failure == nil && len(s.queue.heap) > 0 {
		a := s.queue.pop()
		s.now = a.at
		s.actions++
		s.trace.note('a', uint64(a.at), uint64(a.kind), uint64(a.who), uint64(a.epoch))
		if s.hook != nil {
			s.hook(&a)
		}
		s.act(&a)
		if s.actions%16 == 0 && s.net.healed && s.reached() {
			break
		}
		if s.now > s.plan.limit {
			s.giveUp()
		}
		if s.actions%256 == 0 && ctx.Err() != nil {
			s.broken("%v", ctx.Err())
		}
	}
	s.finish()
}

// blame tells whose a panic is by its stack: a node's, or the simulator's own.
func blame(stack []byte) Verdict {
	_, after, _ := bytes.Cut(stack, []byte("\npanic("))
	for line := range bytes.Lines(after) {
		if bytes.HasPrefix(line, []byte("\t")) || !bytes.Contains(line, []byte("/core")) {
			continue // a place, or a function of another package, such as the runtime
		}
		if bytes.Contains(line, []byte("/core/sim.")) {
			return Broken
		}
		break
	}
	return Safety
}

// act does one thing.
func (s *run) act(a *action) {
	var p *process
	if a.kind != doReplay && a.kind != doSchedule && a.kind != doHeal && a.kind != doPropose && a.kind != doMischief && a.kind != doAmbush {
		p = s.processes[a.who]
	}
	switch a.kind {
	case doGossip:
		if p.epoch == a.epoch && p.node != nil && !p.gone {
			p.give(s, input{kind: gotVotes})
			p.give(s, input{kind: gotTimer})
			s.set(p)
		}
	case doVote:
		if p.epoch == a.epoch {
			p.give(s, input{kind: gotVotes})
		}
	case doHear:
		s.hear(p, a.what)
	case doPropose:
		if a.what < 0 {
			s.propose()
		} else {
			s.proposeChange(&s.plan.changes[a.what])
		}
	case doDeliver:
		s.deliver(a.what)
	case doSynced:
		if p.epoch == a.epoch && p.node != nil {
			p.synced(s)
		}
	case doCrash:
		p.stop(s, &s.plan.crashes[a.what])
	case doRestart:
		p.restart(s)
	case doJoin:
		p.start(s)
		s.hearAgain(p)
	case doReplay:
		s.replayOld()
	case doMischief:
		s.plan.hostile[a.who].act(s)
	case doSchedule:
		s.release()
	case doAmbush:
		s.ambushNext(int(a.what))
	case doHeal:
		s.heal()
	}
}

// proposeChange has the members vote to add or remove a peer.
func (s *run) proposeChange(c *change) {
	q := proposal{kind: core.Remove, peer: s.processes[c.who].identity, sole: -1}
	if c.add {
		q.kind = core.Add
	}
	q.info = fmt.Appendf(nil, "change %d", len(s.proposals))
	s.announce(q)
}

// heal ends all faults: links are good, crashed processes come back, hostile members are gone.
func (s *run) heal() {
	s.net.healed = true
	for _, p := range s.processes {
		switch {
		case !p.honest:
			if p.node != nil {
				s.checkRecovery(p)
			}
			p.gone, p.node = true, nil
		case p.node == nil && (len(p.disk.records) > 0 || p.restored != core.Hash{}):
			p.restart(s)
		}
	}
	s.releaseAll()
}

// hashOf returns the hash that a proposal has as an observation.
func (s *run) hashOf(q *proposal) core.Hash {
	b := wire.Body{Payload: q.payload, Peer: wire.Hash(q.peer), Info: q.info}
	switch q.kind {
	case core.Add:
		b.Kind = wire.Add
	case core.Remove:
		b.Kind = wire.Remove
	}
	return core.Hash(s.wire.Observation(wire.AppendBody(nil, &b)))
}
