package report

import (
	"bufio"
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// TestPercentiles checks the percentile format by arithmetic: of the whole numbers from 1 to 1,000, at percentile p
// there are p*1000 of them.
func TestPercentiles(t *testing.T) {
	h := histogram(t, uniform(t, 1000, 1), 0)
	text := string(render(t, h.WritePercentiles))
	in := bufio.NewScanner(strings.NewReader(text))
	rows, last := 0, 0.0
	for in.Scan() {
		var value, percentile, inverse float64
		var total int64
		n, _ := fmt.Sscan(in.Text(), &value, &percentile, &total, &inverse)
		if n < 3 {
			continue
		}
		rows++
		last = percentile
		if want := math.Max(1, math.Ceil(percentile*1000-1e-6)); math.Abs(value-want) > want/1000 || float64(total) < want || float64(total) > want+1 {
			t.Errorf("at %v: %v ms and %d values; want %v", percentile, value, total, want)
		}
		if n == 4 && math.Abs(inverse-1/(1-percentile)) > 0.005 {
			t.Errorf("at %v: the last column is %v", percentile, inverse)
		}
	}
	if rows < 50 || last != 1 {
		t.Errorf("%d rows up to %v", rows, last)
	}
	if strings.Contains(strings.ToLower(text), "inf") || strings.Contains(text, "NaN") {
		t.Error("a number that is none")
	}
}

// TestGeometry compares what the footer says of the buckets with what the library says of its own.
func TestGeometry(t *testing.T) {
	for _, h := range []*hdrhistogram.Histogram{EmptyHistogram(), hdrhistogram.New(1, 1000, 3), hdrhistogram.New(1, int64(MaxLatency), 2),
		hdrhistogram.New(1000, int64(time.Second), 1), hdrhistogram.New(1, 2, 1), hdrhistogram.New(1, 2047, 3), hdrhistogram.New(1, 2048, 3)} {
		var out bytes.Buffer
		h.PercentilesPrint(&out, 1, 1)
		buckets, sub := geometry(h)
		if want := fmt.Sprintf("#[Buckets = %12d, SubBuckets     = %12d]\n", buckets, sub); !strings.HasSuffix(out.String(), want) {
			t.Errorf("%d to %d, %d digits: %s the library has %s", h.LowestTrackableValue(), h.HighestTrackableValue(), h.SignificantFigures(), want, out.String())
		}
	}
}

func TestLog(t *testing.T) {
	r := sample(t)
	in := hdrhistogram.NewHistogramLogReader(bytes.NewReader(render(t, r.WriteLog)))
	for i := range r.Windows {
		for name, text := range r.Windows[i].Latency.Each() {
			h, err := in.NextIntervalHistogram()
			if err != nil || h == nil {
				t.Fatalf("window %d, %s: %v, %v", i, name, h, err)
			}
			want, _ := text.Decode()
			from, to := r.Start.UnixMilli()+int64(i)*1000, r.Start.UnixMilli()+int64(i+1)*1000
			if h.Tag() != name || !h.Equals(want) || h.StartTimeMs() != from || h.EndTimeMs() != to {
				t.Errorf("window %d, %s: tag %s, from %d to %d, %d values", i, name, h.Tag(), h.StartTimeMs(), h.EndTimeMs(), h.TotalCount())
			}
		}
	}
	if h, err := in.NextIntervalHistogram(); h != nil || err != nil {
		t.Errorf("after the end: %v, %v", h, err)
	}
}

// TestLogWithoutWindows checks that the whole run's histograms stand in.
func TestLogWithoutWindows(t *testing.T) {
	r := sample(t)
	r.Windows = nil
	in := hdrhistogram.NewHistogramLogReader(bytes.NewReader(render(t, r.WriteLog)))
	for name, h := range r.Latency.Each() {
		got, err := in.NextIntervalHistogram()
		want, _ := h.HDR.Decode()
		if err != nil || got.Tag() != name || !got.Equals(want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestHistogramLimits(t *testing.T) {
	if _, err := NewHistogram(hdrhistogram.New(1, math.MaxInt64, 5), 0); err == nil {
		t.Error("a histogram of 50 MB was taken")
	}
	wide, err := hdrhistogram.New(1, math.MaxInt64, 5).EncodeV2()
	if err != nil {
		t.Fatal(err)
	}
	good := string(histogram(t, uniform(t, 10, 1), 0).HDR)
	for what, text := range map[string]string{
		"wide": string(wide), "no base64": "!" + good, "short": "SElTVA==", "cut": good[:len(good)-8], "long": strings.Repeat("A", maxEncoded+4), "zeros": strings.Repeat("A", 80),
	} {
		if h, err := Encoded(text).Decode(); err == nil {
			t.Errorf("%s was decoded: %d values", what, h.TotalCount())
		}
	}
	h, err := Encoded("").Decode()
	if err != nil || h.TotalCount() != 0 {
		t.Errorf("the empty one: %v", err)
	}
	if h, err := NewHistogram(nil, 3); err != nil || h != (Histogram{Overflow: 3}) {
		t.Errorf("of nil: %v, %v", h, err)
	}
}

// TestAddWindow checks that windows stay within their number, join one another, and lose no value.
func TestAddWindow(t *testing.T) {
	const n = 2*MaxWindows + 7
	r := &Run{Format: Format}
	small := hdrhistogram.New(1e6, 1e9, 1) // to be quick
	small.RecordValue(5e6)
	h := histogram(t, small, 0)
	for i := range n {
		w := Window{From: float64(i), To: float64(i + 1)}
		if i%3 > 0 {
			w.Latency.Intended.All = h.HDR
		}
		if err := r.AddWindow(w); err != nil {
			t.Fatal(err)
		}
		if len(r.Windows) > MaxWindows {
			t.Fatalf("%d windows", len(r.Windows))
		}
	}
	end, values := 0.0, 0
	for i, w := range r.Windows {
		if w.From != end {
			t.Errorf("window %d begins at %v, and the one before ended at %v", i, w.From, end)
		}
		end = w.To
		d, err := w.Latency.Intended.All.Decode()
		if err != nil {
			t.Fatal(err)
		}
		values += int(d.TotalCount())
	}
	if end != n || values != n-(n+2)/3 {
		t.Errorf("windows up to %v with %d values", end, values)
	}
	other := Window{From: end, To: end + 1}
	other.Latency.Intended.All = histogram(t, uniform(t, 1000, 1000), 0).HDR // up to 1,000 s
	if _, err := mergeWindows([]Window{r.Windows[0], r.Windows[1], other}); err == nil {
		t.Error("merging lost values and did not say so")
	}
	if err := r.Validate(); err != nil {
		t.Error(err)
	}
}

// TestBeyond: quantiles are of all values that there should have been. Of 1 to 1,000 ms and some that are beyond, the rank
// by arithmetic is the value.
func TestBeyond(t *testing.T) {
	for _, beyond := range []uint64{1, 10, 250, 5000} {
		h := histogram(t, uniform(t, 1000, 1), beyond/2)
		h.Missing = beyond - beyond/2
		q, err := h.quantiles()
		if err != nil || q.Count != 1000+beyond || q.Max != never || q.Mean != never {
			t.Errorf("%d beyond: %+v, %v", beyond, q, err)
		}
		for p, got := range map[float64]int64{50: q.P50, 90: q.P90, 99: q.P99, 99.9: q.P999} {
			rank := math.Ceil(p / 100 * float64(1000+beyond))
			if want := rank * 1e6; rank > 1000 && got != never || rank <= 1000 && math.Abs(float64(got)-want) > want/500 {
				t.Errorf("%d beyond: p%v is %d, want rank %v", beyond, p, got, rank)
			}
		}
	}
}
