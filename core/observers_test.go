package core_test

import (
	"fmt"
	"testing"

	"parsec/core"
	"parsec/core/internal/plain"
)

// TestBareSupermajority builds, for many numbers of voters n, a graph in which every count is at its
// threshold q, the least supermajority: q members vote; q first interesting events are strongly seen, each
// by way of q members' last events, one of which is the interesting event itself. With one less anywhere$
// there is no observer.
//
//	outsider   hears all, and all hear it: f(0) to f(n-1), the first interesting events
//	q          hears f(1) to f(q-1)
//	1 to q-1   hear f(0), then all of each other; 0 makes nothing more
//	1          hears q: x, the first observer
//
// f(0) is seen by the last events of 0 to q-1, f(1) to f(q-1) by those of 1 to q.
func TestBareSupermajority(t *testing.T) {
	for n := 4; n <= 70; n++ {
		if n > 10 && (n+1)%16 > 3 || testing.Short() && n > 17 {
			continue
		}
		q := 2*n/3 + 1
		for _, missing := range []string{"nothing", "a vote", "0 at 2", "the way to q"} {
			s := newScript(core.Supermajority, n, n+1)
			voters := upTo(q)
			if missing == "a vote" {
				voters = voters[1:]
			}
			s.vote(s.observe(core.Opaque, 0), voters...)
			s.meet(append([]int{n}, upTo(n)...)...)
			interesting := s.last[0]
			for p := 1; p < q; p++ {
				s.hear(q, p)
			}
			for p := 1; p < q; p++ {
				if missing != "0 at 2" || p != 2 {
					s.hear(p, 0)
				}
			}
			inner := upTo(q)[1:]
			if missing == "0 at 2" {
				inner = append(inner[:1], inner[2:]...) // 2 hears of f(0) from nobody
				for _, p := range inner {
					s.hear(p, 2)
				}
			}
			s.meet(inner...)
			for _, p := range inner[1:] {
				s.hear(inner[0], p)
			}
			if missing != "the way to q" {
				s.hear(1, q)
			}
			if err := bare(s, q, int(interesting), missing); err != nil {
				t.Errorf("%d voters, missing %s: %v", n, missing, err)
			}
		}
	}
}

// bare compares engine and oracle on a graph of TestBareSupermajority, and checks that it is what it is
// meant to be.
func bare(s *script, q, interesting int, missing string) error {
	c, err := newComparison(s.rec, nil, usual()...)
	if err != nil {
		return err
	}
	if err := c.run(); err != nil {
		return err
	}
	var observers []int
	for x, m := range c.oracle.Metas {
		if m != nil && m.Observer == plain.IsObserver {
			observers = append(observers, x)
		}
	}
	x := len(s.rec.Events) - 1
	wantObservers := missing == "nothing"
	switch {
	case (len(c.oracle.Metas[interesting].Content) > 0) != (missing != "a vote"):
		return fmt.Errorf("content is %v", c.oracle.Metas[interesting].Content)
	case wantObservers && (len(observers) != 1 || observers[0] != x || len(c.oracle.Metas[x].Observes) != q):
		return fmt.Errorf("the observers are %v, want %d", observers, x)
	case !wantObservers && len(observers) > 0:
		return fmt.Errorf("the observers are %v, want none", observers)
	}
	return nil
}
