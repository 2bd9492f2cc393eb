// Package latency keeps how long submissions took: six histograms, from when a submission was due and from when it
// was really handed over, to when its node acknowledged it, to when that node had it decided, and to when all nodes
// had. The difference between the two rows is what a load generator hides that measures from when it sent:
// submissions that were late because the system kept it waiting.
//
// Histograms are HDR histograms of nanoseconds, from a microsecond to an hour, with an error of at most 0.1 %, or half a
// microsecond. What took longer is counted and sorts above all else, and so do submissions that never came to their
// end: a quantile that falls among those is [Beyond], not the largest of the others.
package latency

import (
	"math"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// Range of all histograms.
const (
	Lowest  = time.Microsecond // what is told apart at the lower end
	Highest = time.Hour
	Figures = 3 // significant decimal digits
)

// grain is as many bits of a time as the histograms do not look at.
const grain = 9

// Beyond is a quantile that is past the range, or among submissions that never came to their end.
const Beyond = time.Duration(math.MaxInt64)

// Histogram is a distribution of times. Make it with [NewHistogram]; one goroutine at a time uses it. It takes 170 KiB.
type Histogram struct {
	hdr     *hdr.Histogram
	value   int64  // without its grain, of the run of equal values that is gathered and not in hdr yet
	run     int64  // how many
	beyond  uint64 // values past the range
	missing uint64 // values that there should have been
}

// NewHistogram returns an empty histogram.
func NewHistogram() *Histogram {
	return &Histogram{hdr: hdr.New(int64(Lowest), int64(Highest), Figures)}
}

// Record adds a time. Values within half a microsecond in a row, which batches make, cost a
// nanosecond or two each, others ten.
// What is below zero counts as zero.
func (h *Histogram) Record(d time.Duration) {
	if v := int64(max(d, 0)) >> grain; v == h.value {
		h.run++
	} else {
		h.flush()
		h.value, h.run = v, 1
	}
}

func (h *Histogram) flush() {
	if h.run == 0 {
		return
	}
	if h.hdr.RecordValues(h.value<<grain, h.run) != nil { // too large: all else is excluded here
		h.beyond += uint64(h.run)
	}
	h.run = 0
}

// Miss adds n times that never came to their end.
func (h *Histogram) Miss(n uint64) { h.missing += n }

// Merge adds what other has.
func (h *Histogram) Merge(other *Histogram) {
	h.flush()
	other.flush()
	h.hdr.Merge(other.hdr) // drops nothing: the ranges are equal
	h.beyond += other.beyond
	h.missing += other.missing
}

// Reset empties the histogram.
func (h *Histogram) Reset() {
	h.hdr.Reset()
	h.value, h.run, h.beyond, h.missing = 0, 0, 0, 0
}

// Count returns how many times there are, with those past the range and without those missing.
func (h *Histogram) Count() uint64 {
	h.flush()
	return uint64(h.hdr.TotalCount()) + h.beyond
}

// Overflow returns how many times are past the range.
func (h *Histogram) Overflow() uint64 {
	h.flush()
	return h.beyond
}

// Missing returns how many times there should have been and are not.
func (h *Histogram) Missing() uint64 { return h.missing }

// Quantile returns the least time that at least the share q, from 0 to 1, of all took no longer than, rounded up by at
// most 0.1 % or half a microsecond; [Beyond] if that is past the range or missing, 0 if there is nothing at all.
func (h *Histogram) Quantile(q float64) time.Duration {
	h.flush()
	in := uint64(h.hdr.TotalCount())
	all := in + h.beyond + h.missing
	if all == 0 {
		return 0
	}
	// The rank is taken over all and handed down as a percentile of those in range, aimed at the middle of the rank:
	// the library adds a half and cuts.
	rank := max(1, uint64(math.Ceil(q*float64(all)-1e-9)))
	if rank > in {
		return Beyond
	}
	return time.Duration(h.hdr.ValueAtPercentile((float64(rank) - 0.25) / float64(in) * 100))
}

// Max is Quantile(1).
func (h *Histogram) Max() time.Duration { return h.Quantile(1) }

// Mean returns the mean; [Beyond] if some are past the range or missing, 0 if there is nothing at all.
func (h *Histogram) Mean() time.Duration {
	h.flush()
	if h.beyond+h.missing > 0 {
		return Beyond
	}
	return time.Duration(h.hdr.Mean())
}

// HDR returns the times in range, in nanoseconds, for whoever writes them down. It is the histogram's own.
func (h *Histogram) HDR() *hdr.Histogram {
	h.flush()
	return h.hdr
}
