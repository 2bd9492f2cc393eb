package bench

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"parsec/core/recording"
)

// large is where the large recordings are.
var large = filepath.Join("..", "core", "recording", "testdata", "large")

// BenchmarkReplay is of the large recordings. That they come out right is tested beside them.
func BenchmarkReplay(b *testing.B) {
	files, err := filepath.Glob(filepath.Join(large, "*.zst"))
	if err != nil || len(files) == 0 {
		b.Fatalf("%s: %d recordings, %v", large, len(files), err)
	}
	for _, f := range files {
		mode, peers, err := describe(f)
		if err != nil {
			b.Fatal(err)
		}
		// Only those that run are read: reading all takes longer than running some, and many times the
		// instructions.
		b.Run(fmt.Sprintf("mode=%s/peers=%d", mode, peers), func(b *testing.B) {
			rec, err := recording.ReadFile(f)
			if err != nil {
				b.Fatal(err)
			}
			if rec.Mode.String() != mode || len(rec.Peers) != peers {
				b.Fatalf("%s is of %v mode and %d peers", f, rec.Mode, len(rec.Peers))
			}
			benchmark(b, rec)
		})
	}
}

// describe returns what a large recording's file name says: perf-single-n04 and so on.
func describe(file string) (mode string, peers int, err error) {
	parts := strings.Split(filepath.Base(file), "-")
	if len(parts) < 3 {
		return "", 0, fmt.Errorf("%s: not named like perf-single-n04", file)
	}
	if _, err := fmt.Sscanf(parts[2], "n%d", &peers); err != nil {
		return "", 0, fmt.Errorf("%s: number of peers: %w", file, err)
	}
	return parts[1], peers, nil
}
