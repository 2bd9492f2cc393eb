package core_test

import (
	"math/rand/v2"
	"path/filepath"
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
		if err := compare(rec, late); err != nil {
			t.Errorf("%s: %v", rec.Name, err)
		}
		compared++
	})
	t.Logf("%d recordings of at most %d events", compared, most)
}
