package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestJSONRoundTrip(t *testing.T) {
	spoilt := sample(t)
	spoil(spoilt)
	for name, r := range map[string]*Run{"sample": sample(t), "spoilt": spoilt, "empty": {Format: Format}} {
		text := render(t, r.WriteJSON)
		back, err := ReadJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(r, back) {
			t.Errorf("%s came back as another", name)
		}
		if !bytes.Equal(text, render(t, back.WriteJSON)) {
			t.Errorf("%s: its text came out as another", name)
		}
	}
}

// TestValidate spoils one thing at a time.
func TestValidate(t *testing.T) {
	for what, spoil := range map[string]func(*Run){
		"format":              func(r *Run) { r.Format = "parsec-load/0" },
		"UTC":                 func(r *Run) { r.Start = r.Start.In(time.FixedZone("", 3600)) },
		"monotonic":           func(r *Run) { r.Start = time.Now() },
		"year":                func(r *Run) { r.Start = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"duration_seconds":    func(r *Run) { r.Duration = math.NaN() },
		"step_seconds":        func(r *Run) { r.Step = math.Inf(1) },
		"decided_all_rate":    func(r *Run) { r.Totals.AllRate = -1 },
		"size":                func(r *Run) { r.Parameters.Size = -1 },
		"UTF-8":               func(r *Run) { r.Nodes[2].Name = "\xff" },
		"evidence":            func(r *Run) { r.Violations = []Violation{{Evidence: strings.Repeat("x", MaxText+1)}} },
		"elements":            func(r *Run) { r.Faults = make([]Fault, MaxRows+1) },
		"intended-all":        func(r *Run) { r.Latency.Intended.All.HDR = "x" },
		"pacing":              func(r *Run) { r.Pacing.P50 = r.Pacing.Max + 1 },
		"a mean above":        func(r *Run) { r.Pacing.Mean = r.Pacing.Max + 1 },
		"without a step":      func(r *Run) { r.Step = 0 },
		"interval 3":          func(r *Run) { r.Intervals[3].At = 3 },
		"actual-ack":          func(r *Run) { r.Intervals[3].Latency.Actual.Acknowledged.P90 = 0 },
		"of no values":        func(r *Run) { r.Intervals[3].Latency.Actual.Acknowledged.Count = 0 },
		"sample 1":            func(r *Run) { r.Nodes[0].Samples[1].At = 0.5 },
		"a share":             func(r *Run) { r.Nodes[0].Samples[1].Duplicates = 1.5 },
		"duplicates of":       func(r *Run) { r.Nodes[0].Totals.Duplicates = 1 << 40 },
		"sample of loadgen 1": func(r *Run) { r.Loadgen[1].At = 0 },
		"samples in all": func(r *Run) {
			many := make(Rows[Sample], MaxRows)
			for i := range many {
				many[i].At = float64(i)
			}
			for range MaxSamples/MaxRows + 1 {
				r.Nodes = append(r.Nodes, Node{Samples: many})
			}
		},
		"windows; at most": func(r *Run) { r.Windows = make([]Window, MaxWindows+1) },
		"window 1":         func(r *Run) { r.Windows[1].From = 0 },
		"window 2":         func(r *Run) { r.Windows[2].Latency.Actual.All = "HISTFAAA" },
		"fault 0":          func(r *Run) { r.Faults[0].To = 0 },
		"phase 1":          func(r *Run) { r.Phases[1].To = 0 },
	} {
		r := sample(t)
		r.Windows = r.Windows[:3]
		spoil(r)
		err := r.Validate()
		if err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestReadRefuses checks what ReadJSON says of texts that WriteJSON never writes.
func TestReadRefuses(t *testing.T) {
	good := string(render(t, sample(t).WriteJSON))
	replace := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%q is not in the report", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	for what, text := range map[string]string{
		"not a report":       "hello",
		"unexpected end":     good[:len(good)/2],
		"after top-level":    good + "{}",
		"unknown field":      replace(`"interrupted"`, `"disrupted"`),
		"format":             replace(Format, "parsec-load/2"),
		"is not a list":      replace(`"invalid":[]`, `"invalid":{}`),
		"null is not whole":  replace(`"invalid":[]`, `"invalid":[null]`),
		"more than 14400":    replace(`"invalid":[]`, `"invalid":[""`+strings.Repeat(`,""`, MaxRows)+"]"),
		"cannot unmarshal":   replace(`"step_seconds":1`, `"step_seconds":"1"`),
		"that do not ascend": replace(`"p50_ns":1`, `"p50_ns":9999999991`),
		"{} is not whole":    replace(`"faults":[`, `"faults":[{},`),
	} {
		_, err := ReadJSON(strings.NewReader(text))
		if err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%q: %v", what, err)
		}
	}
	if _, err := readJSON(strings.NewReader(good), int64(len(good))); err != nil {
		t.Errorf("of as many bytes as may be: %v", err)
	}
	if _, err := readJSON(strings.NewReader(good+" "), int64(len(good))); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("of one byte more: %v", err)
	}
}

func TestExitStatus(t *testing.T) {
	r := &Run{Format: Format}
	for _, step := range []struct {
		status int
		also   func()
	}{ // each is graver than those before
		{0, func() {}},
		{0, func() { r.Assertions = []Assertion{{Held: true}} }},
		{99, func() { r.Assertions = append(r.Assertions, Assertion{}) }},
		{3, func() { r.Invalid = []string{""} }},
		{1, func() { r.Failed = "x" }},
		{130, func() { r.Interrupted = true }},
		{4, func() { r.Violations = []Violation{{}} }},
	} {
		step.also()
		if got := r.ExitStatus(); got != step.status {
			t.Errorf("status %d, not %d", got, step.status)
		}
	}
}

func TestStep(t *testing.T) {
	for _, c := range []struct {
		run   time.Duration
		nodes int
		step  time.Duration
	}{
		{0, 0, time.Second}, {time.Second, 4, time.Second}, {2 * time.Hour, 16, time.Second}, {2*time.Hour + 1, 16, 2 * time.Second}, {240 * time.Hour, 4, 120 * time.Second},
		{time.Hour, 100, time.Second}, {2 * time.Hour, 100, 2 * time.Second}, {time.Second, 1 << 30, time.Second},
	} {
		if got := Step(c.run, c.nodes); got != c.step {
			t.Errorf("%v of %d nodes: %v, not %v", c.run, c.nodes, got, c.step)
		}
	}
}

func TestWriteFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	r := sample(t)
	var before map[string][]byte
	for range 2 { // the second time over the first, and the same byte for byte
		paths, err := r.WriteFiles(dir)
		if err != nil {
			t.Fatal(err)
		}
		now := map[string][]byte{}
		for _, p := range paths {
			data, err := os.ReadFile(p)
			if err != nil {
				t.Fatal(err)
			}
			now[filepath.Base(p)] = data
		}
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) != len(paths) || len(paths) != 13 {
			t.Errorf("%d files, and %d in the folder: %v", len(paths), len(entries), err)
		}
		if before != nil && !reflect.DeepEqual(before, now) {
			t.Error("the same run wrote other files")
		}
		before = now
	}
}

// TestWriteRefuses checks that nothing is written of a run that cannot be.
func TestWriteRefuses(t *testing.T) {
	r := sample(t)
	r.Duration = math.NaN()
	dir := filepath.Join(t.TempDir(), "out")
	if paths, err := r.WriteFiles(dir); err == nil || paths != nil {
		t.Errorf("%v, %v", paths, err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is there: %v", err)
	}
}

// TestWriteFileFails checks that a file that cannot be written whole leaves the one that was there.
func TestWriteFileFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("old"), 0o666); err != nil {
		t.Fatal(err)
	}
	fault := errors.New("fault")
	err := WriteFile(path, func(w io.Writer) error {
		io.WriteString(w, "ne")
		return fault
	})
	if !errors.Is(err, fault) {
		t.Error(err)
	}
	data, err := os.ReadFile(path)
	if string(data) != "old" {
		t.Errorf("%q, %v", data, err)
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Errorf("%d files are left", len(entries))
	}
}

// TestJoined checks how points of time are joined: four of one second into two, by mean or greatest, none left out.
func TestJoined(t *testing.T) {
	rows := []Own{{At: 1, CPU: 1}, {At: 2, CPU: 3}, {At: 3.0000001, CPU: 5}, {At: 5, CPU: 7}}
	s := slotsOf(1, 5, 3)
	if s.width != 2 || s.n != 3 || !slices.Equal(s.times(), []float64{2, 4, 6}) {
		t.Fatalf("%v, %v", s, s.times())
	}
	cpu := func(o *Own) number { return number(o.CPU) }
	if got := joined(s, rows, (*Own).end, false, cpu); !slices.Equal(got, []number{2, 5, 7}) {
		t.Errorf("means: %v", got)
	}
	if got := joined(s, rows, (*Own).end, true, cpu); !slices.Equal(got, []number{3, 5, 7}) {
		t.Errorf("greatest: %v", got)
	}
	if got := joined(s, rows[:1], (*Own).end, true, cpu); got[0] != 1 || !math.IsNaN(float64(got[2])) {
		t.Errorf("with gaps: %v", got)
	}
	text, err := json.Marshal([]number{none, 1234567, 0.000123456, 0})
	if string(text) != "[null,1.235e+06,0.0001235,0]" {
		t.Errorf("%s, %v", text, err)
	}
}

// TestPageSize checks that pages of the longest runs of many nodes stay under 5 MB.
func TestPageSize(t *testing.T) {
	for _, c := range []struct{ nodes, seconds int }{{16, 3600}, {50, MaxRows}} {
		if testing.Short() {
			c.nodes, c.seconds = 4, 2000 // more than there are points
		}
		text := render(t, long(t, c.nodes, c.seconds).WriteHTML)
		t.Logf("%d nodes, %d s: %d bytes", c.nodes, c.seconds, len(text))
		if len(text) > 5e6 {
			t.Errorf("%d nodes, %d s: %d bytes", c.nodes, c.seconds, len(text))
		}
	}
}

func TestNumbers(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.00012345: "0.00012", 0.0123: "0.01", 0.5: "0.50", 1: "1.00", 9.994: "9.99", 9.996: "10.0", 99.94: "99.9", 99.96: "100",
		999.6: "1,000", 1234567: "1,234,567", 1e20: "1e+20"} {
		if got := significant(v); got != want {
			t.Errorf("%v: %s, not %s", v, got, want)
		}
	}
	for v, want := range map[uint64]string{0: "0 B", 1023: "1,023 B", 1024: "1.00 KiB", 3 << 30: "3.00 GiB", math.MaxUint64: "16,777,216 TiB"} {
		if got := size(v); got != want {
			t.Errorf("%d: %s, not %s", v, got, want)
		}
	}
	for v, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := count(v); got != want {
			t.Errorf("%d: %s, not %s", v, got, want)
		}
	}
}

func TestCommandLine(t *testing.T) {
	r := &Run{Command: []string{"loadgen", "-assert", "p99<800ms", "", "it's", "a=b"}}
	if got, want := r.commandLine(), `loadgen -assert 'p99<800ms' '' 'it'\''s' a=b`; got != want {
		t.Errorf("%s, not %s", got, want)
	}
}

func TestThisMachine(t *testing.T) {
	if m := ThisMachine(); m.CPU == "" || m.CPUs < 1 || m.OS == "" {
		t.Errorf("%+v", m)
	}
	if b := ThisBuild(); !strings.HasPrefix(b.Go, "go") && !strings.HasPrefix(b.Go, "devel") {
		t.Errorf("%+v", b)
	}
}
