package bench

import (
	"fmt"
	"path/filepath"
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
		rec, err := recording.ReadFile(f)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("mode=%v/peers=%d", rec.Mode, len(rec.Peers)), func(b *testing.B) { benchmark(b, rec) })
	}
}
