package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// FuzzReadJSON reads, writes and reads again. What was read is valid, so every rendering can be made of it. Its inputs
// are members of a report: whole ones are so long that the fuzzer spends its time on making them smaller.
func FuzzReadJSON(f *testing.F) {
	f.Fuzz(func(t *testing.T, members string) {
		r, err := ReadJSON(strings.NewReader(fmt.Sprintf(`{"format":%q,%s}`, Format, members)))
		if err != nil {
			return
		}
		back, err := ReadJSON(bytes.NewReader(render(t, r.WriteJSON)))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(r, back) {
			t.Fatal("it came back as another")
		}
		for _, write := range []func(io.Writer) error{r.WriteText, r.WriteHTML, r.WriteIntervals, r.WriteNodes, r.WriteBenchmark, r.WriteLog} {
			render(t, write)
		}
		if _, err := NewCurve("", []*Run{r, r}); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzDecode decodes histograms. What comes out is within the limits, and encodes to what decodes to the same.
func FuzzDecode(f *testing.F) {
	f.Add(string(histogram(f, hdrhistogram.New(1, 2, 1), 0).HDR))
	f.Fuzz(func(t *testing.T, text string) {
		h, err := Encoded(text).Decode()
		if err != nil {
			return
		}
		if size := h.ByteSize(); size > 300<<10 {
			t.Fatalf("a histogram of %d bytes", size)
		}
		again, err := NewHistogram(h, 0)
		if err != nil {
			t.Fatal(err)
		}
		back, err := again.HDR.Decode()
		if err != nil || !back.Equals(h) {
			t.Fatalf("it came back as another: %v", err)
		}
		render(t, again.WritePercentiles)
	})
}

// ten is the histogram of 100 to 1,000 ms as a version of the library encoded it.
const ten = "HISTFAAAAER42pJpmSzMwMAgzwABzFDqBQMDs5vBjgUM9h8gIi/bGZn+8jM1czF9Z2X6ycrUzsL0m4npJxOI/M3EBAgAAP//qdYO6Q=="

// TestCorpus checks that the committed inputs of FuzzReadJSON are of today's format; -update writes them.
func TestCorpus(t *testing.T) {
	empty := &Run{Format: Format}
	for name, r := range map[string]*Run{
		"lists": {Command: []string{"x", "-y"}, Invalid: []string{"i"}, Start: time.Date(2026, 11, 24, 12, 0, 0, 5e8, time.UTC)},
		"told":  {Violations: Rows[Violation]{{Kind: "order", Evidence: "a\nb"}}, Assertions: Rows[Assertion]{{Text: "p99<1s"}}, Failed: "f", Interrupted: true},
		"times": {Duration: 3, Step: 1, Faults: Rows[Fault]{{Kind: "kill", From: 1, To: 2}}, Restarts: Rows[Restart]{{At: 2, CaughtUp: 1}}, Phases: Rows[Phase]{{Name: "p", To: 3}},
			Loadgen: Rows[Own]{{At: 1, CPU: 0.5}, {At: 2}}},
		"nodes":     {Step: 1, Nodes: Rows[Node]{{Name: "n", Samples: Rows[Sample]{{At: 1, Duplicates: 0.5}}}}},
		"intervals": {Step: 2, Intervals: Rows[Interval]{{At: 2, All: 7, Latency: Clocks[Quantiles]{Intended: Ends[Quantiles]{All: Quantiles{1, 4, 2, 3, 4, 5, 6}}}}}},
		"latency":   {Totals: Totals{All: 10}, Latency: Clocks[Histogram]{Intended: Ends[Histogram]{All: Histogram{Overflow: 1, Missing: 2, HDR: ten}}}},
		"windows":   {Windows: Rows[Window]{{To: 1, Latency: Clocks[Encoded]{Actual: Ends[Encoded]{Acknowledged: ten}}}}},
	} {
		r.Format = Format
		if err := r.Validate(); err != nil {
			t.Fatal(err)
		}
		golden(t, filepath.Join("fuzz", "FuzzReadJSON", name), fmt.Appendf(nil, "go test fuzz v1\nstring(%q)\n", differing(t, r, empty)))
	}
}

// differing returns the members of a report that are not as in another one.
func differing(t *testing.T, r, from *Run) string {
	t.Helper()
	members := func(r *Run) (m map[string]json.RawMessage) {
		if err := json.Unmarshal(render(t, r.WriteJSON), &m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	theirs := members(from)
	var all []string
	for name, value := range members(r) {
		if !bytes.Equal(value, theirs[name]) {
			all = append(all, fmt.Sprintf("%q:%s", name, value))
		}
	}
	slices.Sort(all)
	return strings.Join(all, ",")
}
