package trial

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"parsec/cmd/perf/internal/samples"
)

// The test binary stands in for one with benchmarks: with this set, it does what it says.
const playVariable = "TRIAL_TEST_PLAY"

func TestMain(m *testing.M) {
	switch play := os.Getenv(playVariable); play {
	case "":
		os.Exit(m.Run())
	case "fail":
		fmt.Println("BenchmarkX 1 100 ns/op\n--- FAIL: BenchmarkX\nFAIL")
		os.Exit(1)
	case "cut":
		fmt.Println("BenchmarkX 1 100 ns/op")
	case "names":
		fmt.Println("BenchmarkX\nPASS") // as of one that was skipped
	case "none":
		fmt.Println("PASS")
	case "broken":
		fmt.Println("BenchmarkX 1 fast ns/op\nPASS")
	case "hang":
		time.Sleep(time.Minute)
	default:
		fmt.Printf("injected: %q\nBenchmarkX 1 %s ns/op\nPASS\n", os.Getenv("PARSEC_BENCH_SLOWDOWN"), play)
	}
}

func side(t *testing.T, label, play string) *Side {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &Side{Label: label, Binaries: []Binary{{"./x", binary, t.TempDir()}}, Env: []string{playVariable + "=" + play}}
}

var quick = Profile{"quick", []string{"./x"}, "X", "1x", MinSamples}

func TestRun(t *testing.T) {
	t.Setenv("PARSEC_BENCH_SLOWDOWN", "3") // of the user's: it must not reach the benchmarks
	base, head := side(t, "base", "100"), side(t, "head", "200")
	steps := 0
	arms, err := quick.Run(t.Context(), func(done, of int, _ time.Duration) {
		if done != steps || of != 20 {
			t.Errorf("progress %d of %d, want %d of 20", done, of, steps)
		}
		steps++
	}, base, head)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{100e-9, 200e-9} {
		s := arms[i].Find("./x", "X").Find(samples.Time)
		if len(s.Values) != 10 || math.Abs(s.Median()-want) > 1e-12 {
			t.Errorf("arm %d: %v", i, s.Values)
		}
	}
	if strings.Contains(string(base.Raw), `injected: "3"`) {
		t.Error("a slowdown of the user's environment reaches the benchmarks")
	}
	again, err := samples.Parse(base.Raw, "base")
	if err != nil || len(again.Benchmarks) != 1 {
		t.Errorf("the raw output reads as %+v, %v", again, err)
	}
}

func TestRunErrors(t *testing.T) {
	for play, want := range map[string]string{
		"fail":   "sample 1 of head: ./x: exit status 1",
		"cut":    "ended without PASS",
		"none":   "sample 1 of head: ./x: no benchmark results",
		"names":  "sample 1 of head: ./x: no benchmark results",
		"broken": "invalid syntax",
	} {
		_, err := quick.Run(t.Context(), func(int, int, time.Duration) {}, side(t, "base", "100"), side(t, "head", play))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", play, err, want)
		}
	}
	gone := side(t, "head", "100")
	gone.Binaries[0].Path += "-gone"
	if _, err := quick.Run(t.Context(), func(int, int, time.Duration) {}, gone); err == nil {
		t.Error("a binary that is not there runs")
	}
}

func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := quick.Run(ctx, func(int, int, time.Duration) {}, side(t, "base", "hang"))
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 30*time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
}

func TestOrder(t *testing.T) {
	letters := func(n, rounds int) (s string) {
		for _, turn := range order(n, rounds) {
			for _, i := range turn {
				s += "BHX"[i : i+1]
			}
		}
		return s
	}
	if got := letters(2, 8); got != "BHHBHBBH"+"BHHBHBBH" {
		t.Errorf("two sides: %s", got)
	}
	three := letters(3, 6)
	if got := three; got != "BHX"+"XHB"+"HXB"+"BXH"+"XBH"+"HBX" {
		t.Errorf("three sides: %s", got)
	}
}

func TestCheck(t *testing.T) {
	for _, p := range []Profile{Full, Short, quick} {
		if err := p.Check(); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
	}
	for _, c := range []struct {
		change func(*Profile)
		want   string
	}{
		{func(p *Profile) { p.Samples = 9 }, "at least 10"},
		{func(p *Profile) { p.Samples = 51 }, "more than 50"},
		{func(p *Profile) { p.Bench = "" }, "no benchmarks"},
		{func(p *Profile) { p.Bench = "a/(" }, "missing closing"},
		{func(p *Profile) { p.Packages = nil }, "no package"},
		{func(p *Profile) { p.Packages = []string{"./..."} }, "want something like"},
		{func(p *Profile) { p.Packages = []string{"bench"} }, "want something like"},
		{func(p *Profile) { p.Time = "long" }, "benchmark's time"},
	} {
		p := quick
		c.change(&p)
		if err := p.Check(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", p, err, c.want)
		}
	}
}

// The raw files are for benchstat too, which compares only what has equal configuration lines.
func TestHeader(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command")
	}
	base, head := side(t, "base", "100"), side(t, "head", "200")
	if _, err := quick.Run(t.Context(), func(int, int, time.Duration) {}, base, head); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, raw := range map[string][]byte{"base.txt": base.Raw, "head.txt": head.Raw} {
		if err := os.WriteFile(dir+"/"+name, raw, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command("go", "tool", "benchstat", dir+"/base.txt", dir+"/head.txt").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "+100.00% (p=0.000 n=10)") {
		t.Errorf("benchstat says, %v:\n%s", err, out)
	}
}
