package measure

// Units says of each unit that the project's benchmarks report which direction is better, in lines of
// the Go benchmark format. They go before the results in the same stream; benchstat knows those of
// package testing by itself. blocks/event has no direction: it is what the load is like.
const Units = `Unit us/event better=lower
Unit events/s better=higher
Unit B/event better=lower
Unit allocs/event better=lower
Unit retained-B/event better=lower
Unit retouched/decision better=lower
Unit last/second-tenth better=lower
`
