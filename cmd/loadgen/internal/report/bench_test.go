package report

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/perf/benchfmt"
)

// readBenchmarks returns the results in the Go benchmark format, and which units have a direction; a line that is
// neither result, unit nor configuration fails the test.
func readBenchmarks(t *testing.T, text []byte) (results []*benchfmt.Result, directions map[string]bool) {
	t.Helper()
	directions = map[string]bool{}
	in := benchfmt.NewReader(bytes.NewReader(text), "bench.txt")
	for in.Scan() {
		switch rec := in.Result().(type) {
		case *benchfmt.Result:
			results = append(results, rec.Clone())
		case *benchfmt.UnitMetadata:
			directions[rec.OrigUnit] = rec.Key == "better"
		default:
			t.Errorf("%v", rec)
		}
	}
	if err := in.Err(); err != nil {
		t.Fatal(err)
	}
	return results, directions
}

func TestBenchmark(t *testing.T) {
	r := sample(t)
	results, directions := readBenchmarks(t, render(t, r.WriteBenchmark))
	if len(results) != 1 {
		t.Fatalf("%d results", len(results))
	}
	got := results[0]
	if want := "Load/nodes=4/down=0/mode=single/links=none/loop=open/arrivals=constant/rate=100/size=128-2"; string(got.Name) != want {
		t.Errorf("it is named %s", got.Name)
	}
	if got.Iters != 1000 {
		t.Errorf("%d iterations for 1,000 submissions", got.Iters)
	}
	// The fixture's arithmetic: four nodes with 4.5 s of CPU, 10 MiB sent and so on each, for 1,000 submissions.
	for unit, want := range map[string]float64{"p50-ms": 500, "p90-ms": 900, "p99-ms": 990, "p99.9-ms": 999, "max-ms": 1000, "ack-p50-ms": 125, "ack-p99-ms": 248,
		"submissions/s": 100, "cpu-us/submission": 18000, "loadgen-cpu-us/submission": 1250, "B/submission": 40 << 20 / 1000., "log-B/submission": 20 << 20 / 1000.,
		"syncs/submission": 3.2, "events/submission": 16, "duplicate-share": 0.2, "max-resident-B": 96 << 20} {
		v, ok := got.Value(unit)
		if !ok || v < want*0.999 || v > want*1.001 {
			t.Errorf("%s is %v (%v), not %v", unit, v, ok, want)
		}
	}
	for _, v := range got.Values {
		if !directions[v.Unit] {
			t.Errorf("nothing says which direction of %s is better", v.Unit)
		}
	}
}

// TestBenchmarkWithout checks that runs whose figures mean nothing have no sample that could be compared.
func TestBenchmarkWithout(t *testing.T) {
	for what, spoil := range map[string]func(*Run){
		"invalid load: late": func(r *Run) { r.Invalid = []string{"late"} },
		"interrupted":        func(r *Run) { r.Interrupted = true },
		"safety violated":    func(r *Run) { r.Violations = []Violation{{Kind: "order"}} },
		"failed: no":         func(r *Run) { r.Failed = "no" },
		"nothing was decided": func(r *Run) {
			r.Totals.All = 0
		},
	} {
		r := sample(t)
		spoil(r)
		text := render(t, r.WriteBenchmark)
		if results, _ := readBenchmarks(t, text); len(results) != 0 {
			t.Errorf("%s: %d results", what, len(results))
		}
		if !bytes.Contains(text, []byte("\nwithout-sample: "+what+"\n")) {
			t.Errorf("%s: not said in\n%s", what, text)
		}
	}
}

func TestBenchstat(t *testing.T) {
	if testing.Short() {
		t.Skip("builds benchstat")
	}
	dir := t.TempDir()
	for i, name := range []string{"base.txt", "head.txt"} {
		var all []byte
		for range 6 {
			r := sample(t)
			r.Parameters.Nodes = 4 + 3*i
			r.Totals.AllRate *= float64(1 + i)
			all = append(all, render(t, r.WriteBenchmark)...)
		}
		if err := os.WriteFile(filepath.Join(dir, name), all, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command("go", "tool", "benchstat", "-col", "/nodes", filepath.Join(dir, "base.txt"), filepath.Join(dir, "head.txt")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"submissions/s", "+100.00%", "cpu-us/submission", "p99-ms"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
}
