package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"parsec/cmd/loadgen/internal/load"
	"parsec/cmd/loadgen/internal/network"
	"parsec/cmd/loadgen/internal/schedule"
	"parsec/core/node/client"

	"github.com/montanaflynn/stats"
)

// Four real nodes over time: what they hold must not grow but by what they decide. make idle and make steady run these
// tests for an hour.

var (
	growthFor    = flag.Duration("growth.for", 6*time.Second, "how long the tests of growth look at nodes")
	growthGossip = flag.Duration("growth.gossip", 0, "the nodes' -gossip: at their own pace, four nodes with load make 1,200 events a second, a gigabyte an hour and node")
)

// What may grow, from the first look to the last by the slope.
const (
	mayEvents     = 8         // of an idle section
	mayHeap       = 256 << 10 // bytes, beside what is decided
	mayResident   = 48 << 20  // likewise: the runtime takes and returns memory in its own time
	mayGoroutines = 3         // one more answers who looks
	mayFiles      = 3
)

// What decisions may take of the heap, in bytes. Measured over 40 s at 200 submissions a second, at two paces of gossip:
// 277 an event, 280 a submission. Of these are 128 of data, 24 to 38 for the index, 21 of framing; the rest is what an event keeps
// of what it votes for, and room that slices and maps have to grow, of which there is more or less at a time.
const (
	perEvent      = 350
	perSubmission = 350 // of 128 bytes
)

func TestIdle(t *testing.T) {
	t.Parallel()
	n := four(t)
	loaded(t, n, 1000, time.Second, nil)
	growth := look(t, n)
	for i, g := range growth {
		g.flat(t, i)
		if g.events > mayEvents || g.decided != 0 {
			t.Errorf("node %d idle: %.0f events and %.0f submissions more", i, g.events, g.decided)
		}
		if g.heap > mayHeap {
			t.Errorf("node %d idle: %.0f bytes more in the heap", i, g.heap)
		}
	}
}

func TestSteady(t *testing.T) {
	t.Parallel()
	n := four(t)
	var growth []growth
	loaded(t, n, 200, *growthFor+2*time.Second, func() { growth = look(t, n) })
	for i, g := range growth {
		g.flat(t, i)
		if may := perEvent*g.events + perSubmission*g.decided + mayHeap; g.heap > may || g.decided <= 0 {
			t.Errorf("node %d: %.0f events and %.0f submissions more, and %.0f bytes in the heap: more than %.0f", i, g.events, g.decided, g.heap, may)
		}
	}
}

// four starts four nodes of processes of their own.
func four(t *testing.T) *network.Network {
	if testing.Short() {
		t.Skip("starts processes and looks at them for some time")
	}
	n, err := network.Start(t.Context(), network.Config{Nodes: 4, NodeArgs: []string{"-gossip", growthGossip.String()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(time.Minute); err != nil {
			t.Error(err)
		}
	})
	return n
}

// loaded has a load on all nodes, and meanwhile something else. Whether the load was in time does not matter.
func loaded(t *testing.T, n *network.Network, rate float64, length time.Duration, meanwhile func()) {
	t.Helper()
	size, err := schedule.ParseSize("128", client.MaxData)
	if err != nil {
		t.Fatal(err)
	}
	c := load.Config{Arrivals: schedule.Even(schedule.Profile{{Length: length, From: rate, To: rate}}), Length: length, Size: size, Step: 10 * time.Second}
	for i := range n.Nodes() {
		c.Nodes = append(c.Nodes, remote{client.New(n.HTTP(i))})
	}
	done := make(chan struct{})
	c.Began = func(time.Time) {
		go func() {
			defer close(done)
			if meanwhile != nil {
				meanwhile()
			}
		}()
	}
	r, err := load.Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	<-done
	if !r.Verdict.Safe() || r.Failed != nil || r.Sum.All != r.Sum.Due {
		t.Errorf("%d of %d decided at all nodes, %v, %v", r.Sum.All, r.Sum.Due, r.Failed, r.Verdict.Violations)
	}
}

// growth is what a node has more at the end than at the beginning, by the slope of what was seen in between.
type growth struct {
	events, decided, heap, resident, goroutines, files float64
}

// flat checks what does not grow whatever is decided.
func (g *growth) flat(t *testing.T, node int) {
	t.Helper()
	t.Logf("node %d: %.1f events, %.1f submissions, %.0f bytes of heap, %.0f resident, %.2f goroutines, %.2f files more",
		node, g.events, g.decided, g.heap, g.resident, g.goroutines, g.files)
	held := perEvent*g.events + perSubmission*g.decided
	if g.resident > 2*held+mayResident { // garbage is as much again as what is held
		t.Errorf("node %d: %.0f bytes more are resident", node, g.resident)
	}
	if g.goroutines > mayGoroutines || g.files > mayFiles {
		t.Errorf("node %d: %.2f goroutines and %.2f open files more", node, g.goroutines, g.files)
	}
}

// look looks at all nodes now and then. Each collects garbage before, so that the heap is what it holds.
func look(t *testing.T, n *network.Network) []growth {
	every := max(*growthFor/240, time.Second)
	var at []float64
	seen := make([][]client.Status, n.Nodes())
	begun := time.Now()
	for k := time.Duration(0); k*every <= *growthFor; k++ {
		time.Sleep(k*every - time.Since(begun))
		at = append(at, time.Since(begun).Seconds())
		for i := range seen {
			if err := collect(t.Context(), n.Debug(i)); err != nil {
				t.Error(err)
				return nil
			}
			s, err := n.Status(t.Context(), i)
			if err != nil {
				t.Error(err)
				return nil
			}
			seen[i] = append(seen[i], s)
		}
		if every >= 10*time.Second && k%20 == 0 { // somebody waits for an hour
			s := &seen[0][k]
			t.Logf("%v: %d events, %d submissions, %d bytes of heap, %d resident, %d goroutines, %d files", k*every, s.Events, s.Decided, s.Heap, s.Resident, s.Goroutines, s.Files)
		}
	}
	var all []growth
	for _, statuses := range seen {
		of := func(f func(*client.Status) float64) float64 {
			y := make([]float64, len(statuses))
			for i := range statuses {
				y[i] = f(&statuses[i])
			}
			return slope(t, at, y) * (at[len(at)-1] - at[0])
		}
		all = append(all, growth{
			events: of(func(s *client.Status) float64 { return float64(s.Events) }), decided: of(func(s *client.Status) float64 { return float64(s.Decided) }),
			heap: of(func(s *client.Status) float64 { return float64(s.Heap) }), resident: of(func(s *client.Status) float64 { return float64(s.Resident) }),
			goroutines: of(func(s *client.Status) float64 { return float64(s.Goroutines) }), files: of(func(s *client.Status) float64 { return float64(s.Files) }),
		})
	}
	return all
}

// collect has a node collect its garbage, by asking for a profile of what is left then.
func collect(ctx context.Context, debug string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+debug+"/debug/pprof/heap?gc=1", nil)
	if err != nil {
		return err
	}
	req.Close = true // or the connection would be counted
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		return fmt.Errorf("collecting garbage at %s: %s, %v", debug, resp.Status, err)
	}
	return nil
}

// slope is how much y grows with x, by Theil and Sen: the median over all pairs, which a minority of outliers does not
// move.
func slope(t *testing.T, x, y []float64) float64 {
	var all []float64
	for i := range x {
		for j := range i {
			all = append(all, (y[i]-y[j])/(x[i]-x[j]))
		}
	}
	m, err := stats.Median(all)
	if err != nil {
		t.Error(err)
	}
	return m
}

func TestSlope(t *testing.T) {
	x := []float64{0, 1, 2, 3, 4, 5, 6}
	if got := slope(t, x, []float64{5, 7, 9, 1000, 13, 15, 17}); got != 2 {
		t.Errorf("%v with an outlier", got)
	}
	if got := slope(t, x, slices.Repeat([]float64{4}, 7)); got != 0 {
		t.Errorf("%v of what is flat", got)
	}
}
