package recording

import (
	"fmt"
	"slices"

	"parsec/core/internal/coin"
	"parsec/core/internal/election"
)

// Check computes the case's event with the code that elections run, and the predictable round-parity
// coin, and returns an error that shows what came out if that is not Next. The case is one that
// [ReadMetaVotes] accepts.
func (c *MetaVoteCase) Check() error {
	if c.N < 2 {
		return fmt.Errorf("a section of %d has no meta-votes", c.N)
	}
	others := make([][]election.MetaVote, len(c.Others))
	for i, o := range c.Others {
		others[i] = engineVotes(o)
	}
	got := election.Advance(c.N, c.Initial == True, engineVotes(c.Parent), others, coin.PredictableRoundParity{})
	if want := engineVotes(c.Next); !slices.Equal(got, want) {
		return fmt.Errorf("want %v, got %v", c.Next, recordedVotes(got))
	}
	return nil
}

func engineVotes(votes []MetaVote) []election.MetaVote {
	out := make([]election.MetaVote, 0, len(votes))
	for _, v := range votes {
		out = append(out, election.MetaVote{
			Round: v.Round, Step: v.Step,
			EstT: v.Estimates.Has(true), EstF: v.Estimates.Has(false),
			BinT: v.BinValues.Has(true), BinF: v.BinValues.Has(false),
			Aux: int8(v.Aux), Decision: int8(v.Decision),
		})
	}
	return out
}

func recordedVotes(votes []election.MetaVote) []MetaVote {
	set := func(t, f bool) (s BoolSet) {
		if t {
			s |= OnlyTrue
		}
		if f {
			s |= OnlyFalse
		}
		return s
	}
	out := make([]MetaVote, 0, len(votes))
	for _, v := range votes {
		out = append(out, MetaVote{
			Round: v.Round, Step: v.Step,
			Estimates: set(v.EstT, v.EstF), BinValues: set(v.BinT, v.BinF),
			Aux: Tri(v.Aux), Decision: Tri(v.Decision),
		})
	}
	return out
}
