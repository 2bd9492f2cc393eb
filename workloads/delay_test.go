package workloads

import (
	"math"
	"slices"
	"testing"
	"time"
)

func TestMinusLn(t *testing.T) {
	for _, u := range []uint64{0, 1, 2, 1<<32 - 1, 1<<63 - 1, 1 << 63, 3 << 62, 1<<64 - 2, 1<<64 - 1, 0x123456789abcdef0} {
		want := -math.Log((float64(u) + 1) / (1 << 64))
		if got := float64(minusLn(u)) / (1 << 32); math.Abs(got-want) > 1e-6 {
			t.Errorf("minusLn(%#x) = %.9f, want %.9f", u, got, want)
		}
	}
}

func TestDelays(t *testing.T) {
	const m = time.Second
	for _, c := range []struct {
		shape         Shape
		low, mid, top time.Duration // the 1st, 50th and 99th percentile, within 3 %
		bound         time.Duration
	}{
		{Fixed, m, m, m, m},
		{Jittered, 510 * m / 1000, m, 1490 * m / 1000, 3 * m / 2},
		{Uniform, 20 * m / 1000, m, 1980 * m / 1000, 2 * m},
		{Exponential, 10 * m / 1000, 693 * m / 1000, 4605 * m / 1000, 45 * m},
		{HeavyTailed, 503 * m / 1000, 707 * m / 1000, 5 * m, 100 * m},
	} {
		r := newRandom(1, 1)
		all := make([]time.Duration, 200_000)
		sum := 0.0
		for i := range all {
			all[i] = Delay{c.shape, m}.sample(r)
			sum += all[i].Seconds()
		}
		slices.Sort(all)
		for _, q := range []struct {
			per  int
			want time.Duration
		}{{1, c.low}, {50, c.mid}, {99, c.top}} {
			got := all[len(all)*q.per/100]
			if d := got - q.want; d > q.want/30+m/500 || -d > q.want/30+m/500 {
				t.Errorf("%v: percentile %d is %v, want %v", c.shape, q.per, got, q.want)
			}
		}
		if mean := sum / float64(len(all)); math.Abs(mean-1) > 0.03 {
			t.Errorf("%v: mean %.3f, want 1", c.shape, mean)
		}
		if all[0] < 0 || all[len(all)-1] > c.bound {
			t.Errorf("%v: from %v to %v", c.shape, all[0], all[len(all)-1])
		}
		for _, mean := range []time.Duration{0, 1, 2, 3, maxMean} {
			for range 100 {
				if d := (Delay{c.shape, mean}).sample(r); d < 0 || d > 100*mean {
					t.Errorf("%v with mean %v: %v", c.shape, mean, d)
				}
			}
		}
	}
}
