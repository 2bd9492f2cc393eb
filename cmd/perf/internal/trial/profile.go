// Package trial runs the benchmarks of several builds against each other, here and now: every sample in a
// fresh process, the builds in turns whose order is balanced (B H H B, H B B H, and again), so that what
// else the machine does falls on all of them alike.
package trial

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Profile says what is run, and how often. All of it is fixed before the first figure is seen.
type Profile struct {
	Name     string   `json:"name"`
	Packages []string `json:"packages"` // as in "./bench"
	Bench    string   `json:"bench"`    // go test's -bench
	Time     string   `json:"benchtime"`
	Samples  int      `json:"samples"` // of each build
}

// MinSamples is the fewest samples with which anything is compared.
const MinSamples = 10

// Full is what is run unless something else is asked for: the recorded graphs, and generated ones of the
// same sizes.
var Full = Profile{"full", []string{"./bench"}, "Replay|Generated/mode/peers=(4|8|16|32)$", "5x", 20}

// Short is for a quick look and for gates: the recorded graphs, ten samples.
var Short = Profile{"short", []string{"./bench"}, "Replay", "3x", MinSamples}

var benchtime = regexp.MustCompile(`^([1-9][0-9]*x|[0-9.]+(ms|s|us))$`)

// Check returns what is wrong with p.
func (p Profile) Check() error {
	switch {
	case p.Samples < MinSamples:
		return fmt.Errorf("%d samples: want at least %d", p.Samples, MinSamples)
	case p.Samples > 50:
		return errors.New("more than 50 samples: the exact test is not made for so many")
	case p.Bench == "":
		return errors.New("no benchmarks named")
	case len(p.Packages) == 0:
		return errors.New("no package named")
	case !benchtime.MatchString(p.Time):
		return fmt.Errorf("a benchmark's time of %q: want something like 5x or 50ms", p.Time)
	}
	for _, pkg := range p.Packages {
		if !strings.HasPrefix(pkg, "./") || strings.Contains(pkg, "...") || strings.Contains(pkg, "..") {
			return fmt.Errorf("package %q: want something like ./bench", pkg)
		}
	}
	for part := range strings.SplitSeq(p.Bench, "/") {
		if _, err := regexp.Compile(part); err != nil {
			return fmt.Errorf("benchmarks %q: %w", p.Bench, err)
		}
	}
	return nil
}

// order returns the order of n builds in each of so many rounds: every second round is the one before
// backwards, and every third begins with another build.
func order(n, rounds int) [][]int {
	var all [][]int
	for r := range rounds {
		turn := make([]int, n)
		for i := range turn {
			turn[i] = (i + r/2) % n
		}
		if r%2 == 1 {
			for i, j := 0, n-1; i < j; i, j = i+1, j-1 {
				turn[i], turn[j] = turn[j], turn[i]
			}
		}
		all = append(all, turn)
	}
	return all
}
