package recording_test

import (
	"testing"

	"parsec/core/recording"
)

// All recorded steps must come out of the kernels that elections run.
func TestCheckBundledMetaVotes(t *testing.T) {
	cases := 0
	err := recording.ReadMetaVotesFile("testdata/meta-votes.jsonl.zst", func(line int, c *recording.MetaVoteCase) error {
		cases++
		if err := c.Check(); err != nil {
			t.Errorf("line %d: n %d: %v", line, c.N, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if cases != 2920 {
		t.Errorf("%d cases, want 2920", cases)
	}
}

// A case with another outcome must not hold.
func TestCheckWrongMetaVotes(t *testing.T) {
	wrong := 0
	err := recording.ReadMetaVotesFile("testdata/meta-votes.jsonl.zst", func(line int, c *recording.MetaVoteCase) error {
		last := &c.Next[len(c.Next)-1]
		last.Estimates ^= recording.Both
		if c.Check() == nil {
			t.Errorf("line %d holds with estimates %v", line, last.Estimates)
		}
		wrong++
		return nil
	})
	if err != nil || wrong == 0 {
		t.Fatal(wrong, err)
	}
}
