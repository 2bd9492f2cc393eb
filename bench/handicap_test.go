package bench

import (
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"parsec/bench/measure"
	"parsec/core"
	"parsec/core/recording"
)

// A gate that never fails proves nothing, so whoever tests one needs a change that is really slower.
// These environment variables make one of the benchmarks alone, and leave the engine as it is.
const (
	slowdownVar = "PARSEC_BENCH_SLOWDOWN"           // a factor of wall time, from 1
	extraVar    = "PARSEC_BENCH_EXTRA_INSTRUCTIONS" // percent of the work, done once more: 0 to 100
)

// handicap is what benchmarks do beside their work while they are timed. The zero value is nothing.
type handicap struct {
	slowdown float64 // wall time of an operation over what it took; 0 means 1
	extra    float64 // percent of the work, done once more
}

// active is set by TestMain, from the environment.
var active handicap

// readHandicap reads the variables by getenv; one that is empty is not set.
func readHandicap(getenv func(string) string) (h handicap, err error) {
	for _, v := range []struct {
		name      string
		low, high float64
		into      *float64
	}{
		{slowdownVar, 1, 100, &h.slowdown},
		{extraVar, 0, 100, &h.extra},
	} {
		text := getenv(v.name)
		if text == "" {
			continue
		}
		x, err := strconv.ParseFloat(text, 64)
		if err != nil || !(v.low <= x && x <= v.high) { // not a number fails both
			return handicap{}, fmt.Errorf("%s is %q, want a number from %v to %v", v.name, text, v.low, v.high)
		}
		*v.into = x
	}
	return h, nil
}

// burn keeps the processor busy for as long as an operation that took so long is to be slower. It
// allocates nothing.
func (h handicap) burn(took time.Duration) {
	if h.slowdown <= 1 {
		return
	}
	until := time.Duration(float64(took) * (h.slowdown - 1))
	for start := time.Now(); time.Since(start) < until; {
	}
}

// again returns the beginning of rec that costs the engine the handicap's share of rec's work; nil if
// there is none. The same events come out in every run, since the work is counted and not timed.
func (h handicap) again(rec *recording.Recording) (*recording.Recording, error) {
	if h.extra == 0 {
		return nil, nil
	}
	e, err := rec.Engine()
	if err != nil {
		return nil, err
	}
	after := make([]uint64, len(rec.Events))
	for i := range rec.Events {
		if _, err := e.Insert(rec.Event(i)); err != nil {
			return nil, fmt.Errorf("event %d: %w", i, err)
		}
		e.Blocks()
		after[i] = work(i+1, e.Stats())
	}
	enough := uint64(math.Ceil(float64(after[len(after)-1]) * h.extra / 100))
	n := 0
	for n < len(after) && after[n] < enough {
		n++
	}
	part := *rec
	part.Events, part.Blocks = rec.Events[:min(n+1, len(after))], nil
	return &part, nil
}

// work is about what an engine has done. The first events of a graph cost less than the rest, for no
// election has ended yet, so a share of the events would be too little. That an insertion counts as
// eight looks was fitted to instructions counted by cachegrind: what is meant for 5 % is then 4 to 6 %.
func work(events int, s core.Stats) uint64 {
	return 8*uint64(events) + s.Looks + s.Probes + s.Evals
}

// redo feeds part, which again returned, to an engine of its own while the timer of b runs. The caller
// has stopped the timer, and no memory is being measured.
func redo(b *testing.B, part *recording.Recording) {
	e, err := part.Engine()
	if err != nil {
		b.Fatal(err)
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	b.StartTimer()
	_, err = measure.Feed(e, part)
	b.StopTimer()
	if err != nil {
		b.Fatal(err)
	}
}

func TestReadHandicap(t *testing.T) {
	for _, c := range []struct {
		slowdown, extra string
		want            handicap
		ok              bool
	}{
		{"", "", handicap{}, true},
		{"1.5", "", handicap{slowdown: 1.5}, true},
		{"1", "5", handicap{slowdown: 1, extra: 5}, true},
		{"", "0.5", handicap{extra: 0.5}, true},
		{"0.9", "", handicap{}, false},
		{"101", "", handicap{}, false},
		{"fast", "", handicap{}, false},
		{"NaN", "", handicap{}, false},
		{"+Inf", "", handicap{}, false},
		{"1.5x", "", handicap{}, false},
		{"", "-1", handicap{}, false},
		{"", "5%", handicap{}, false},
		{"", "NaN", handicap{}, false},
		{"", "100.5", handicap{}, false},
	} {
		set := map[string]string{slowdownVar: c.slowdown, extraVar: c.extra}
		got, err := readHandicap(func(name string) string { return set[name] })
		if got != c.want || (err == nil) != c.ok {
			t.Errorf("%s=%q %s=%q: %+v, %v", slowdownVar, c.slowdown, extraVar, c.extra, got, err)
		}
	}
}

// A typing mistake must not turn into a benchmark without handicap, and so into a gate that seems to work.
func TestBadHandicapIsFatal(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{slowdownVar, extraVar} {
		cmd := exec.Command(self, "-test.run=^$")
		cmd.Env = append(os.Environ(), name+"=1,5")
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 2 || !strings.Contains(string(out), "bench: "+name+` is "1,5"`) {
			t.Errorf("%s: %v, output %q", name, err, out)
		}
	}
}

func TestBurn(t *testing.T) {
	const took = 20 * time.Millisecond
	start := time.Now()
	handicap{slowdown: 2.5}.burn(took)
	if d := time.Since(start); d < took*3/2 {
		t.Errorf("burned %v of %v", d, took*3/2)
	}
	if n := testing.AllocsPerRun(10, func() { handicap{slowdown: 2}.burn(time.Microsecond) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
	start = time.Now()
	handicap{}.burn(time.Hour)
	if d := time.Since(start); d > time.Minute {
		t.Errorf("no handicap took %v", d)
	}
}

func TestAgain(t *testing.T) {
	rec := graph(t, size{core.Single, 8, 20_000})
	whole, last := 0, 0
	for _, percent := range []float64{0.01, 5, 20, 100} {
		h := handicap{extra: percent}
		part, err := h.again(rec)
		if err != nil {
			t.Fatal(err)
		}
		if len(part.Events) <= last {
			t.Errorf("%v %%: %d events, no more than for less", percent, len(part.Events))
		}
		last = len(part.Events)
		e, err := part.Engine()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := measure.Feed(e, part); err != nil {
			t.Fatal(err)
		}
		done := int(work(last, e.Stats()))
		if percent == 100 {
			whole = done
		}
		twice, err := h.again(rec)
		if err != nil || len(twice.Events) != last {
			t.Errorf("%v %%: %d events and then %d, %v", percent, last, len(twice.Events), err)
		}
	}
	if last != len(rec.Events) || whole == 0 {
		t.Errorf("100 %%: %d events of %d", last, len(rec.Events))
	}
	if part, err := (handicap{}).again(rec); part != nil || err != nil {
		t.Errorf("no handicap: %v, %v", part, err)
	}
	bad := *rec
	bad.Events = append([]recording.Event{{SelfParent: 9}}, rec.Events...)
	bad.Events[0].Cause = core.Observing
	if _, err := (handicap{extra: 5}).again(&bad); err == nil {
		t.Error("a graph that the engine refuses has a beginning")
	}
}
