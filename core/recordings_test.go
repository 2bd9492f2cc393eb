package core_test

import (
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"parsec/core"
	"parsec/core/recording"
)

// bundled calls yield with every bundled recording but the large ones.
func bundled(t *testing.T, yield func(i int, rec *recording.Recording)) {
	t.Helper()
	files, err := filepath.Glob("recording/testdata/recordings/*.zst")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for i, f := range files {
		rec, err := recording.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		yield(i, rec)
	}
}

// TestRecordings compares engine and oracle on the bundled recordings, meta-events included; package
// recording checks that the blocks are those that were recorded. Each second one has the engine learn of
// peers and observations late.
func TestRecordings(t *testing.T) {
	most := 2500
	if testing.Short() {
		most = 300
	}
	compared := 0
	bundled(t, func(i int, rec *recording.Recording) {
		if len(rec.Events) > most {
			return
		}
		var late *rand.Rand
		if i%2 == 1 {
			late = rand.New(rand.NewPCG(uint64(i), 4))
		}
		if err := compare(rec, late, nil); err != nil {
			t.Errorf("%s: %v", rec.Name, err)
		}
		compared++
	})
	t.Logf("%d recordings of at most %d events", compared, most)
}

// TestOddCoins lets other coins fall on the recordings in which coins decide, which random graphs do not get
// to. Some events do not know the coin then, and wait for it; half of the time requesting events are put in,
// which hear of nothing but may know the coin.
func TestOddCoins(t *testing.T) {
	tosses, waits := 0, 0
	bundled(t, func(_ int, rec *recording.Recording) {
		if !strings.HasPrefix(rec.Name, "coin-") {
			return
		}
		for seed := range uint64(20) {
			odd := newOddCoin(seed)
			counted := func(event, subject int, round uint32) (heads, known bool) {
				heads, known = odd(event, subject, round)
				if tosses++; !known {
					waits++
				}
				return heads, known
			}
			rec := rec
			if seed%2 == 1 {
				rec = requesting(rec, rand.New(rand.NewPCG(seed, 5)))
			}
			if err := compare(rec, nil, counted); err != nil {
				t.Errorf("%s, coin %d: %v", rec.Name, seed, err)
			}
		}
	})
	if t.Logf("%d tosses, %d of them not known", tosses, waits); waits < 20 {
		t.Errorf("%d tosses, %d of them not known", tosses, waits)
	}
}

// requesting returns a graph with a requesting event after some of the sync events.
func requesting(rec *recording.Recording, rng *rand.Rand) *recording.Recording {
	out := *rec
	out.Events = nil
	place := make([]int32, len(rec.Events)) // of an event
	end := make([]int32, len(rec.Events))   // of what was put in after it, or else its own
	for i, e := range rec.Events {
		if e.SelfParent != recording.None {
			e.SelfParent = end[e.SelfParent]
		}
		if e.OtherParent != recording.None {
			e.OtherParent = place[e.OtherParent]
		}
		place[i] = int32(len(out.Events))
		out.Events = append(out.Events, e)
		if e.Cause >= core.Requesting && rng.IntN(2) == 0 {
			more := blank(e.Creator, core.Requesting)
			more.SelfParent = place[i]
			out.Events = append(out.Events, more)
		}
		end[i] = int32(len(out.Events) - 1)
	}
	return &out
}
