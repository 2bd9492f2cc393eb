// Package report has what a load run was and did, as plain data, and its renderings.
//
// Whoever runs the load fills in a [Run], calls Validate, and writes it:
//
//	run := &report.Run{Format: report.Format, Machine: report.ThisMachine(), Build: report.ThisBuild(), ...}
//	run.Latency.Intended.All, err = report.NewHistogram(h, overflow)
//	files, err := run.WriteFiles(dir)
//
// A run that was interrupted, or whose load was not what it should have been, is written like any other: every
// rendering for people says so first.
//
// # Terms
//
// A latency begins at the Intended time of sending, which the schedule gave, or at the Actual one, when loadgen handed
// the submission to the client. It ends when the submission is Acknowledged (on disk at the contacted node), decided at
// the Contacted node, or decided at All nodes that are up. That makes six histograms, named intended-ack,
// intended-contacted, intended-all, actual-ack, actual-contacted, actual-all. What a stall of the system costs its users
// shows in the intended ones alone: in a stall less gets sent, so fewer actual ones are long.
//
// # Units
//
// Points in time are seconds after the run's start, by loadgen's clock. Latencies are nanoseconds; histograms hold
// nanoseconds too. Rates are per second. CPU is in cores: 1 is the whole time of one core. Memory and traffic are
// bytes. A number is finite and not negative.
//
// # Files
//
// report.json has everything, and ReadJSON reads it back. The names of its members are those in the struct tags of
// this package; a change of their meaning changes Format. The others are made from the same Run and are the same byte for
// byte whenever the Run is:
//
//	report.txt       for reading
//	report.html      charts and tables; one file that asks for nothing else
//	intervals.csv    a row per interval: rates and latencies
//	nodes.csv        a row per node and interval: CPU, memory, traffic and the like
//	bench.txt        Go benchmark format, for benchstat
//	latency.hlog     histograms of spans of the run, HdrHistogram log format 1.3, a tag per series
//	latency-*.hgrm   the whole run's histograms, HdrHistogram percentile format, in milliseconds
//
// Several runs make a [Curve], of latency against throughput.
//
// # Limits
//
// Lists have at most MaxRows elements, so a long run has longer intervals: [Step] says how long. Pages join points of
// time until there are at most 900, so that no page has more than 5 MB; the CSV files have all.
package report
