// Package bench holds the benchmarks of whole paths; kernels are benchmarked beside their code.
//
//	go test -run '^$' -bench . ./bench                           # everything once
//	go test -run '^$' -bench Replay -count 10 ./bench > new.txt  # ten samples, for
//	go tool benchstat old.txt new.txt                            # this
//
// There are three:
//
//   - BenchmarkReplay/mode=single/peers=32: a large recorded graph, and so on for each of them.
//   - BenchmarkGenerated/mode=single/peers=256: a graph like those, at sizes that were not recorded.
//     Package workloads makes it, from a fixed seed.
//   - BenchmarkFlat/mode=single/peers=8: whether an event costs the same however long the history is.
//
// One operation is all events of the graph inserted into a new engine, and the blocks taken after each.
// Making the engine and telling it of the observations is outside of the time and inside of the memory.
// The garbage collector rests while an operation is timed.
//
// What is reported, beside ns/op:
//
//	events/s, us/event   wall time
//	allocs/event         heap objects allocated
//	B/event              bytes allocated
//	retained-B/event     bytes that the engine holds in the end, garbage collected
//	blocks/event         what the load is like; no direction is better
//	retouched/decision   events processed again because an election ended
//	last/second-tenth    the cost of an event late in a long history, over that of an early one
//
// # A slowdown on purpose
//
// Whoever tests a gate needs a change that it must find. Two environment variables make BenchmarkReplay,
// BenchmarkGenerated and those that share their loop slower, in the timed region and without a change to
// the engine; BenchmarkFlat, which reports the ratio of two times, does not heed them. Anything but a
// number in range ends the run with status 2.
//
//	PARSEC_BENCH_SLOWDOWN=1.5            a factor of wall time, 1 to 100: each operation is followed by
//	                                     half of what it took, in which the processor is kept busy
//	PARSEC_BENCH_EXTRA_INSTRUCTIONS=5    percent, 0 to 100: each operation is followed by so much of the
//	                                     work once more, the beginning of the graph on a second engine
//
// The second gives the same instructions in every run. How long the beginning is follows from the engine's
// counters (core.Stats), so its share of the instructions is near the percentage, not equal to it. Neither
// is seen by B/event, allocs/event and retained-B/event; the second engine is seen by the B/op and
// allocs/op of -benchmem.
//
// # Comparing
//
// Each run prints Unit lines first, so that benchstat knows which direction is better. On a machine that
// others use, take old and new in turns, and ten samples of each, or benchstat will find differences
// where there are none.
package bench
