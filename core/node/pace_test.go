package node

import (
	"testing"
	"time"
)

func TestPace(t *testing.T) {
	now := time.Unix(1000, 0)
	p := pacer{voters: 4, since: now}
	if got := p.interval(); got != 4*pacePerVoter {
		t.Errorf("four voters: %v", got)
	}
	if p.voters = 16; p.interval() != 16*pacePerVoter {
		t.Errorf("sixteen voters: %v", p.interval())
	}
	if p.fastest = 3 * time.Millisecond; p.interval() != p.fastest {
		t.Errorf("configured: %v", p.interval())
	}

	// Nothing new: ever slower, within the limit, and how many requests there are in an hour is bounded.
	requests := 0
	for at := now; at.Before(now.Add(time.Hour)); at = p.due() {
		p.requested(at)
		requests++
		if d := p.interval(); d > slowest || d < p.fastest {
			t.Fatalf("after %d requests: %v", requests, d)
		}
	}
	if most := patience + 8*12 + int(time.Hour/slowest) + 10; requests > most {
		t.Errorf("%d requests in an hour without anything new, want %d at most", requests, most)
	}
	if p.progress(); p.interval() != p.fastest {
		t.Errorf("something new: %v", p.interval())
	}

	// A loop at work most of the time slows down, and recovers.
	p = pacer{voters: 4, since: now}
	for range 200 {
		now = now.Add(10 * time.Millisecond)
		p.worked(now, 9*time.Millisecond)
	}
	slow := p.interval()
	if slow < 5*4*pacePerVoter {
		t.Errorf("busy for 2 s: %v", slow)
	}
	for range 10000 {
		now = now.Add(10 * time.Millisecond)
		p.worked(now, time.Millisecond)
	}
	if p.interval() != 4*pacePerVoter {
		t.Errorf("no more: %v", p.interval())
	}
}
