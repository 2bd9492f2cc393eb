package contrast

import (
	"math"
	"math/rand/v2"

	"golang.org/x/perf/benchmath"

	"parsec/cmd/perf/internal/samples"
)

// Power is how likely a slowdown by Row.Detectable would have been called one.
const Power = 0.8

const resamples = 400

// Detect computes Detectable for every time, out of the arms that the table compares. It takes some hundred
// milliseconds.
func (t *Table) Detect(base, head *samples.Arm) {
	if t.Clocks == 0 {
		return
	}
	level := t.Alpha / float64(t.Clocks)
	for _, r := range t.Rows {
		if r.Kind != samples.Clock {
			continue
		}
		b := base.Find(r.Package, r.Benchmark).Find(r.Unit).Values
		h := head.Find(r.Package, r.Benchmark).Find(r.Unit).Values
		r.Detectable = detectable(b, h, level) - 1
	}
}

// detectable returns the least factor that is seen with probability Power at the level.
func detectable(base, head []float64, level float64) float64 {
	critical := CriticalU(len(base), len(head), level)
	pool := append(relative(base), relative(head)...)
	// The same numbers for every factor, and for every run over the same figures.
	random := rand.New(rand.NewPCG(1, 2))
	b := make([][]float64, resamples)
	h := make([][]float64, resamples)
	for i := range b {
		b[i], h[i] = draw(random, pool, len(base)), draw(random, pool, len(head))
	}
	return LeastFactor(func(factor float64) float64 {
		seen := 0
		for i := range b {
			if Seen(b[i], h[i], factor, critical) {
				seen++
			}
		}
		return float64(seen) / resamples
	}, Power)
}

// relative returns the values over their median, their distances from it made larger by what few values
// make it seem smaller, the median being their own.
func relative(values []float64) []float64 {
	m := (&samples.Series{Values: values}).Median()
	n := float64(len(values))
	widen := math.Sqrt(n / max(1, n-1))
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = math.Pow(v/m, widen)
	}
	return out
}

func draw(random *rand.Rand, pool []float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = pool[random.IntN(len(pool))]
	}
	return out
}

// LeastFactor returns the least factor whose power reaches want, to a thousandth: +Inf if none up to 100
// does. power grows with the factor.
func LeastFactor(power func(factor float64) float64, want float64) float64 {
	const most = 100
	lo, hi := 1.0, 2.0
	for power(hi) < want {
		if hi == most {
			return math.Inf(1)
		}
		lo, hi = hi, min(2*hi-1, most)
	}
	for hi-lo > 0.0005*lo {
		mid := (lo + hi) / 2
		if power(mid) < want {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}

// Seen reports whether head, with each value multiplied by factor, is greater than base by the
// Mann-Whitney test, given the level's critical value.
func Seen(base, head []float64, factor, critical float64) bool {
	u := 0.0 // pairs in which base is the greater
	for _, h := range head {
		h *= factor
		for _, b := range base {
			switch {
			case b > h:
				u++
			case b == h:
				u += 0.5
			}
		}
		if u > critical {
			return false
		}
	}
	return u <= critical
}

// CriticalU returns the greatest value of the lesser U statistic whose two-sided p-value is at most level,
// for arms of n1 and n2 samples without ties; -1 if there is none.
func CriticalU(n1, n2 int, level float64) float64 {
	if n1 == 0 || n2 == 0 || p(n1, n2, 0) > level {
		return -1
	}
	lo, hi := 0, n1*n2/2 // p(lo) <= level < p(hi), or hi is as far as U goes
	for hi-lo > 1 {
		mid := (lo + hi) / 2
		if p(n1, n2, mid) <= level {
			lo = mid
		} else {
			hi = mid
		}
	}
	return float64(lo)
}

// p returns the p-value of two arms whose U is u: benchmath's own, of values that have it.
func p(n1, n2, u int) float64 {
	first := make([]float64, n1)
	for i := range first {
		switch {
		case i < u/n2:
			first[i] = float64(n2) + 1 + float64(i) // above all of the second
		case i == u/n2:
			first[i] = float64(u%n2) + 0.5 // above u%n2 of them
		default:
			first[i] = -float64(i)
		}
	}
	second := make([]float64, n2)
	for i := range second {
		second[i] = float64(i) + 1
	}
	th := &benchmath.DefaultThresholds
	return benchmath.AssumeNothing.Compare(benchmath.NewSample(first, th), benchmath.NewSample(second, th)).P
}
