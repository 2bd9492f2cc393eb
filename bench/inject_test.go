package bench

import (
	"fmt"
	"strconv"
	"time"
)

// What measures the measuring: benchmarks can be made slower on purpose, by a known amount. The engine
// knows nothing of it. Whoever sets one of these finds it in the output, as a configuration line.
const (
	// slowdownVariable makes an operation take so many times as long by the clock: 1.5.
	slowdownVariable = "PARSEC_BENCH_SLOWDOWN"
	// spinVariable adds so many turns of an empty loop to an operation.
	spinVariable = "PARSEC_BENCH_SPIN"
	// bareVariable set to 1 leaves out the counting of memory, and with it the collections that it
	// needs: they are a fifth of the instructions, and vary.
	bareVariable = "PARSEC_BENCH_BARE"
)

// injected is what the environment asks for. The zero value asks for nothing.
type injected struct {
	slowdown float64 // 0 or at least 1
	spin     int     // turns an operation
	bare     bool
}

var injection injected

// readInjection reads the environment. What it cannot make sense of is an error: a test of the gate that
// injects nothing would prove nothing.
func readInjection(getenv func(string) string) (in injected, err error) {
	if s := getenv(slowdownVariable); s != "" {
		if in.slowdown, err = strconv.ParseFloat(s, 64); err != nil || !(in.slowdown >= 1 && in.slowdown <= 100) {
			return injected{}, fmt.Errorf("%s=%q: want a number from 1 to 100", slowdownVariable, s)
		}
	}
	if s := getenv(spinVariable); s != "" {
		if in.spin, err = strconv.Atoi(s); err != nil || in.spin < 0 {
			return injected{}, fmt.Errorf("%s=%q: want a number of turns", spinVariable, s)
		}
	}
	switch s := getenv(bareVariable); s {
	case "", "0":
	case "1":
		in.bare = true
	default:
		return injected{}, fmt.Errorf("%s=%q: want 1", bareVariable, s)
	}
	return in, nil
}

// lines returns the configuration lines for it.
func (in injected) lines() string {
	s := ""
	if in.slowdown != 0 {
		s += fmt.Sprintf("injected-slowdown: %v\n", in.slowdown)
	}
	if in.spin != 0 {
		s += fmt.Sprintf("injected-spin: %d\n", in.spin)
	}
	if in.bare {
		s += "bare: true\n"
	}
	return s
}

// burn is called at the end of an operation that began at start.
func (in injected) burn(start time.Time) {
	if in.slowdown > 1 {
		took := time.Since(start)
		for time.Since(start) < time.Duration(in.slowdown*float64(took)) {
		}
	}
	spin(in.spin)
}

//go:noinline
func spin(turns int) {
	for range turns {
	}
}
