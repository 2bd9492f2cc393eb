// Package load runs a load: it hands submissions to the nodes of a section when they are due, and measures and checks
// what becomes of them.
//
// # Open and closed
//
// In an open loop, a schedule that was made before says when each submission is due; nothing shifts it and nothing is
// left out of it. A goroutine, the pacer, wakes every [Config].Tick at most, and queues all that is due by then for
// workers, one for each node, which send what their queue has in one write. If a node takes nothing, or is away, its queue
// grows and the schedule goes on: what waits there was due all the same, and its latency counts from then. So a stall of
// the system is seen by every submission that was due in it, not only by those that could be sent ("coordinated
// omission"); the second row of histograms, from when a submission was handed over, shows what would have been missed.
//
// In a closed loop, a number of submissions is outstanding, and the next one is due when one is decided at the node that
// it was handed to. Its latencies say how fast the section is when users wait for it, and nothing of how long users wait
// who do not.
//
// # Times
//
// All are offsets from the run's start on this process's monotonic clock: none are compared with a clock of a node. A
// batch has one time of hand-over, taken before its write begins, acknowledgements that come in one read have one
// time, and so have the submissions of a block: taken when it was read. The first is early by what the write takes, the
// others late by what waits in sockets and for this process to run: tens of microseconds when it is idle, and never
// early, so latencies are not flattered.
//
// # Away
//
// A node whose stream breaks is away until it can be reached again. What was handed to it and not acknowledged is
// handed over again, to it or to another ([Config].Retry); the section decides each once. What is due for it meanwhile
// waits or goes to another ([Config].Away). The intended time stays in every case, the time of hand-over is the last
// one. What turns out to be decided before it is handed over again counts as acknowledged then. The ends "decided at the
// contacted node" and "acknowledged" are by the node that a submission was handed to last; "all" is all live nodes, as
// package check has it.
//
// # Forged
//
// Once others have a node's key ([Config].Forged), the section owes nothing to what that node takes: its members drop
// who forks. It counts as away for good, within some 20 ms, and nobody waits for what it acknowledged and has not decided,
// which is stranded. Its forks are none of its own.
//
// # Valid or not
//
// A load that was not what was asked for measures something else: [Result].Invalid says why it does not count. Its pacing
// lag is, for each submission, how long after it could have been handed over it was: since it was due, or since its
// connection was last free if that is later, for what a node holds up is its latency and not this program's fault. Judged
// is the mean over all submissions: a stall counts by its length times the submissions that it held up, so none hides,
// as it could in a median, and one hiccup in a thousand does not condemn the rest, as it would by a high quantile. Where the
// 99th percentile is past the limit and the mean is not, [Result].Notes says so: latencies count from intended times,
// so what the lag added is in them.
//
// # What it costs
//
// A submission takes 29 bytes, in chunks of 16,384 that are freed and used again when all in them came to their end, ten
// more in package check, and eight in each queue that it is in. There is no allocation, map or lock for each one: the
// one lock is taken for each batch, each read of acknowledgements, each block.
package load
