package load

import (
	"context"
	"fmt"
	"slices"
	"time"

	"parsec/cmd/loadgen/internal/check"
	"parsec/cmd/loadgen/internal/latency"
	"parsec/core/node/client"
)

// Interval is what happened in one step of the run.
type Interval struct {
	latency.Interval        // of what is measured
	Rates            Rates  // of all, warm-up and drain too
	Waiting          uint64 // due and not decided at all live nodes, at its end
}

// Result is what a run was.
type Result struct {
	Began       time.Time
	Took        time.Duration // until the last came to its end, or the run was ended
	Interrupted bool          // the context ended: all is of the part before that, and nothing counts as missing
	Failed      error         // why the run ended before its time, if it was neither that nor a violation

	Measured time.Duration // Length without Warmup, or what of it there was
	Counts   Rates         // of what is measured, but for its Lag; what was handed over twice is sent once
	Sum      Rates         // of all, but for its Lag; what was handed over twice is sent twice
	Bytes    uint64        // of data of what is measured and was decided at all live nodes
	GivenUp  uint64        // handed to a node that went away, and not handed over again
	Achieved float64       // share of what is measured that was handed over by the end of the schedule, or 0.1 % of its length after; 1 in a closed loop
	Rate     float64       // of what is measured, decided at all live nodes, a second: see [Result.rate]

	Lag       *latency.Histogram // pacing lag of what is measured
	Latency   *latency.Set       // of what is measured; what is missing counts as such
	Intervals []Interval
	Verdict   *check.Verdict
	Samples   [][]Sample // by node
	Last      []*client.Status
	Own       []Own
	Absences  []Absence // while the load ran, in order of their beginning
	Forged    []bool    // by node: others have its key

	Invalid []string // why the load does not count; none if it does
	Notes   []string // what is to be known of it, though it counts
}

// result judges the run.
func (r *run) result(at time.Duration, quiet bool, last []*client.Status, why error) *Result {
	l, w := r.ledger, r.watch
	l.mu.Lock()
	defer l.mu.Unlock()
	w.mu.Lock()
	defer w.mu.Unlock()
	res := &Result{Began: r.start.Round(0).UTC(), Took: at, Measured: l.length - r.cfg.Warmup, Counts: l.counts, Sum: l.sum, Bytes: l.bytes,
		GivenUp: l.givenUp, Lag: l.lag, Samples: w.of, Last: last, Own: w.own,
		Absences: append([]Absence(nil), l.absences...), Forged: slices.Clone(l.forged), Achieved: 1}
	switch {
	case why == nil || why == errUnsafe:
	case why == context.Canceled || why == context.DeadlineExceeded:
		res.Interrupted = true
	default:
		res.Failed = why
	}
	honest, accused := slices.Clone(last), slices.Clone(r.names)
	for i, forged := range l.forged {
		if forged { // neither what it says counts nor what is said of it
			honest[i], accused[i] = nil, ""
		}
	}
	l.check.Forks(honest, accused)
	if why == nil {
		l.check.Histories(honest)
	}
	res.Verdict = l.check.Finish(quiet && why == nil)
	if why == nil {
		for to, n := range map[latency.To]uint64{latency.Acknowledged: l.counts.Acknowledged, latency.Contacted: l.counts.Contacted, latency.All: l.counts.All} {
			l.series.Miss(to, l.counts.Due-n)
		}
	}
	intervals, total := l.series.Finish(at)
	res.Latency = total
	due, decided := uint64(0), uint64(0)
	for i, in := range intervals {
		x := Interval{Interval: in}
		if i < len(l.steps) {
			x.Rates = l.steps[i]
		}
		due, decided = due+x.Rates.Due, decided+x.Rates.All
		x.Waiting = due - decided
		res.Intervals = append(res.Intervals, x)
	}
	if r.cfg.Closed == 0 && l.counts.Due > 0 {
		res.Achieved = float64(l.inTime) / float64(l.counts.Due)
	}
	res.rate(l.lastAll - l.firstAll)
	res.validate(r.cfg)
	return res
}

// rate sets the rate at which submissions were decided. Their number is divided by the length of the schedule if the
// section kept up with it: if the span from the first one's decision to the last one's is longer by no more than 1 % or the
// median latency, for blocks and chance make it differ. Else it is divided by the span, which gives the rate that the
// section has: where it falls behind steadily, the span is longer by twice the median latency.
func (res *Result) rate(span time.Duration) {
	median := res.Latency[latency.Intended][latency.All].Quantile(.5)
	if span-res.Measured <= max(res.Measured/100, median) && median != latency.Beyond {
		span = res.Measured
	}
	res.Rate = float64(res.Counts.All) / max(span, res.Measured).Seconds()
}

// validate says what was wrong with the load.
func (res *Result) validate(cfg *Config) {
	bad := func(format string, args ...any) { res.Invalid = append(res.Invalid, fmt.Sprintf(format, args...)) }
	if res.Interrupted {
		return // it is not what was asked for in any case
	}
	if res.Counts.Due == 0 {
		bad("nothing was due in the time that is measured")
	}
	if res.Achieved < MinAchieved {
		bad("%.2f %% of the submissions were handed over in time, less than %.1f %%: the nodes took no more or were away, or this process was too slow", res.Achieved*100, MinAchieved*100)
	}
	if cfg.Closed == 0 {
		most := MaxLag(res.Latency[latency.Intended][latency.All].Quantile(.5))
		switch mean, p99 := res.Lag.Mean(), res.Lag.Quantile(.99); {
		case mean > most:
			bad("the pacing lagged by %v on average, more than %v: this process was too slow, or did not get to run", short(mean), short(most))
		case p99 > most:
			res.Notes = append(res.Notes, fmt.Sprintf("the generator was held up now and then: lag p99 %v, mean %v; latencies count from intended times and include it", short(p99), short(mean)))
		}
	}
	if n := res.Verdict.Expired; n > 0 {
		bad("%d acknowledged submissions expired: more than %d blocks came before they would have been decided", n, client.Ahead)
	}
	if n := res.Verdict.Altered; n > 0 {
		res.Notes = append(res.Notes, fmt.Sprintf("hostile members had %d submissions decided with ids of this run and other data, beside its own", n))
	}
	if n := res.Verdict.Unfinished; n > 0 && res.Failed == nil {
		bad("%d acknowledged submissions were not decided within %v: their latencies are missing", n, cfg.Drain)
	}
}

// MinAchieved is the least share of a load that has to be handed over in time for it to count.
const MinAchieved = 0.999

// MaxLag returns how large the mean of the pacing lag may be for a median latency: 1 % of it, or 1 ms if that is more.
func MaxLag(median time.Duration) time.Duration {
	if median == latency.Beyond {
		return time.Millisecond
	}
	return max(median/100, time.Millisecond)
}

// short returns a time as messages have it, to the microsecond.
func short(d time.Duration) string {
	if d == latency.Beyond {
		return "more than " + latency.Highest.String()
	}
	return d.Round(time.Microsecond).String()
}
