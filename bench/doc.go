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
// Benchmarks can be slowed down on purpose, to see whether that is noticed, and stripped of what is not
// the engine's work, for counting instructions: by variables of the environment, see inject_test.go.
//
// Each run prints Unit lines first, so that benchstat knows which direction is better. On a machine that
// others use, take old and new in turns, and ten samples of each, or benchstat will find differences
// where there are none.
package bench
