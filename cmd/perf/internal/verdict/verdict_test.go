package verdict

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parsec/cmd/perf/internal/samples"
)

const hashes = "0123456789abcdef0123456789abcdef01234567"

// arm returns ten samples of benchmarks A and B, of a thousand events an operation.
func arm(t *testing.T, seed uint64, times float64) *samples.Arm {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	var text strings.Builder
	text.WriteString("Unit B/event better=lower\nUnit allocs/event better=lower\nUnit speed better=higher\n")
	for range 10 {
		for _, name := range []string{"A", "B"} {
			ns := 1e6 * times * (1 + 0.01*r.Float64())
			fmt.Fprintf(&text, "Benchmark%s 1 %f ns/op %f us/event 10000 B/event 2 allocs/event 0.5 blocks/event 7 speed\n", name, ns, ns/1e6)
		}
	}
	a, err := samples.Parse([]byte(text.String()), "arm")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func accept(benchmark, unit string, allowed float64) []Acceptance {
	return []Acceptance{{Base: hashes, Benchmark: benchmark, Unit: unit, Allowed: allowed, Reason: "meant", Source: "x.json"}}
}

// scale multiplies one unit of benchmark A.
func scale(a *samples.Arm, unit string, by float64) {
	s := a.Benchmarks[0].Find(unit)
	for i := range s.Values {
		s.Values[i] *= by
	}
}

func TestJudge(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(c *Case)
		want   Outcome
		says   string // in one of the findings; "" for none
	}{
		{"equal", func(*Case) {}, Pass, ""},
		{"no base", func(c *Case) { c.Base = nil }, Blind, "base has no samples"},
		{"no head", func(c *Case) { c.Head = nil }, Blind, "head has no samples"},
		{"empty head", func(c *Case) { c.Head = &samples.Arm{} }, Blind, "head has no samples"},
		{"vanished", func(c *Case) { c.Head.Benchmarks = c.Head.Benchmarks[1:] }, Blind, "vanished"},
		{"new", func(c *Case) { c.Base.Benchmarks = c.Base.Benchmarks[1:] }, Pass, "is new"},
		{"zero samples", func(c *Case) { c.Head.Benchmarks[0].Series[0].Values = nil }, Blind, "0 samples of the 10"},
		{"fewer samples", func(c *Case) { s := c.Head.Benchmarks[0].Series[2]; s.Values = s.Values[1:] }, Blind, "9 samples of the 10"},
		{"fewer samples of base", func(c *Case) { s := c.Base.Benchmarks[0].Series[2]; s.Values = s.Values[1:] }, Blind, "9 samples of the 10"},
		{"unit gone", func(c *Case) { b := c.Head.Benchmarks[0]; b.Series = b.Series[:3] }, Blind, "no longer reports"},
		{"time gone", func(c *Case) { b := c.Head.Benchmarks[0]; b.Series = b.Series[1:] }, Blind, "does not tell the time"},
		{"NaN", func(c *Case) { c.Head.Benchmarks[0].Series[2].Values[3] = math.NaN() }, Blind, "cannot be"},
		{"infinite", func(c *Case) { c.Base.Benchmarks[0].Series[0].Values[3] = math.Inf(1) }, Blind, "cannot be"},
		{"no time", func(c *Case) { c.Head.Benchmarks[0].Series[0].Values[3] = 0 }, Blind, "cannot be"},
		{"counter at zero", func(c *Case) { scale(c.Head, "allocs/event", 0) }, Blind, "measures nothing"},
		{"counter from zero", func(c *Case) { scale(c.Base, "blocks/event", 0) }, Fail, "from none"},

		{"bytes within 0.5 %", func(c *Case) { scale(c.Head, "B/event", 1.004) }, Pass, ""},
		{"bytes beyond", func(c *Case) { scale(c.Head, "B/event", 1.006) }, Fail, "0.5 % or 16 bytes"},
		{"bytes fewer", func(c *Case) { scale(c.Head, "B/event", 0.5) }, Pass, ""},
		{"few bytes within 16", func(c *Case) { scale(c.Base, "B/event", 0.01); scale(c.Head, "B/event", 0.0115) }, Pass, ""},
		{"few bytes beyond", func(c *Case) { scale(c.Base, "B/event", 0.01); scale(c.Head, "B/event", 0.012) }, Fail, "16 bytes"},
		{"allocations within", func(c *Case) { scale(c.Head, "allocs/event", 1.004) }, Pass, ""},
		{"allocations beyond", func(c *Case) { scale(c.Head, "allocs/event", 1.006) }, Fail, "allocs/event"},
		{"two objects of few", func(c *Case) {
			scale(c.Base, "allocs/event", 0.01)
			scale(c.Head, "allocs/event", 0.011)
		}, Pass, ""},
		{"five objects of few", func(c *Case) {
			scale(c.Base, "allocs/event", 0.01)
			scale(c.Head, "allocs/event", 0.0125)
		}, Fail, "allocs/event"},
		{"load changes up", func(c *Case) { scale(c.Head, "blocks/event", 1.01) }, Fail, "blocks/event"},
		{"load changes down", func(c *Case) { scale(c.Head, "blocks/event", 0.99) }, Fail, "blocks/event"},
		{"higher is better", func(c *Case) { scale(c.Head, "speed", 1.01) }, Pass, ""},
		{"lower is worse", func(c *Case) { scale(c.Head, "speed", 0.99) }, Fail, "speed"},

		{"slower beyond the floor", func(c *Case) { scale(c.Head, samples.Time, 1.2) }, Fail, "beyond the noise floor"},
		{"slower within the floor", func(c *Case) { scale(c.Head, samples.Time, 1.08) }, Pass, "within the noise floor"},
		{"faster", func(c *Case) { scale(c.Head, samples.Time, 0.5) }, Pass, ""},
		{"one outlier", func(c *Case) { c.Head.Benchmarks[0].Series[0].Values[0] *= 50 }, Pass, ""},

		{"instructions within", func(c *Case) { c.Instructions = []Instructions{{"A", 1000, 1004}} }, Pass, ""},
		{"instructions beyond", func(c *Case) { c.Instructions = []Instructions{{"A", 1000, 1006}} }, Fail, InstructionUnit},
		{"no instructions", func(c *Case) { c.Instructions = []Instructions{{"A", 1000, 0}} }, Blind, "cannot be"},
		{"NaN instructions", func(c *Case) { c.Instructions = []Instructions{{"A", math.NaN(), 1}} }, Blind, "cannot be"},
		{"instructions accepted", func(c *Case) {
			c.Instructions = []Instructions{{"A", 1000, 1030}}
			c.Accepted = accept("A", InstructionUnit, 5)
		}, Pass, "accepted by x.json: meant"},
		{"instructions accepted, but not so many", func(c *Case) {
			c.Instructions = []Instructions{{"A", 1000, 1060}}
			c.Accepted = accept("A", InstructionUnit, 5)
		}, Fail, "more than the 5.00 %"},

		{"accepted", func(c *Case) { scale(c.Head, "B/event", 1.03); c.Accepted = accept("A", "B/event", 5) }, Pass, "accepted by x.json: meant"},
		{"accepted, but not so much", func(c *Case) { scale(c.Head, "B/event", 1.06); c.Accepted = accept("A", "B/event", 5) }, Fail, "more than the 5.00 %"},
		{"time accepted", func(c *Case) { scale(c.Head, samples.Time, 1.2); c.Accepted = accept("A", samples.Time, 30) }, Pass, "accepted"},
		{"another is accepted", func(c *Case) { scale(c.Head, "B/event", 1.03); c.Accepted = accept("B", "B/event", 5) }, Fail, "B/event"},
		{"acceptance of another profile", func(c *Case) { c.Accepted = accept("C", "B/event", 5) }, Pass, "does not measure"},
		{"acceptance without valgrind", func(c *Case) { c.Accepted = accept("A", InstructionUnit, 5) }, Pass, "does not measure"},
		{"vanished, accepted", func(c *Case) {
			c.Head.Benchmarks = c.Head.Benchmarks[1:]
			c.Accepted = []Acceptance{{Base: hashes, Benchmark: "A", Vanished: true, Reason: "meant", Source: "x.json"}}
		}, Pass, "accepted by x.json: meant"},
		{"vanished, another accepted", func(c *Case) {
			c.Head.Benchmarks = c.Head.Benchmarks[1:]
			c.Accepted = []Acceptance{{Base: hashes, Benchmark: "A", Unit: "B/event", Vanished: true, Reason: "meant", Source: "x.json"}}
		}, Blind, "has vanished from head"},
		{"unit gone, accepted", func(c *Case) {
			b := c.Head.Benchmarks[0]
			b.Series = b.Series[:5]
			c.Accepted = []Acceptance{{Base: hashes, Benchmark: "A", Unit: "speed", Vanished: true, Reason: "meant", Source: "x.json"}}
		}, Pass, "accepted by x.json: meant"},
		{"accepted to vanish, and there", func(c *Case) {
			c.Accepted = []Acceptance{{Base: hashes, Benchmark: "A", Vanished: true, Reason: "meant", Source: "x.json"}}
		}, Blind, "not among what was compared"},
		{"zero, accepted", func(c *Case) {
			scale(c.Head, "blocks/event", 0)
			c.Accepted = []Acceptance{{Base: hashes, Benchmark: "A", Unit: "blocks/event", Zero: true, Reason: "meant", Source: "x.json"}}
		}, Pass, "accepted by x.json: meant"},
		{"zero, only less accepted", func(c *Case) { scale(c.Head, "blocks/event", 0); c.Accepted = accept("A", "blocks/event", 100) }, Blind, "measures nothing"},
		{"accepted to be zero, and is not", func(c *Case) {
			c.Accepted = []Acceptance{{Base: hashes, Benchmark: "A", Unit: "blocks/event", Zero: true, Reason: "meant", Source: "x.json"}}
		}, Blind, "accepts that it is 0"},
		{"floor too high", func(c *Case) { c.Floor = func(string) float64 { return 0.5 } }, Blind, "noise floor is 50.0 %"},
		{"floor of no number", func(c *Case) { c.Floor = func(string) float64 { return math.NaN() } }, Blind, "noise floor is NaN"},
		{"acceptance of no unit", func(c *Case) { c.Accepted = accept("A", "B/evnt", 5) }, Blind, "not among what was compared"},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := Case{Base: arm(t, 1, 1), Head: arm(t, 2, 1), Samples: 10, Alpha: 0.005, Floor: func(string) float64 { return 0.1 }}
			c.change(&k)
			v := Judge(k)
			if v.Outcome != c.want {
				t.Errorf("%v, want %v: %v", v.Outcome, c.want, v.Findings)
			}
			if text := fmt.Sprint(v.Findings); !strings.Contains(text, c.says) || c.says == "" && len(v.Findings) > 0 {
				t.Errorf("found %v, want %q", text, c.says)
			}
		})
	}
}

func TestSelfTests(t *testing.T) {
	floor := func(string) float64 { return 0.1 }
	if err := TestCounters(t.Context(), arm(t, 1, 1), 10, 0.005); err != nil {
		t.Error(err)
	}
	bare := arm(t, 1, 1)
	for _, b := range bare.Benchmarks {
		b.Series = b.Series[:2]
	}
	if err := TestCounters(t.Context(), bare, 10, 0.005); !errors.Is(err, ErrNoCounters) {
		t.Errorf("without counters: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := TestCounters(ended, arm(t, 1, 1), 10, 0.005); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	ops, err := samples.Parse([]byte(strings.Repeat("BenchmarkX 1 1000000 ns/op 1 us/event 5000 B/op 50 allocs/op\n", 10)), "arm")
	if err != nil {
		t.Fatal(err)
	}
	if err := TestCounters(t.Context(), ops, 10, 0.005); err != nil {
		t.Errorf("counters of operations: %v", err)
	}
	if err := TestCounters(t.Context(), arm(t, 1, 1), 11, 0.005); err == nil {
		t.Error("with too few samples the self-test passes")
	}
	a, b := arm(t, 1, 1), arm(t, 2, 1)
	if err := TestTimes(a, b, arm(t, 3, 2), 10, 0.005, floor); err != nil {
		t.Error(err)
	}
	if err := TestTimes(a, b, arm(t, 3, 1), 10, 0.005, floor); err == nil || !strings.Contains(err.Error(), "judged PASS") {
		t.Errorf("a slowdown that is none: %v", err)
	}
	if err := TestTimes(a, arm(t, 3, 2), arm(t, 3, 4), 10, 0.005, floor); err == nil || !strings.Contains(err.Error(), "do not pass") {
		t.Errorf("equal builds that differ: %v", err)
	}
	other := arm(t, 3, 2)
	scale(other, "B/event", 2)
	if err := TestTimes(a, b, other, 10, 0.005, floor); err == nil || !strings.Contains(err.Error(), "changed B/event") {
		t.Errorf("a slowdown that allocates: %v", err)
	}
}

func TestReadAccepted(t *testing.T) {
	const good = `{"base":"0123456","benchmark":"A","unit":"B/event","allowed":5,"reason":"meant"}`
	for _, c := range []struct {
		name, file, text string
		n                int
		err              string
	}{
		{"object", "a.json", good, 1, ""},
		{"list", "a.json", "[" + good + "," + good + "]", 2, ""},
		{"prose", "a.md", "# Why\n\n```json\n" + good + "\n```\n\nand\n\n```json\n[" + good + "]\n```\n", 2, ""},
		{"readme", "README.md", "nothing", 0, ""},
		{"by head", "a.json", strings.Replace(good, "base", "head", 1), 1, ""},
		{"no reason", "a.json", strings.Replace(good, "meant", " ", 1), 0, "no reason"},
		{"reason left out", "a.json", strings.Replace(good, `,"reason":"meant"`, "", 1), 0, "no reason"},
		{"unknown key", "a.json", strings.Replace(good, "reason", "because", 1), 0, "unknown field"},
		{"no commit", "a.json", strings.Replace(good, `"base":"0123456",`, "", 1), 0, "neither a base nor a head"},
		{"both commits", "a.json", strings.Replace(good, `{`, `{"head":"0123456",`, 1), 0, "or both"},
		{"no hash", "a.json", strings.Replace(good, "0123456", "HEAD~1", 1), 0, "no commit's hash"},
		{"no benchmark", "a.json", strings.Replace(good, `"A"`, `""`, 1), 0, "names no benchmark"},
		{"nothing allowed", "a.json", strings.Replace(good, "5", "0", 2), 0, ""},
		{"negative", "a.json", strings.Replace(good, ":5", ":-5", 1), 0, "allows -5"},
		{"vanished", "a.json", strings.Replace(good, `"unit":"B/event","allowed":5`, `"vanished":true`, 1), 1, ""},
		{"zero", "a.json", strings.Replace(good, `"allowed":5`, `"zero":true`, 1), 1, ""},
		{"zero of no unit", "a.json", strings.Replace(good, `"unit":"B/event","allowed":5`, `"zero":true`, 1), 0, "no unit"},
		{"vanished without reason", "a.json", strings.Replace(strings.Replace(good, `"allowed":5`, `"vanished":true`, 1), "meant", "", 1), 0, "no reason"},
		{"vanished and allowed", "a.json", strings.Replace(good, `"allowed":5`, `"allowed":5,"vanished":true`, 1), 0, "more than one"},
		{"syntax", "a.json", good[:40], 0, "unexpected EOF"},
		{"two in a row", "a.json", good + good, 0, "more after the end"},
		{"empty", "a.json", "", 0, "EOF"},
		{"empty list", "a.json", "[]", 0, "accepts nothing"},
		{"prose alone", "a.md", "it is meant so", 0, "no block"},
		{"another file", "a.txt", good, 0, "not a .json or .md"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.name == "nothing allowed" {
				c.text, c.err = strings.Replace(good, `"allowed":5`, `"allowed":0`, 1), "allows 0"
			}
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, c.file), []byte(c.text), 0o666); err != nil {
				t.Fatal(err)
			}
			got, err := ReadAccepted(dir)
			if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) || len(got) != c.n {
				t.Errorf("%d, %v; want %d, %q", len(got), err, c.n, c.err)
			}
		})
	}
	if got, err := ReadAccepted(filepath.Join(t.TempDir(), "none")); err != nil || got != nil {
		t.Errorf("no folder: %v, %v", got, err)
	}
	a := Acceptance{Base: hashes[:9]}
	if !a.About(hashes, "") || a.About(hashes[1:], hashes) {
		t.Error("a base is mistaken")
	}
}
