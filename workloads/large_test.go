package workloads

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"testing"

	"parsec/core"
	"parsec/core/recording"
)

// near reports whether two shares differ by a tenth at most.
func near(got, want float64) bool { return math.Abs(got-want) <= want/10 }

func TestReferencesAreTheRecordings(t *testing.T) {
	dir := filepath.Join("..", "core", "recording", "testdata", "large")
	for _, r := range references {
		files, err := filepath.Glob(filepath.Join(dir, fmt.Sprintf("perf-%v-n%02d-*", r.mode, r.peers)))
		if err != nil || len(files) != 1 {
			t.Fatalf("%v n=%d: %d files, %v", r.mode, r.peers, len(files), err)
		}
		rec, err := recording.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		if got := Mix(rec); got != r.shares() || len(rec.Events) != r.events {
			t.Errorf("%s: %d events, %+v; the table has %+v", rec.Name, len(rec.Events), got, r)
		}
	}
}

func TestLargeMix(t *testing.T) {
	for _, mode := range []core.Mode{core.Single, core.Supermajority} {
		for _, peers := range []int{4, 5, 6, 8, 11, 13, 16, 22, 27, 32, 33, 48, 64, 128, 256} {
			if testing.Short() && peers > 64 {
				continue
			}
			p, err := LargeParams(mode, peers, 500*peers, 1)
			if err != nil {
				t.Fatal(err)
			}
			if peers > 64 {
				p.Order = Creation // the same events up to the cut, ten times as fast
			}
			rec := simulate(t, p)
			got, want := Mix(rec), Target(mode, peers)
			for _, c := range []struct {
				what      string
				got, want float64
			}{
				{"observation", got.Observing, want.Observing},
				{"requesting", got.Requesting, want.Requesting},
				{"request", got.Request, want.Request},
				{"response", got.Response, want.Response},
				{"different observations", got.Observations, want.Observations},
			} {
				if !near(c.got, c.want) {
					t.Errorf("%s: %s: %.4f of events, want %.4f", rec.Name, c.what, c.got, c.want)
				}
			}
		}
	}
}

func TestLargeLeavesTimeToDecide(t *testing.T) {
	// Nothing comes up in the last part, in which the last observations are decided. Its length varies
	// with the pace of gossip, by the square root of the number of events.
	for _, mode := range []core.Mode{core.Single, core.Supermajority} {
		for _, peers := range []int{32, 64} {
			rec, err := Large(mode, peers, 500*peers, 2)
			if err != nil {
				t.Fatal(err)
			}
			last := 0
			for i, e := range rec.Events {
				if e.Cause == core.Observing {
					last = i
				}
			}
			if left, want := len(rec.Events)-last, decisionLag(peers); left < want/2 || left > 2*want {
				t.Errorf("%s: %d events after the last vote, want about %d", rec.Name, left, want)
			}
		}
	}
}

func TestLargeRefuses(t *testing.T) {
	for _, c := range []struct {
		mode          core.Mode
		peers, events int
	}{{core.Single, 3, 1000}, {core.Single, 8, 200}, {7, 8, 1000}, {core.Single, 8, recording.MaxEvents + 1}, {core.Single, recording.MaxPeers + 1, recording.MaxEvents}} {
		if _, err := Large(c.mode, c.peers, c.events, 1); !errors.Is(err, ErrParams) {
			t.Errorf("%+v: error %v", c, err)
		}
	}
}
