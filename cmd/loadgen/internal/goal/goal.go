// Package goal says what a run is to reach, whether it did, and searches for the highest rate that does.
package goal

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"parsec/cmd/loadgen/internal/check"
	"parsec/cmd/loadgen/internal/latency"
	"parsec/cmd/loadgen/internal/load"
	"parsec/cmd/loadgen/internal/schedule"
)

// Syntax says how goals are written.
const Syntax = `
  NAME OPERATOR VALUE, several of them separated by commas: p99<800ms,p50<100ms,rate>=50k
  OPERATOR is one of < <= > >= =
  NAME of a latency, VALUE a time such as 800ms:
    pQ, such as p50, p99, p99.9   quantiles          max, mean
    before it where the latency ends, "all." if it is left out:
      ack.        acknowledged by its node     contacted.  decided at its node     all.  decided at all live nodes
    before that when it begins, "intended." if it is left out:
      intended.   when it was due              sent.       when it was handed over
    What is missing took forever: so a quantile may be infinite, and so is the mean.
  NAME of something else, VALUE a number, with k or M for thousands or millions:
    rate        decided at all live nodes, a second          achieved    per cent of the load handed over in time
    lost, duplicates, invented, forks, violations            what must not be
    missing     due, and not decided at all live nodes       stranded    acknowledged by a node that is away
    expired     acknowledged, and in no block up to their until
  lag.pQ, lag.max, lag.mean   how late submissions were handed over, by fault of this program; VALUE a time`

// Goal is one of what a run is to reach.
type Goal struct {
	text     string
	operator string
	value    float64 // nanoseconds, if a time
	time     bool
	of       func(*load.Result) float64
}

func (g Goal) String() string { return g.text }

var operators = []string{"<=", ">=", "<", ">", "="} // the longer ones first

// MaxGoals is how many goals there may be.
const MaxGoals = 100

// Parse reads goals. The error wraps [schedule.ErrSyntax].
func Parse(s string) ([]Goal, error) {
	parts := strings.Split(s, ",")
	if len(parts) > MaxGoals {
		return nil, fmt.Errorf("%w: more than %d assertions", schedule.ErrSyntax, MaxGoals)
	}
	var goals []Goal
	for _, part := range parts {
		g, err := parse(strings.ReplaceAll(part, " ", ""))
		if err != nil {
			return nil, fmt.Errorf("%w: assertion %q: %v", schedule.ErrSyntax, part, err)
		}
		goals = append(goals, g)
	}
	return goals, nil
}

func parse(s string) (Goal, error) {
	g := Goal{text: s}
	at := strings.IndexAny(s, "<>=")
	if at < 0 {
		return g, fmt.Errorf("no < <= > >= or =")
	}
	for _, op := range operators {
		if strings.HasPrefix(s[at:], op) {
			g.operator = op
			break
		}
	}
	name, value := s[:at], s[at+len(g.operator):]
	if g.of = counts[name]; g.of != nil {
		if name == "achieved" {
			value = strings.TrimSuffix(value, "%")
		}
		v, err := schedule.ParseNumber(value)
		if err != nil || !(v >= 0 && v <= 1e18) {
			return g, fmt.Errorf("%q is no number from 0 up, such as 500 or 20k", value)
		}
		g.value = v
		return g, nil
	}
	of, err := timeOf(name)
	if err != nil {
		return g, err
	}
	d, err := time.ParseDuration(value)
	if err != nil || d < 0 {
		return g, fmt.Errorf("%q is no time such as 800ms", value)
	}
	g.time, g.value, g.of = true, float64(d), of
	return g, nil
}

var counts = map[string]func(*load.Result) float64{
	"rate":       func(r *load.Result) float64 { return r.Rate },
	"achieved":   func(r *load.Result) float64 { return r.Achieved * 100 },
	"lost":       func(r *load.Result) float64 { return float64(r.Verdict.Counts[check.Lost]) },
	"duplicates": func(r *load.Result) float64 { return float64(r.Verdict.Counts[check.Duplicate]) },
	"invented":   func(r *load.Result) float64 { return float64(r.Verdict.Counts[check.Invented]) },
	"forks":      func(r *load.Result) float64 { return float64(r.Verdict.Counts[check.Fork]) },
	"violations": func(r *load.Result) (n float64) {
		for _, c := range r.Verdict.Counts {
			n += float64(c)
		}
		return n
	},
	"missing":  func(r *load.Result) float64 { return float64(r.Counts.Due - r.Counts.All) },
	"stranded": func(r *load.Result) float64 { return float64(r.Verdict.Stranded) },
	"expired":  func(r *load.Result) float64 { return float64(r.Verdict.Expired) },
}

// timeOf returns what a name of a time stands for.
func timeOf(name string) (func(*load.Result) float64, error) {
	from, to := latency.Intended, latency.All
	rest, lag := strings.CutPrefix(name, "lag.")
	if !lag {
		rest = name
		for f := range latency.Froms {
			if after, ok := strings.CutPrefix(rest, f.String()+"."); ok {
				from, rest = f, after
				break
			}
		}
		for t := range latency.Tos {
			if after, ok := strings.CutPrefix(rest, t.String()+"."); ok {
				to, rest = t, after
				break
			}
		}
	}
	of := func(r *load.Result) *latency.Histogram {
		if lag {
			return r.Lag
		}
		return r.Latency[from][to]
	}
	switch {
	case rest == "max":
		return func(r *load.Result) float64 { return float64(of(r).Max()) }, nil
	case rest == "mean":
		return func(r *load.Result) float64 { return float64(of(r).Mean()) }, nil
	case strings.HasPrefix(rest, "p"):
		if q, err := strconv.ParseFloat(rest[1:], 64); err == nil && q >= 0 && q <= 100 {
			return func(r *load.Result) float64 { return float64(of(r).Quantile(q / 100)) }, nil
		}
	}
	return nil, fmt.Errorf("there is no %q", name)
}

// Outcome is whether a run reached a goal.
type Outcome struct {
	Goal   Goal
	Held   bool
	Got    string
	Margin float64 // how far from the goal, as a share of it; below zero if it was not reached; 0 where it has none
}

// Judge says which goals a run reached. A run without a single latency reaches no goal that is a time.
func Judge(goals []Goal, r *load.Result) (all []Outcome) {
	for _, g := range goals {
		v := g.of(r)
		o := Outcome{Goal: g, Got: strconv.FormatFloat(v, 'f', -1, 64)}
		switch g.operator {
		case "<":
			o.Held = v < g.value
		case "<=":
			o.Held = v <= g.value
		case ">":
			o.Held = v > g.value
		case ">=":
			o.Held = v >= g.value
		case "=":
			o.Held = v == g.value
		}
		if o.Got = strconv.FormatFloat(v, 'f', 1, 64); v == float64(int64(v)) {
			o.Got = strconv.FormatInt(int64(v), 10)
		}
		if g.time {
			if o.Got = time.Duration(v).Round(time.Microsecond).String(); v >= float64(latency.Beyond) {
				o.Got = "infinite: some never came to their end"
			}
			if r.Counts.Due == 0 {
				o.Held, o.Got = false, "nothing was measured"
			}
		}
		if g.value > 0 {
			if o.Margin = (g.value - v) / g.value; g.operator[0] == '>' {
				o.Margin = -o.Margin
			}
		}
		all = append(all, o)
	}
	return all
}

// Held reports whether all goals were reached.
func Held(all []Outcome) bool {
	return !slices.ContainsFunc(all, func(o Outcome) bool { return !o.Held })
}
