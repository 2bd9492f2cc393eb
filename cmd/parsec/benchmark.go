package main

import (
	"context"
	"fmt"
	"io"
	"path"
	"reflect"
	"runtime"
	"time"

	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchmath"

	"parsec/bench/measure"
	"parsec/core/recording"
)

// samples is how many samples of each benchmark are taken: fewer are too few for benchstat to tell a
// difference of some percent from noise.
const samples = 10

// benchmark is BenchmarkReplay of package bench, of one recording.
type benchmark struct {
	rec     *recording.Recording
	memory  result // for its memory, which is measured once: it repeats to a few bytes
	samples []sample
}

// sample is the mean of some replays.
type sample struct {
	replays int
	mean    time.Duration
}

func newBenchmark(rec *recording.Recording, r result) *benchmark {
	return &benchmark{rec: rec, memory: r}
}

// measure takes the samples of all benchmarks in turns, so that a while in which the machine does
// something else costs each of them a sample or two, and not one of them all.
func (j *job) measure(ctx context.Context) error {
	each := j.budget / time.Duration(samples*len(j.benchmarks))
	for s := range samples {
		for _, b := range j.benchmarks {
			j.step("sample %d of %d: %s", s+1, samples, b.rec.Name)
			if err := b.sample(ctx, each); err != nil {
				return err
			}
		}
	}
	return nil
}

// sample takes one sample of about the given time, of one replay at least.
func (b *benchmark) sample(ctx context.Context, each time.Duration) error {
	var s sample
	var total time.Duration
	for start := time.Now(); s.replays == 0 || time.Since(start) < each; s.replays++ {
		d, err := await(ctx, func() (time.Duration, error) { return timed(b.rec) })
		if err != nil {
			return err
		}
		total += d
	}
	s.mean = total / time.Duration(s.replays)
	b.samples = append(b.samples, s)
	return nil
}

// timed replays rec, which comes out right, and returns the time.
func timed(rec *recording.Recording) (time.Duration, error) {
	d, _, diff, err := replayOnce(rec)
	if err == nil && diff != nil {
		err = fmt.Errorf("%s came out right before, and now: %v", rec.Name, diff)
	}
	return d, err
}

// usPerEvent returns the samples' microseconds per event.
func (b *benchmark) usPerEvent() []float64 {
	var us []float64
	for _, s := range b.samples {
		us = append(us, float64(s.mean.Nanoseconds())/1e3/float64(len(b.rec.Events)))
	}
	return us
}

// summary returns the median of microseconds per event and an interval that has the true median in it
// with 95 % confidence.
func (b *benchmark) summary() benchmath.Summary {
	return benchmath.AssumeNothing.Summary(benchmath.NewSample(b.usPerEvent(), &benchmath.DefaultThresholds), 0.95)
}

// writeBenchmarks writes the samples in the Go benchmark format, as `go test -bench Replay ./bench`
// would.
func (j *job) writeBenchmarks(w io.Writer) error {
	if _, err := io.WriteString(w, measure.Units); err != nil {
		return err
	}
	// The package is named after this one's path, which `make rehome` may have changed.
	pkg := path.Dir(reflect.TypeFor[measure.Memory]().PkgPath())
	config := []benchfmt.Config{
		{Key: "goos", Value: []byte(runtime.GOOS), File: true},
		{Key: "goarch", Value: []byte(runtime.GOARCH), File: true},
		{Key: "pkg", Value: []byte(pkg), File: true},
		{Key: "go", Value: []byte(runtime.Version()), File: true},
	}
	procs := ""
	if n := runtime.GOMAXPROCS(0); n > 1 {
		procs = fmt.Sprintf("-%d", n)
	}
	out := benchfmt.NewWriter(w)
	for _, b := range j.benchmarks {
		for i, us := range b.usPerEvent() {
			err := out.Write(&benchfmt.Result{
				Config: config,
				Name:   benchfmt.Name(fmt.Sprintf("Replay/mode=%v/peers=%d%s", b.rec.Mode, len(b.rec.Peers), procs)),
				Iters:  b.samples[i].replays,
				Values: []benchfmt.Value{
					{Value: float64(b.samples[i].mean.Nanoseconds()), Unit: "ns/op"},
					{Value: us, Unit: "us/event"},
					{Value: 1e6 / us, Unit: "events/s"},
					{Value: b.memory.BytesPerEvent, Unit: "B/event"},
					{Value: b.memory.AllocsPerEvent, Unit: "allocs/event"},
					{Value: b.memory.RetainedBytesPerEvent, Unit: "retained-B/event"},
				},
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
