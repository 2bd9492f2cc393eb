package recording

import "fmt"

// MetaVote is an event's meta-vote for one (round, step) of the binary agreement on one subject (SPEC
// section 4). The zero value is round 0, forced true, with nothing in it.
type MetaVote struct {
	Round     uint32
	Step      uint8 // 0 forced true, 1 forced false, 2 genuine flip
	Estimates BoolSet
	BinValues BoolSet
	Aux       Tri
	Decision  Tri
}

// BoolSet is a set of booleans; the zero value is the empty set.
type BoolSet uint8

// The sets other than the empty one.
const (
	OnlyTrue  BoolSet = 1 << iota // {true}
	OnlyFalse                     // {false}
	Both      = OnlyTrue | OnlyFalse
)

// Has reports whether b is in the set.
func (s BoolSet) Has(b bool) bool {
	if b {
		return s&OnlyTrue != 0
	}
	return s&OnlyFalse != 0
}

var setNames = [...]string{"", "t", "f", "tf"}

// String returns the text that files use: "", "t", "f" or "tf".
func (s BoolSet) String() string {
	if int(s) < len(setNames) {
		return setNames[s]
	}
	return fmt.Sprintf("set(%d)", uint8(s))
}

// Tri is a boolean that may be absent; the zero value is absent.
type Tri uint8

// The values of Tri.
const (
	Absent Tri = iota
	True
	False
)

// String returns the text that files use: "", "t" or "f".
func (t Tri) String() string {
	if t <= False {
		return setNames[t]
	}
	return fmt.Sprintf("tri(%d)", uint8(t))
}

// MetaVoteCase is one step of SPEC section 4, "advance": what an event's meta-votes for one subject must
// be, given those before it, with the round-parity coin.
type MetaVoteCase struct {
	N int // number of voters, from 1 to MaxPeers
	// Initial is the initial estimate if the event is an observer, and then Parent is empty; it is Absent
	// if the event's meta-votes come from Parent's.
	Initial Tri
	Parent  []MetaVote   // of the sync event before it by the same creator
	Others  [][]MetaVote // of at most N-1 other voters' events, in voter order; none is empty
	Next    []MetaVote   // the result; not empty
}

// check says what is wrong with c, or nothing: the form, not whether Next is what the step gives.
func (c *MetaVoteCase) check() string {
	if c.N < 1 || c.N > MaxPeers {
		return fmt.Sprintf("n is %d, and has to be from 1 to %d", c.N, MaxPeers)
	}
	if len(c.Others) >= c.N {
		return fmt.Sprintf("%d others, and there are %d voters", len(c.Others), c.N)
	}
	if (c.Initial != Absent) != (len(c.Parent) == 0) {
		return "there has to be either an initial estimate or a parent"
	}
	if bad := badSequence(c.Parent); bad != "" {
		return "parent: " + bad
	}
	for i, o := range c.Others {
		if len(o) == 0 {
			return fmt.Sprintf("others %d is empty", i)
		}
		if bad := badSequence(o); bad != "" {
			return fmt.Sprintf("others %d: %s", i, bad)
		}
	}
	if len(c.Next) == 0 {
		return "next is empty"
	}
	if bad := badSequence(c.Next); bad != "" {
		return "next: " + bad
	}
	return ""
}

// badSequence says what is wrong with a sequence of meta-votes, or nothing: there is one for each step
// from the first on, and a decided one has its value in all places. Entries may follow a decided one:
// the sequence is cut there only when it is advanced again.
func badSequence(votes []MetaVote) string {
	for i, v := range votes {
		if int64(v.Round) != int64(i/3) || int(v.Step) != i%3 {
			return fmt.Sprintf("meta-vote %d is of round %d, step %d, not of round %d, step %d", i, v.Round, v.Step, i/3, i%3)
		}
		if v.Estimates > Both || v.BinValues > Both || v.Aux > False || v.Decision > False {
			return fmt.Sprintf("meta-vote %d has a value out of range", i)
		}
		if d := v.Decision; d != Absent && (v.Estimates != BoolSet(d) || v.BinValues != BoolSet(d) || v.Aux != d) {
			return fmt.Sprintf("meta-vote %d is decided, and not %q in all four places", i, d)
		}
	}
	return ""
}
