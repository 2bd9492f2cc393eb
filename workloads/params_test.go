package workloads

import (
	"errors"
	"strings"
	"testing"
	"time"

	"parsec/core"
)

func TestParamsRefused(t *testing.T) {
	good := calm(Size{Peers: 7, Events: 300}, core.Single, 0, 10)
	good.Name = "good"
	simulate(t, good)
	for name, spoil := range map[string]func(*Params){
		"mode":            func(p *Params) { p.Mode = 9 },
		"no peers":        func(p *Params) { p.Peers = 0 },
		"many peers":      func(p *Params) { p.Peers = 5000 },
		"no end":          func(p *Params) { p.Events = 0 },
		"negative events": func(p *Params) { p.Events = -1 },
		"order":           func(p *Params) { p.Order = 2 },
		"no gossip":       func(p *Params) { p.Gossip = Delay{} },
		"no interval":     func(p *Params) { p.Every = Delay{} },
		"shape":           func(p *Params) { p.Delay.Shape = 5 },
		"negative delay":  func(p *Params) { p.Delay.Mean = -1 },
		"long delay":      func(p *Params) { p.Spread.Mean = 2 * time.Hour },
		"fan-out":         func(p *Params) { p.Fanout = 7 },
		"percent":         func(p *Params) { p.LossPercent = 101 },
		"forkers":         func(p *Params) { p.Forkers = 3 },
		"fork in past":    func(p *Params) { p.Forkers, p.ForkAt = 1, -1 },
		"change kind":     func(p *Params) { p.Changes = []Change{{Kind: core.Opaque}} },
		"change in past":  func(p *Params) { p.Changes = []Change{{Kind: core.Add, At: -1}} },
		"all leave":       func(p *Params) { p.Changes = make([]Change, 7); fill(p.Changes, core.Remove) },
	} {
		p := good
		spoil(&p)
		_, err := Generate(p)
		if !errors.Is(err, ErrParams) {
			t.Errorf("%s: error %v", name, err)
		} else if !strings.HasPrefix(err.Error(), "workloads: invalid parameters: ") {
			t.Errorf("%s: error text %q", name, err)
		}
	}
}

func fill(changes []Change, k core.Kind) {
	for i := range changes {
		changes[i].Kind = k
	}
}

func TestWildParamsRefused(t *testing.T) {
	for _, p := range []WildParams{
		{Mode: 9, Peers: 4, Events: 100}, {Peers: 1, Events: 100}, {Peers: 4, Events: 7}, {Peers: 4, Events: 100, VotePercent: 101},
		{Peers: 4, Events: 100, Forkers: 2}, {Peers: 4, Events: 100, Observations: -1}, {Peers: 4, Events: 100, Branches: -1},
	} {
		if _, err := Wild(p); !errors.Is(err, ErrParams) {
			t.Errorf("%+v: error %v", p, err)
		}
	}
}

// TestMixtures runs settings drawn at random, all of them at once, in both orders.
func TestMixtures(t *testing.T) {
	r := newRandom(1, 1)
	shape := func(mean time.Duration) Delay {
		return Delay{Shape(r.below(len(shapeNames))), time.Duration(r.below64(uint64(2*mean) + 1))}
	}
	for seed := range uint64(150) {
		peers := 4 + r.below(12)
		z := Size{Peers: peers, Events: (10 + r.below(60)) * peers, Seed: seed}
		p := calm(z, core.Mode(r.below(2)), r.below(101), 1+r.below(20))
		p.Order = Order(r.below(2))
		p.Burst = r.below(5)
		p.Spread, p.Delay, p.SlowDelay = shape(2*interval), shape(2*delay), shape(interval)
		p.Gossip.Shape, p.Every.Shape = Shape(r.below(len(shapeNames))), Shape(r.below(len(shapeNames)))
		p.Fanout = r.below(peers)
		p.LossPercent, p.SlowPercent = r.below(60), r.below(101)
		p.Partitions = []Partition{{moment(z, r.below(100)), moment(z, r.below(150)), []int{r.below(peers), r.below(peers)}}}
		p.Forkers, p.ForkAt, p.ForkOverlap = r.below((peers-1)/3+1), moment(z, r.below(100)), r.below(101)
		for range r.below(peers - p.Forkers) {
			kind := [...]core.Kind{core.Add, core.Remove, core.Accusation}[r.below(3)]
			p.Changes = append(p.Changes, Change{kind, moment(z, r.below(100)), moment(z, r.below(40))})
		}
		if rec := simulate(t, p); len(rec.Events) != z.Events {
			t.Errorf("seed %d: %d events, want %d", seed, len(rec.Events), z.Events)
		}
	}
}
