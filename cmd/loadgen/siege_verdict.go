package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"parsec/cmd/loadgen/internal/latency"
	"parsec/cmd/loadgen/internal/schedule"
)

// worstRatio is how many times as long as without the attack 99 % may take with it.
const worstRatio = 2

// judge returns what of the promise was not kept, the exit status for that, and what makes it uncertain.
func (v *verdict) judge() (missed []string, status int, doubts []string) {
	status = exitDone
	miss := func(s int, format string, args ...any) {
		missed = append(missed, fmt.Sprintf(format, args...))
		if status != exitUnsafe {
			status = s
		}
	}
	if n := v.with.violations + v.after.violations; n > 0 {
		miss(exitUnsafe, "%d promises of safety were broken: see the reports", n)
	}
	if n := v.with.undecided; n > 0 {
		miss(exitGoal, "%d submissions of %d were not decided", n, n+v.with.decided)
	}
	if n := v.after.undecided; n > 0 {
		miss(exitGoal, "after the attack %d submissions of %d were not decided", n, v.afterDue)
	}
	before, under := v.without.latency.Quantile(.99), v.with.latency.Quantile(.99)
	if before != latency.Beyond && under > worstRatio*before {
		miss(exitGoal, "the 99th percentile is %s, more than %d times %s", short(under), worstRatio, short(before))
	}
	if n := v.without.undecided; n > 0 {
		doubts = append(doubts, fmt.Sprintf("without the attack %d submissions were not decided either: the rate is too high", n))
	}
	for _, why := range v.without.invalid {
		doubts = append(doubts, "without the attack: "+why)
	}
	for _, why := range v.with.invalid {
		doubts = append(doubts, "with it: "+why)
	}
	if status == exitDone && len(doubts) > 0 {
		status = exitInvalid
	}
	return missed, status, doubts
}

// write says what an attack came to, and returns the exit status.
func (v *verdict) write(out io.Writer) int {
	o := v.o
	fmt.Fprintf(out, "\n%s: %d of %d hostile, %s, %s/s for %v, loads in turn: %d without, %d with\n", v.kind, o.siege.hostile, o.nodes, o.mode,
		schedule.FormatRate(o.rate), o.duration, o.siege.turns, o.siege.turns)
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', tabwriter.AlignRight)
	row := func(what string, f func(*side) string) {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t\n", what, f(v.without), f(v.with), f(v.after))
	}
	fmt.Fprintf(w, "\twithout\twith\tafter, %v\t\n", o.siege.after.Length())
	for _, q := range []float64{.5, .99} {
		row(fmt.Sprintf("p%g", 100*q), func(s *side) string { return quantile(s.latency, q) })
	}
	row("undecided", func(s *side) string { return fmt.Sprint(s.undecided) })
	row("of others, with their ids", func(s *side) string { return fmt.Sprint(s.altered) })
	row("refused by nodes", func(s *side) string { return fmt.Sprint(s.refused) })
	row("most memory of a node, MiB", func(s *side) string { return fmt.Sprint(s.memory >> 20) })
	row("CPU of nodes, us a submission", func(s *side) string { return fmt.Sprintf("%.0f", 1e6*s.cpu/float64(max(s.decided, 1))) })
	w.Flush()
	before, under := v.without.latency.Quantile(.99), v.with.latency.Quantile(.99)
	if before > 0 && under != latency.Beyond {
		fmt.Fprintf(out, "  p99 with the attack is %.2f times that without\n", float64(under)/float64(before))
	}
	for _, r := range v.attacks {
		fmt.Fprintf(out, "  %s used %.3g s of CPU, at the lowest priority: %s\n", r.What, r.CPU.Seconds(), r.Counts)
	}
	missed, status, doubts := v.judge()
	for _, d := range doubts {
		fmt.Fprintf(out, "  doubtful: %s\n", d)
	}
	for _, m := range missed {
		fmt.Fprintf(out, "  NOT HELD: %s\n", m)
	}
	if len(missed) == 0 {
		fmt.Fprintln(out, "  held")
	}
	return status
}

func quantile(h *latency.Histogram, q float64) string {
	switch d := h.Quantile(q); d {
	case latency.Beyond:
		return "never"
	default:
		return d.Round(100 * time.Microsecond).String()
	}
}
