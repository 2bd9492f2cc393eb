package sim

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"parsec/core"
)

// after returns a run that has come to its end, to be spoiled.
func after(t *testing.T, cfg Config) *run {
	t.Helper()
	return mustRun(t, cfg).run
}

var small = Config{Scenario: "calm", Seed: 1, Peers: 4, Steps: 400}

func wantViolation(t *testing.T, s *run, want string) {
	t.Helper()
	wantVerdict(t, s, Safety, want)
}

func wantVerdict(t *testing.T, s *run, verdict Verdict, want string) {
	t.Helper()
	if s.failure == nil || s.failure.Verdict != verdict || !strings.Contains(s.failure.What, want) {
		t.Errorf("got %v, want %v: %s", s.failure, verdict, want)
	}
}

// Each of these is a block that must not be delivered, and the checker of blocks has to say why.
func TestBlockCheckers(t *testing.T) {
	for _, c := range []struct {
		name  string
		mode  core.Mode
		spoil func(s *run, d *core.Decided)
		want  string
	}{
		{"agreement", core.Supermajority, func(s *run, d *core.Decided) { d.Hash[0] ^= 1 }, "block 1 is"},
		{"kind", core.Supermajority, func(s *run, d *core.Decided) { d.Kind = core.Remove }, "block 1 is"},
		{"gap", core.Supermajority, func(s *run, d *core.Decided) { d.Number++ }, "delivers block 2, and has applied 1"},
		{"again", core.Supermajority, func(s *run, d *core.Decided) { d.Number-- }, "delivers block 0, and has applied 1"},
		{"too few votes", core.Supermajority, func(s *run, d *core.Decided) { d.Voters = d.Voters[:2] }, "too few, or not by members"},
		{"a voter twice", core.Supermajority, func(s *run, d *core.Decided) { d.Voters[1] = d.Voters[0] }, "voters out of order"},
		{"order", core.Supermajority, func(s *run, d *core.Decided) { slices.Reverse(d.Voters) }, "voters out of order"},
		{"invented vote", core.Supermajority, func(s *run, d *core.Decided) { delete(s.votes, vote{d.Voters[0], d.Hash}) }, "who did not vote for"},
		{"no member", core.Supermajority, func(s *run, d *core.Decided) {
			g := &s.ledger.groups[0]
			g.members = slices.DeleteFunc(slices.Clone(g.members), func(id core.Identity) bool { return id == d.Voters[0] })
		}, "too few, or not by members"},
		{"nobody's", core.Single, func(s *run, d *core.Decided) {
			delete(s.votes, vote{d.By, d.Hash})
			d.Voters = nil
		}, "alone, and has the votes of 0"},
		{"another's", core.Single, func(s *run, d *core.Decided) {
			for _, p := range s.processes {
				if p.identity != d.By {
					d.Voters = []core.Identity{p.identity}
					s.votes[vote{p.identity, d.Hash}] = true
				}
			}
		}, "alone, and has the votes of 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := small
			cfg.Mode = &c.mode
			s := after(t, cfg)
			p := s.processes[1]
			p.app.applied = 1
			b := s.ledger.blocks[1]
			d := core.Decided{Number: 1, Content: core.Content{Hash: b.hash, Kind: b.kind, Peer: b.peer}, By: b.by}
			for _, q := range s.processes {
				if s.votes[vote{q.identity, b.hash}] && (b.by == core.Identity{} || b.by == q.identity) {
					d.Voters = append(d.Voters, q.identity)
				}
			}
			slices.SortFunc(d.Voters, order)
			if s.ledger.deliver(s, p, &d); s.failure != nil {
				t.Fatalf("as it was, it fails: %v", s.failure)
			}
			c.spoil(s, &d)
			s.ledger.deliver(s, p, &d)
			wantViolation(t, s, c.want)
		})
	}
}

// A block that is decided a second time under another number.
func TestDuplicateBlock(t *testing.T) {
	s := after(t, small)
	p, b := s.processes[0], s.ledger.blocks[2]
	p.app.applied = uint64(len(s.ledger.blocks))
	s.ledger.deliver(s, p, &core.Decided{Number: p.app.applied, Content: core.Content{Hash: b.hash, Kind: b.kind}, By: b.by})
	wantViolation(t, s, "are both")
}

func TestProofChecker(t *testing.T) {
	mode := core.Supermajority
	cfg := small
	cfg.Mode = &mode
	s := after(t, cfg)
	b := s.ledger.blocks[1]
	p := s.processes[b.who]
	d := []core.Decided{{Number: 1, Content: core.Content{Hash: b.hash, Kind: b.kind}, Voters: []core.Identity{p.identity}}}
	if p.check(s, d); s.failure != nil {
		t.Fatalf("as it was, it fails: %v", s.failure)
	}
	s.plan.signed = true // its events were not
	p.check(s, d)
	wantViolation(t, s, "has no proof of the vote")
	s.failure, s.plan.signed = nil, false
	d[0].Voters = []core.Identity{core.IdentityOf([32]byte{1})}
	p.check(s, d)
	wantViolation(t, s, "has no proof of the vote")
}

func TestRecoveryChecker(t *testing.T) {
	s := after(t, small)
	p := s.processes[2]
	if s.checkRecovery(p); s.failure != nil {
		t.Fatalf("as it was, it fails: %v", s.failure)
	}
	all := p.disk.records
	p.disk.records = all[:len(all)-1]
	s.checkRecovery(p)
	wantViolation(t, s, "recovers to another state")
	s.failure = nil
	p.disk.records = slices.Delete(slices.Clone(all), 3, 4)
	s.checkRecovery(p)
	wantViolation(t, s, "cannot recover")
}

func TestGraphChecker(t *testing.T) {
	s := after(t, Config{Scenario: "twins", Seed: 0, Steps: 900})
	var p *process
	for _, q := range s.processes {
		if q.honest {
			p = q
		}
	}
	if s.checkGraph(p); s.failure != nil {
		t.Fatalf("as it was, it fails: %v", s.failure)
	}
	for _, q := range s.processes {
		q.honest = true
	}
	s.checkGraph(p)
	wantViolation(t, s, "a fork by")

	s = after(t, Config{Scenario: "join", Seed: 0})
	s.ledger.blocks = nil
	s.checkGraph(s.processes[0])
	wantViolation(t, s, "was never added")
}

func TestOrderChecker(t *testing.T) {
	s := after(t, small)
	p := s.processes[0]
	g := newGraph(p.node)
	height := p.node.Height()
	for n, order := range [][]int{g.straight(), g.shuffled(s.checks), g.deep(s.checks)} {
		if err := s.checkOrder(g, order, height); err != nil {
			t.Fatalf("as it was, order %d fails: %v", n, err)
		}
	}
	if err := s.checkOrder(g, g.straight(), height-1); err == nil {
		t.Error("a block too many is not seen")
	}
	if err := s.checkOrder(g, g.straight(), height+1); err == nil {
		t.Error("a block too few is not seen")
	}
	b := s.ledger.blocks
	b[1], b[2] = b[2], b[1]
	if s.checkOrders(); s.failure == nil {
		t.Error("two blocks in another order are not seen")
	}
}

func TestRefusalChecker(t *testing.T) {
	s := after(t, small)
	s.take(s.processes[0], &message{from: 1, to: 0, sender: s.processes[1].identity, frame: []byte("noise"), honest: true})
	wantVerdict(t, s, CutOff, "member 0 (honest "+hex.EncodeToString(s.founders[0][:4])+") refuses a message of member 1 (honest")
	s.failure = nil
	s.take(s.processes[0], &message{from: 1, to: 0, sender: s.processes[1].identity, frame: []byte("noise")})
	if s.failure != nil {
		t.Errorf("what a hostile member sent may be refused: %v", s.failure)
	}
}

// A section of which a part never hears is stuck, and the run says what it lacks.
func TestLivenessChecker(t *testing.T) {
	s := after(t, small)
	if !s.reached() {
		t.Fatal("as it was, it is not done")
	}
	s.processes[1].app.applied--
	if s.reached() || !strings.Contains(s.lacking(), "member 1 (honest ") {
		t.Errorf("it lacks a block: %s", s.lacking())
	}
	s.processes[1].app.applied++
	s.processes[1].app.heard = append(s.processes[1].app.heard, int32(len(s.proposals)))
	s.processes[1].app.voted = append(s.processes[1].app.voted, false)
	s.proposals = append(s.proposals, proposal{hash: core.Hash{1}})
	if s.reached() {
		t.Error("a vote to be made is not seen")
	}
}

// A chain of five events of three creators, in which creator 0 forks at event 0:
//
//	0: a0    1: b0    2: c0    3: a1    4: a1'    5: b1 on 3    6: b2 on 4    7: b3 on c0
func TestForkRule(t *testing.T) {
	s := after(t, small)
	peers := []core.Identity{{1}, s.processes[0].identity, s.processes[1].identity}
	event := func(by core.PeerIndex, cause core.Cause, self core.EventIndex, others ...core.EventIndex) core.Event {
		return core.Event{Creator: by, Cause: cause, SelfParent: self, OtherParents: others}
	}
	events := []core.Event{
		event(0, core.Initial, 0), event(1, core.Initial, 0), event(2, core.Initial, 0),
		event(0, core.Requesting, 0), event(0, core.Requesting, 0),
		event(1, core.Request, 1, 3), event(1, core.Request, 5, 4), event(1, core.Request, 6, 2),
	}
	forked := []bool{true, false, false}
	if i := s.fedFork(events, forked, peers); i >= 0 {
		t.Errorf("event %d shows the fork or takes in another's, as it may", i)
	}
	events = append(events, event(0, core.Requesting, 4), event(1, core.Request, 7, 8))
	if i := s.fedFork(events, forked, peers); i != 9 {
		t.Errorf("got %d, and event 9 takes in more of the forker", i)
	}
}

// A section is stuck where nothing is decided, and a member is cut off where another one refused all it said.
func TestCutOffForGood(t *testing.T) {
	s := after(t, small)
	a, b := s.processes[0], s.processes[1]
	a.app.applied--
	for range forGood - 1 {
		s.lately(a, b, core.ErrPeerState)
	}
	s.giveUp()
	wantVerdict(t, s, Stuck, "has ")
	s.failure = nil
	s.lately(a, b, core.ErrPeerState)
	s.giveUp()
	wantVerdict(t, s, CutOff, "has refused 20 messages in a row of member 1 (honest")
	s.failure = nil
	s.lately(a, b, nil)
	s.giveUp()
	wantVerdict(t, s, Stuck, "has ")
}

// After a call nothing may be in a graph that its node's events do not show.
func TestWholeChecker(t *testing.T) {
	s := after(t, small)
	p := s.processes[0]
	if s.checkWhole(p); s.failure != nil {
		t.Fatalf("as it was, it fails: %v", s.failure)
	}
	p.probe.Loose = func() ([32]byte, string) { return [32]byte{0xab}, "a reason" }
	s.checkWhole(p)
	wantViolation(t, s, "event ab000000, which its own do not show: a reason")
	s.failure, p.honest = nil, false
	if s.checkWhole(p); s.failure != nil {
		t.Errorf("a hostile member's graph is its own affair: %v", s.failure)
	}
}

// Of a graph whose last event does not stand on all of it.
func TestBehind(t *testing.T) {
	s := after(t, small)
	p := s.processes[0]
	n := p.node.Len()
	events := make([]core.Event, n)
	for i := range events {
		events[i] = p.node.EventAt(core.EventIndex(i))
	}
	last := n - 1
	for p.node.Peers()[events[last].Creator] != p.identity {
		last--
	}
	if why := loose(events, last); why != "" {
		t.Fatalf("as it was: %s", why)
	}
	events = append(events, core.Event{Creator: 0, Cause: core.Requesting, SelfParent: core.EventIndex(n - 1)})
	if why := loose(events, last); why != fmt.Sprintf("event %d is not behind event %d, its last", n, last) {
		t.Errorf("event %d is loose, and it says: %q", n, why)
	}
}

// The recording of a run's graph replays to the blocks that were agreed on.
func TestRecording(t *testing.T) {
	for _, cfg := range []Config{small, {Scenario: "churn", Seed: 4}, {Scenario: "twins", Seed: 2}, {Scenario: "join", Seed: 1}} {
		r := mustRun(t, cfg)
		rec, err := r.Recording()
		if err != nil {
			t.Fatal(err)
		}
		if err := rec.Validate(); err != nil {
			t.Fatal(err)
		}
		for i, b := range rec.Blocks {
			if id := rec.Observations[b.Observation].ID; id != r.run.ledger.blocks[i].hash {
				t.Errorf("%s: block %d is %x, not %x", rec.Name, i, id[:4], r.run.ledger.blocks[i].hash[:4])
			}
		}
		if len(rec.Blocks) < r.Blocks {
			t.Errorf("%s: %d blocks, and %d were agreed on", rec.Name, len(rec.Blocks), r.Blocks)
		}
		e, err := rec.Engine()
		if err != nil {
			t.Fatal(err)
		}
		if _, diff, err := rec.Replay(e); diff != nil || err != nil {
			t.Errorf("%s: %v %v", rec.Name, diff, err)
		}
	}
}
