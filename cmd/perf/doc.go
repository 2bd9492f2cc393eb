// Command perf measures commits against each other on a machine that others use too, and says how sure it
// is: perf help lists what it does.
//
// Nothing is ever compared with a figure from another machine or another day: both sides are built here and
// run in turns. What it writes is in the Go benchmark format, for go tool benchstat.
package main
