package schedule

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"
)

func all(a Arrivals) (at []time.Duration) {
	for x, ok := a.Next(); ok; x, ok = a.Next() {
		at = append(at, x.At)
	}
	return at
}

func profile(t testing.TB, s string) Profile {
	t.Helper()
	p, err := ParseProfile(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestEven(t *testing.T) {
	for _, c := range []struct {
		profile string
		count   int
		at      map[int]time.Duration // some of them
	}{
		{"1s@4", 4, map[int]time.Duration{0: 0, 1: 250 * time.Millisecond, 3: 750 * time.Millisecond}},
		{"10s@3", 30, map[int]time.Duration{1: 333333333, 2: 666666666, 3: time.Second, 29: 9666666666}},
		{"30s@5k,1m@20k", 150_000 + 1_200_000, map[int]time.Duration{149_999: 29999800000, 150_000: 30 * time.Second, 150_001: 30*time.Second + 50*time.Microsecond}},
		{"2s@0..10", 10, map[int]time.Duration{0: 0}}, // n submissions by 5/2 t^2 = n
		{"10s@1k..5k,10s@5k..1k", 60_000, map[int]time.Duration{30_000: 10 * time.Second}},
		{"1s@0,1s@2,1s@0", 2, map[int]time.Duration{0: time.Second, 1: 1500 * time.Millisecond}},
	} {
		p := profile(t, c.profile)
		at := all(Even(p))
		if len(at) != c.count || p.Count() != uint64(c.count) {
			t.Errorf("%s: %d submissions, Count says %d, want %d", c.profile, len(at), p.Count(), c.count)
			continue
		}
		for i, want := range c.at {
			if at[i] != want {
				t.Errorf("%s: submission %d is due at %v, want %v", c.profile, i, at[i], want)
			}
		}
		for i := range at[1:] {
			if at[i+1] < at[i] {
				t.Fatalf("%s: submission %d is due before the one before it", c.profile, i+1)
			}
		}
		if p.String() != c.profile && profile(t, p.String()).String() != p.String() {
			t.Errorf("%s is written as %s", c.profile, p)
		}
	}
	for i, at := range all(Even(profile(t, "2s@0..10"))) { // the ramp, against its formula
		if want := math.Sqrt(float64(i) / 2.5); math.Abs(at.Seconds()-want) > 1e-8 {
			t.Errorf("ramp: submission %d is due at %v, want %v s", i, at, want)
		}
	}
}

// TestPoisson compares with what a Poisson process is: numbers in separate times have mean and variance rate times
// length, and are independent of each other; intervals are exponential.
func TestPoisson(t *testing.T) {
	const bins, rate = 4000, 1000
	p := profile(t, "200s@1k..3k,200s@3k..1k,400s@2k") // by cumulative rate, which is what makes times alike
	seeds := uint64(5)
	if testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		at := all(Poisson(p, seed))
		mean := float64(p.Count())
		if dev := (float64(len(at)) - mean) / math.Sqrt(mean); math.Abs(dev) > 4 {
			t.Errorf("seed %d: %d submissions, %.1f standard deviations off %v", seed, len(at), dev, mean)
		}
		again := all(Poisson(p, seed))
		for i := range at {
			if at[i] != again[i] {
				t.Fatalf("seed %d: submission %d differs the second time", seed, i)
			}
		}
		// The last stage: its rate is constant.
		var counts [bins]float64
		var intervals [10]float64 // by deciles of the exponential distribution
		last, n := 400*time.Second, 0
		for _, x := range at {
			if x < 400*time.Second {
				continue
			}
			counts[int((x-400*time.Second)*bins/(400*time.Second))]++
			u := 1 - math.Exp(-(x-last).Seconds()*2*rate)
			intervals[min(9, int(u*10))]++
			last = x
			n++
		}
		const want = 400.0 * 2 * rate / bins
		var sum, square float64
		for _, c := range counts {
			sum, square = sum+c, square+(c-want)*(c-want)
		}
		if m := sum / bins; math.Abs(m-want) > 4*math.Sqrt(want/bins) {
			t.Errorf("seed %d: a mean of %.2f in a bin, want %v", seed, m, want)
		}
		// The index of dispersion: bins * variance / mean is chi-square with that many degrees.
		if z := (square/want - bins) / math.Sqrt(2*bins); math.Abs(z) > 4 {
			t.Errorf("seed %d: variance %.2f in a bin, want %v (z %.1f)", seed, square/bins, want, z)
		}
		chi := 0.0
		for _, c := range intervals {
			chi += (c - float64(n)/10) * (c - float64(n)/10) / (float64(n) / 10)
		}
		if chi > 33.7 { // 9 degrees: 1 in 10,000
			t.Errorf("seed %d: intervals by deciles: chi-square %.1f: %v", seed, chi, intervals)
		}
		// Independence: a bin above its median says nothing of the next; a table of two by two.
		var table [2][2]float64
		high := func(c float64) int {
			if c > want {
				return 1
			}
			return 0
		}
		for i := range bins - 1 {
			table[high(counts[i])][high(counts[i+1])]++
		}
		chi = 0
		for i := range 2 {
			for j := range 2 {
				e := (table[i][0] + table[i][1]) * (table[0][j] + table[1][j]) / (bins - 1)
				chi += (table[i][j] - e) * (table[i][j] - e) / e
			}
		}
		if chi > 15.1 { // 1 degree: 1 in 10,000
			t.Errorf("seed %d: neighbouring bins: chi-square %.1f: %v", seed, chi, table)
		}
		// The ramps: half of the first one's submissions come after sqrt(1 + 8/2) of its rates.
		half := 0
		middle := time.Duration((math.Sqrt(5) - 1) / 2 * 200 * float64(time.Second))
		for _, x := range at {
			if x < middle {
				half++
			}
		}
		if dev := (float64(half) - 200_000) / math.Sqrt(200_000); math.Abs(dev) > 4 {
			t.Errorf("seed %d: %d submissions in the first half of the ramp, want 200000", seed, half)
		}
	}
}

func TestRates(t *testing.T) {
	for s, want := range map[string]float64{"0": 0, "500": 500, "20k": 20_000, "1.5M": 1_500_000, "0.5": 0.5, "10M": MaxRate} {
		if v, err := ParseRate(s); err != nil || v != want {
			t.Errorf("%s: %v, %v", s, v, err)
		} else if again, err := ParseRate(FormatRate(v)); err != nil || again != v {
			t.Errorf("%v is written as %s", v, FormatRate(v))
		}
	}
	for _, s := range []string{"", "k", "-1", "11M", "nan", "inf", "5kk", "5K", "1e300M"} {
		if _, err := ParseRate(s); !errors.Is(err, ErrSyntax) {
			t.Errorf("%q: %v", s, err)
		}
	}
	for _, s := range []string{"", "30s", "30s@", "@5", "0s@5", "-1s@5", "30s@5..", "30s@0", "2000h@1", "600h@1,600h@1", "x@5", "1s@5,",
		strings.Repeat("1s@1,", maxStages) + "1s@1"} {
		if _, err := ParseProfile(s); !errors.Is(err, ErrSyntax) {
			t.Errorf("%.20q: %v", s, err)
		}
	}
}

func TestSize(t *testing.T) {
	for _, c := range []struct {
		size     string
		min, max int
	}{{"128", 128, 128}, {"0", 0, 0}, {"uniform:100", 0, 200}, {"jittered:100", 50, 150}, {"heavy-tailed:100", 50, 1000}, {"exponential:100", 0, 1000}} {
		s, err := ParseSize(c.size, 1000)
		if err != nil || s.String() != c.size {
			t.Errorf("%s: %v, %v", c.size, s, err)
			continue
		}
		sum := 0
		for i := range uint64(10_000) {
			v := s.Of(7, i)
			if v < c.min || v > c.max {
				t.Fatalf("%s: %d", c.size, v)
			}
			sum += v
		}
		if mean := float64(sum) / 10_000; s.mean > 0 && math.Abs(mean/float64(s.mean)-1) > 0.08 {
			t.Errorf("%s: a mean of %.1f", c.size, mean)
		}
	}
	for _, bad := range []string{"", "-1", "1001", "normal:5", "uniform:", "128:5"} {
		if _, err := ParseSize(bad, 1000); !errors.Is(err, ErrSyntax) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestTrace(t *testing.T) {
	const text = "# seconds,bytes\n0\n0.000250,128\n\n0.000250\n1.5,4096\n"
	var packed bytes.Buffer
	w, err := zstd.NewWriter(&packed)
	if err != nil {
		t.Fatal(err)
	}
	w.Write([]byte(text))
	w.Close()
	for _, s := range []string{text, packed.String()} {
		trace, err := ReadTrace(strings.NewReader(s), 4096)
		if err != nil {
			t.Fatal(err)
		}
		want := []Arrival{{0, Unsized}, {250 * time.Microsecond, 128}, {250 * time.Microsecond, Unsized}, {1500 * time.Millisecond, 4096}}
		a := trace.Arrivals()
		for i, w := range want {
			if got, ok := a.Next(); !ok || got != w {
				t.Errorf("arrival %d: %v, want %v", i, got, w)
			}
		}
		if _, ok := a.Next(); ok || trace.Count() != 4 || trace.Length() != 1500*time.Millisecond {
			t.Errorf("%d arrivals in %v", trace.Count(), trace.Length())
		}
	}
	for s, line := range map[string]int{"": 1, "# none\n": 2, "1\n0.5\n": 2, "x\n": 1, "1.\n": 1, "1.1234567890\n": 1, "-1\n": 1, "1,-5\n": 1, "1,\n": 1,
		"1,4097\n": 1, "0\n1," + strings.Repeat("0", 300) + "\n": 2, "4000000\n": 1, "1e3\n": 1, "0.-1\n": 1, ".5\n": 1} {
		_, err := ReadTrace(strings.NewReader(s), 4096)
		var bad *TraceError
		if !errors.As(err, &bad) || bad.Line != line {
			t.Errorf("%.20q: %v, want an error in line %d", s, err, line)
		}
	}
}

// TestTraceOfSchedule: any schedule can be written down and is the same when it is read.
func TestTraceOfSchedule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Profile{{time.Duration(rapid.Int64Range(1e8, 1e10).Draw(t, "length")), rapid.Float64Range(0, 100).Draw(t, "from"), rapid.Float64Range(1, 200).Draw(t, "to")}}
		if p.Check() != nil {
			t.Skip()
		}
		make := func() Arrivals { return Poisson(p, 5) }
		if rapid.Bool().Draw(t, "even") {
			make = func() Arrivals { return Even(p) }
		}
		want := all(make())
		if len(want) == 0 {
			t.Skip()
		}
		var b bytes.Buffer
		if err := WriteTrace(&b, make()); err != nil {
			t.Fatal(err)
		}
		trace, err := ReadTrace(&b, 0)
		if err != nil {
			t.Fatal(err)
		}
		got := all(trace.Arrivals())
		if len(got) != len(want) {
			t.Fatalf("%d arrivals of %d", len(got), len(want))
		}
		for i := range got {
			if got[i] != want[i] || i > 0 && got[i] < got[i-1] {
				t.Fatalf("arrival %d: %v, want %v", i, got[i], want[i])
			}
		}
	})
}

// FuzzTrace: what is read can be written, and reads the same again.
func FuzzTrace(f *testing.F) {
	f.Add([]byte("0\n0.000250,128\n1.5,4096\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		trace, err := ReadTrace(bytes.NewReader(b), 1<<20)
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := WriteTrace(&out, trace.Arrivals()); err != nil {
			t.Fatal(err)
		}
		again, err := ReadTrace(&out, 1<<20)
		if err != nil || again.Count() != trace.Count() {
			t.Fatal(again, err)
		}
		x, y := trace.Arrivals(), again.Arrivals()
		for range trace.Count() {
			a, _ := x.Next()
			if b, _ := y.Next(); a != b {
				t.Fatalf("%v reads again as %v", a, b)
			}
		}
	})
}

// FuzzProfile: what is read is within the limits, and is written as what it is.
func FuzzProfile(f *testing.F) {
	f.Add("30s@5k,1m@20k")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParseProfile(s)
		if err != nil {
			return
		}
		again, err := ParseProfile(p.String())
		if err != nil || again.String() != p.String() || again.Count() != p.Count() {
			t.Fatalf("%q is written as %q: %v", s, p, err)
		}
		last := time.Duration(0)
		for _, a := range []Arrivals{Even(p), Poisson(p, 1)} {
			last = 0
			for range 100 {
				x, ok := a.Next()
				if ok && (x.At < last || x.At > p.Length()) {
					t.Fatalf("%q: %v after %v", s, x.At, last)
				}
				last = x.At
				if !ok {
					break
				}
			}
		}
	})
}

// TestCorpora writes nothing: it sees that the committed inputs are there, in the form that go test reads.
func TestCorpora(t *testing.T) {
	for _, target := range []string{"FuzzTrace", "FuzzProfile"} {
		files, _ := filepath.Glob(filepath.Join("testdata", "fuzz", target, "*"))
		if len(files) < 3 {
			t.Errorf("%s: %d files", target, len(files))
		}
		for _, f := range files {
			if b, err := os.ReadFile(f); err != nil || !bytes.HasPrefix(b, []byte("go test fuzz v1\n")) {
				t.Errorf("%s: %v", f, err)
			}
		}
	}
}

func BenchmarkNext(b *testing.B) {
	p := Profile{{MaxLength, 200_000, 200_000}}
	for name, a := range map[string]Arrivals{"even": Even(p), "poisson": Poisson(p, 1)} {
		b.Run("process="+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				a.Next()
			}
		})
	}
}
