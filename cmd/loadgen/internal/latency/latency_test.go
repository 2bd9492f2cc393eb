package latency

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
	"pgregory.net/rapid"
)

// times draws times with runs of equal ones, short and long, some past the range.
func times(t *rapid.T) []time.Duration {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) time.Duration {
		return time.Duration(rapid.Int64Range(-5, 3_700_000_000).Draw(t, "us")) * time.Microsecond >>
			rapid.IntRange(0, 30).Draw(t, "shift")
	}), 0, 200).Draw(t, "times")
}

// TestQuantile compares with sorting.
func TestQuantile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := NewHistogram()
		sorted := times(t)
		missing := rapid.Uint64Range(0, 20).Draw(t, "missing")
		for _, d := range sorted {
			h.Record(d)
		}
		h.Miss(missing)
		slices.Sort(sorted)
		over := uint64(0)
		for i, d := range sorted {
			sorted[i] = max(d, 0)
			if d > Highest+Highest/4 { // the library's last bucket reaches further than asked for
				over++
			}
		}
		if h.Count() != uint64(len(sorted)) || h.Missing() != missing || h.Overflow() > uint64(len(sorted)) || h.Overflow() < over {
			t.Fatalf("%d counted, %d past the range, %d missing", h.Count(), h.Overflow(), h.Missing())
		}
		n := len(sorted) + int(missing)
		for _, q := range []float64{0, .01, .25, .5, .9, .99, .999, 1} {
			got := h.Quantile(q)
			if n == 0 {
				if got != 0 {
					t.Fatalf("quantile %v of nothing: %v", q, got)
				}
				continue
			}
			rank := max(1, int(math.Ceil(q*float64(n)-1e-9)))
			if rank > len(sorted)-int(h.Overflow()) {
				if got != Beyond {
					t.Fatalf("quantile %v: %v, want beyond", q, got)
				}
				continue
			}
			want := sorted[rank-1]
			if got < want-time.Microsecond || float64(got) > float64(want)*1.001+float64(2*time.Microsecond) {
				t.Fatalf("quantile %v of %d: %v, want %v", q, n, got, want)
			}
		}
	})
}

// TestMerge: what many workers recorded, merged in any order, equals what one would have.
func TestMerge(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		one := NewSet()
		workers := make([]*Set, 1+r.IntN(6))
		for i := range workers {
			workers[i] = NewSet()
		}
		for range 5000 {
			intended := time.Duration(r.Int64N(1e10))
			sent := intended + time.Duration(r.Int64N(1e8))
			at := sent + time.Duration(r.ExpFloat64()*1e8)
			if r.IntN(500) == 0 {
				at += 2 * Highest
			}
			to := To(r.IntN(int(Tos)))
			one.Record(to, intended, sent, at)
			workers[r.IntN(len(workers))].Record(to, intended, sent, at)
		}
		one.Miss(All, 7)
		workers[0].Miss(All, 7)
		r.Shuffle(len(workers), func(i, j int) { workers[i], workers[j] = workers[j], workers[i] })
		merged := NewSet()
		for _, w := range workers {
			merged.Merge(w)
		}
		equal(t, one, merged)
	}
}

func equal(t *testing.T, a, b *Set) {
	t.Helper()
	for from := range a {
		for to := range a[from] {
			x, y := a[from][to], b[from][to]
			if !x.HDR().Equals(y.HDR()) || x.Overflow() != y.Overflow() || x.Missing() != y.Missing() || x.Max() != y.Max() || x.Mean() != y.Mean() {
				t.Errorf("%v to %v: %d and %d times, %v and %v at most", From(from), To(to), x.Count(), y.Count(), x.Max(), y.Max())
			}
		}
	}
}

func TestSeries(t *testing.T) {
	s := NewSeries(2*time.Second, time.Second)
	one := NewSet()
	r := rand.New(rand.NewPCG(1, 1))
	var ends []time.Duration
	for range 3000 {
		ends = append(ends, 2*time.Second+time.Duration(r.Int64N(3e9)))
	}
	for range 100 {
		ends = append(ends, 7*time.Second+500*time.Millisecond)
	}
	slices.Sort(ends)
	for _, at := range ends {
		intended := at - time.Duration(r.Int64N(1e9))
		s.Record(All, intended, at-time.Millisecond, at)
		one.Record(All, intended, at-time.Millisecond, at)
	}
	s.Miss(All, 3)
	one.Miss(All, 3)
	intervals, total := s.Finish(7*time.Second + 600*time.Millisecond)
	equal(t, one, total)
	again := NewHistogram().HDR()
	var count uint64
	for i, x := range intervals {
		sum := x.Of[Intended][All]
		if x.Start != time.Duration(2+i)*time.Second || i < 5 && x.End != x.Start+time.Second {
			t.Errorf("interval %d: %v to %v", i, x.Start, x.End)
		}
		if empty := i == 3 || i == 4; (sum.Count == 0) != empty || (sum.Encoded == "") != empty {
			t.Errorf("interval %d has %d", i, sum.Count)
		}
		if count += sum.Count; sum.Count == 0 {
			continue
		}
		h, err := hdr.Decode([]byte(sum.Encoded))
		if err != nil {
			t.Fatal(err)
		}
		again.Merge(h)
		if len(sum.Encoded) > 8<<10 {
			t.Errorf("interval %d takes %d bytes", i, len(sum.Encoded))
		}
	}
	if len(intervals) != 6 || count != 3100 || intervals[5].Of[Sent][All].Max > 2*time.Millisecond {
		t.Errorf("%d intervals with %d", len(intervals), count)
	}
	if !again.Equals(one[Intended][All].HDR()) {
		t.Error("the intervals' histograms do not add up to the total")
	}
}

func BenchmarkRecord(b *testing.B) {
	for name, step := range map[string]time.Duration{"equal": 0, "different": 5 * time.Microsecond} {
		b.Run("values="+name, func(b *testing.B) {
			h := NewHistogram()
			var d time.Duration
			b.ReportAllocs()
			for b.Loop() {
				h.Record(d)
				d = (d + step) % time.Second
			}
		})
	}
}
