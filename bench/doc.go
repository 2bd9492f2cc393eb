// Package bench holds the benchmarks of whole paths; kernels are benchmarked beside their code.
//
//	go test -run '^$' -bench . ./bench                           # everything once
//	go test -run '^$' -bench Replay -count 10 ./bench > new.txt  # ten samples, for
//	go tool benchstat old.txt new.txt                            # this
//
// There are four:
//
//   - BenchmarkReplay/mode=single/peers=32: a large recorded graph, and so on for each of them.
//   - BenchmarkGenerated/mode=single/peers=256: a graph like those, at sizes that were not recorded.
//     Package workloads makes it, from a fixed seed.
//   - BenchmarkMatrix/mode=single/peers=8/faults=loss: the named workloads, from fixed seeds: both modes,
//     4 to 32 peers (64 for none and churn), and as faults none, loss, slow, partition, churn and forks.
//     The pages in workloads/pages say what each models. With -benchtime 1x all take some five seconds.
//   - BenchmarkFlat/mode=single/peers=8: whether an event costs the same however long the history is.
//
// There is no axis of payloads: the core orders hashes and never sees a payload, nor a signature. When
// there are some, their size goes into the name as payload=, between peers and faults.
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
//	retouched/decision   events there already that the next election goes over: without forks and coins those
//	                     that received something since where the last one's observers were
//	looks/event          rows held against a level: how often elections without forks and coins go over an event
//	                     processed again
//	p50-events/block     events inserted after the first vote for a block, until the block is out: median
//	p99-events/block     and 99th percentile over all blocks, by nearest rank
//	p50-rounds/block     gossip rounds that the deciding member began meanwhile, from when it knew of the
//	p99-rounds/block     vote: one for each of its requesting events
//	last/second-tenth    the cost of an event late in a long history, over that of an early one
//
// From blocks/event to p99-rounds/block the figures are counters: functions of the graph and of what the
// engine decides, computed once outside of the time by measure.Decide, the same in every run and on
// every machine. measure.Finality defines them to the letter. A change in one is a change in what the
// engine does. Observations that the graph ends too early to decide are in none of the percentiles.
// Allocations are those of the whole process and repeat to half a percent or 16 bytes.
//
// # A slowdown on purpose
//
// Whoever tests a gate needs a change that it must find. Variables of the environment make BenchmarkReplay,
// BenchmarkGenerated and BenchmarkMatrix slower, in the timed region and without a change to the engine;
// BenchmarkFlat, which reports the ratio of two times, does not heed them. Anything but a number in range
// ends the run with status 2, and what is set stands in the output as a configuration line.
//
//	PARSEC_BENCH_SLOWDOWN=1.5    a factor of wall time, 1 to 100: the processor is kept busy after each operation
//	PARSEC_BENCH_SPIN=1000000    so many turns of an empty loop after each operation
//	PARSEC_BENCH_BARE=1          no counting of memory and nothing but ns/op: for counting instructions
//
// # Comparing
//
// Each run prints Unit lines first, so that benchstat knows which direction is better. On a machine that
// others use, take old and new in turns, and ten samples of each, or benchstat will find differences
// where there are none.
package bench
