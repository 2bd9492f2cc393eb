// Package measure counts what work costs in memory and how long blocks take to come out, and names the
// units in which benchmarks report.
//
// The figures of memory are those of the whole process. The caller sees to it that nothing else allocates
// meanwhile, and that no two measurements overlap.
//
//	p := measure.Begin()
//	e, err := rec.Engine()
//	blocks, err := measure.Feed(e, rec)
//	m := p.End(e) // e is what is kept
//
// [Decide] counts what depends on no machine; it runs an engine of its own for that.
//
// Time is measured by the callers, between Begin and End if they like: the garbage collector rests.
package measure
