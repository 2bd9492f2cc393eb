package report

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// FuzzReadJSON reads, writes and reads again. What was read is valid, so every rendering can be made of it. The
// committed inputs are whole reports: small ones, so that the fuzzer's time is not spent on making them smaller.
func FuzzReadJSON(f *testing.F) {
	f.Add(render(f, (&Run{Format: Format}).WriteJSON))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := ReadJSON(bytes.NewReader(text))
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

// TestCorpus checks that the committed inputs of FuzzReadJSON are reports of today's format; -update writes them.
func TestCorpus(t *testing.T) {
	bare := &Run{Format: Format}
	rows := &Run{Format: Format, Command: []string{"x"}, Duration: 1, Step: 1, Intervals: Rows[Interval]{{At: 1}}, Loadgen: Rows[Own]{{At: 1}},
		Nodes: Rows[Node]{{Name: "n", Samples: Rows[Sample]{{At: 1}}}}, Faults: Rows[Fault]{{Kind: "kill"}}, Restarts: Rows[Restart]{{CaughtUp: 1}},
		Phases: Rows[Phase]{{Name: "p"}}, Invalid: []string{"i"}, Violations: Rows[Violation]{{Kind: "order"}}, Assertions: Rows[Assertion]{{Text: "a"}}}
	values := &Run{Format: Format}
	values.Totals.All = 10
	values.Latency.Intended.All = Histogram{1, ten}
	values.Windows = Rows[Window]{{To: 1}}
	values.Windows[0].Latency.Actual.All = ten
	for name, r := range map[string]*Run{"bare": bare, "rows": rows, "values": values} {
		golden(t, filepath.Join("fuzz", "FuzzReadJSON", name), fmt.Appendf(nil, "go test fuzz v1\n[]byte(%q)\n", render(t, r.WriteJSON)))
	}
}
