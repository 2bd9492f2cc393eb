package report

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"time"
	"unicode/utf8"
)

// MaxText is how many bytes a string of a run has at most; histograms have their own limit.
const MaxText = 1 << 16

// Validate says what of the run no run can have: it is the one check, of what programs fill in and of what is read.
// It decodes every histogram, which costs about a second for the most windows.
func (r *Run) Validate() error {
	if r.Format != Format {
		return fmt.Errorf("format %.40q instead of %q", r.Format, Format)
	}
	if r.Start != r.Start.Round(0).UTC() {
		return errors.New("the start is not in UTC, or has a monotonic reading")
	}
	if y := r.Start.Year(); y < 1 || y > 9999 {
		return fmt.Errorf("the start is in the year %d", y)
	}
	if err := checkValues(reflect.ValueOf(r).Elem(), "run"); err != nil {
		return err
	}
	for name, h := range r.Latency.Each() {
		if _, err := h.HDR.Decode(); err != nil {
			return fmt.Errorf("latency %s: %w", name, err)
		}
	}
	if err := r.Pacing.validate(); err != nil {
		return fmt.Errorf("pacing: %w", err)
	}
	if err := r.validateSeries(); err != nil {
		return err
	}
	for i, f := range r.Faults {
		if f.To < f.From {
			return fmt.Errorf("fault %d ends before it begins", i)
		}
	}
	for i, p := range r.Phases {
		if p.To < p.From {
			return fmt.Errorf("phase %d ends before it begins", i)
		}
	}
	return nil
}

func (r *Run) validateSeries() error {
	if len(r.Intervals) > 0 && r.Step == 0 {
		return errors.New("intervals without a step")
	}
	if err := ascending("interval", r.Intervals, func(v *Interval) float64 { return v.At }); err != nil {
		return err
	}
	for i := range r.Intervals {
		for name, q := range r.Intervals[i].Latency.Each() {
			if err := q.validate(); err != nil {
				return fmt.Errorf("interval %d: %s: %w", i, name, err)
			}
		}
	}
	samples := 0
	for i := range r.Nodes {
		n := &r.Nodes[i]
		if samples += len(n.Samples); samples > MaxSamples {
			return fmt.Errorf("the nodes have more than %d samples in all", MaxSamples)
		}
		if err := ascending("node "+n.Name+": sample", n.Samples, func(s *Sample) float64 { return s.At }); err != nil {
			return err
		}
		for j, s := range n.Samples {
			if s.Duplicates > 1 {
				return fmt.Errorf("node %s: sample %d: a share of %v", n.Name, j, s.Duplicates)
			}
		}
		if n.Totals.Duplicates > n.Totals.Received {
			return fmt.Errorf("node %s: %d duplicates of %d events received", n.Name, n.Totals.Duplicates, n.Totals.Received)
		}
	}
	if err := ascending("sample of loadgen", r.Loadgen, func(o *Own) float64 { return o.At }); err != nil {
		return err
	}
	if len(r.Windows) > MaxWindows {
		return fmt.Errorf("%d windows; at most %d", len(r.Windows), MaxWindows)
	}
	end := 0.0
	for i := range r.Windows {
		w := &r.Windows[i]
		if w.From < end || w.To <= w.From {
			return fmt.Errorf("window %d is from %v to %v, and the one before ends at %v", i, w.From, w.To, end)
		}
		end = w.To
		for name, text := range w.Latency.Each() {
			if _, err := text.Decode(); err != nil {
				return fmt.Errorf("window %d: %s: %w", i, name, err)
			}
		}
	}
	return nil
}

func ascending[T any](what string, rows []T, at func(*T) float64) error {
	before := -1.0
	for i := range rows {
		if a := at(&rows[i]); a <= before {
			return fmt.Errorf("%s %d is at %v s, and the one before it at %v s", what, i, a, before)
		} else {
			before = a
		}
	}
	return nil
}

func (q *Quantiles) validate() error {
	if q.P50 > q.P90 || q.P90 > q.P99 || q.P99 > q.P999 || q.P999 > q.Max {
		return errors.New("quantiles that do not ascend")
	}
	if q.Mean > q.Max {
		return errors.New("a mean above the greatest")
	}
	if q.Count == 0 && q.Max != 0 {
		return errors.New("quantiles of no values")
	}
	return nil
}

// checkValues checks what holds for all values of a kind, wherever they are.
func checkValues(v reflect.Value, at string) error {
	switch v.Kind() {
	case reflect.Float64:
		if f := v.Float(); !(f >= 0 && f <= math.MaxFloat64) {
			return fmt.Errorf("%s is %v", at, f)
		}
	case reflect.Int, reflect.Int64:
		if v.Int() < 0 {
			return fmt.Errorf("%s is %d", at, v.Int())
		}
	case reflect.String:
		s := v.String()
		if !utf8.ValidString(s) {
			return fmt.Errorf("%s is not UTF-8: %.40q", at, s)
		}
		if len(s) > MaxText && v.Type() != reflect.TypeFor[Encoded]() {
			return fmt.Errorf("%s has %d bytes", at, len(s))
		}
	case reflect.Slice:
		if v.Len() > MaxRows {
			return fmt.Errorf("%s has %d elements; at most %d", at, v.Len(), MaxRows)
		}
		for i := range v.Len() {
			if err := checkValues(v.Index(i), at); err != nil {
				return fmt.Errorf("element %d of %w", i, err)
			}
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return nil
		}
		for i := range v.NumField() {
			if err := checkValues(v.Field(i), v.Type().Field(i).Tag.Get("json")); err != nil {
				return fmt.Errorf("%w, in %s", err, at)
			}
		}
	}
	return nil
}
