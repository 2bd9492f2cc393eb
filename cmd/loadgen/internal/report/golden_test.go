package report

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares got with a golden file.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(got, want) {
		return
	}
	g, w := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range max(len(g), len(w)) {
		if i >= len(g) || i >= len(w) || g[i] != w[i] {
			t.Fatalf("%s, line %d: got %.300q, want %.300q", path, i+1, at(g, i), at(w, i))
		}
	}
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "the end"
}

// packageLine is of the benchmarks; `make rehome` changes what it says.
var packageLine = regexp.MustCompile(`(?m)^pkg: .*/loadgen$`)

func withoutPackage(text []byte) []byte {
	return packageLine.ReplaceAll(text, []byte("pkg: [package]"))
}

var encodedText = regexp.MustCompile(`HISTF[A-Za-z0-9+/=]+`)

// readable replaces encoded histograms by what is in them: how they are compressed is the business of package zlib,
// and other versions of it may do it otherwise.
func readable(t *testing.T, text []byte) []byte {
	t.Helper()
	return encodedText.ReplaceAllFunc(text, func(b []byte) []byte {
		d, err := Encoded(b).Decode()
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Appendf(nil, "<%d values, %s to %s ms>", d.TotalCount(), ms(d.Min()), ms(d.Max()))
	})
}

// withoutAssets leaves out of a page what is the same in all.
func withoutAssets(t *testing.T, text []byte) []byte {
	t.Helper()
	for name, asset := range map[string]string{"style": pageStyle, "library": pageLibrary, "script": pageScript, "hashes": hashOf(pageLibrary) + " " + hashOf(pageScript)} {
		if name == "hashes" {
			asset = strings.NewReplacer("'", "&#39;", "+", "&#43;").Replace(asset)
		}
		if bytes.Count(text, []byte(asset)) != 1 {
			t.Fatalf("the page does not have the %s once", name)
		}
		text = bytes.Replace(text, []byte(asset), []byte("["+name+"]"), 1)
	}
	return text
}

// TestGolden compares each rendering with a file that was looked at, twice: the second time nothing may have changed.
func TestGolden(t *testing.T) {
	r := sample(t)
	for range 2 {
		for name, write := range map[string]func(io.Writer) error{
			"report.txt": r.WriteText, "intervals.csv": r.WriteIntervals, "nodes.csv": r.WriteNodes,
			"latency-intended-all.hgrm": r.Latency.Intended.All.WritePercentiles, "empty.hgrm": Histogram{}.WritePercentiles,
		} {
			golden(t, name, render(t, write))
		}
		golden(t, "bench.txt", withoutPackage(render(t, r.WriteBenchmark)))
		golden(t, "report.json", readable(t, render(t, r.WriteJSON)))
		golden(t, "latency.hlog", readable(t, render(t, r.WriteLog)))
		golden(t, "report.html", withoutAssets(t, render(t, r.WriteHTML)))
	}
}

func TestGoldenSpoilt(t *testing.T) {
	r := sample(t)
	spoil(r)
	golden(t, "spoilt.txt", render(t, r.WriteText))
	golden(t, "spoilt.html", withoutAssets(t, render(t, r.WriteHTML)))
	empty := &Run{Format: Format}
	golden(t, "empty.txt", render(t, empty.WriteText))
	golden(t, "empty.html", withoutAssets(t, render(t, empty.WriteHTML)))
	golden(t, "empty.json", render(t, empty.WriteJSON))
	golden(t, "empty.hlog", readable(t, render(t, empty.WriteLog)))
	golden(t, "empty.csv", append(render(t, empty.WriteIntervals), render(t, empty.WriteNodes)...))
	golden(t, "empty-bench.txt", withoutPackage(render(t, empty.WriteBenchmark)))
}

// spoil makes the run one that was interrupted, invalid and unsafe, that missed an assertion, and that has latencies
// beyond the histogram and next to no data.
func spoil(r *Run) {
	r.Invalid = []string{"sent 90.0 % of what was intended; 99.9 % are asked for", "pacing lagged by 3 ms at most"}
	r.Notes = []string{"the generator was held up now and then: lag p99 3ms, mean 1ms"}
	r.Interrupted = true
	r.Violations = []Violation{{At: 3.5, Kind: "order", Node: "node2", What: "decided another submission at 17 than node0", Evidence: "node0: 17 = 0a0b\nnode2: 17 = 0c0d\n"}}
	r.Assertions = append(r.Assertions, Assertion{Text: "p99<800ms", Got: "990 ms"})
	r.Latency.Intended.All.Overflow, r.Latency.Intended.All.Missing = 3, 8
	r.Latency.Actual = Ends[Histogram]{}
	r.Intervals, r.Nodes, r.Windows, r.Loadgen = nil, nil, nil, nil
}

// TestVerdictFirst checks that whoever reads only the first line of a run that means nothing knows.
func TestVerdictFirst(t *testing.T) {
	r := sample(t)
	spoil(r)
	first, _, _ := bytes.Cut(render(t, r.WriteText), []byte("\n"))
	if !bytes.HasPrefix(first, []byte("*** INVALID LOAD")) {
		t.Errorf("the first line is %s", first)
	}
}

func TestCurveGolden(t *testing.T) {
	c, err := NewCurve("A curve", curveRuns(t))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "curve.txt", render(t, c.WriteText))
	golden(t, "curve.md", render(t, c.WriteMarkdown))
	golden(t, "curve-summary.md", render(t, c.WriteSummary))
	golden(t, "curve.csv", render(t, c.WriteCSV))
	golden(t, "curve.html", withoutAssets(t, render(t, c.WriteHTML)))
	golden(t, "curve-empty.html", withoutAssets(t, render(t, (&Curve{Title: "None"}).WriteHTML)))
}

// curveRuns returns runs of two sizes of networks, the greater one with and without nodes down, out of order. The
// highest rate of each is more than it takes.
func curveRuns(t *testing.T) []*Run {
	var all []*Run
	for _, network := range [][2]int{{7, 2}, {4, 0}, {7, 0}} {
		for _, rate := range []float64{4000, 1000, 2000} {
			r := sample(t)
			r.Parameters.Nodes, r.Parameters.Down, r.Parameters.Rate = network[0], network[1], rate
			r.Totals.AllRate = rate
			if rate == 2000 && network[1] > 0 {
				r.Invalid = []string{"pacing lagged by 3 ms"}
			}
			if rate == 4000 {
				r.Totals.AllRate = 1900
				r.Invalid = []string{"sent 50.0 % of what was intended; 99.9 % are asked for"}
				r.Latency.Intended.All = histogram(t, uniform(t, 1000, 3), 2)
			}
			all = append(all, r)
		}
	}
	return all
}
