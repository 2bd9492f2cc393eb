package flame

import (
	"fmt"

	"github.com/google/pprof/profile"
)

// BaseLabel is the label of the samples of a difference that come from its base. pprof takes the base's
// total for 100 %.
const BaseLabel = "pprof::base"

// Difference returns the profile of what p has more than base, and with negative values of what it has
// less, as `go tool pprof -diff_base` makes it. Neither is changed. A profile less itself has, for each
// stack, values that cancel.
//
// It compares sums, so both must be of the same amount of work: as many runs of the same thing. Where
// they are not the caller scales one of them first. A difference of two spans of time would show nothing
// but what the faster program did more of.
//
// Code moves between two commits, and a compiler inlines here and not there. Neither is a difference:
// functions are told apart by name and file, not by line, and an inlined one counts as a call.
func Difference(base, p *profile.Profile) (*profile.Profile, error) {
	base, p = byFunction(base), byFunction(p)
	base.Scale(-1)
	base.SetLabel(BaseLabel, []string{"true"})
	d, err := profile.Merge([]*profile.Profile{p, base})
	if err != nil {
		return nil, fmt.Errorf("the two profiles cannot be compared: %w", err)
	}
	d.DurationNanos = 0 // it would be the sum of both
	return d, nil
}

// byFunction returns a portable copy of p whose locations are functions, one each.
func byFunction(p *profile.Profile) *profile.Profile {
	p = Portable(p)
	of := map[*profile.Function]*profile.Location{}
	var all []*profile.Location
	add := func(l *profile.Location) *profile.Location {
		l.ID = uint64(len(all) + 1)
		all = append(all, l)
		return l
	}
	split := map[*profile.Location][]*profile.Location{}
	for _, l := range p.Location {
		if len(l.Line) == 0 {
			split[l] = []*profile.Location{add(l)}
		}
		for _, line := range l.Line {
			at, ok := of[line.Function]
			if !ok {
				at = add(&profile.Location{Line: []profile.Line{{Function: line.Function}}})
				of[line.Function] = at
			}
			split[l] = append(split[l], at)
		}
	}
	for _, f := range p.Function {
		f.StartLine = 0
	}
	for _, s := range p.Sample {
		var stack []*profile.Location
		for _, l := range s.Location {
			stack = append(stack, split[l]...)
		}
		s.Location = stack
	}
	p.Location = all
	return p
}
