package main

import (
	"fmt"
	"strings"
	"time"

	"parsec/cmd/loadgen/internal/check"
	"parsec/cmd/loadgen/internal/latency"
	"parsec/cmd/loadgen/internal/load"
	"parsec/cmd/loadgen/internal/network/fault"
	"parsec/cmd/loadgen/internal/report"
	"parsec/cmd/loadgen/internal/schedule"
)

// describe makes a report of a load that was run.
func describe(o *options, s *section, m *measured, faults []fault.Record) (*report.Run, error) {
	r := m.result
	run := &report.Run{
		Format: report.Format, Command: append([]string{"loadgen"}, o.args...), Parameters: parameters(o, s),
		Machine: report.ThisMachine(), Build: report.ThisBuild(), Start: r.Began, Duration: r.Took.Seconds(),
		Invalid: r.Invalid, Notes: r.Notes, Interrupted: r.Interrupted, Totals: totals(r), Pacing: report.QuantilesOf(r.Lag.HDR()),
		Step: report.Step(o.length()+o.drain, len(s.names)).Seconds(), Phases: phases(o, r),
	}
	if r.Failed != nil {
		run.Failed = r.Failed.Error()
	}
	kinds := [check.Kinds]string{"order", "loss", "duplicate", "invention", "fork"}
	for _, v := range r.Verdict.Violations {
		what := fmt.Sprintf("block %d, position %d, id %x", v.Block, v.Position, v.ID)
		if v.Kind == check.Fork {
			what = "it made two events where one could be"
		}
		run.Violations = append(run.Violations, report.Violation{At: r.Took.Seconds(), Kind: kinds[v.Kind], Node: s.names[v.Node], What: what, Evidence: v.Evidence})
	}
	for _, out := range m.outcomes {
		run.Assertions = append(run.Assertions, report.Assertion{Text: out.Goal.String(), Held: out.Held, Got: out.Got})
	}
	var err error
	each := func(f func(from latency.From, to latency.To)) {
		for from := range latency.Froms {
			for to := range latency.Tos {
				f(from, to)
			}
		}
	}
	each(func(from latency.From, to latency.To) {
		h := r.Latency[from][to]
		if x, wrong := report.NewHistogram(h.HDR(), h.Overflow()); wrong != nil {
			err = wrong
		} else {
			x.Missing = h.Missing()
			*clock(&run.Latency, from, to) = x
		}
	})
	for i := range r.Intervals {
		in := &r.Intervals[i]
		length := (in.End - in.Start).Seconds()
		if in.End <= in.Start || length < run.Step/1000 {
			continue // the rest of a step in which the run ended
		}
		rate := func(n uint64) float64 { return float64(n) / length }
		x := report.Interval{At: in.End.Seconds(), Intended: rate(in.Rates.Due), Sent: rate(in.Rates.Sent), Acknowledged: rate(in.Rates.Acknowledged),
			Contacted: rate(in.Rates.Contacted), All: rate(in.Rates.All), Waiting: in.Waiting, Lag: int64(in.Rates.Lag)}
		w := report.Window{From: in.Start.Seconds(), To: in.End.Seconds()}
		each(func(from latency.From, to latency.To) {
			v := in.Of[from][to]
			if v.Count == v.Overflow {
				return
			}
			*clock(&x.Latency, from, to) = report.Quantiles{Count: v.Count - v.Overflow, Mean: within(v.Mean), P50: within(v.P50), P90: within(v.P90), P99: within(v.P99), P999: within(v.P999), Max: within(v.Max)}
			*clock(&w.Latency, from, to) = report.Encoded(v.Encoded)
		})
		run.Intervals = append(run.Intervals, x)
		if wrong := run.AddWindow(w); wrong != nil {
			err = wrong
		}
	}
	for i, name := range s.names {
		n := nodeOf(name, s.addresses[i], r.Samples[i], o.warmup)
		if r.Forged[i] {
			n.Role = "forged"
		}
		run.Nodes = append(run.Nodes, n)
	}
	for _, name := range s.down {
		run.Nodes = append(run.Nodes, report.Node{Name: name, Role: "down"})
	}
	run.Restarts = restarts(s.names, r)
	if o.targets != nil {
		run.Notes = append(run.Notes, targetNotes(s, r)...)
	}
	run.Loadgen = owns(r.Own, o.warmup, &run.Totals)
	for _, f := range faults {
		if f.Begun == 0 && f.Err == "" {
			continue // its time did not come
		}
		kind, _, _ := strings.Cut(f.What, " ")
		x := report.Fault{Kind: kind, From: f.Begun.Seconds(), To: max(f.Until, f.Begun).Seconds(), What: f.What}
		if f.Node >= 0 {
			x.Node = fmt.Sprintf("node%d", f.Node)
		}
		if f.Err != "" {
			x.What += ": " + f.Err
		}
		run.Faults = append(run.Faults, x)
	}
	return run, err
}

// targetNotes says what whoever loads nodes of others may not know: which were away, and which are not looked at.
func targetNotes(s *section, r *load.Result) (notes []string) {
	const most = 10
	for i, a := range r.Absences {
		if i == most {
			notes = append(notes, fmt.Sprintf("and %d more times", len(r.Absences)-most))
			break
		}
		note := fmt.Sprintf("%s (%s) was away from %v on", s.names[a.Node], s.addresses[a.Node], a.From.Round(time.Millisecond))
		if a.Caught > 0 {
			note += fmt.Sprintf(" until it had caught up at %v", a.Caught.Round(time.Millisecond))
		}
		notes = append(notes, note)
	}
	for _, status := range r.Last {
		if status != nil && status.Voters > len(s.nodes) {
			return append(notes, fmt.Sprintf("the section has %d voters and -targets %d nodes: what the others decide and when is not seen", status.Voters, len(s.nodes)))
		}
	}
	return notes
}

// within cuts a quantile that is past the range to its end; the interval counts how many are.
func within(d time.Duration) int64 { return int64(min(d, latency.Highest)) }

func clock[T any](c *report.Clocks[T], from latency.From, to latency.To) *T {
	ends := &c.Intended
	if from == latency.Sent {
		ends = &c.Actual
	}
	return [...]*T{&ends.Acknowledged, &ends.Contacted, &ends.All}[to]
}

func parameters(o *options, s *section) report.Parameters {
	p := report.Parameters{Nodes: len(s.nodes) + len(s.down), Down: len(s.down), Mode: o.mode, Network: "local", Loop: "open", Arrivals: o.arrivals,
		Schedule: o.steady().String(), Warmup: o.warmup.Seconds(), Workers: len(s.nodes), Seed: o.seed, Profile: o.profile, Faults: o.faultsAs}
	if o.targets != nil {
		p.Network, p.Targets, p.Mode, p.Profile = "targets", o.targets, "", ""
	}
	p.Rate = float64(o.steady().Count()) / o.steady().Length().Seconds()
	switch {
	case o.closed > 0:
		p.Loop, p.Arrivals, p.Rate, p.Workers = "closed", "", 0, o.closed
		p.Schedule = fmt.Sprintf("%d outstanding for %v", o.closed, o.duration)
	case o.trace != nil:
		p.Arrivals, p.Schedule = "trace", o.traceAs
		p.Rate = float64(o.trace.Count()) / max(o.trace.Length(), 1).Seconds()
	case o.stages != nil && o.arrivals == "constant":
		p.Arrivals = "stages"
	}
	var sum int
	const some = 10_000
	for i := range uint64(some) {
		sum += o.size.Of(o.seed, i)
	}
	if p.Size = sum / some; o.size.String() != fmt.Sprint(p.Size) {
		p.Sizes = o.size.String()
	}
	if o.crash > 0 {
		p.Others = append(p.Others, report.Setting{Name: "crash", Value: fmt.Sprintf("%d times", o.crash)})
	}
	for name, value := range map[string]load.Policy{"away": o.away, "retry": o.retry} {
		if value != load.Same {
			p.Others = append(p.Others, report.Setting{Name: name, Value: value.String()})
		}
	}
	return p
}

func totals(r *load.Result) report.Totals {
	t := report.Totals{Seconds: r.Measured.Seconds(), Intended: r.Counts.Due, Sent: r.Counts.Sent, Refused: r.GivenUp, Acknowledged: r.Counts.Acknowledged,
		Contacted: r.Counts.Contacted, All: r.Counts.All, Lost: r.Verdict.Counts[check.Lost], Duplicates: r.Verdict.Counts[check.Duplicate], Bytes: r.Bytes, AllRate: r.Rate}
	for _, x := range []struct {
		rate *float64
		n    uint64
	}{{&t.IntendedRate, t.Intended}, {&t.AcknowledgedRate, t.Acknowledged}, {&t.ContactedRate, t.Contacted}} {
		*x.rate = float64(x.n) / t.Seconds
	}
	t.SentRate = r.Achieved * t.IntendedRate
	return t
}

// phases are what the schedule consists of.
func phases(o *options, r *load.Result) (all []report.Phase) {
	at := time.Duration(0)
	end := min(r.Took, o.warmup+r.Measured) // it may have ended before its time
	add := func(name string, length time.Duration, rate float64, measured bool) {
		if to := min(at+length, end); to > at {
			all = append(all, report.Phase{Name: name, From: at.Seconds(), To: to.Seconds(), Rate: rate, Measured: measured})
			at = to
		}
	}
	switch {
	case o.closed > 0 || o.trace != nil:
		add("warm-up", o.warmup, 0, false)
		add("load", o.length()-o.warmup, 0, true)
	default:
		rates := o.rates()
		if o.warmup > 0 {
			add("warm-up", o.warmup, rates[0].From, false)
			rates = rates[1:]
		}
		for i, stage := range rates {
			add(fmt.Sprintf("stage %d at %s/s", i+1, stageRate(stage)), stage.Length, (stage.From+stage.To)/2, true)
		}
	}
	end = r.Took
	add("drain", end-at, 0, false)
	return all
}

func stageRate(s schedule.Stage) string {
	if s.From == s.To {
		return schedule.FormatRate(s.From)
	}
	return schedule.FormatRate(s.From) + ".." + schedule.FormatRate(s.To)
}
