package wal

import (
	"bytes"
	"fmt"
	"testing"
)

// BenchmarkAppend appends records of a size in bytes to the disk that TMPDIR is on. With batched=0 each is waited for
// before the next is appended: a record a sync. With batched=1 none is waited for but the last.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{128, 1 << 10, 16 << 10, 1 << 20} {
		for batched := range 2 {
			b.Run(fmt.Sprintf("size=%d/batched=%d", size, batched), func(b *testing.B) {
				l, _ := mustOpen(b, b.TempDir(), Options{})
				record := bytes.Repeat([]byte{1}, size)
				b.SetBytes(int64(size))
				for b.Loop() {
					position := mustAppend(b, l, record)
					if batched == 0 {
						mustWait(b, l, position)
					}
				}
				mustWait(b, l, l.appended)
				s := l.Stats()
				seconds := b.Elapsed().Seconds()
				b.ReportMetric(float64(s.Records)/seconds, "records/s")
				b.ReportMetric(float64(s.Syncs)/seconds, "fsyncs/s")
				b.ReportMetric(float64(s.Bytes)/float64(s.Records), "disk-B/record")
			})
		}
	}
}

// BenchmarkRecover opens and reads a log of 64 MB of records, from memory if the system has it there. With batch=1 each
// record of 256 bytes is a batch of its own, which is the slowest; others are as large as batches become.
func BenchmarkRecover(b *testing.B) {
	for _, size := range []int{256, 16 << 10, 1 << 20} {
		for _, batch := range []int{1, 1000} {
			if size > 256 && batch == 1 {
				continue
			}
			b.Run(fmt.Sprintf("size=%d/batch=%d", size, batch), func(b *testing.B) {
				const total = 64 << 20
				dir := b.TempDir()
				l, _ := mustOpen(b, dir, Options{FS: unsynced{system{}}})
				for n := 0; n < total; n += size {
					position := mustAppend(b, l, bytes.Repeat([]byte{1}, size))
					if batch == 1 {
						mustWait(b, l, position)
					}
				}
				mustClose(b, l)
				b.SetBytes(total)
				for b.Loop() {
					l, err := Open(dir, Options{})
					if err != nil {
						b.Fatal(err)
					}
					n := 0
					for record, err := range l.Records() {
						if err != nil {
							b.Fatal(err)
						}
						n += len(record)
					}
					if n != total {
						b.Fatal(n)
					}
					mustClose(b, l)
				}
				b.ReportMetric(float64(total/size*b.N)/b.Elapsed().Seconds(), "records/s")
			})
		}
	}
}

// unsynced is a file system that does not wait for the disk, to make logs quickly.
type unsynced struct{ FS }

type unsyncedFile struct{ File }

func (unsyncedFile) Sync() error { return nil }

func (u unsynced) Open(name string) (File, error) {
	f, err := u.FS.Open(name)
	if err != nil {
		return nil, err
	}
	return unsyncedFile{f}, nil
}
