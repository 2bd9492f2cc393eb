package plain_test

import (
	"fmt"
	"slices"
	"testing"

	"parsec/core/internal/plain"
	"parsec/core/recording"
)

func sequence(votes []recording.MetaVote) []plain.MetaVote {
	set := func(s recording.BoolSet) plain.Set { return plain.Set{T: s.Has(true), F: s.Has(false)} }
	var out []plain.MetaVote
	for _, v := range votes {
		out = append(out, plain.MetaVote{
			Round:     v.Round,
			Step:      v.Step,
			Estimates: set(v.Estimates),
			Bins:      set(v.BinValues),
			Aux:       plain.Tri(v.Aux),
			Decision:  plain.Tri(v.Decision),
		})
	}
	return out
}

// fill gives decided meta-votes their value in all places, as the recordings print them.
func fill(votes []plain.MetaVote) []plain.MetaVote {
	for i := range votes {
		if v := &votes[i]; v.Decision != plain.None {
			is := plain.Set{T: v.Decision == plain.True, F: v.Decision == plain.False}
			v.Estimates, v.Bins, v.Aux = is, is, v.Decision
		}
	}
	return votes
}

// The bundled single steps of SPEC section 4 come out equal, genuine flips among them.
func TestMetaVotes(t *testing.T) {
	cases, steps := 0, map[string]int{}
	err := recording.ReadMetaVotesFile("../../recording/testdata/meta-votes.jsonl.zst", func(line int, c *recording.MetaVoteCase) error {
		cases++
		var others [][]plain.MetaVote
		for _, o := range c.Others {
			others = append(others, sequence(o))
		}
		var got []plain.MetaVote
		if c.Initial == recording.Absent {
			got = plain.Follow(sequence(c.Parent), others, plain.RoundParity, c.N)
		} else {
			got = plain.Observe(c.Initial == recording.True, others, c.N)
		}
		if want := sequence(c.Next); !slices.Equal(fill(got), want) {
			return fmt.Errorf("line %d: got  %+v\nwant %+v", line, got, want)
		}
		for _, v := range got {
			steps[fmt.Sprintf("step %d, decided %t", v.Step, v.Decision != plain.None)]++
		}
		return nil
	})
	if err != nil || cases != 2920 {
		t.Errorf("%d cases, want 2920; %v", cases, err)
	}
	t.Log(steps)
}
