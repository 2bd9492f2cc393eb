// Command loadgen loads a section of real nodes and says how fast it is, how long users wait, and whether it kept what it
// promises: loadgen -h tells how.
//
// It starts a section on this machine, each node a process with its own disk and TLS, or loads one that runs. Submissions
// are due on a schedule that nothing shifts, and latencies count from when they were due. All times are of loadgen's
// clock. Package load says what is measured, package check what is checked, package report what is written.
package main
