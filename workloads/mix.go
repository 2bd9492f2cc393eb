package workloads

import (
	"parsec/core"
	"parsec/core/recording"
)

// Shares is what a gossip graph is made of: each field a number per event.
type Shares struct {
	Initial, Observing, Requesting, Request, Response float64 // sum up to 1
	Observations                                      float64 // different ones voted for
	// Blocks is 0 for a recording without blocks. Where all observations are decided it is
	// Observations, save that in Single mode each further voter for the same one adds a block.
	Blocks float64
}

// Mix measures a recording. The zero Shares is that of no events.
func Mix(rec *recording.Recording) Shares {
	var causes [core.Response + 1]int
	voted := make([]bool, len(rec.Observations))
	different := 0
	for _, e := range rec.Events {
		causes[e.Cause]++
		if e.Cause == core.Observing && !voted[e.Observation] {
			voted[e.Observation] = true
			different++
		}
	}
	per := func(k int) float64 { return float64(k) / float64(max(1, len(rec.Events))) }
	return Shares{
		Initial:      per(causes[core.Initial]),
		Observing:    per(causes[core.Observing]),
		Requesting:   per(causes[core.Requesting]),
		Request:      per(causes[core.Request]),
		Response:     per(causes[core.Response]),
		Observations: per(different),
		Blocks:       per(len(rec.Blocks)),
	}
}
