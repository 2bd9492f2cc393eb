package main

import (
	"context"
	"fmt"

	"parsec/cmd/internal/program"
	"parsec/cmd/loadgen/internal/goal"
	"parsec/cmd/loadgen/internal/report"
	"parsec/cmd/loadgen/internal/schedule"
)

// precision is how near a search comes to the border.
const precision = 0.05

// search looks for the highest rate that reaches the goals, prints each step, and writes the report of the last run that
// did at the rate that came out. It returns that rate, 0 if none holds, and the exit status.
func (a *app) search(ctx context.Context, o *options) (found float64, status int, err error) {
	reports := map[float64]*report.Run{}
	var unsafe *report.Run
	trials, invalid := 0, 0
	s := goal.Search{From: o.rate, Most: o.most, Precision: precision,
		Say: func(line string) { a.say.Clear(); fmt.Fprintln(a.stdout, line) },
		Try: func(ctx context.Context, rate float64) (goal.Trial, error) {
			one := *o
			one.rate = rate
			m, err := a.trial(ctx, &one, false)
			if err != nil {
				return goal.Trial{}, err
			}
			if m.result.Interrupted {
				return goal.Trial{}, ctx.Err()
			}
			t := goal.Of(m.result, o.goals)
			trials++
			if t.Invalid && t.Margin == 0 {
				invalid++
			}
			if !m.result.Verdict.Safe() { // no rate is worth that
				unsafe = m.report
				return t, fmt.Errorf("at %s/s: %w", schedule.FormatRate(rate), m.result.Verdict.Violations[0])
			}
			if t.Held {
				reports[rate] = m.report
			}
			return t, nil
		}}
	rate, err := s.Run(ctx)
	a.say.Clear()
	if invalid > 0 {
		fmt.Fprintf(a.stdout, "%d of %d trials fail by their load alone, and reach the goals: on a machine that nothing else uses more may hold\n", invalid, trials)
	}
	last := reports[rate]
	if unsafe != nil {
		last = unsafe
	}
	if last != nil {
		files, wrong := last.WriteFiles(o.out)
		if wrong != nil {
			return 0, 0, fmt.Errorf("the report: %w", wrong)
		}
		fmt.Fprintf(a.stdout, "\nwritten: %d files in %s, of the last run that this is of\n", len(files), o.out)
	}
	switch {
	case unsafe != nil:
		fmt.Fprintf(a.stderr, "loadgen: %v\n", err)
		return 0, exitUnsafe, nil
	case ctx.Err() != nil:
		fmt.Fprintf(a.stdout, "interrupted; so far %s/s held, unconfirmed\n", schedule.FormatRate(rate))
		return 0, program.Interrupted, nil
	case err != nil:
		return 0, 0, err
	case rate == 0:
		fmt.Fprintf(a.stdout, "no rate holds, down to a thousandth of %s/s\n", schedule.FormatRate(o.rate))
		return 0, exitGoal, nil
	case rate >= o.most:
		fmt.Fprintf(a.stdout, "%s/s holds, and -most is no more\n", schedule.FormatRate(rate))
		return rate, exitDone, nil
	}
	fmt.Fprintf(a.stdout, "highest rate that holds: %s/s, within %.0f %%\n", schedule.FormatRate(rate), precision*100)
	return rate, exitDone, nil
}
