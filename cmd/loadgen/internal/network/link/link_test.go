package link

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const ms = time.Millisecond

func TestParse(t *testing.T) {
	base := Conditions{Delay: ms, Rate: 5000}
	for _, c := range []struct {
		text string
		want Conditions
		err  string
	}{
		{"delay=20ms", Conditions{Delay: 20 * ms, Rate: 5000}, ""},
		{"clear delay=20ms,jitter=2ms  spread=uniform", Conditions{Delay: 20 * ms, Jitter: 2 * ms, Spread: Uniform}, ""},
		{"loss=1%", Conditions{Delay: ms, Rate: 5000, Loss: 0.01}, ""},
		{"loss=0.25", Conditions{Delay: ms, Rate: 5000, Loss: 0.25}, ""},
		{"cut", Conditions{Delay: ms, Rate: 5000, Cut: true}, ""},
		{"rate=10Mbit", Conditions{Delay: ms, Rate: 1.25e6}, ""},
		{"rate=8kbit", Conditions{Delay: ms, Rate: 1000}, ""},
		{"rate=2.5MB", Conditions{Delay: ms, Rate: 2.5e6}, ""},
		{"rate=0B", Conditions{Delay: ms}, ""},
		{"clear", Conditions{}, ""},
		{"", base, "no conditions"},
		{"delay", base, `"delay" is none of`},
		{"cut=1", base, `"cut=1" is none of`},
		{"delay=-1ms", base, "no duration"},
		{"delay=2m", base, "no duration"},
		{"loss=91%", base, "no share"},
		{"loss=NaN", base, "no share"},
		{"rate=7kbit", base, "no rate"},
		{"rate=1e400GB", base, "no rate"},
		{"rate=NaNB", base, "no rate"},
		{"rate=10", base, "no rate"},
		{"spread=wide", base, "none of normal"},
	} {
		got, err := Parse(c.text, base)
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%q: %+v, %v", c.text, got, err)
		}
		if again, err := Parse(got.String(), Conditions{}); err != nil || again != got {
			t.Errorf("%q is read as %+v, %v", got, again, err)
		}
	}
}

func TestParsePairs(t *testing.T) {
	for _, c := range []struct {
		text string
		want string
	}{
		{"0-1", "[{0 1} {1 0}]"},
		{"0>1", "[{0 1}]"},
		{"0>1,0>1,1>0", "[{0 1} {1 0}]"},
		{"2", "[{2 0} {0 2} {2 1} {1 2}]"},
		{"1>*", "[{1 0} {1 2}]"},
		{"*>1", "[{0 1} {2 1}]"},
		{"*", "[{0 1} {1 0} {0 2} {2 0} {1 2} {2 1}]"},
		{"1-1", `error: link "1-1": from a node to itself`},
		{"0-3", `error: link "0-3": "3" is no node of 0 to 2, and not *`},
		{"", `error: link "": "" is no node of 0 to 2, and not *`},
		{"0-1,", `error: link "": "" is no node of 0 to 2, and not *`},
	} {
		pairs, err := ParsePairs(c.text, 3)
		got := sprint(pairs)
		if err != nil {
			got = "error: " + err.Error()
		}
		if got != c.want {
			t.Errorf("%q: %s, want %s", c.text, got, c.want)
		}
	}
}

func TestReadMatrix(t *testing.T) {
	m, err := Read(strings.NewReader(`
# a comment
*	delay=20ms  # another
0-1 rate=10Mbit
1>0 clear cut
`), 3)
	if err != nil {
		t.Fatal(err)
	}
	slow := Conditions{Delay: 20 * ms}
	narrow := Conditions{Delay: 20 * ms, Rate: 1.25e6}
	if m[0][1] != narrow || m[1][0] != (Conditions{Cut: true}) || m[2][1] != slow || m[0][2] != slow {
		t.Errorf("%+v", m)
	}
	if m.Clear() || !New(3).Clear() {
		t.Error("what does something and what does nothing")
	}
	for text, want := range map[string]string{
		"\n0-1":                          "line 2: no conditions",
		"0-7 cut":                        "line 1: link",
		"0-1 fast":                       `line 1: "fast"`,
		"#" + strings.Repeat("x", 1<<13): "line 1: more than",
	} {
		if _, err := Read(strings.NewReader(text), 3); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

func TestProfiles(t *testing.T) {
	for _, p := range profiles {
		if _, err := Named(p.Name); err != nil {
			t.Error(err)
		}
		for i := range p.trips {
			if len(p.trips[i]) != i || len(p.trips) != len(p.regions) {
				t.Fatalf("%s: not a triangle", p.Name)
			}
		}
		m := p.Matrix(16)
		if m.Clear() {
			t.Errorf("%s does nothing", p.Name)
		}
		for i := range m {
			for j := range m {
				if c := m[i][j]; i != j {
					if c.Delay <= 0 || c.Delay > 400*ms || c != m[j][i] {
						t.Errorf("%s: from %d to %d %+v", p.Name, i, j, c)
					}
					if again, err := Parse(c.String(), Conditions{}); err != nil || again != c {
						t.Errorf("%s: %s: %v", p.Name, c, err)
					}
				}
			}
		}
	}
	global, err := Named("wan-global")
	if err != nil {
		t.Fatal(err)
	}
	if m := global.Matrix(9); m[0][2].Delay != 110*ms || m[0][7].Delay != near || m[8][2].Delay != 80*ms {
		t.Errorf("regions: %v %v %v", m[0][2], m[0][7], m[8][2])
	}
	if _, err := Named("moon"); err == nil || !strings.Contains(err.Error(), "wan-eu") {
		t.Errorf("error %v", err)
	}
}

func TestChoose(t *testing.T) {
	file := filepath.Join(t.TempDir(), "links")
	if err := os.WriteFile(file, []byte("0-1 delay=7ms"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ text, want string }{
		{"none", "none"},
		{"satellite", "delay=300ms,jitter=10ms,loss=0.005,rate=1.25e+06B"},
		{"delay=3ms,loss=1%", "delay=3ms,loss=0.01"},
		{file, "delay=7ms"},
		{"delay=3", `error: "delay=3" is no duration`},
		{"moon", `error: "moon" is no profile of links: there are lan, metro, wan-eu, wan-global, mobile, satellite, lossy; it is no file`},
		{filepath.Dir(file), "error: "},
	} {
		m, err := Choose(c.text, 2)
		got := "none"
		if err != nil {
			got = "error: " + err.Error()
		} else if m != nil {
			got = m[0][1].String()
		}
		if !strings.HasPrefix(got, c.want) {
			t.Errorf("%q: %s, want %s", c.text, got, c.want)
		}
	}
}

// The moments of what chances add to delays are as arithmetic has them.
func TestSpreads(t *testing.T) {
	const n = 200_000
	moments := func(draw func() time.Duration) (mean, deviation float64) {
		var sum, squares float64
		for range n {
			x := float64(draw()) / float64(ms)
			sum += x
			squares += x * x
		}
		mean = sum / n
		return mean, math.Sqrt(squares/n - mean*mean)
	}
	near := func(what string, got, want, tolerance float64) {
		t.Helper()
		if math.Abs(got-want) > tolerance {
			t.Errorf("%s: %.4f, want %.4f", what, got, want)
		}
	}
	for _, c := range []struct {
		spread          Spread
		mean, deviation float64
	}{
		{Normal, 0, 10},
		{Uniform, 0, 10 / math.Sqrt(3)},
		{Pareto, 10, 20 * math.Sqrt(0.75)}, // scale 20; shape 3 has a variance of 3/4 of its square
	} {
		w := NewWay(Conditions{Jitter: 10 * ms, Spread: c.spread}, 1, uint64(c.spread))
		mean, deviation := moments(w.jitter)
		near(c.spread.String()+" mean", mean, c.mean, 0.2)
		near(c.spread.String()+" deviation", deviation, c.deviation, 0.2+float64(c.spread)) // that of a heavy tail converges late
	}

	// One segment: by timeouts of 240 ms, then twice as long each time.
	const p = 0.1
	w := NewWay(Conditions{Delay: 20 * ms, Loss: p}, 1, 9)
	want, sum := 0., 0.
	for k, wait := 1, 240.; k <= most; k, wait = k+1, 2*wait {
		sum += wait
		chance := math.Pow(p, float64(k)) * (1 - p)
		if k == most {
			chance = math.Pow(p, float64(k))
		}
		want += chance * sum
	}
	mean, _ := moments(func() time.Duration { return w.losses(segment) })
	near("losses of one segment", mean, want, 0.03*want)

	// Of 20, the first 17 only cost a round trip when lost once.
	w = NewWay(Conditions{Delay: 20 * ms, Loss: 1e-3}, 1, 10)
	mean, _ = moments(func() time.Duration { return w.losses(20 * segment) })
	near("losses of twenty", mean, 1e-3*(17*40+3*240), 0.1)
	if w.losses(0) != 0 {
		t.Error("nothing was lost")
	}
}

func TestBuffers(t *testing.T) {
	for _, c := range []struct {
		c          Conditions
		hold, read int
	}{
		{Conditions{}, 64 << 10, maxBuffer},
		{Conditions{Delay: ms}, maxBuffer, maxBuffer},
		{Conditions{Rate: 1000}, minBuffer, segment},
		{Conditions{Rate: 1e6, Delay: 400 * ms}, 500_000, 10_000},
		{Conditions{Rate: 1e9, Delay: 400 * ms}, maxBuffer, maxBuffer},
	} {
		if hold, read := NewWay(c.c, 0, 0).buffer(); hold != c.hold || read != c.read {
			t.Errorf("%v: holds %d, reads %d", c.c, hold, read)
		}
	}
}
