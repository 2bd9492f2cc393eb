package measure

// Units says of each unit that the project's benchmarks report which direction is better, in lines of
// the Go benchmark format. They go before the results in the same stream; benchstat knows those of
// package testing by itself. What is exact is counted and the same in every run of one program, so a
// single sample says it all. blocks/event has no direction: it is what the load is like.
const Units = `Unit us/event better=lower
Unit events/s better=higher
Unit B/event better=lower
Unit allocs/event better=lower
Unit retained-B/event better=lower
Unit blocks/event assume=exact
Unit retouched/decision better=lower assume=exact
Unit looks/event better=lower assume=exact
Unit p50-events/block better=lower assume=exact
Unit p99-events/block better=lower assume=exact
Unit p50-rounds/block better=lower assume=exact
Unit p99-rounds/block better=lower assume=exact
Unit last/second-tenth better=lower
`
