package wal

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"
)

// BenchmarkSync writes and syncs parts of a size in bytes, one after the other, into a file that was prepared in one of
// these ways: it grows, its space is reserved, zeros are written ahead 256 KiB at a time in the same sync, or they were
// written beforehand. It is why a log reserves, and writes ahead of small batches only.
func BenchmarkSync(b *testing.B) {
	const file = 64 << 20
	for _, size := range []int{512, 4 << 10, 16 << 10, 64 << 10} {
		for _, how := range []string{"grow", "reserve", "ahead", "zeros", "noted"} {
			b.Run(fmt.Sprintf("size=%d/how=%s", size, how), func(b *testing.B) {
				f, err := system{}.Create(filepath.Join(b.TempDir(), "file"))
				if err != nil {
					b.Fatal(err)
				}
				defer f.Close()
				check := func(err error) {
					if err != nil {
						b.Fatal(err)
					}
				}
				write := func(p []byte, off int64) {
					_, err := f.WriteAt(p, off)
					check(err)
				}
				if how != "grow" {
					check(f.Allocate(file))
				}
				if how == "zeros" || how == "noted" {
					for off := int64(0); off < file; off += aheadSize {
						write(ahead[:], off)
					}
				}
				check(f.Sync())
				note, err := system{}.Create(filepath.Join(b.TempDir(), "note"))
				check(err)
				defer note.Close()
				part := make([]byte, size)
				for i := range part {
					part[i] = 1
				}
				off, zeroed := int64(0), int64(0)
				var noting time.Duration
				for b.Loop() {
					if off+int64(size) > file {
						off = 0 // from here on everything was written once: too many rounds for what is measured
					}
					write(part, off)
					if off += int64(size); how == "ahead" && off > zeroed && off+aheadSize <= file {
						write(ahead[:], off)
						zeroed = off + aheadSize
					}
					check(f.Sync())
					if how == "noted" {
						began := time.Now()
						_, err := note.WriteAt(zeroSector[:], 0)
						check(err)
						noting += time.Since(began)
					}
				}
				if how == "noted" {
					b.ReportMetric(float64(noting)/float64(b.N), "note-ns/op")
				}
			})
		}
	}
}
