package batch

// How far ahead until may lie, in blocks.
//
// Ahead is what a submission is given that says nothing else. It is to outlast what hostile members can have decided while
// an honest submission is on its way: 65,536 blocks each (core.MaxUndecided votes), twice, as what is decided makes room for
// more. With five hostile of sixteen that is 655,360. At the 1,600 blocks a second that nodes decide at most at their
// own pace it is 11 minutes.
//
// Window is the most. Where it is twice as much, a node that is up to a million blocks behind takes what a client gives that
// asked another. It is also for how many blocks ids have to be remembered: what comes later than that after its decision is
// past its until, and cannot be decided again.
const (
	Ahead  = 1 << 20
	Window = 2 * Ahead
)

// Counts reports whether a submission in a block of that number counts: not past its until, and not further before it than
// the window. Nothing else is asked, so all nodes say the same.
//
// A node takes in what would count in its next block. What it takes in comes into that block or a later one, since all
// before were decided without it: so the upper bound never bars what an honest node took in.
func Counts(until, block uint64) bool { return block <= until && until-block <= Window }
