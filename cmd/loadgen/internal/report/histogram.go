package report

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Limits of histograms, so that one read from a file takes at most 300 KiB.
const (
	MaxLatency = time.Hour // highest value that one may track; what is above counts as overflow
	MaxDigits  = 3         // significant ones
)

// maxEncoded is more than any histogram within the limits takes: at most 34,816 counts of 9 bytes, in base64.
const maxEncoded = 1 << 19

// Encoded is an HDR histogram of nanoseconds in HdrHistogram's compressed V2 encoding, in base64, as .hlog files have
// it. It has the bytes of the text that hdrhistogram.Histogram.EncodeV2 returns. The empty one has no values.
type Encoded string

// Histogram is an HDR histogram of nanoseconds as plain data. The zero value is one without values.
type Histogram struct {
	Overflow uint64  `json:"overflow"` // values above what HDR tracks, which are not in it
	Missing  uint64  `json:"missing"`  // values that there should have been: what they measure never came to its end
	HDR      Encoded `json:"hdr"`
}

// never is a quantile among values that are past the range or missing, and a mean where there are such.
const never = math.MaxInt64

// beyond is how many values are longer than all in HDR.
func (h *Histogram) beyond() uint64 { return h.Overflow + h.Missing }

// at returns a percentile of all values, of which d has those in HDR; never if it is among the others.
func (h *Histogram) at(d *hdrhistogram.Histogram, percentile float64) int64 {
	in, all := float64(d.TotalCount()), float64(d.TotalCount())+float64(h.beyond())
	if in == all {
		return d.ValueAtPercentile(percentile)
	}
	rank := max(1, math.Ceil(percentile/100*all-1e-9))
	if rank > in {
		return never
	}
	return d.ValueAtPercentile((rank - 0.25) / in * 100) // the library adds a half and cuts
}

// mean is likewise.
func (h *Histogram) mean(d *hdrhistogram.Histogram) int64 {
	if h.beyond() > 0 {
		return never
	}
	return int64(d.Mean())
}

// quantiles returns the quantiles and the mean of all values, with their number; all 0 if there are none.
func (h *Histogram) quantiles() (Quantiles, error) {
	d, err := h.HDR.Decode()
	n := uint64(0)
	if err == nil {
		n = uint64(d.TotalCount()) + h.beyond()
	}
	if n == 0 {
		return Quantiles{}, err
	}
	return Quantiles{n, h.mean(d), h.at(d, 50), h.at(d, 90), h.at(d, 99), h.at(d, 99.9), h.at(d, 100)}, nil
}

// NewHistogram returns what h and the count of values that it could not take come to. A nil h has no values. It costs
// about a millisecond.
func NewHistogram(h *hdrhistogram.Histogram, overflow uint64) (Histogram, error) {
	if h == nil {
		return Histogram{Overflow: overflow}, nil
	}
	if err := checkGeometry(h.LowestTrackableValue(), h.HighestTrackableValue(), h.SignificantFigures()); err != nil {
		return Histogram{}, err
	}
	text, err := h.EncodeV2()
	return Histogram{Overflow: overflow, HDR: Encoded(text)}, err
}

// EmptyHistogram returns a histogram without values, of the widest geometry that reports may have: from a microsecond
// up. All histograms of a run should be of one geometry, so that they can be merged without loss.
func EmptyHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(int64(time.Microsecond), int64(MaxLatency), MaxDigits)
}

// Decode returns the histogram. It refuses what is beyond the limits before it makes room for it.
func (text Encoded) Decode() (*hdrhistogram.Histogram, error) {
	if text == "" {
		return EmptyHistogram(), nil
	}
	if len(text) > maxEncoded {
		return nil, fmt.Errorf("a histogram of %d bytes; at most %d", len(text), maxEncoded)
	}
	raw, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil {
		return nil, err
	}
	// The library makes room for whatever geometry the header states: up to 50 MB for some 60 bytes.
	if len(raw) < 8 {
		return nil, errors.New("a histogram without a header")
	}
	z, err := zlib.NewReader(bytes.NewReader(raw[8:]))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	var header struct {
		Cookie, Length, Offset, Digits int32
		Lowest, Highest                int64
		Ratio                          float64
	}
	if err := binary.Read(z, binary.BigEndian, &header); err != nil {
		return nil, fmt.Errorf("the header of a histogram: %w", noEOF(err))
	}
	if err := checkGeometry(header.Lowest, header.Highest, int64(header.Digits)); err != nil {
		return nil, err
	}
	return hdrhistogram.Decode([]byte(text))
}

func checkGeometry(lowest, highest, digits int64) error {
	if lowest < 1 || highest < 2*lowest || highest > int64(MaxLatency) || digits < 1 || digits > MaxDigits {
		return fmt.Errorf("a histogram of %d to %d with %d digits; at most 1 to %d with %d", lowest, highest, digits, MaxLatency, MaxDigits)
	}
	return nil
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// QuantilesOf returns the quantiles and the mean of h, all 0 if h is nil or has no values.
func QuantilesOf(h *hdrhistogram.Histogram) Quantiles {
	if h == nil || h.TotalCount() == 0 {
		return Quantiles{}
	}
	v := h.ValueAtPercentilesSlice([]float64{50, 90, 99, 99.9, 100})
	return Quantiles{Count: uint64(h.TotalCount()), Mean: int64(h.Mean()), P50: v[0], P90: v[1], P99: v[2], P999: v[3], Max: v[4]}
}

// MaxWindows is how many windows a run has at most.
const MaxWindows = 600

// Window has the latencies of what ended in a span of the run, as histograms. Windows are longer than
// intervals because a histogram takes about a kilobyte.
type Window struct {
	From    float64         `json:"from_seconds"`
	To      float64         `json:"to_seconds"`
	Latency Clocks[Encoded] `json:"latency"`
}

// AddWindow adds a span to the end of the run's windows. When there are more than MaxWindows it first merges them two
// by two, which costs some seconds of CPU once in as many calls as there are windows; so a run of up to ten
// minutes can have a window each second, and one of a day has one for every few minutes.
func (r *Run) AddWindow(w Window) error {
	if len(r.Windows) >= MaxWindows {
		half := make(Rows[Window], 0, MaxWindows)
		for i := 0; i < len(r.Windows); i += 2 {
			pair, err := mergeWindows(r.Windows[i:min(i+2, len(r.Windows))])
			if err != nil {
				return err
			}
			half = append(half, pair)
		}
		r.Windows = half
	}
	r.Windows = append(r.Windows, w)
	return nil
}

func mergeWindows(ws []Window) (Window, error) {
	into := ws[0]
	for _, w := range ws[1:] {
		into.To = w.To
		var from []Encoded
		for _, text := range w.Latency.Each() {
			from = append(from, *text)
		}
		i := 0
		for _, text := range into.Latency.Each() {
			merged, err := merge(*text, from[i])
			if err != nil {
				return Window{}, err
			}
			*text = merged
			i++
		}
	}
	return into, nil
}

func merge(a, b Encoded) (Encoded, error) {
	if a == "" || b == "" {
		return a + b, nil
	}
	x, err := a.Decode()
	if err != nil {
		return "", err
	}
	y, err := b.Decode()
	if err != nil {
		return "", err
	}
	if lost := x.Merge(y); lost > 0 {
		return "", fmt.Errorf("histograms of different ranges: %d values would be lost", lost)
	}
	text, err := x.EncodeV2()
	return Encoded(text), err
}
