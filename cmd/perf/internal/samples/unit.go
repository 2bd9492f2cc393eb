package samples

import "strings"

// Time is the unit of wall time of an operation, which every benchmark has.
const Time = "sec/op"

// Kind is how figures of a unit are to be compared.
type Kind int

const (
	// Clock is measured by the clock: it varies, and takes statistics to compare.
	Clock Kind = iota
	// Restated is wall time once more, in another unit. Comparing it too would be to ask the same
	// question twice.
	Restated
	// Counter is counted: it is the same in every sample, but for the odd object that the runtime
	// allocates.
	Counter
)

// KindOf returns the kind of a tidied unit. Units that are not known are counters: those that then vary
// are noticed.
func KindOf(unit string) Kind {
	switch {
	case unit == Time || unit == "last/second-tenth":
		return Clock
	case strings.HasPrefix(unit, "us/") || strings.HasPrefix(unit, "sec/") || strings.HasSuffix(unit, "/s"):
		return Restated
	}
	return Counter
}

// IsObjects reports whether the unit counts heap objects.
func IsObjects(unit string) bool { return strings.HasPrefix(unit, "allocs/") }

// IsBytes reports whether the unit counts bytes.
func IsBytes(unit string) bool { return strings.HasPrefix(unit, "B/") || strings.Contains(unit, "-B/") }

// PerEvent returns what v of an operation is in the unit: v itself, unless the unit is of events.
func (b *Benchmark) PerEvent(v float64, unit string) float64 {
	if events := b.Events(); strings.HasSuffix(unit, "/event") && events > 0 {
		return v / events
	}
	return v
}

// Events returns how many events an operation of b has, by its two ways of telling the time; 0 if it tells
// it in one.
func (b *Benchmark) Events() float64 {
	op, event := b.Find(Time), b.Find("us/event")
	if op == nil || event == nil || len(op.Values) == 0 || len(event.Values) == 0 || event.Values[0] == 0 {
		return 0
	}
	return op.Values[0] * 1e6 / event.Values[0]
}
