package latency

import "time"

// Interval is what came to an end within a second, or whatever the series was made with.
type Interval struct {
	Start, End time.Duration // offsets from the start of the run
	Of         [Froms][Tos]Summary
}

// Summary is a histogram made small.
type Summary struct {
	Count, Overflow                uint64
	Mean, P50, P90, P99, P999, Max time.Duration // Beyond where they fall among what overflowed; all 0 if Count is
	// Encoded is the histogram, in nanoseconds, in the form that HdrHistogram calls V2 compressed and in base64, as log
	// lines have it; about a kilobyte. Empty if Count is 0.
	Encoded string
}

// Series is a set that is also kept by intervals. A submission belongs to the interval in which it came to its end,
// not to that in which it was due: so an interval is complete when it is over. Make it with [NewSeries]; one goroutine
// at a time uses it. An interval takes up to 10 KiB for as long as the series lives.
type Series struct {
	length    time.Duration
	start     time.Duration // of the interval that is being filled
	now       *Set
	total     *Set
	intervals []Interval
	used      bool // now has something
}

// NewSeries returns an empty series with intervals of that length, the first of which begins at start.
func NewSeries(start, length time.Duration) *Series {
	return &Series{length: length, start: start, now: NewSet(), total: NewSet()}
}

// Record adds a submission that came to one of its ends at that time. Times that are slightly out of order, as several
// goroutines make them, are put into the interval that is being filled.
func (s *Series) Record(to To, intended, sent, at time.Duration) {
	if at >= s.start+s.length {
		s.Advance(at)
	}
	s.used = true
	s.now.Record(to, intended, sent, at)
}

// Miss adds n submissions that never came to that end, to the total.
func (s *Series) Miss(to To, n uint64) { s.total.Miss(to, n) }

// Advance completes the intervals that are over at that time, empty ones too: a second in which nothing came to an end
// is what one looks for. It takes some milliseconds for an interval that has anything.
func (s *Series) Advance(at time.Duration) {
	for at >= s.start+s.length {
		s.cut(s.start + s.length)
	}
}

// Finish completes the last interval, which may be shorter, and returns all with the total.
func (s *Series) Finish(at time.Duration) ([]Interval, *Set) {
	s.Advance(at)
	if s.used || at > s.start {
		s.cut(max(at, s.start+1))
	}
	return s.intervals, s.total
}

func (s *Series) cut(end time.Duration) {
	i := Interval{Start: s.start, End: end}
	if s.used {
		for from := range s.now {
			for to, h := range s.now[from] {
				i.Of[from][to] = summary(h)
			}
		}
		s.total.Merge(s.now)
		s.now.Reset()
	}
	s.intervals = append(s.intervals, i)
	s.start, s.used = end, false
}

// Last returns the last complete interval, if there is one.
func (s *Series) Last() (Interval, bool) {
	if len(s.intervals) == 0 {
		return Interval{}, false
	}
	return s.intervals[len(s.intervals)-1], true
}

func summary(h *Histogram) Summary {
	n := h.Count()
	if n == 0 {
		return Summary{}
	}
	s := Summary{Count: n, Overflow: h.Overflow(), Mean: h.Mean(), P50: h.Quantile(.5), P90: h.Quantile(.9),
		P99: h.Quantile(.99), P999: h.Quantile(.999), Max: h.Max()}
	// Encode fails only where a count does not fit, past 2^63.
	text, _ := h.HDR().EncodeV2()
	s.Encoded = string(text)
	return s
}
