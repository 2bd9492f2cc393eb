package bench

import (
	"fmt"
	"math"
	"path/filepath"
	"testing"

	"parsec/bench/measure"
	"parsec/core"
	"parsec/core/recording"
	"parsec/workloads"
)

// likeness are the graphs that are compared with recordings: 500 events a peer, which is what
// workloads.Large asks for. Above 32 peers they are held against the recording of 32.
var likeness = []struct{ peers, recorded int }{
	{4, 4}, {8, 8}, {16, 16}, {32, 32}, {64, 32}, {100, 32}, {256, 32},
}

// The generated graphs that stand in for recordings are like them: each share of events, and the blocks
// that the engine brings out for an event, are within a tenth.
func TestGeneratedAreLikeRecorded(t *testing.T) {
	for _, mode := range modes {
		for _, l := range likeness {
			t.Run(fmt.Sprintf("mode=%v/peers=%d", mode, l.peers), func(t *testing.T) {
				if testing.Short() && l.peers > 16 {
					t.Skip("takes seconds")
				}
				want := recorded(t, mode, l.recorded)
				if mode == core.Supermajority {
					// Every member votes for every observation, so a block takes as many events to vote
					// for it as there are members. See workloads.Target.
					want.Blocks *= float64(l.recorded) / float64(l.peers)
				}
				rec, err := workloads.Large(mode, l.peers, max(20_000, 500*l.peers), 1)
				if err != nil {
					t.Fatal(err)
				}
				e, err := rec.Engine()
				if err != nil {
					t.Fatal(err)
				}
				blocks, err := measure.Feed(e, rec)
				if err != nil {
					t.Fatal(err)
				}
				got := workloads.Mix(rec)
				got.Blocks = float64(blocks) / float64(len(rec.Events))
				for _, c := range []struct {
					what      string
					got, want float64
				}{
					{"observation events", got.Observing, want.Observing},
					{"requesting events", got.Requesting, want.Requesting},
					{"request events", got.Request, want.Request},
					{"response events", got.Response, want.Response},
					{"blocks", got.Blocks, want.Blocks},
				} {
					if math.Abs(c.got-c.want) > c.want/10 {
						t.Errorf("%s: %.4f per event, want %.4f within a tenth", c.what, c.got, c.want)
					}
				}
			})
		}
	}
}

// recorded measures the large recording of that many peers.
func recorded(t *testing.T, mode core.Mode, peers int) workloads.Shares {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(large, fmt.Sprintf("perf-%v-n%02d-*", mode, peers)))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v mode, %d peers: %d recordings, %v", mode, peers, len(files), err)
	}
	rec, err := recording.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	return workloads.Mix(rec)
}
