package main

import (
	"context"
	"fmt"
	"math"

	"github.com/google/pprof/profile"

	"parsec/profiles/flame"
)

// flameTrial is the part of -time that the trial run takes.
const flameTrial = 10

// difference profiles both sides on the same work and returns what the head costs more.
//
// The same work is the same number of iterations of each benchmark, and where the number of events in
// one is known and differs, as many events. Equal times would not do: the faster side would do more in
// it and its profile be of the same size. Each benchmark has processes of its own, two for each side, in
// the order head, base, base, head: what drifts on the machine meanwhile weighs on both.
func (j *flameJob) difference(ctx context.Context, base, head *flameSide) (*flameGraph, error) {
	plan, err := j.plan(ctx, head)
	if err != nil {
		return nil, err
	}
	var heads, bases []*profile.Profile
	var notes []string
	for i, b := range plan {
		var events [2]float64 // of head and base, in an iteration
		for turn, side := range []*flameSide{head, base, base, head} {
			j.progress.phase("benchmark %d of %d, run %d of 4: %s at %v", i+1, len(plan), turn+1, b.name, side.tree.Commit)
			run, err := side.run(ctx, only(b.name), fmt.Sprintf("%dx", b.iterations), &j.kind)
			if err != nil {
				return nil, err
			}
			if len(run.results) != 1 {
				return nil, fmt.Errorf("there is no benchmark %s at %v", b.name, side.tree.Commit)
			}
			p := j.cut(run.profile)
			if side == head {
				events[0] = run.results[0].events
				heads = append(heads, p)
			} else {
				events[1] = run.results[0].events
				p.Scale(moreWork(events))
				bases = append(bases, p)
			}
		}
		note := fmt.Sprintf("%s: 2 x %d iterations a side", b.name, b.iterations)
		if r := moreWork(events); r != 1 {
			note += fmt.Sprintf("; of %.0f events, in the base %.0f: the base is scaled by %.3f", events[0], events[1], r)
		}
		notes = append(notes, note)
	}
	before, after, err := j.sum(bases, base, heads, head)
	if err != nil {
		return nil, err
	}
	d, err := flame.Difference(before, after)
	if err != nil {
		return nil, err
	}
	unit := after.SampleType[valueIndex(after, j.kind.value)].Unit
	notes = append(notes, fmt.Sprintf("base %s, head %s, for the same work; 100 %% is the base's total",
		amount(total(before, j.kind.value), unit), amount(total(after, j.kind.value), unit)))
	return &flameGraph{
		profile: d,
		view: flame.View{
			Value: j.kind.value,
			Title: fmt.Sprintf("%s of %s: %v → %v", j.kind.name, subject(j.bench, plan), base.tree.Commit, head.tree.Commit),
			Notes: append(notes, j.notes(after, " at the head")...),
		},
	}, nil
}

// plan finds the benchmarks and how many iterations one run of each takes: half of what -time allows.
func (j *flameJob) plan(ctx context.Context, head *flameSide) ([]flameResult, error) {
	trial := benchtime{d: max(j.time.d/flameTrial, 1)}
	if j.time.n > 0 {
		trial = benchtime{n: 1}
	}
	j.progress.phase("a trial run of %s for %v", j.bench, &trial)
	run, err := head.run(ctx, j.bench, trial.String(), nil)
	if err != nil {
		return nil, err
	}
	if len(run.results) == 0 {
		return nil, j.unknown(ctx, head)
	}
	for i, r := range run.results {
		n := float64(j.time.n)
		if j.time.n == 0 {
			n = j.time.d.Seconds() / max(r.seconds, 1e-9)
		}
		run.results[i].iterations = int(max(1, math.Round(n/2)))
	}
	return run.results, nil
}

// moreWork returns how many times the events of the base's iteration the head's has. It is 1 if either
// is not known, or if they are equal but for the digits that benchmarks print.
func moreWork(events [2]float64) float64 {
	if events[0] <= 0 || events[1] <= 0 {
		return 1
	}
	r := events[0] / events[1]
	if math.Abs(r-1) < 0.001 {
		return 1
	}
	return r
}

// sum merges the profiles of each side.
func (j *flameJob) sum(bases []*profile.Profile, base *flameSide, heads []*profile.Profile, head *flameSide) (before, after *profile.Profile, err error) {
	merge := func(all []*profile.Profile, of *flameSide) (*profile.Profile, error) {
		p, err := profile.Merge(all)
		if err != nil {
			return nil, fmt.Errorf("merging the profiles of %v: %w", of.tree.Commit, err)
		}
		return p, j.checkSamples(p, of)
	}
	if before, err = merge(bases, base); err != nil {
		return nil, nil, err
	}
	after, err = merge(heads, head)
	return before, after, err
}
