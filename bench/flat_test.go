//go:build !invariants

package bench

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"parsec/bench/measure"
	"parsec/core"
	"parsec/core/recording"
)

// What the invariants cost may grow with the history, so none of this is built with them.

// history is the length of a long run, in events.
const history = 1_000_000

// flatness returns what an event in the last tenth of rec costs over what one in the second tenth does.
// (In the first, the engine's memory is still growing to the size of its working set.)
//
// Two engines run the same graph. One is brought to nine tenths and one to a tenth; then they take a
// thousand events each in turn, so that whatever else the machine does slows both. Of the hundred times
// of each the medians are compared: a slice that was interrupted does not count.
func flatness(rec *recording.Recording) (ratio float64, err error) {
	const slice = 1000
	tenth := len(rec.Events) / 10
	defer measure.AtRest()()

	early, err := begin(rec, tenth)
	if err != nil {
		return 0, err
	}
	late, err := begin(rec, 9*tenth)
	if err != nil {
		return 0, err
	}
	var earlyTook, lateTook []time.Duration
	for range tenth / slice {
		d, err := early.feed(slice)
		if err != nil {
			return 0, err
		}
		earlyTook = append(earlyTook, d)
		if d, err = late.feed(slice); err != nil {
			return 0, err
		}
		lateTook = append(lateTook, d)
	}
	return float64(median(lateTook)) / float64(median(earlyTook)), nil
}

// player is an engine part of the way through a graph.
type player struct {
	rec  *recording.Recording
	e    *core.Engine
	next int
}

// begin returns an engine that has the first n events of rec.
func begin(rec *recording.Recording, n int) (*player, error) {
	e, err := rec.Engine()
	if err != nil {
		return nil, err
	}
	p := &player{rec: rec, e: e}
	_, err = p.feed(n)
	return p, err
}

// feed inserts the next n events, takes the blocks, and returns how long it took.
func (p *player) feed(n int) (time.Duration, error) {
	start := time.Now()
	for i := p.next; i < p.next+n; i++ {
		if _, err := p.rec.Insert(p.e, i); err != nil {
			return 0, fmt.Errorf("event %d: %w", i, err)
		}
		p.e.Blocks()
	}
	p.next += n
	return time.Since(start), nil
}

func median[T time.Duration | float64](of []T) T {
	of = slices.Sorted(slices.Values(of))
	return of[len(of)/2]
}

func BenchmarkFlat(b *testing.B) {
	for _, mode := range modes {
		b.Run(fmt.Sprintf("mode=%v/peers=8/events=%d", mode, history), func(b *testing.B) {
			rec := graph(b, size{mode, 8, history})
			var ratios []float64
			for b.Loop() {
				ratio, err := flatness(rec)
				if err != nil {
					b.Fatal(err)
				}
				ratios = append(ratios, ratio)
			}
			b.ReportMetric(median(ratios), "last/second-tenth")
		})
	}
}

// An event costs the same after a million others. Noise that the medians let through can only fail to
// repeat, so the best of several runs counts.
func TestFlat(t *testing.T) {
	if testing.Short() {
		t.Skip("a million events, several times")
	}
	const most, runs = 1.1, 4
	for _, mode := range modes {
		t.Run(fmt.Sprintf("mode=%v", mode), func(t *testing.T) {
			rec := graph(t, size{mode, 8, history})
			var ratios []float64
			for range runs {
				ratio, err := flatness(rec)
				if err != nil {
					t.Fatal(err)
				}
				if ratios = append(ratios, ratio); ratio <= most {
					return
				}
			}
			t.Errorf("an event of the last tenth costs %.2f times one of the second, at most %.1f is flat", ratios, most)
		})
	}
}

// What a decision has gone over again does not grow with the history: it is what the election's own window holds.
func TestRetouchedIsBounded(t *testing.T) {
	for _, mode := range modes {
		rec := graph(t, size{mode, 8, 100_000})
		p, err := begin(rec, len(rec.Events)/10)
		if err != nil {
			t.Fatal(err)
		}
		tenth := func() float64 {
			was := p.e.Stats()
			if _, err := p.feed(len(rec.Events) / 10); err != nil {
				t.Fatal(err)
			}
			now := p.e.Stats()
			return float64(now.Retouched-was.Retouched) / float64(now.Decisions-was.Decisions)
		}
		early := tenth()
		late := early
		for p.next < len(rec.Events) {
			late = tenth()
		}
		// From one to forty rounds of gossip, in each of which every member hears something.
		if early < 8 || late < 8 || late > 1.1*early || late > 40*8 {
			t.Errorf("%v: a decision has %.1f events gone over again in the second tenth and %.1f in the last", mode, early, late)
		}
	}
}
