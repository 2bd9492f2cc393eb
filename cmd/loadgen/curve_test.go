package main

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parsec/cmd/loadgen/internal/fake"
	"parsec/cmd/loadgen/internal/report"
)

// TestCurve measures a section that decides 1,000 a second.
func TestCurve(t *testing.T) {
	ten := fake.Options{Nodes: 3, Interval: 10 * time.Millisecond, Capacity: 10, Room: 1000}
	status, stdout, stderr, run := command(t, ten, nil, "-curve", "500,200,2k,3k", "-curve", "4-1/supermajority:100", "-duration", "3s", "-drain", "2s")
	if status != 0 || run != nil || strings.Count(stdout, "which ends the line") != 1 {
		t.Errorf("status %d:\n%s%s", status, stdout, stderr)
	}
	out := outOf(t, stdout)
	rows := readCSV(t, filepath.Join(out, "curve.csv"))
	// The section that is made up has three nodes, whatever is asked for: what is asked for is in the commands.
	want := [][]string{{"3", "0", "single", "200", "true"}, {"3", "0", "single", "500", "true"}, {"3", "0", "single", "2000", "false"}, {"3", "0", "supermajority", "100", "true"}}
	if len(rows) != len(want)+1 {
		t.Fatalf("%d rows, not a head and %d:\n%v", len(rows), len(want), rows)
	}
	for i, row := range rows[1:] {
		got := []string{row[0], row[1], row[2], row[5], row[13]}
		if strings.Join(got, " ") != strings.Join(want[i], " ") {
			t.Errorf("point %d: %v, not %v", i, got, want[i])
		}
	}
	bench, err := os.ReadFile(filepath.Join(out, "bench.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for what, n := range map[string]int{"\nBenchmarkLoad/": 3, "\nwithout-sample: ": 1, "\nwithout-sample:\n": 1,
		"command: loadgen -drain=2s -duration=3s -rate=2k -nodes=4 -down=0 -mode=single\n": 1, " -rate=100 -nodes=4 -down=1 -mode=supermajority\n": 1} {
		if strings.Count(string(bench), what) != n {
			t.Errorf("%q is not %d times in\n%s", what, n, bench)
		}
	}
	summary, err := os.ReadFile(filepath.Join(out, "summary.md"))
	if err != nil || !strings.Contains(string(summary), "| no: ") {
		t.Errorf("%v:\n%s", err, summary)
	}
	for _, name := range []string{"curve.txt", "curve.md", "curve.html"} {
		if text, err := os.ReadFile(filepath.Join(out, name)); err != nil || !strings.Contains(string(text), "supermajority") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestCurveEnds is about curves that do not come to their end.
func TestCurveEnds(t *testing.T) {
	three := fake.Options{Nodes: 3, Interval: 10 * time.Millisecond}
	status, stdout, stderr, run := command(t, three, func(s *fake.Section, _ func()) { time.Sleep(3 * time.Second); s.Repeat(1) }, "-curve", "100,200", "-duration", "3s")
	if status != exitUnsafe || run == nil || len(run.Violations) == 0 {
		t.Errorf("unsafe: status %d\n%s%s", status, stdout, stderr)
	}
	status, stdout, stderr, _ = command(t, three, func(_ *fake.Section, stop func()) { time.Sleep(3 * time.Second); stop() }, "-curve", "100,200", "-duration", "3s")
	if status != exitInterrupted || !strings.Contains(stdout, "interrupted") {
		t.Errorf("interrupted: status %d\n%s%s", status, stdout, stderr)
	}
	slow := three
	slow.Capacity, slow.Room = 1, 50
	status, stdout, stderr, _ = command(t, slow, nil, "-curve", "1k,2k", "-duration", "3s", "-drain", "2s")
	if status != exitInvalid || strings.Count(stdout, "/s decided") != 1 {
		t.Errorf("too slow: status %d\n%s%s", status, stdout, stderr)
	}
}

// TestEnough is about which points end a line.
func TestEnough(t *testing.T) {
	r := &report.Run{}
	r.Totals.Intended, r.Totals.All = 100, 100
	fine := report.Point{Rate: 100, Achieved: 99, P99: int64(time.Second), Valid: true}
	for _, c := range []struct {
		name   string
		change func(*report.Run, *report.Point)
		want   bool
	}{
		{"fine", func(*report.Run, *report.Point) {}, false},
		{"not valid, but decided", func(_ *report.Run, p *report.Point) { p.Valid = false }, false},
		{"slow", func(_ *report.Run, p *report.Point) { p.P99 = int64(6 * time.Second) }, true},
		{"beyond", func(_ *report.Run, p *report.Point) { p.Beyond = 1 }, true},
		{"not all", func(r *report.Run, _ *report.Point) { r.Totals.All-- }, true},
		{"too little", func(_ *report.Run, p *report.Point) { p.Achieved = 80 }, true},
	} {
		r, p := *r, fine
		c.change(&r, &p)
		if enough(&r, p) != c.want {
			t.Errorf("%s: %v", c.name, !c.want)
		}
	}
}

func TestCurveUsage(t *testing.T) {
	for _, args := range []string{"-curve x", "-curve 5,", "-curve 0", "-curve 4:", "-curve 4-4:5", "-curve 4-:5", "-curve 4-1-1:5", "-curve 0:5", "-curve 4/both:5", "-curve :5",
		"-curve 5 -rate 5", "-curve 5 -search", "-curve 5 -targets a:1 -nodes 4", "-curve 4:5 -targets a:1", "-curve 5 -faults never", "-curve 5 -assert p99<1s", "-curve 5 -dir x"} {
		if status, stdout, stderr, _ := command(t, fake.Options{Nodes: 3, Interval: time.Millisecond}, nil, strings.Fields(args)...); status != exitUsage || stdout != "" {
			t.Errorf("%s: status %d: %s%s", args, status, stdout, stderr)
		}
	}
}

func outOf(t *testing.T, stdout string) string {
	t.Helper()
	_, rest, ok := strings.Cut(stdout, "written: ")
	file, _, _ := strings.Cut(rest, " and others")
	if !ok {
		t.Fatalf("it does not say what was written:\n%s", stdout)
	}
	return filepath.Dir(file)
}

func readCSV(t *testing.T, path string) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}
