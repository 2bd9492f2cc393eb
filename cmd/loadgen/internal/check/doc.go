// Package check watches, while a load runs, whether a section keeps what it promises: that all nodes have one order,
// that what a node acknowledged is decided in the end, with the data that it was handed over with, that nothing is decided
// twice, and nothing that nobody submitted. It is fed what was handed over, what was acknowledged and the blocks of each
// node, data and all; it asks nothing and has no clock.
//
// Each id has a hash of its submission (id.go), so other data with an id of this run, or another until, is known for
// what it is: another's. Where a member is hostile it may be there beside what the run submitted ([Config].Hostile), never in
// its place: that is lost then.
//
// # What is compared
//
// The first node to come to a position says what is there; every other is compared with that, submission by submission, and so are the
// kinds and beginnings of blocks. If two differ, that is found; which of them is wrong nobody here can tell. To compare, eight bytes are kept for each position between the slowest node and the
// fastest. That cannot grow without bound because one node is away: past [Config].Window positions, only hashes of
// [Span] positions each are kept, by which a node that comes back late is compared as strictly, but an error of its is
// found at the end of the span, and named with the span's bounds.
//
// The hashes are polynomials over a prime at a secret random point: no node can make two orders with one hash but by
// guessing, one chance in 2^49, and a submission costs two nanoseconds, beside some 20 and 0.1 a byte for its hash.
//
// # Who counts as live
//
// A node whose blocks are followed, from the start or since it has caught up with what all live nodes had when its
// blocks began to come again ([Checker.Away], [Checker.Back]). A node that is merely slow, or stopped without its
// connection breaking, is live: everyone waits for it, as users would.
//
// # Lost, stranded, expired, unfinished
//
// A submission that was acknowledged and is in no block when the run ends has expired if its until has passed. It is lost if the section is quiet, its node
// among the living: nothing is left that could decide it. If that node is away, its disk may have it, and the submission
// is stranded. If the section is not quiet, it is unfinished. Only the first breaks a promise.
package check
