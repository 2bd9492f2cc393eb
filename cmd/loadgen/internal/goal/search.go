package goal

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"parsec/cmd/loadgen/internal/load"
	"parsec/cmd/loadgen/internal/schedule"
)

// Trial is what one run at a rate came to.
type Trial struct {
	Held    bool
	Invalid bool    // it does not hold because the load was invalid, and whatever the goals
	Margin  float64 // the least of all goals', see [Outcome]; of a load that was invalid 0 if they were reached, else -1
	Why     string  // in a few words
}

// Search is for the highest rate at which a trial holds. Trials are noisy: the same rate holds one time and not the
// other. So a trial that is near the border, by its margin, or whose load alone was not as it should be, is repeated, and the majority counts; and what comes out has
// been confirmed by another majority.
type Search struct {
	From      float64 // rate of the first trial, above 0
	Most      float64 // no trial is above it
	Precision float64 // the answer is within this share of the border, such as 0.05
	Near      float64 // trials with a margin nearer to 0 are repeated; 0 stands for 0.2
	Try       func(ctx context.Context, rate float64) (Trial, error)
	Say       func(line string)
}

// MaxTrials is how many trials a search makes at most.
const MaxTrials = 200

// Run returns the highest rate that holds, 0 if none above a thousandth of From does. The error is that of a trial or the
// context's; the rate is then the highest that held so far, unconfirmed.
//
// It doubles or halves the rate until the border is between two, bisects by the geometric mean, and confirms by two
// further trials; if they disagree a third decides, and if it fails the search goes on below.
func (s *Search) Run(ctx context.Context) (float64, error) {
	if s.Near == 0 {
		s.Near = 0.2
	}
	trials := 0
	one := func(rate float64, what string) (Trial, error) {
		if trials++; trials > MaxTrials {
			return Trial{}, fmt.Errorf("no answer after %d trials", MaxTrials)
		}
		if err := ctx.Err(); err != nil {
			return Trial{}, err
		}
		t, err := s.Try(ctx, rate)
		if err != nil {
			return t, err
		}
		word := "fails"
		if t.Held {
			word = "holds"
		}
		s.Say(fmt.Sprintf("%-8s %10s/s %s  %s", what, schedule.FormatRate(rate), word, t.Why))
		return t, nil
	}
	try := func(rate float64, what string) (bool, error) {
		t, err := one(rate, what)
		if err != nil {
			return false, err
		}
		if near := math.Abs(t.Margin) < s.Near || !t.Held && t.Margin > 0; !near || what == "confirm" && !t.Invalid {
			return t.Held, nil
		}
		// The best of three, two if they agree.
		held, of := 0, 1
		if t.Held {
			held++
		}
		for ; of < 3 && held < 2 && of-held < 2; of++ {
			again, err := one(rate, "again")
			if err != nil {
				return false, err
			}
			if again.Held {
				held++
			}
		}
		return held >= 2, nil
	}
	good, bad := 0.0, math.Inf(1)
	for rate := min(s.From, s.Most); ; {
		held, err := try(rate, "bracket")
		if err != nil {
			return good, err
		}
		if held {
			good = max(good, rate)
		} else {
			bad = min(bad, rate)
		}
		if good > 0 && !math.IsInf(bad, 1) {
			break
		}
		if held {
			if rate >= s.Most {
				bad = s.Most * (1 + s.Precision/2) // nothing above it is asked for
				break
			}
			rate = round(min(rate*2, s.Most))
		} else if rate = round(rate / 2); rate < s.From/1000 || rate <= 0 {
			return 0, nil
		}
	}
	for {
		for bad/good > 1+s.Precision {
			rate := round(math.Sqrt(good * bad))
			if rate <= good || rate >= bad {
				break
			}
			held, err := try(rate, "bisect")
			if err != nil {
				return good, err
			}
			if held {
				good = rate
			} else {
				bad = rate
			}
		}
		votes := 0
		for i := range 3 {
			held, err := try(good, "confirm")
			if err != nil {
				return good, err
			}
			if held {
				votes++
			}
			if votes == 2 || i-votes == 1 { // two alike
				break
			}
		}
		if votes >= 2 {
			return good, nil
		}
		if bad = good; bad < s.From/1000 {
			return 0, nil
		}
		good = round(good / (1 + 2*s.Precision)) // and confirmed the next time round; bad/good may be bisected
	}
}

// round keeps three digits: rates that people can type again.
func round(rate float64) float64 {
	v, _ := strconv.ParseFloat(strconv.FormatFloat(rate, 'e', 2, 64), 64)
	return v
}

// Of returns what a run came to: it holds if the load was valid, no promise was broken and all goals were reached.
func Of(r *load.Result, goals []Goal) Trial {
	t := Trial{Held: true, Margin: math.Inf(1)}
	var words []string
	for _, o := range Judge(goals, r) {
		t.Held = t.Held && o.Held
		if o.Goal.value > 0 {
			t.Margin = min(t.Margin, o.Margin)
		}
		words = append(words, fmt.Sprintf("%v: %s", o.Goal, o.Got))
	}
	switch {
	case !r.Verdict.Safe() || r.Failed != nil:
		t.Held, t.Margin = false, -1
	case len(r.Invalid) > 0:
		// Whatever was not as it should be, the goals were reached all the same: more likely something else had the machine.
		if t.Margin = -1; t.Held {
			t.Margin = 0
		}
		t.Held, t.Invalid = false, true
		words = append(words, r.Invalid...)
	}
	t.Why = strings.Join(words, "; ")
	return t
}
