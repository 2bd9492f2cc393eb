package schedule

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Limits of a profile.
const (
	MaxRate   = 10_000_000       // submissions a second
	MaxLength = 1000 * time.Hour // of all stages together
	MaxCount  = 1 << 40          // submissions of all stages together
	maxStages = 1000             // stages
	minLength = time.Microsecond // of a stage
)

// ErrSyntax is wrapped by errors of what cannot be read: profiles, rates, sizes.
var ErrSyntax = errors.New("syntax")

// Stage is a time with a constant rate, or with one that goes in a straight line from one to another.
type Stage struct {
	Length   time.Duration
	From, To float64 // submissions a second, at its start and at its end
}

// Count returns how many submissions the stage has when it is walked evenly: length times mean rate, rounded. A
// Poisson process has as many on average.
func (s Stage) Count() uint64 { return uint64(math.Round(s.mass())) }

// mass is length times mean rate: what the stage would have if there were fractions of submissions.
func (s Stage) mass() float64 { return s.Length.Seconds() * ((s.From + s.To) / 2) }

// offset returns when the stage has had x submissions, as an offset from its start: the inverse of its cumulative
// rate. Exact to a nanosecond or to 2^-50 of the offset, whichever is larger.
func (s Stage) offset(x float64) time.Duration {
	if x <= 0 {
		return 0 // below, 0/0 where the rate begins at 0
	}
	length := s.Length.Seconds()
	var t float64
	if s.From == s.To {
		t = x / s.From
	} else {
		// x = From t + slope t^2 / 2, solved in the form that subtracts nothing from nothing when From is 0.
		// The conversions keep compilers from fusing, which would round differently on some machines.
		slope := (s.To - s.From) / length
		root := math.Sqrt(max(0, float64(s.From*s.From)+float64(2*slope)*x))
		t = float64(2*x) / (s.From + root)
	}
	return min(max(0, time.Duration(float64(t*1e9))), s.Length)
}

// Profile is rates over time: stages, one after the other.
type Profile []Stage

// Length returns how long all stages take.
func (p Profile) Length() time.Duration {
	var d time.Duration
	for _, s := range p {
		d += s.Length
	}
	return d
}

// Count returns how many submissions there are when the profile is walked evenly: the sum over the stages.
func (p Profile) Count() uint64 {
	var n uint64
	for _, s := range p {
		n += s.Count()
	}
	return n
}

// Check returns an error, wrapping [ErrSyntax], if the profile is past a limit, or has no submission at all.
func (p Profile) Check() error {
	if len(p) == 0 || len(p) > maxStages {
		return fmt.Errorf("%w: %d stages, not 1 to %d", ErrSyntax, len(p), maxStages)
	}
	var length time.Duration
	count := 0.0
	for _, s := range p {
		if s.Length < minLength || s.Length > MaxLength {
			return fmt.Errorf("%w: a stage of %v is not in [%v, %v]", ErrSyntax, s.Length, minLength, MaxLength)
		}
		if !(s.From >= 0 && s.From <= MaxRate && s.To >= 0 && s.To <= MaxRate) { // not a number fails too
			return fmt.Errorf("%w: a rate of %v to %v a second is not in [0, %d]", ErrSyntax, s.From, s.To, MaxRate)
		}
		length += s.Length // no overflow: maxStages times MaxLength is past int64, so it is looked at each time
		count += s.mass()
		if length > MaxLength || count > MaxCount {
			return fmt.Errorf("%w: more than %v or %d submissions in all", ErrSyntax, MaxLength, MaxCount)
		}
	}
	if p.Count() == 0 {
		return fmt.Errorf("%w: not one submission in %v", ErrSyntax, length)
	}
	return nil
}

// String returns the profile as [ParseProfile] reads it.
func (p Profile) String() string {
	var b strings.Builder
	for i, s := range p {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%v@%s", s.Length, FormatRate(s.From))
		if s.To != s.From {
			fmt.Fprintf(&b, "..%s", FormatRate(s.To))
		}
	}
	return b.String()
}

// ParseProfile reads stages such as "30s@5k,1m@20k" or, with a rate that changes, "10s@1k..5k,20s@5k". The error wraps
// [ErrSyntax].
func ParseProfile(s string) (Profile, error) {
	parts := strings.Split(s, ",")
	if len(parts) > maxStages {
		return nil, fmt.Errorf("%w: %d stages, more than %d", ErrSyntax, len(parts), maxStages)
	}
	var p Profile
	for _, part := range parts {
		length, rates, ok := strings.Cut(strings.TrimSpace(part), "@")
		if !ok {
			return nil, fmt.Errorf("%w: a stage is LENGTH@RATE or LENGTH@FROM..TO, not %q", ErrSyntax, part)
		}
		var stage Stage
		var err error
		if stage.Length, err = time.ParseDuration(length); err != nil {
			return nil, fmt.Errorf("%w: %q is not a length of time such as 30s", ErrSyntax, length)
		}
		from, to, ramp := strings.Cut(rates, "..")
		if stage.From, err = ParseRate(from); err != nil {
			return nil, err
		}
		if stage.To = stage.From; ramp {
			if stage.To, err = ParseRate(to); err != nil {
				return nil, err
			}
		}
		p = append(p, stage)
	}
	return p, p.Check()
}

// ParseRate reads a number a second with or without the suffix k or M: 500, 20k, 1.5M. The error wraps [ErrSyntax].
func ParseRate(s string) (float64, error) {
	v, err := ParseNumber(s)
	if err != nil || !(v >= 0 && v <= MaxRate) {
		return 0, fmt.Errorf("%w: %q is not a rate from 0 to %d a second, such as 500, 20k or 1.5M", ErrSyntax, s, MaxRate)
	}
	return v, nil
}

// ParseNumber reads a number with or without the suffix k for thousands or M for millions. Its range is up to the caller.
func ParseNumber(s string) (float64, error) {
	scale := 1.0
	number, ok := strings.CutSuffix(s, "k")
	if ok {
		scale = 1e3
	} else if number, ok = strings.CutSuffix(s, "M"); ok {
		scale = 1e6
	}
	v, err := strconv.ParseFloat(number, 64)
	return v * scale, err
}

// FormatRate writes a rate as [ParseRate] reads it.
func FormatRate(v float64) string {
	write := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	switch {
	case v >= 1e6 && v/1e6*1e6 == v:
		return write(v/1e6) + "M"
	case v >= 1e3 && v/1e3*1e3 == v:
		return write(v/1e3) + "k"
	}
	return write(v)
}
