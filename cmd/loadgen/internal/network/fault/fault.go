// Package fault has faults on a schedule: how they are written, and a runner that does them in time. What a fault does
// is up to a [Target].
package fault

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"parsec/cmd/loadgen/internal/network/link"
	"parsec/core/node/attack"
)

// Syntax tells how a schedule is written, for help texts: of -links, with [link.PairSyntax] and [link.Syntax], too.
var Syntax = `A schedule is a list of faults, separated by semicolons or line ends. Each is

  WHEN ACTION ... [for D] [every D xN]

WHEN is the time since the load began, such as 10s; 10s..15s is the same as 10s ... for 5s. With "every" the fault is
done N times in all, each at its time or when the one before has ended, whichever is later. Actions:

  kill NODE [for D]           kill -9; with "for", the node is started again after so long
  restart NODE                start a node that is down
  pause NODE for D            SIGSTOP, and SIGCONT after D
  slow NODE SHARE [for D]     run for that share of the time only, such as 50%, in turns of 100 ms
  cut LINKS [for D]           nothing passes; neither side is told. LINKS, and conditions, are as -links tells
  heal [LINKS]                undo cut and partition, of all links by default
  partition A|B... [for D]    cut all links between groups, such as 0,1|2,3
  link LINKS COND [for D]     change conditions, such as delay=50ms,loss=1%
  reset LINKS                 end the connections at both ends; nodes connect again
  twin NODE [for D]           a second process with the node's key and an empty log, in its place for half of the others:
                              it forks
  attack KIND [NODES [N/s]] [for D]
                              an attacker at all other nodes, with the keys of the NODES, such as 5,6. These must not
                              run (-down), but for kind member; stranger has none. It sends as much as each node takes
                              in, or N frames a second, of kinds that are made of distinct frames. Kinds:
` + kinds() + `  relearn NODE                kill -9, and start again as if its log were a backup (-restored): it learns its own events
                              from the others first

NODE is a number from 0, or random: drawn among nodes that no fault has struck; it waits while f nodes are struck
(f is the most that a section of that size bears). random! does not wait. For example:

  10s kill 2; 15s restart 2; 20s pause 1 for 3s; 30s..35s slow 0 50%; 40s cut 0-1; 45s heal
  50s kill random for 300ms every 500ms x20; 60s..90s attack stranger
`

// kinds tells what attacks there are, a line each.
func kinds() string {
	var b strings.Builder
	for _, a := range attack.Kinds() {
		fmt.Fprintf(&b, "    %-9s  %s\n", a.Kind, a.What)
	}
	return b.String()
}

// Action is what is done.
type Action string

// Actions, as they are written.
const (
	Kill      Action = "kill"
	Restart   Action = "restart"
	Pause     Action = "pause"
	Slow      Action = "slow"
	Cut       Action = "cut"
	Heal      Action = "heal"
	Partition Action = "partition"
	Link      Action = "link"
	Reset     Action = "reset"
	Twin      Action = "twin"
	Attack    Action = "attack"
	Relearn   Action = "relearn"
)

// Nodes that are no numbers.
const (
	None   = -1 // the fault is none of a node
	Random = -2
	Beyond = -3 // random, whatever has been struck already
)

// Fault is one item of a schedule.
type Fault struct {
	Action     Action
	At         time.Duration // since the beginning
	For        time.Duration // how long it lasts; 0: until something else ends it, or it is done at once
	Every      time.Duration // from one time to the next
	Times      int           // 1 or more
	Node       int           // None, Random, Beyond or a number
	Share      float64       // Slow: of the time that the node runs
	Links      []link.Pair   // the ways that are meant
	Conditions string        // Link: as [link.Parse] takes them
	Attack     attack.Kind   // Attack: its kind
	Members    []int         // Attack: nodes whose keys the attacker has
	Rate       float64       // Attack: frames a second to each target, of kinds that are made of distinct frames; 0: all that it takes
	where      string        // links, groups or members as they were written
}

// String writes the fault without its times.
func (f Fault) String() string {
	s := string(f.Action)
	switch f.Node {
	case None:
	case Random:
		s += " random"
	case Beyond:
		s += " random!"
	default:
		s += fmt.Sprintf(" %d", f.Node)
	}
	if f.Action == Slow {
		s += fmt.Sprintf(" %.12g%%", f.Share*100)
	}
	if f.Attack != "" {
		s += " " + string(f.Attack)
	}
	if f.where != "" {
		s += " " + f.where
	}
	if f.Rate > 0 {
		s += fmt.Sprintf(" %.12g/s", f.Rate)
	}
	if f.Conditions != "" {
		s += " " + f.Conditions
	}
	return s
}

// Text writes the fault so that Parse reads it.
func (f Fault) Text() string {
	s := f.At.String() + " " + f.String()
	if f.For > 0 {
		s += " for " + f.For.String()
	}
	if f.Times > 1 {
		s += fmt.Sprintf(" every %v x%d", f.Every, f.Times)
	}
	return s
}

// Hostile reports whether a schedule has somebody with a member's key who does not keep to the rules.
func Hostile(faults []Fault) bool {
	return slices.ContainsFunc(faults, func(f Fault) bool { return f.Action == Twin || f.Action == Attack && f.Attack != attack.Stranger })
}

// NeedsLinks reports whether a schedule has faults of links, for which connections have to go through proxies.
func NeedsLinks(faults []Fault) bool {
	for _, f := range faults {
		switch f.Action {
		case Cut, Heal, Partition, Link, Reset, Twin:
			return true
		}
	}
	return false
}
