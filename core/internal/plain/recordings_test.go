package plain_test

import (
	"flag"
	"path/filepath"
	"reflect"
	"testing"

	"parsec/core"
	"parsec/core/internal/plain"
	"parsec/core/recording"
)

var slow = flag.Bool("plain.slow", false, "replay the largest recordings too; takes half a minute and 1 GB")

// newEngine returns an engine for a recording, with all its peers and observations. Numbers are those of
// the recording.
func newEngine(r *recording.Recording) *plain.Engine {
	var genesis []int
	for _, p := range r.Genesis {
		genesis = append(genesis, int(p))
	}
	var observations []plain.Observation
	for _, o := range r.Observations {
		observations = append(observations, plain.Observation{Hash: o.ID, Kind: int(o.Kind), Peer: int(o.Peer)})
	}
	return plain.New(r.Mode == core.Single, r.Rules == core.Crate073, plain.Predictable, len(r.Peers), genesis, observations)
}

func replay(r *recording.Recording) *plain.Engine {
	g := newEngine(r)
	for _, e := range r.Events {
		g.Insert(plain.Event{
			Creator:     int(e.Creator),
			Cause:       int(e.Cause),
			Self:        int(e.SelfParent),
			Other:       int(e.OtherParent),
			Observation: int(e.Observation),
		})
	}
	return g
}

func recordings(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob("../../recording/testdata/" + folder + "/*.zst")
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", folder, len(files), err)
	}
	return files
}

func checkRecording(t *testing.T, r *recording.Recording) {
	t.Helper()
	var want []plain.Block
	for _, b := range r.Blocks {
		w := plain.Block{Observation: int(b.Observation), At: int(b.At)}
		for _, p := range b.Voters {
			w.Voters = append(w.Voters, int(p))
		}
		want = append(want, w)
	}
	g := replay(r)
	for i, b := range g.Blocks {
		b.By = 0 // recordings do not say
		if i >= len(want) || !reflect.DeepEqual(b, want[i]) {
			t.Fatalf("block %d of %d is %+v, want %+v", i, len(want), b, want[min(i, len(want)):min(i+1, len(want))])
		}
	}
	if len(g.Blocks) < len(want) {
		t.Fatalf("%d blocks, want %d", len(g.Blocks), len(want))
	}
	if g.Torn {
		t.Error("two sides of a fork were strongly seen")
	}
}

// Every bundled recording comes out equal: observations, voters and the event that each block comes out
// at. With -short, those of more than 500 events are left out.
func TestRecordings(t *testing.T) {
	for _, f := range recordings(t, "recordings") {
		r, err := recording.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if testing.Short() && len(r.Events) > 500 {
			continue
		}
		t.Run(r.Name, func(t *testing.T) { checkRecording(t, r) })
	}
}

// The large recordings too: by default those that take less than a second, with -plain.slow all of them.
func TestLargeRecordings(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	for _, f := range recordings(t, "large") {
		r, err := recording.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(r.Name, func(t *testing.T) {
			if len(r.Peers)*len(r.Events) > 200_000 && !*slow {
				t.Skip("to replay it: go test ./core/internal/plain -run TestLargeRecordings -plain.slow")
			}
			checkRecording(t, r)
		})
	}
}
