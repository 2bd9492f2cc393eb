package recording_test

import (
	"fmt"
	"os"

	"parsec/core"
	"parsec/core/recording"
)

func ExampleReadFile() {
	r, err := recording.ReadFile("testdata/recordings/removed-see-n06-013-rfc0049.json.zst")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s: %v mode, %d peers, %d events\n", r.Name, r.Mode, len(r.Peers), len(r.Events))
	for _, b := range r.Blocks {
		fmt.Printf("event %d brings out a block of kind %v with the votes of %d\n",
			b.At, r.Observations[b.Observation].Kind, b.Voters)
	}
	// Output:
	// removed-see-n06-013-rfc0049: supermajority mode, 6 peers, 823 events
	// event 411 brings out a block of kind genesis with the votes of [0 1 2 3 4 5]
	// event 638 brings out a block of kind opaque with the votes of [0 1 2 3 5]
	// event 638 brings out a block of kind opaque with the votes of [1 2 3 4 5]
	// event 638 brings out a block of kind opaque with the votes of [1 2 3 4 5]
	// event 638 brings out a block of kind opaque with the votes of [0 1 2 3 5]
	// event 707 brings out a block of kind remove with the votes of [0 1 2 4 5]
	// event 707 brings out a block of kind opaque with the votes of [1 2 3 4 5]
}

func ExampleRecording_Write() {
	const none = recording.None
	r := &recording.Recording{
		Name:    "alone",
		Coin:    recording.RoundParity,
		Peers:   []string{"a"},
		Genesis: []core.PeerIndex{0},
		Events:  []recording.Event{{SelfParent: none, OtherParent: none, Observation: none, Recipient: none}},
	}
	if err := r.Write(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output: {"format":"parsec-recording/1","name":"alone","rules":"rfc-0049","mode":"supermajority","coin":"round-parity","peers":["a"],"genesis":[0],"observations":[],"events":[[0,"initial"]],"blocks":[]}
}

func ExampleReadMetaVotesFile() {
	voters := make(map[int]int)
	err := recording.ReadMetaVotesFile("testdata/meta-votes.jsonl.zst", func(line int, c *recording.MetaVoteCase) error {
		voters[c.N]++
		return nil
	})
	fmt.Println(voters[4], "cases of 4 voters,", err)
	// Output: 281 cases of 4 voters, <nil>
}
