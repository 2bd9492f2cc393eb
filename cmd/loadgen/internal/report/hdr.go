package report

import (
	"bytes"
	"fmt"
	"io"
	"math/bits"
	"strings"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// WritePercentiles writes the histogram in milliseconds in HdrHistogram's percentile format (.hgrm), with five steps for
// each halving of what remains. It is that of the Java library, which tools that plot such files expect; the Go
// library's own has six digits of the percentile, too few from the fifth nine on.
func (h Histogram) WritePercentiles(w io.Writer) error {
	const perHalf = 5
	d, err := h.HDR.Decode()
	if err != nil {
		return err
	}
	digits := int(d.SignificantFigures())
	var b bytes.Buffer
	fmt.Fprintf(&b, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)")
	if d.TotalCount() > 0 {
		for _, s := range d.CumulativeDistributionWithTicks(perHalf) {
			fmt.Fprintf(&b, "%12.*f %2.12f %10d", digits, float64(s.ValueAt)/1e6, s.Quantile/100, s.Count)
			if s.Quantile < 100 {
				fmt.Fprintf(&b, " %14.2f", 1/(1-s.Quantile/100))
			}
			fmt.Fprintln(&b)
		}
	}
	buckets, sub := geometry(d)
	fmt.Fprintf(&b, "#[Mean    = %12.*f, StdDeviation   = %12.*f]\n", digits, d.Mean()/1e6, digits, d.StdDev()/1e6)
	fmt.Fprintf(&b, "#[Max     = %12.*f, Total count    = %12d]\n", digits, float64(maxOf(d))/1e6, d.TotalCount())
	fmt.Fprintf(&b, "#[Buckets = %12d, SubBuckets     = %12d]\n", buckets, sub)
	_, err = b.WriteTo(w)
	return err
}

// maxOf returns the greatest value, 0 if there is none, for which the library has the end of its lowest step.
func maxOf(d *hdrhistogram.Histogram) int64 {
	if d.TotalCount() == 0 {
		return 0
	}
	return d.Max()
}

// geometry returns how many buckets a histogram has, and how many parts each has: the library does not tell.
func geometry(d *hdrhistogram.Histogram) (buckets, sub int) {
	single := 2 // largest value to be told from the next one, in units of the lowest
	for range d.SignificantFigures() {
		single *= 10
	}
	magnitude := bits.Len(uint(single - 1))
	unit := bits.Len64(uint64(d.LowestTrackableValue())) - 1
	buckets = 1
	for reach := int64(1) << (magnitude + unit); reach <= d.HighestTrackableValue(); reach <<= 1 {
		buckets++
	}
	return buckets, 1 << magnitude
}

// WriteLog writes the windows in HdrHistogram's log format 1.3 (.hlog), a line for each latency of each window, tagged
// with the latency's name; without windows, the histograms of the whole run. Its times are seconds after the base
// time, its maxima milliseconds.
func (r *Run) WriteLog(w io.Writer) error {
	var b bytes.Buffer
	out := hdrhistogram.NewHistogramLogWriter(&b)
	out.OutputComment("[Logged with " + oneLine(r.commandLine()) + "]")
	out.OutputLogFormatVersion()
	// The library would cut the times to whole seconds.
	start := float64(r.Start.UnixMilli()) / 1e3
	fmt.Fprintf(&b, "#[BaseTime: %.3f (seconds since epoch)]\n", start)
	fmt.Fprintf(&b, "#[StartTime: %.3f (seconds since epoch), %s]\n", start, r.Start.Format("Mon Jan 02 15:04:05 MST 2006"))
	out.OutputLegend()
	windows := r.Windows
	if len(windows) == 0 {
		whole := Window{To: r.Duration}
		whole.Latency.Intended = encodedOf(r.Latency.Intended)
		whole.Latency.Actual = encodedOf(r.Latency.Actual)
		windows = Rows[Window]{whole}
	}
	for i := range windows {
		for name, text := range windows[i].Latency.Each() {
			if *text == "" {
				continue
			}
			d, err := text.Decode()
			if err != nil {
				return fmt.Errorf("window %d: %s: %w", i, name, err)
			}
			from, to := windows[i].From, windows[i].To
			fmt.Fprintf(&b, "Tag=%s,%.3f,%.3f,%.3f,%s\n", name, from, to-from, float64(maxOf(d))/1e6, *text)
		}
	}
	_, err := b.WriteTo(w)
	return err
}

func encodedOf(e Ends[Histogram]) Ends[Encoded] {
	return Ends[Encoded]{e.Acknowledged.HDR, e.Contacted.HDR, e.All.HDR}
}

// oneLine returns a text without what would end a comment.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}
