package floor

import (
	"reflect"
	"slices"

	"parsec/cmd/perf/internal/trial"
)

// Group is the runs of one kind that belong together: of one commit, by one profile.
type Group struct {
	Kind     string        `json:"kind"`
	Injected float64       `json:"injected,omitempty"`
	Commit   string        `json:"commit"`
	Profile  trial.Profile `json:"profile"`
	Runs     int           `json:"runs"`
}

// Has reports whether the run is one of the group.
func (g Group) Has(r Record) bool {
	return r.Kind == g.Kind && r.Injected == g.Injected && r.Commit == g.Commit && reflect.DeepEqual(r.Profile, g.Profile)
}

// Count returns how many of the runs are of the group.
func (g Group) Count(records []Record) int { return len(g.of(records)) }

func (g Group) of(records []Record) (of []Record) {
	for _, r := range records {
		if g.Has(r) {
			of = append(of, r)
		}
	}
	return of
}

// groups returns the groups, the oldest first: in the order of their last runs.
func groups(records []Record) []Group {
	var all []Group
	for _, r := range slices.Backward(records) {
		if !slices.ContainsFunc(all, func(g Group) bool { return g.Has(r) }) {
			g := Group{Kind: r.Kind, Injected: r.Injected, Commit: r.Commit, Profile: r.Profile}
			g.Runs = g.Count(records)
			all = append(all, g)
		}
	}
	slices.Reverse(all)
	return all
}

// newest returns of each kind, and each amount injected, the newest group. Of runs of a build against itself
// that is the newest one of at least MinRuns, so that a few new runs do not take the place of a measured floor;
// if none has so many, the newest.
func newest(records []Record) []Group {
	var all []Group
	for _, g := range groups(records) {
		at := slices.IndexFunc(all, func(o Group) bool { return o.Kind == g.Kind && o.Injected == g.Injected })
		switch {
		case at < 0:
			all = append(all, g)
		case g.Kind == AA && g.Runs < MinRuns && all[at].Runs >= MinRuns:
		default:
			all[at] = g
		}
	}
	return all
}
