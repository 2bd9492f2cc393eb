package core_test

import (
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

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
// recording checks that the blocks are those that were recorded. In each second one some engines learn of
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
		variants := usual()
		if i%2 == 1 {
			for k := range 2 {
				variants[k].late = rand.New(rand.NewPCG(uint64(i), uint64(4+k)))
			}
		}
		if err := compare(rec, nil, variants...); err != nil {
			t.Errorf("%s: %v", rec.Name, err)
		}
		compared++
	})
	t.Logf("%d recordings of at most %d events", compared, most)
}

// TestOddCoins lets other coins fall on the recordings in which coins decide, which random graphs do not get
// to. Some events do not know the coin then, and wait for it; half of the time requesting events are put in,
// which hear of nothing but may know the coin; and half of the time the graph is tidied, so that elections
// by levels get to the coins.
func TestOddCoins(t *testing.T) {
	tosses, waits, gaveUp := 0, 0, 0
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
			if seed%4 > 1 {
				rec = tidy(rec)
			}
			c, err := newComparison(rec, oddCoin(counted), usual()...)
			if err == nil {
				err = c.run()
			}
			if err != nil {
				t.Errorf("%s, coin %d: %v", rec.Name, seed, err)
				continue
			}
			if s := c.pairs[0].engine.Stats(); seed%4 > 1 && s.Looks > 0 && s.Evals > 0 {
				gaveUp++
			}
		}
	})
	t.Logf("%d tosses, %d of them not known; levels gave up in %d graphs", tosses, waits, gaveUp)
	if waits < 20 || gaveUp < 10 {
		t.Error("too little happens")
	}
}
