package workloads

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"testing"

	"parsec/core"
	"parsec/core/recording"
)

// digest hashes all of a recording in an encoding of its own, so that it changes with nothing else.
func digest(rec *recording.Recording) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %v %v %q %q %d %d\n", rec.Name, rec.Mode, rec.Rules, rec.Coin, rec.Peers, rec.Genesis, len(rec.Blocks))
	for _, o := range rec.Observations {
		fmt.Fprintf(h, "%x %v %d %d %q %q\n", o.ID, o.Kind, o.Peer, o.Group, o.Malice, o.Payload)
	}
	for _, e := range rec.Events {
		binary.Write(h, binary.BigEndian, struct {
			core.PeerIndex
			core.Cause
			Places [4]int32
		}{e.Creator, e.Cause, [4]int32{e.SelfParent, e.OtherParent, e.Observation, e.Recipient}})
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// The graphs that benchmark results of different commits and machines are compared on. A change here
// makes earlier results incomparable: say why in the commit that does it.
var golden = map[string]string{
	"accuse-n007-events2000-seed1":                   "857cf0cb820c7d72",
	"bursty-n007-events2000-seed1":                   "e7c6544a5c256291",
	"churn-n007-events2000-seed1":                    "30f9b9b3513a58b1",
	"churn-single-n007-events2000-seed1":             "0128e2d5c61094fc",
	"fan-out-n007-events2000-seed1":                  "a1c912bd90c7025a",
	"forks-n007-events2000-seed1":                    "ad576fe27a212b6e",
	"forks-single-n007-events2000-seed1":             "ccc3fa1f9ca86b72",
	"idle-n007-events2000-seed1":                     "b113aa3947d6aaaf",
	"large-single-n007-events2000-seed1":             "364254a25392b13e",
	"large-single-n040-events20000-seed2":            "ab7c43f82bd9d6df",
	"large-supermajority-n007-events2000-seed1":      "4f1d2714327089ec",
	"late-forks-n007-events2000-seed1":               "a7f24bc73b20d8b8",
	"lossy-n007-events2000-seed1":                    "2236454e5b6070ee",
	"lossy-single-n007-events2000-seed1":             "a2737ef878b93358",
	"partial-votes-n007-events2000-seed1":            "8a6fe444519ad0ef",
	"partition-n007-events2000-seed1":                "1fcf112995e2febf",
	"partition-single-n007-events2000-seed1":         "4448d42ddec7cb81",
	"shuffled large-single-n040-events20000-seed2":   "3de8c8dab22d0611",
	"single-n007-events2000-seed1":                   "c81527129560eaae",
	"slow-links-supermajority-n007-events2000-seed1": "3c232d07c9ef5d5f",
	"slow-links-n007-events2000-seed1":               "bfac1ed6a14c3589",
	"supermajority-n007-events2000-seed1":            "5cd88edef98bca55",
	"wild-forks-n007-events2000-seed1":               "a0005bd56e8bb1d8",
	"wild-n007-events2000-seed1":                     "fb70627dad96cae0",
}

func TestGolden(t *testing.T) {
	got := make(map[string]string)
	for _, w := range Named() {
		rec := generate(t, w.Name, Size{Peers: 7, Events: 2000, Seed: 1})
		got[rec.Name] = digest(rec)
	}
	rec := generate(t, "large-single", Size{Peers: 40, Events: 20000, Seed: 2})
	got[rec.Name] = digest(rec)
	got["shuffled "+rec.Name] = digest(Shuffle(rec, 3))

	for name, want := range golden {
		if got[name] != want {
			t.Errorf("%s: digest %s, want %s", name, got[name], want)
		}
	}
	for name, d := range got {
		if golden[name] == "" {
			t.Errorf("no golden digest for %s: %s", name, d)
		}
	}
}

func TestSameTwice(t *testing.T) {
	for _, w := range Named() {
		z := Size{Peers: 10, Events: 3000, Seed: 9}
		a, b := digest(generate(t, w.Name, z)), digest(generate(t, w.Name, z))
		z.Seed++
		c := generate(t, w.Name, z)
		c.Name = fmt.Sprintf("%s-n010-events3000-seed9", w.Name)
		if a != b {
			t.Errorf("%s: the same seed gives two graphs", w.Name)
		}
		if digest(c) == a {
			t.Errorf("%s: two seeds give the same graph", w.Name)
		}
	}
}

func TestObservationIDs(t *testing.T) {
	// Fixed for ever: they decide the order of keys.
	id := observationID(1, core.Opaque, "0")
	if got, want := hex.EncodeToString(id[:8]), "ad5f82e4811b8e58"; got != want {
		t.Errorf("observation id %s, want %s", got, want)
	}
}
