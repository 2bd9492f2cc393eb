package recording_test

import (
	"path/filepath"
	"testing"

	"parsec/core/recording"
)

// Every bundled recording must come out equal: observations, voters and the event each block comes out
// at.
func TestReplayBundled(t *testing.T) {
	for _, pattern := range []string{"testdata/recordings/*.zst", "testdata/large/*.zst"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, f := range files {
			t.Run(filepath.Base(f), func(t *testing.T) {
				r, err := recording.ReadFile(f)
				if err != nil {
					t.Fatal(err)
				}
				e, err := r.Engine()
				if err != nil {
					t.Fatal(err)
				}
				n, diff, err := r.Replay(e)
				if err != nil {
					t.Fatal(err)
				}
				if diff != nil {
					t.Errorf("%d blocks of %d; %v", n, len(r.Blocks), diff)
				}
			})
		}
	}
}
