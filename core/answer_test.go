package core_test

import (
	"errors"
	"fmt"
	"testing"

	"parsec/core"
)

// A node that was away catches up by answers of limited size, each of which brings it further.
func TestMaxAnswer(t *testing.T) {
	w := newNetwork(t, core.Single, 3, 21)
	a, b, away := w.order[0], w.order[1], w.order[2]
	cfg := a.cfg
	cfg.MaxAnswer = core.MinAnswer
	n, err := core.Recover(cfg, stored(a.records))
	if err != nil {
		t.Fatal(err)
	}
	a.Node = n
	payload := make([]byte, 2000)
	for i := range 150 {
		copy(payload, fmt.Sprint(i, " "))
		if err := errors.Join(b.Vote(payload), b.Gossip(a.Identity())); err != nil {
			t.Fatal(err)
		}
		w.carry(b)
		w.deliver()
	}
	if err := b.Vote(make([]byte, 2*core.MinAnswer)); err != nil { // more than an answer
		t.Fatal(err)
	}
	if err := b.Gossip(a.Identity()); err != nil {
		t.Fatal(err)
	}
	w.carry(b)
	w.deliver()
	answers, largest := 0, 0
	for away.Len() < a.Len() && answers < 100 {
		if err := away.Gossip(a.Identity()); err != nil {
			t.Fatal(err)
		}
		w.carry(away)
		for len(w.queue) > 0 { // the request, and what comes of it
			p := w.queue[0]
			w.queue = w.queue[1:]
			before := w.nodes[p.to].Len()
			if err := w.nodes[p.to].Handle(p.from, p.frame); err != nil {
				t.Fatal(err)
			}
			if p.to == away.Identity() {
				answers++
				brought := 0
				for i := before; i < away.Len(); i++ {
					brought += 200
					if e := away.EventAt(core.EventIndex(i)); e.Cause == core.Observing {
						brought += len(away.ObservationAt(e.Observation).Payload)
					}
				}
				largest = max(largest, brought)
				if away.Len() == before {
					t.Fatal("an answer brought nothing")
				}
			}
			w.carry(w.nodes[p.to])
		}
	}
	if answers < 5 || answers == 100 {
		t.Errorf("%d answers", answers)
	}
	if largest > 3*core.MinAnswer {
		t.Errorf("an answer brought %d bytes", largest)
	}
	cfg.MaxAnswer = core.MinAnswer - 1
	if _, err := core.Start(cfg); !errors.Is(err, core.ErrConfig) {
		t.Errorf("answers that are too small: %v", err)
	}
}
