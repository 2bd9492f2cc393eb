package samples

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
)

const good = `Unit us/event better=lower
Unit events/s better=higher
pkg: parsec/bench
package: ./bench
BenchmarkReplay/peers=4-2 3 2000000 ns/op 0.5 us/event 2000000 events/s 100 B/event 0.02 allocs/event
BenchmarkReplay/peers=8-2 3 4000000 ns/op 0.5 us/event 2000000 events/s 100 B/event 0.02 allocs/event
PASS
BenchmarkReplay/peers=4-2 3 1000000 ns/op 0.25 us/event 4000000 events/s 100 B/event 0.02 allocs/event
package: ./core
BenchmarkReplay/peers=4-2 3 9000000 ns/op
`

func TestRead(t *testing.T) {
	arm, err := Parse([]byte(good), "good")
	if err != nil {
		t.Fatal(err)
	}
	if len(arm.Benchmarks) != 3 {
		t.Fatalf("%d benchmarks, want 3", len(arm.Benchmarks))
	}
	b := arm.Find("./bench", "Replay/peers=4")
	if b == nil || !slices.Equal(b.Find(Time).Values, []float64{0.002, 0.001}) {
		t.Fatalf("got %+v", b)
	}
	if got := b.Find(Time).Median(); got != 0.0015 {
		t.Errorf("median %v", got)
	}
	if b.Find("events/s").Better != 1 || b.Find("us/event").Better != -1 || b.Find(Time).Better != -1 {
		t.Error("directions are not read")
	}
	if got := b.Events(); math.Abs(got-4000) > 1e-6 {
		t.Errorf("%v events an operation, want 4000", got)
	}
	c := arm.Clone()
	c.Benchmarks[0].Series[0].Values[0] = 7
	if b.Find(Time).Values[0] != 0.002 {
		t.Error("a clone shares values")
	}
}

func TestReadErrors(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "no benchmark results"},
		{"no results", "pkg: parsec/bench\nPASS\n", "no benchmark results"},
		{"cut off", good + "BenchmarkReplay/peers=8-2 3 40000", "file:11"},
		{"no number", good + "BenchmarkReplay/peers=8-2 3 fast ns/op\n", "file:11"},
		{"NaN", good + "BenchmarkReplay/peers=8-2 3 NaN ns/op\n", "no measurement"},
		{"infinite", good + "BenchmarkReplay/peers=8-2 3 1 ns/op +Inf events/s\n", "no measurement"},
		{"negative", good + "BenchmarkReplay/peers=8-2 3 1 ns/op -1 B/event\n", "negative"},
		{"no time", good + "BenchmarkReplay/peers=8-2 3 0 ns/op\n", "took no time"},
	} {
		if _, err := Parse([]byte(c.text), "file"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	if _, err := Read(failing{}, "file"); !errors.Is(err, errDisk) {
		t.Errorf("a failing reader: %v", err)
	}
}

var errDisk = errors.New("disk on fire")

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errDisk }

func TestKindOf(t *testing.T) {
	for unit, want := range map[string]Kind{
		"sec/op": Clock, "last/second-tenth": Clock, "us/event": Restated, "events/s": Restated, "B/s": Restated,
		"B/event": Counter, "allocs/event": Counter, "retained-B/event": Counter, "retouched/decision": Counter,
		"blocks/event": Counter, "signatures/event": Counter,
	} {
		if got := KindOf(unit); got != want {
			t.Errorf("%s: %v, want %v", unit, got, want)
		}
	}
	if !IsBytes("B/op") || !IsBytes("retained-B/event") || IsBytes("blocks/event") || !IsObjects("allocs/op") {
		t.Error("bytes or objects are not told from others")
	}
}

func TestWithoutProcessors(t *testing.T) {
	for _, c := range []struct{ names, want []string }{
		{nil, nil},
		{[]string{"A/peers=4-2", "B-2"}, []string{"A/peers=4", "B"}},
		{[]string{"A/size-8-16", "A/size-4-16"}, []string{"A/size-8", "A/size-4"}},
		{[]string{"A/size-8", "A/size-4"}, []string{"A/size-8", "A/size-4"}}, // of one processor
		{[]string{"A/size-8", "B"}, []string{"A/size-8", "B"}},
		{[]string{"A", "B"}, []string{"A", "B"}},
	} {
		if got := WithoutProcessors(c.names); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.names, got, c.want)
		}
	}
}
