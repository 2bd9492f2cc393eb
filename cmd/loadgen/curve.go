package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"parsec/cmd/loadgen/internal/network/link"
	"parsec/cmd/loadgen/internal/report"
	"parsec/cmd/loadgen/internal/schedule"
	"parsec/core"
)

// A line is one network of a curve, and the rates at which it is measured.
type line struct {
	nodes, down int
	mode        string
	rates       []float64
}

// tooLong ends a line: a network whose 99th percentile is above it is past what it can take, and the next rate would
// only be worse.
const tooLong = 5 * time.Second

// maxLines bounds the lines of a curve, and the rates of each.
const maxLines = 64

// texts is a flag that may be given several times.
type texts []string

func (t *texts) String() string     { return "" }
func (t *texts) Set(s string) error { *t = append(*t, s); return nil }

// addLine reads [NODES[-DOWN][/MODE]:]RATE,RATE,... What it leaves out is as -nodes, -down and -mode say.
func (o *options) addLine(s string) error {
	l := line{nodes: o.nodes, down: o.down, mode: o.mode}
	network, rates, ok := strings.Cut(s, ":")
	if !ok {
		network, rates = "", s
	} else {
		number := func(s string) (n int) {
			n, err := strconv.Atoi(s)
			if err != nil {
				n = -1
			}
			return n
		}
		nodes, mode, named := strings.Cut(network, "/")
		nodes, down, some := strings.Cut(nodes, "-")
		l.nodes, l.down = number(nodes), 0
		if some {
			l.down = number(down)
		}
		if named {
			l.mode = mode
		}
	}
	_, err := core.ParseMode(l.mode)
	switch {
	case l.nodes < 1 || l.nodes > link.MaxNodes || l.down < 0 || l.down >= l.nodes || err != nil:
		return fmt.Errorf("%w: %q is not NODES[-DOWN][/MODE], such as 7-2 or 4/supermajority", errUsage, network)
	case ok && o.allowed["targets"]:
		return fmt.Errorf("%w: -targets are the nodes there are, not %q", errUsage, network)
	case len(o.lines) == maxLines || strings.Count(rates, ",") >= maxLines:
		return fmt.Errorf("%w: more than %d lines or rates", errUsage, maxLines)
	}
	for _, r := range strings.Split(rates, ",") {
		rate, err := schedule.ParseRate(r)
		if err != nil {
			return err
		}
		one := *o
		one.stages, one.rate = nil, rate
		if err := one.steady().Check(); err != nil {
			return err
		}
		l.rates = append(l.rates, rate)
	}
	slices.Sort(l.rates)
	o.lines = append(o.lines, l)
	return nil
}

// curve measures the lines, prints each point, and writes the curve after each, so that nothing is lost of a long one. A
// point that was decided in time, though its load does not count, is measured once more: mostly something else had the
// machine. If it still has, no other point of the line is measured again.
func (a *app) curve(ctx context.Context, o *options) (int, error) {
	var runs []*report.Run
	var c *report.Curve
	good := false
	for _, l := range o.lines {
		again := true
		for _, rate := range l.rates {
			one := *o
			one.nodes, one.down, one.mode, one.rate = l.nodes, l.down, l.mode, rate
			one.args = append(slices.Clone(o.given), fmt.Sprintf("-rate=%s", schedule.FormatRate(rate)))
			if o.targets == nil {
				one.args = append(one.args, fmt.Sprintf("-nodes=%d", l.nodes), fmt.Sprintf("-down=%d", l.down), "-mode="+l.mode)
			}
			run, p, err := a.point(ctx, &one)
			if again && err == nil && !p.Valid && !enough(run, p) && !run.Interrupted && len(run.Violations) == 0 {
				a.tell(l, p, ", once more")
				run, p, err = a.point(ctx, &one)
				again = p.Valid
			}
			switch {
			case err != nil:
				return 0, fmt.Errorf("at %s/s: %w", schedule.FormatRate(rate), err)
			case run.Interrupted:
				what := "interrupted before the first point was measured"
				if len(runs) > 0 {
					what = fmt.Sprintf("interrupted; %s has the points before", o.out)
				}
				fmt.Fprintln(a.stdout, what)
				return exitInterrupted, nil
			case len(run.Violations) > 0: // no curve is worth that
				if _, err := run.WriteFiles(o.out); err != nil {
					return 0, fmt.Errorf("the report: %w", err)
				}
				run.WriteText(a.stdout)
				return exitUnsafe, nil
			}
			good = good || p.Valid
			runs = append(runs, run)
			if c, err = report.NewCurve("Latency against throughput", runs); err != nil {
				return 0, err
			}
			if err := writeCurve(o.out, c, runs); err != nil {
				return 0, fmt.Errorf("the report: %w", err)
			}
			if enough(run, p) {
				a.tell(l, p, ", which ends the line")
				break
			}
			a.tell(l, p, "")
		}
	}
	if err := c.WriteText(a.stdout); err != nil {
		return 0, err
	}
	fmt.Fprintf(a.stdout, "written: %s and others in %s\n", filepath.Join(o.out, "curve.html"), o.out)
	if !good {
		return exitInvalid, nil
	}
	return exitDone, nil
}

// point runs one load. Its section is killed at the end: one that has too much to do would take long to end otherwise.
func (a *app) point(ctx context.Context, o *options) (*report.Run, report.Point, error) {
	m, err := a.trial(ctx, o, true)
	if err != nil {
		return nil, report.Point{}, err
	}
	p, err := report.PointOf(m.report)
	return m.report, p, err
}

// enough reports whether the network is past what it can take.
func enough(r *report.Run, p report.Point) bool {
	return time.Duration(p.P99) > tooLong || p.Beyond > 0 || r.Totals.All < r.Totals.Intended || p.Achieved < 0.9*p.Rate
}

func (a *app) tell(l line, p report.Point, what string) {
	a.say.Clear()
	valid := ""
	if !p.Valid {
		valid = ", not valid: " + p.Why
	}
	fmt.Fprintf(a.stdout, "%d nodes, %d down, %s, at %s/s: %.0f/s decided, p50 %s, p99 %s%s%s\n", l.nodes, l.down, l.mode, schedule.FormatRate(p.Rate),
		p.Achieved, short(time.Duration(p.P50)), short(time.Duration(p.P99)), valid, what)
}

// writeCurve writes the curve in all forms.
func writeCurve(dir string, c *report.Curve, runs []*report.Run) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for _, f := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{"curve.txt", c.WriteText}, {"curve.md", c.WriteMarkdown}, {"summary.md", c.WriteSummary}, {"curve.csv", c.WriteCSV}, {"curve.html", c.WriteHTML},
		{"bench.txt", func(w io.Writer) error { return report.WriteBenchmarks(w, runs) }},
	} {
		if err := report.WriteFile(filepath.Join(dir, f.name), f.write); err != nil {
			return err
		}
	}
	return nil
}
