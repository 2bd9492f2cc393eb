package floor

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
	rec := Record{Kind: kind, Injected: injected, Profile: trial.Short, Seconds: 20}
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
	for _, line := range []string{"nonsense\n", `{"times":[{"benchmark":"A","one":[1],"other":[0]}]}` + "\n", `{"times":[{"benchmark":"A","one":[1]}]}` + "\n"} {
		if err := os.WriteFile(name, []byte(line), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadRecords(name); err == nil || !strings.Contains(err.Error(), ":1:") {
			t.Errorf("%q: %v", line, err)
		}
	}
}

func TestRead(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.json")
	if s, err := Read(name); s != nil || err != nil {
		t.Errorf("no file: %v, %v", s, err)
	}
	for _, text := range []string{"{", `{"runs":100,"benchmarks":{"A":{"difference_p99":-1}}}`, `{"benchmarks":{"A":{"difference_p99":1e9}}}`} {
		os.WriteFile(name, []byte(text), 0o666)
		if _, err := Read(name); err == nil {
			t.Errorf("%s is accepted", text)
		}
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
