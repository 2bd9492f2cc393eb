package report

import (
	"bytes"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// uniform returns a histogram of each whole number of milliseconds from 1 to n, times scale: its percentile p is
// p/100*n*scale ms, rounded up to what the histogram's three digits tell apart.
func uniform(t testing.TB, n, scale int) *hdrhistogram.Histogram {
	t.Helper()
	h := EmptyHistogram()
	for i := 1; i <= n; i++ {
		if err := h.RecordValue(int64(time.Duration(i*scale) * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

func histogram(t testing.TB, h *hdrhistogram.Histogram, overflow uint64) Histogram {
	t.Helper()
	out, err := NewHistogram(h, overflow)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// sample returns a run of ten seconds at 100 submissions a second, in which a node was killed and one paused. Its 1,000
// latencies from the intended time to all are 1 to 1,000 ms; those to fewer are halves and quarters in number.
func sample(t testing.TB) *Run {
	t.Helper()
	r := &Run{
		Format:  Format,
		Command: []string{"loadgen", "-nodes", "4", "-rate", "100", "-duration", "10s", "-faults", "kill node1 at 4s for 2s"},
		Parameters: Parameters{Nodes: 4, Mode: "single", Network: "local", Loop: "open", Arrivals: "constant", Schedule: "100",
			Rate: 100, Warmup: 1, Size: 128, Workers: 2, Seed: 1<<63 + 1, Profile: "none", Faults: "kill node1 at 4s for 2s",
			Targets: []string{"127.0.0.1:7000", "127.0.0.1:7001"}, Others: []Setting{{"batch", "64 KiB"}}},
		Machine:    Machine{CPU: "AMD EPYC", CPUs: 2, Memory: 8 << 30, OS: "linux", Arch: "amd64"},
		Build:      Build{Go: "go1.26.0", Module: "parsec (devel)", Commit: "0123456789abcdef0123456789abcdef01234567"},
		Start:      time.Date(2026, 11, 24, 12, 0, 0, 500e6, time.UTC),
		Duration:   11,
		Assertions: []Assertion{{Text: "p99<2s", Held: true, Got: "990 ms"}},
		Totals: Totals{Seconds: 10, Intended: 1000, Sent: 1000, Acknowledged: 1000, Contacted: 1000, All: 1000, Bytes: 128000, CPU: 1.25,
			IntendedRate: 100, SentRate: 100, AcknowledgedRate: 100, ContactedRate: 100, AllRate: 100},
		Pacing: QuantilesOf(uniform(t, 2, 1)),
		Step:   1,
		Phases: []Phase{{"warm-up", 0, 1, 100, false}, {"stage 1", 1, 11, 100, true}},
		Faults: []Fault{{"kill", "node1", 4, 6, "kill -9, and begun again after 2 s"}, {"pause", "node2", 8, 8.5, "stopped for 500 ms"}},
		Restarts: []Restart{
			{Node: "node1", At: 6, Serving: 0.25, CaughtUp: 1.5, Events: 12345},
		},
	}
	scales := map[string]int{"intended-ack": 250, "intended-contacted": 500, "intended-all": 1000, "actual-ack": 250, "actual-contacted": 500, "actual-all": 1000}
	for name, h := range r.Latency.Each() {
		*h = histogram(t, uniform(t, scales[name], 1), 0)
	}
	windows := map[string]Encoded{}
	for name, scale := range scales {
		windows[name] = histogram(t, uniform(t, 100, scale/250), 0).HDR
	}
	var quantiles [3]map[int]Quantiles
	for i := range quantiles {
		quantiles[i] = map[int]Quantiles{}
		for _, scale := range []int{1, 2, 4} {
			quantiles[i][scale] = QuantilesOf(uniform(t, 100, scale*(1+i)))
		}
	}
	for i := range 11 {
		at := float64(i + 1)
		v := Interval{At: at, Intended: 100, Sent: 100, Acknowledged: 100, Contacted: 99.5, All: 98.25, Waiting: uint64(i), Lag: int64(i) * 1e5}
		w := Window{From: at - 1, To: at}
		for name, q := range v.Latency.Each() {
			*q = quantiles[i%3][scales[name]/250]
		}
		for name, text := range w.Latency.Each() {
			*text = windows[name]
		}
		r.Intervals = append(r.Intervals, v)
		r.Windows = append(r.Windows, w)
		r.Loadgen = append(r.Loadgen, Own{At: at, CPU: 0.125, Resident: 32 << 20, Goroutines: 20})
	}
	for i := range 4 {
		n := Node{Name: fmt.Sprintf("node%d", i), Address: fmt.Sprintf("127.0.0.1:%d", 7000+i), Role: "honest", Totals: NodeTotals{
			CPU: 4.5, MaxResident: 96 << 20, In: 9 << 20, Out: 10 << 20, LogBytes: 5 << 20, Syncs: 800, Events: 4000, Received: 5000,
			Duplicates: 1000, Blocks: 400, Decided: 1000}}
		for s := range 11 {
			if i == 1 && s >= 4 && s < 6 {
				continue // it is down
			}
			n.Samples = append(n.Samples, Sample{At: float64(s + 1), CPU: 0.5 - float64(i)/16, Resident: uint64(64+s+i) << 20, In: 1e6, Out: 1.25e6,
				Syncs: 80, Events: 400, Duplicates: 0.2, Blocks: 40, Goroutines: 50, Files: 30, Undecided: 7})
		}
		r.Nodes = append(r.Nodes, n)
	}
	r.Nodes[1].Totals.Restarts = 1
	if err := r.Validate(); err != nil {
		t.Fatal(err)
	}
	return r
}

// render returns what one of the run's renderings writes.
func render(t testing.TB, write func(io.Writer) error) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// long returns a run with full series: a value of everything for each second and node.
func long(t testing.TB, nodes, seconds int) *Run {
	t.Helper()
	r := sample(t)
	r.Parameters.Nodes, r.Duration = nodes, float64(seconds)
	r.Intervals, r.Nodes, r.Loadgen, r.Windows = nil, nil, nil, nil
	for i := range seconds {
		x := float64(i%97)/97 + 1.0/3
		v := Interval{At: float64(i + 1), Intended: 2e4 * x, Sent: 2e4 * x, Acknowledged: 2e4 * x, Contacted: 2e4 * x, All: 2e4 * x, Waiting: uint64(2e4 * x), Lag: int64(1e6 * x)}
		for _, q := range v.Latency.Each() {
			ns := int64(1e8 * x)
			*q = Quantiles{20000, 2 * ns, ns, 2 * ns, 3 * ns, 4 * ns, 5 * ns}
		}
		r.Intervals = append(r.Intervals, v)
		r.Loadgen = append(r.Loadgen, Own{v.At, x, uint64(1e8 * x), 20})
	}
	for k := range nodes {
		n := Node{Name: fmt.Sprintf("node%d", k), Role: "honest"}
		for i := range seconds {
			x := float64((i+k)%97)/97 + 1.0/3
			n.Samples = append(n.Samples, Sample{float64(i + 1), x, uint64(1e8 * x), 1e6 * x, 1e6 * x, 100 * x, 1000 * x, x / 2, 10 * x, 50, 30, uint64(100 * x)})
		}
		r.Nodes = append(r.Nodes, n)
	}
	return r
}
