package floor

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parsec/cmd/perf/internal/samples"
	"parsec/cmd/perf/internal/trial"
)

func TestUpper(t *testing.T) {
	for _, c := range []struct {
		count, n int
		want     float64
	}{
		{0, 100, 1 - math.Pow(0.05, 0.01)}, // what it is in closed form
		{1, 100, 0.0466},
		{2, 100, 0.0616},
		{5, 20, 0.4556}, // as in printed tables
		{20, 20, 1},
		{0, 0, 1},
	} {
		if got := Upper(c.count, c.n); math.Abs(got-c.want) > 0.0001 {
			t.Errorf("%d of %d: %.5f, want %.5f", c.count, c.n, got, c.want)
		}
	}
}

func run(r *rand.Rand, kind string, injected, factor float64) Record {
	rec := Record{Kind: kind, Injected: injected, Commit: "c", Profile: trial.Short, Seconds: 20}
	for _, name := range []string{"A", "B"} {
		b := Times{Benchmark: name}
		for range 10 {
			b.One = append(b.One, math.Exp(0.03*r.NormFloat64()))
			b.Other = append(b.Other, factor*math.Exp(0.03*r.NormFloat64()))
		}
		rec.Times = append(rec.Times, b)
	}
	return rec
}

func TestSummarize(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var records []Record
	for range 40 {
		records = append(records, run(r, AA, 0, 1))
	}
	for range 10 {
		records = append(records, run(r, Slowdown, 1.5, 1.5))
	}
	records = append(records,
		Record{Kind: Instructions, Injected: 5, Counts: []Count{{"A", 100, 105}, {"B", 100, 105}}},
		Record{Kind: Instructions, Injected: 5, Counts: []Count{{"A", 100, 100.1}, {"B", 100, 100.2}}})
	s, err := Summarize("m", "c", records, 0.005)
	if err != nil {
		t.Fatal(err)
	}
	if s.Runs != 40 || s.Gate.Count != 0 || s.Compare.Count > 2 || math.Abs(s.Seconds-20) > 1e-9 {
		t.Errorf("%+v", s)
	}
	for name, b := range s.Benchmark {
		// Medians of ten values with 3 % of noise: differences of one or two per cent.
		if !(b.P50 > 0.001 && b.P50 < b.P95 && b.P95 <= b.P99 && b.P99 < 0.06) {
			t.Errorf("%s: %+v", name, b)
		}
		if !(b.Power80 > b.P99/2 && b.Power80 <= b.Power95 && b.Power95 < 0.2) {
			t.Errorf("%s: power %+v", name, b)
		}
		if s.Floor(name) != b.P99 {
			t.Errorf("%s: floor %v", name, s.Floor(name))
		}
	}
	if s.Floor("new") != max(s.Benchmark["A"].P99, s.Benchmark["B"].P99) {
		t.Errorf("floor of what was not measured: %v", s.Floor("new"))
	}
	if len(s.Slowdowns) != 1 || s.Slowdowns[0].Caught.Count != 10 || s.Slowdowns[0].All.Count != 10 {
		t.Errorf("slowdowns: %+v", s.Slowdowns)
	}
	if len(s.Counts) != 1 || s.Counts[0].Caught.Count != 1 || s.Counts[0].Caught.Of != 2 {
		t.Errorf("instructions: %+v", s.Counts)
	}
	var none *Summary
	if none.Floor("A") != DefaultFloor || (&Summary{Runs: MinRuns - 1}).Floor("A") != DefaultFloor {
		t.Error("a floor out of nothing")
	}
}

// A false alarm is counted as one.
func TestAlarm(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	records := []Record{run(r, AA, 0, 1), run(r, AA, 0, 3)}
	s, err := Summarize("m", "c", records, 0.005)
	if err != nil {
		t.Fatal(err)
	}
	if s.Compare.Count != 1 || s.Gate.Count != 1 {
		t.Errorf("%+v", s)
	}
}

func TestRecords(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.ndjson")
	r := rand.New(rand.NewPCG(1, 2))
	for want := range 3 {
		got, err := ReadRecords(name)
		if err != nil || len(got) != want {
			t.Fatalf("%d records, %v; want %d", len(got), err, want)
		}
		if err := Append(name, run(r, AA, 0, 1)); err != nil {
			t.Fatal(err)
		}
		// A killed process leaves half a line.
		f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		f.WriteString(`{"kind":"a/`)
		f.Close()
	}
}

func TestBadRecords(t *testing.T) {
	good, err := json.Marshal(run(rand.New(rand.NewPCG(1, 2)), Slowdown, 2, 2))
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "x.ndjson")
	counts := `{"kind":"instructions","injected":5,"commit":"c","profile":{"name":"short","packages":["./bench"],"bench":"Replay","benchtime":"3x","samples":10},"counts":[{"benchmark":"A","one":100,"other":105}]}`
	for _, c := range []struct{ line, from, to, want string }{
		{string(good), "", "", ""},
		{counts, "", "", ""},
		{"nonsense", "", "", "invalid character"},
		{"null", "", "", `no kind of run is called ""`},
		{"{}", "", "", "no kind of run"},
		{string(good), `"slowdown"`, `"slowup"`, "no kind of run"},
		{`{"kind":"slowdown","injected":2}`, "", "", "0 times and 0 counts"},
		{`{"kind":"a/a"}`, "", "", "0 times and 0 counts"},
		{`{"kind":"instructions","injected":2}`, "", "", "0 times and 0 counts"},
		{counts, `"kind":"instructions"`, `"kind":"a/a"`, "0 times and 1 counts"},
		{string(good), `"injected":2`, `"injected":1`, "1 injected"},
		{string(good), `"slowdown","injected":2`, `"a/a","injected":2`, "2 injected"},
		{counts, `"injected":5,`, ``, "0 injected"},
		{counts, `"one":100`, `"one":0`, "0 instructions"},
		{counts, `"other":105`, `"other":-1`, "-1 instructions"},
		{counts, `[{`, `[{"benchmark":"A","one":100,"other":105},{`, "twice"},
		{counts, `"A"`, `""`, "no name"},
		{counts, `"commit":"c"`, `"commit":""`, "names no commit"},
		{string(good), `"samples":10`, `"samples":11`, "10 samples of the 11"},
		{string(good), `"samples":10`, `"samples":0`, "at least 10"},
		{string(good), `"one":[`, `"one":[0,`, "took 0 s"},
		{string(good), `"seconds":20`, `"seconds":-1`, "took -1 s"},
	} {
		if c.from != "" && !strings.Contains(c.line, c.from) {
			t.Fatalf("%s is not in %s", c.from, c.line)
		}
		line := strings.Replace(c.line, c.from, c.to, 1)
		if err := os.WriteFile(name, []byte(line+"\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := ReadRecords(name)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), ":1:")) {
			t.Errorf("%.80s: %v, want %q", line, err, c.want)
		}
	}
}

// Older records have the number of processors in the names of benchmarks.
func TestNames(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.ndjson")
	rec := run(rand.New(rand.NewPCG(1, 2)), AA, 0, 1)
	rec.Times[0].Benchmark, rec.Times[1].Benchmark = "A/size-8-2", "B-2"
	if err := Append(name, rec); err != nil {
		t.Fatal(err)
	}
	got, err := ReadRecords(name)
	if err != nil || got[0].Times[0].Benchmark != "A/size-8" || got[0].Times[1].Benchmark != "B" {
		t.Errorf("%+v, %v", got, err)
	}
}

// Of each kind the newest group counts; but a few runs do not take the place of a measured floor.
func TestGroups(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var records []Record
	add := func(n int, kind string, injected float64, commit string) {
		for range n {
			rec := run(r, kind, injected, max(1, injected))
			rec.Commit = commit
			records = append(records, rec)
		}
	}
	add(MinRuns+2, AA, 0, "old")
	add(MinRuns, AA, 0, "new")
	add(1, AA, 0, "newest")
	add(2, Slowdown, 2, "old")
	add(3, Slowdown, 2, "new")
	add(4, Slowdown, 3, "old")
	add(1, Slowdown, 2, "old")
	s, err := Summarize("m", "c", records, 0.005)
	if err != nil {
		t.Fatal(err)
	}
	if g := s.Group(); s.Runs != MinRuns || g == nil || g.Commit != "new" || g.Runs != MinRuns {
		t.Errorf("%+v", s.Groups)
	}
	if len(s.Slowdowns) != 2 || s.Slowdowns[0].Caught.Of != 3 || s.Slowdowns[1].Caught.Of != 4 {
		t.Errorf("slowdowns: %+v", s.Slowdowns)
	}
	other := records[0]
	other.Profile.Samples++
	if s.Groups[0].Count([]Record{other}) != 0 {
		t.Error("runs of two profiles are of one group")
	}
}

// A run does not take part in the floor by which it is judged: with the worst difference in it, it is over the
// floor of the others.
func TestFloorOfOthers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var records []Record
	for range MinRuns {
		records = append(records, run(r, AA, 0, 1))
	}
	records = append(records, run(r, AA, 0, 1.4))
	s, err := Summarize("m", "c", records, 0.005)
	if err != nil {
		t.Fatal(err)
	}
	if s.Floor("A") < 0.3 || s.Gate.Count != 1 || s.Compare.Count != 1 {
		t.Errorf("floor %v, gate %+v, compare %+v", s.Floor("A"), s.Gate, s.Compare)
	}
	m, err := Measured("m", records, 0.005)
	if err != nil || m.Floor("A") != s.Floor("A") {
		t.Errorf("the floor alone is %v, %v; want %v", m.Floor("A"), err, s.Floor("A"))
	}
}

func TestCounters(t *testing.T) {
	arm := func(line string) *samples.Arm {
		a, err := samples.Parse([]byte(strings.Repeat("BenchmarkX 1 100 ns/op "+line+"\n", 10)), "arm")
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	r := rand.New(rand.NewPCG(1, 2))
	equal, differ := run(r, AA, 0, 1), run(r, AA, 0, 1)
	equal.Counters = CountersOf(arm("7 blocks/event 8 sigs/event"), arm("7 blocks/event 8 sigs/event"))
	differ.Counters = CountersOf(arm("7 blocks/event 8 sigs/event"), arm("7 blocks/event 9 sigs/event"))
	if c := equal.Counters; c.Compared != 2 || len(c.Differ) != 0 {
		t.Errorf("%+v", c)
	}
	if c := differ.Counters; c.Compared != 2 || len(c.Differ) != 1 || c.Differ[0] != "X sigs/event" {
		t.Errorf("%+v", c)
	}
	s, err := Summarize("m", "c", []Record{equal, differ, run(r, AA, 0, 1)}, 0.005)
	if err != nil || s.Counters == nil || s.Counters.Of != 2 || s.Counters.Count != 1 {
		t.Errorf("%+v, %v", s.Counters, err)
	}
	if s, err := Summarize("m", "c", []Record{run(r, AA, 0, 1)}, 0.005); err != nil || s.Counters != nil {
		t.Errorf("of runs that do not tell: %+v, %v", s.Counters, err)
	}
}

func TestMachine(t *testing.T) {
	if got := slug("AMD EPYC (tm)  2 cores linux go1.26"); got != "amd-epyc-tm-2-cores-linux-go1.26" {
		t.Errorf("slug %q", got)
	}
	host, err := os.Hostname()
	if m := Machine(); m == "" || err == nil && len(host) > 3 && strings.Contains(m, strings.ToLower(host)) {
		t.Errorf("machine %q on host %q", m, host)
	}
}
