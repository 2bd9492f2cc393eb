package report

import (
	"math"
	"strconv"
)

// Charts have at most maxPoints points of time, and those of nodes at most maxNodeValues numbers in all, so that a page
// stays under 5 MB whatever the run. Tables behind charts have at most maxTableRows rows. Neighbours that share a point
// are joined: rates and CPU by their mean, latencies, memory and counts by the greatest. So a short peak is never lost.
const (
	maxPoints     = 900
	maxNodeValues = 400_000
	maxTableRows  = 60
)

// number is a number as pages have it: with four significant digits, and null for none.
type number float64

var none = number(math.NaN())

func (n number) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(n)) {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, round4(float64(n)), 'g', -1, 64), nil
}

// round4 rounds to four significant digits; what comes out prints with no more.
func round4(v float64) float64 {
	r, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'e', 3, 64), 64)
	return r
}

// slots divides the time up to end into at most most slots, of whole steps.
type slots struct {
	width float64 // seconds
	n     int
}

func slotsOf(step, end float64, most int) slots {
	if step <= 0 || end <= 0 || most < 1 {
		return slots{1, 0}
	}
	steps := math.Max(1, math.Ceil(end/step-1e-6))
	width := step * math.Ceil(steps/float64(most))
	return slots{width, int(math.Ceil(end/width - 1e-6))}
}

// of returns the slot of what ended at that time, or began at it if it is the first.
func (s slots) of(at float64) int {
	return min(max(int(math.Ceil(at/s.width-1e-6))-1, 0), s.n-1)
}

// times returns the ends of the slots, to the millisecond.
func (s slots) times() []float64 {
	t := make([]float64, s.n)
	for i := range t {
		t[i] = math.Round(float64(i+1)*s.width*1e3) / 1e3
	}
	return t
}

// joined fills a column with the values of rows, joined by the mean or the greatest; none where no row is.
func joined[T any](s slots, rows []T, at func(*T) float64, greatest bool, value func(*T) number) []number {
	column := make([]number, s.n)
	counts := make([]float64, s.n)
	for i := range column {
		column[i] = none
	}
	for i := range rows {
		v := value(&rows[i])
		if math.IsNaN(float64(v)) || s.n == 0 {
			continue
		}
		k := s.of(at(&rows[i]))
		switch {
		case counts[k] == 0:
			column[k] = v
		case greatest:
			column[k] = max(column[k], v)
		default:
			column[k] += v
		}
		counts[k]++
	}
	if !greatest {
		for i := range column {
			if counts[i] > 0 {
				column[i] /= number(counts[i])
			}
		}
	}
	return column
}

func (v *Interval) end() float64 { return v.At }
func (s *Sample) end() float64   { return s.At }
func (o *Own) end() float64      { return o.At }
