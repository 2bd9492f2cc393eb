package node

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"parsec/core"
	"parsec/core/node/attack"
)

// An honest member that makes a request an interval to every other in turn is never held up, with all others there or
// with as many as may be missing, nor is one whose events come all at once as this node catches up. One that sends
// without end gets its share.
func TestQuota(t *testing.T) {
	for _, voters := range []int{2, 4, 7, 16, 100} {
		p := pacer{voters: voters}
		r, interval := p.rates(), p.base()
		there := max(voters-1-(voters-1)/3, 1)
		now := time.Unix(1000, 0)
		var q quota
		made := 0
		for range 20_000 {
			now = now.Add(interval * time.Duration(there))
			made += 5 * there // of which it makes that many meanwhile
			if d := q.charge(now, r, false, made, made*(there+1)); d > 0 {
				t.Fatalf("%d voters: an honest member waits %v", voters, d)
			}
		}
		if voters > 2 { // of two, none is ever behind
			quorum, all := min(voters-1, voters-(voters-1)/3), made*(there+1)
			for range 100 {
				now = now.Add(100 * time.Millisecond)
				made += 16_000 / quorum
				all += 16_000
				if d := q.charge(now, r, false, made, all); d > 0 {
					t.Fatalf("%d voters: a member that answers one that catches up waits %v", voters, d)
				}
			}
		}
		// As fast as it can, held up as long as it is told to.
		q = quota{}
		begin, count := now, 0
		for ; now.Sub(begin) < time.Minute; count++ {
			now = now.Add(time.Microsecond + q.charge(now, r, false, 0, 0))
		}
		if most := int(61*r.requests) + requestBurst; count > most || count < most/2 {
			t.Errorf("%d voters: %d frames in a minute, most are %d", voters, count, most)
		}
		q = quota{}
		begin, made = now, 0
		for now.Sub(begin) < time.Minute {
			made += 100
			now = now.Add(time.Microsecond + q.charge(now, r, true, made, made))
		}
		if most := int(61*r.events) + eventBurst + 100; made > most || made < most/2 {
			t.Errorf("%d voters: %d events in a minute, most are %d", voters, made, most)
		}
	}
	var q quota
	r := rates{requests: 1, events: 1, others: 1}
	now := time.Unix(1000, 0)
	q.sent(now, againBurst)
	if q.deaf(now) {
		t.Error("the burst is not its own")
	}
	q.sent(now, 3*againRate)
	if !q.deaf(now.Add(2*time.Second)) || q.deaf(now.Add(4*time.Second)) || q.charge(now, r, false, 0, 0) != 3*time.Second {
		t.Error("what it is sent again is not held against it")
	}
	// A request to it pays for its answer.
	q = quota{}
	for range 1000 {
		q.asked(now, r)
		if d := q.charge(now, r, false, 0, 0); d > 0 {
			t.Fatalf("an answer waits %v", d)
		}
	}
}

// A member that makes valid events as fast as it can gets no more of them in than its share, and honest members go on.
func TestGreedyMember(t *testing.T) {
	net := newNetwork(t, 4, "single")
	seed, err := ReadKey(filepath.Join(net.folder(3), KeyFile))
	if err != nil {
		t.Fatal(err)
	}
	net.stop(3) // it has made its first event at most, which is what the attacker's chain begins with
	who := core.IdentityOf(seed)
	c := attack.Config{Members: []attack.Member{{Seed: seed}}, Section: net.nodes[0].section, Random: 1}
	for _, n := range net.nodes[:3] {
		c.Targets = append(c.Targets, attack.Target{ID: n.identity, Address: n.links.Addr()})
	}
	made := func() (most int) {
		for _, n := range net.nodes[:3] {
			n.call(t.Context(), func(l *loop) { most = max(most, l.core.Made(who)) })
		}
		return most
	}
	ctx, cancel := context.WithCancel(t.Context())
	var counts attack.Counts
	var wait sync.WaitGroup
	began := time.Now()
	wait.Go(func() { counts, err = attack.Run(ctx, attack.Greedy, c) })
	defer wait.Wait()
	defer cancel()
	net.wait("it is held up", func() bool {
		for _, n := range net.nodes[:3] {
			if n.held.Load() < 3 {
				return false
			}
		}
		return true
	})
	const many = 30
	for k := range many {
		if _, err := net.client(k%3).SubmitDecided(t.Context(), submission(id(k), []byte("honest"))); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(max(0, 2*time.Second-time.Since(began)))
	got, span := made(), time.Since(began)
	cancel()
	wait.Wait()
	// Each of its frames has an event for each target, until one has taken nothing for long.
	p := pacer{voters: 4}
	if most := 3 * 4 * (requestBurst + int(p.rates().requests*(span.Seconds()+1))); got > most {
		t.Errorf("%d of its events in %v, most are %d; %+v", got, span, most, counts)
	}
	if err != nil || counts.Events < 2*uint64(got) {
		t.Errorf("the attacker was no faster than it may be: %d of its events are there, %+v, %v", got, counts, err)
	}
	net.decided(many)
}

// Honest members are not held up: neither under load, nor when one comes back and catches up.
func TestHonestMembersGoOn(t *testing.T) {
	for _, n := range []int{2, 4} {
		net := newNetwork(t, n, "single")
		most := 400
		if testing.Short() {
			most = 100
		}
		load := func(from, running int) {
			var wait sync.WaitGroup
			for w := range 8 {
				wait.Go(func() {
					c := net.client(w % running)
					for k := w; k < most; k += 8 {
						if err := c.Submit(t.Context(), submission(id(from+k), make([]byte, 500))); err != nil {
							t.Error(err)
							return
						}
					}
				})
			}
			wait.Wait()
		}
		load(0, n)
		net.decided(uint64(most))
		if n > 2 {
			net.stop(n - 1)
			load(most, n-1)
			net.decided(uint64(2 * most))
			net.start(n-1, nil)
			net.decided(uint64(2 * most))
			load(2*most, n)
			net.decided(uint64(3 * most))
		}
		for i, node := range net.nodes {
			if held := node.held.Load(); held > 0 {
				t.Errorf("of %d: node %d held others up %d times", n, i, held)
			}
		}
		for i := range net.nodes {
			net.stop(i)
		}
	}
}
