package measure

import (
	"runtime"
	"runtime/debug"
)

// Memory is what a piece of work cost in memory. The zero value is nothing.
type Memory struct {
	Allocs   uint64 // heap objects allocated
	Bytes    uint64 // their size, garbage included
	Retained uint64 // bytes that are still in use after garbage collection
}

// Probe measures from [Begin] to [Probe.End].
type Probe struct {
	resume func()
	before runtime.MemStats
}

// Begin collects the garbage, stops the collector and begins to count. It takes some milliseconds, more
// with a larger heap. The caller calls End, or the collector stays stopped.
func Begin() *Probe {
	runtime.GC() // see AtRest for the second cycle, which frees what sync.Pool holds
	p := &Probe{resume: AtRest()}
	runtime.ReadMemStats(&p.before)
	return p
}

// End stops counting and sets the collector going again. Retained is what keep holds on to that was
// allocated since Begin; anything else that became garbage since then is subtracted, so the caller
// keeps what it had before. The counts have the overhead of counting in them, one or two objects.
func (p *Probe) End(keep any) Memory {
	var after, collected runtime.MemStats
	runtime.ReadMemStats(&after)
	p.resume()
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&collected)
	runtime.KeepAlive(keep)
	m := Memory{
		Allocs: after.Mallocs - p.before.Mallocs,
		Bytes:  after.TotalAlloc - p.before.TotalAlloc,
	}
	if collected.HeapAlloc > p.before.HeapAlloc {
		m.Retained = collected.HeapAlloc - p.before.HeapAlloc
	}
	return m
}

// AtRest collects the garbage and keeps the collector from running until resume is called. What is
// allocated until then is not freed: the caller knows that it fits. It takes some milliseconds.
func AtRest() (resume func()) {
	runtime.GC()
	percent := debug.SetGCPercent(-1)
	return func() { debug.SetGCPercent(percent) }
}
