package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"runtime"
	"strconv"
	"strings"
	"time"
	"unicode"

	"parsec/bench/measure"
	"parsec/core/recording"
)

// result is what replaying one recording came to. The figures are 0 where an engine refused an event.
type result struct {
	Name                  string  `json:"name"`
	Events                int     `json:"events"`
	Blocks                int     `json:"blocks"` // that came out
	OK                    bool    `json:"ok"`
	NsPerEvent            float64 `json:"ns_per_event"`
	AllocsPerEvent        float64 `json:"allocs_per_event"`
	BytesPerEvent         float64 `json:"bytes_per_event"`
	RetainedBytesPerEvent float64 `json:"retained_bytes_per_event"`
	Difference            string  `json:"difference,omitempty"` // if not OK
}

// replay replays rec as often as said, each time with a fresh engine, and takes the fastest; then once
// more to measure the memory, with the allocations profiled if that is wanted.
func (o *output) replay(ctx context.Context, rec *recording.Recording, repeat int, profiled bool) (result, error) {
	r, err := await(ctx, func() (result, error) { return fastest(rec, repeat), nil })
	if err != nil || r.NsPerEvent == 0 {
		return r, err
	}
	if profiled {
		defer profileAllocations()()
	}
	m, err := await(ctx, func() (measure.Memory, error) { return replayForMemory(rec) })
	r.AllocsPerEvent = r.per(float64(m.Allocs))
	r.BytesPerEvent = r.per(float64(m.Bytes))
	r.RetainedBytesPerEvent = r.per(float64(m.Retained))
	return r, err
}

// fastest returns a result without the memory.
func fastest(rec *recording.Recording, repeat int) result {
	r := result{Name: rec.Name, Events: len(rec.Events)}
	least := time.Duration(math.MaxInt64)
	for range repeat {
		took, blocks, diff, err := replayOnce(rec)
		r.Blocks = blocks
		if err != nil {
			r.Difference = "the engine refuses " + err.Error()
			return r
		}
		if diff != nil {
			r.Difference = diff.String()
		}
		least = min(least, took)
	}
	r.OK = r.Difference == ""
	r.NsPerEvent = r.per(float64(least.Nanoseconds()))
	return r
}

func (r *result) per(total float64) float64 { return total / float64(max(1, r.Events)) }

// replayOnce replays rec. The time is that of inserting the events, taking the blocks and comparing
// them.
func replayOnce(rec *recording.Recording) (took time.Duration, blocks int, diff *recording.Difference, err error) {
	defer measure.AtRest()()
	e, err := rec.Engine()
	if err != nil {
		return 0, 0, nil, err
	}
	start := time.Now()
	blocks, diff, err = rec.Replay(e)
	return time.Since(start), blocks, diff, err
}

// replayForMemory measures the memory that an engine takes for rec, from making it on.
func replayForMemory(rec *recording.Recording) (measure.Memory, error) {
	probe := measure.Begin()
	e, err := rec.Engine()
	if err == nil {
		_, _, err = rec.Replay(e)
	}
	m := probe.End(e)
	runtime.KeepAlive(rec) // or what it freed would count against what the engine holds
	return m, err
}

// columns is the head of the table whose rows writeText writes.
const columns = "recording                            result    events  blocks   events/s  us/event  allocs/event  B/event  retained-B/event\n"

// writeText writes a row, and what differs in a line of its own.
func (r result) writeText(w io.Writer) {
	verdict, perSecond := "equal", 0.0
	if !r.OK {
		verdict = "DIFFERS"
	}
	if r.NsPerEvent > 0 {
		perSecond = 1e9 / r.NsPerEvent
	}
	fmt.Fprintf(w, "%-36s %-7s %8d %7d %10.0f %9.3f %13.4f %8.1f %17.1f\n", printable(r.Name), verdict, r.Events, r.Blocks,
		perSecond, r.NsPerEvent/1e3, r.AllocsPerEvent, r.BytesPerEvent, r.RetainedBytesPerEvent)
	if !r.OK {
		fmt.Fprintf(w, "  %s\n", r.Difference)
	}
}

func writeJSON(w io.Writer, v any) {
	line, err := json.Marshal(v)
	if err != nil {
		panic(err) // plain structs of strings and finite numbers
	}
	w.Write(append(line, '\n'))
}

// printable returns a name from a file as it may be shown on a terminal.
func printable(name string) string {
	if strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(name)
	}
	return name
}
