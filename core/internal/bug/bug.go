// Package bug holds deliberate bugs, which the simulator must find. They exist under the build tag bugs only:
// without it, [On] is constant and the compiler removes what it guards.
package bug

// Bug is one deliberate bug.
type Bug string

// The bugs, by what is done wrong.
const (
	Majority       Bug = "majority"        // a majority is taken for a supermajority
	AtLeast        Bug = "at-least"        // two thirds are enough: >= for >
	IgnoreForks    Bug = "ignore-forks"    // a forker's events count as if it had not forked
	TakeForkers    Bug = "take-forkers"    // events of a peer whose fork is seen are built on
	NoDedupe       Bug = "no-dedupe"       // an event that is there already is inserted again
	ForgetLast     Bug = "forget-last"     // recovery loses the last event
	SendEarly      Bug = "send-early"      // messages leave before their events are durable
	LoneEstimates  Bug = "lone-estimates"  // a third of estimates does not add an estimate
	NoAdoption     Bug = "no-adoption"     // decisions of others are not adopted
	OwnCoin        Bug = "own-coin"        // the coin differs from node to node
	ArrivalOrder   Bug = "arrival-order"   // keys go by the order of arrival
	CountStrangers Bug = "count-strangers" // votes of peers that are no voters count
	RefuseRemoved  Bug = "refuse-removed"  // events of removed peers are refused, whoever builds on them
	Unlicensed     Bug = "unlicensed"      // events of peers that were never added are accepted
	NoPayload      Bug = "no-payload"      // votes are inserted without their payload
	Redeliver      Bug = "redeliver"       // blocks are delivered again after a restart
	Unverified     Bug = "unverified"      // signatures are not checked
	OwnUnchecked   Bug = "own-unchecked"   // a node's own events need not be what others accept
	CapBranches    Bug = "cap-branches"    // of all forks together one branch is accepted: the first
	AnyContent     Bug = "any-content"     // a content is taken for what was asked for, whatever its hash
	KeepRefused    Bug = "keep-refused"    // what a refused head stands on stays in the graph
	KeepLesson     Bug = "keep-lesson"     // what an answer to a restored node brings stays, though nothing will build on it
	KeepStrangers  Bug = "keep-strangers"  // what is under the events of strangers stays in the graph
)

// All lists the bugs.
var All = []Bug{
	Majority, AtLeast, IgnoreForks, TakeForkers, NoDedupe, ForgetLast, SendEarly, LoneEstimates, NoAdoption,
	OwnCoin, ArrivalOrder, CountStrangers, RefuseRemoved, Unlicensed, NoPayload, Redeliver, Unverified,
	OwnUnchecked, CapBranches, AnyContent, KeepRefused, KeepLesson, KeepStrangers,
}
