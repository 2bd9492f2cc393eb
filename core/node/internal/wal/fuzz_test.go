package wal

import (
	"bytes"
	"errors"
	"maps"
	"testing"
)

// FuzzRecover opens folders of any bytes: data is cut into segments of one size. It must not panic, or
// change what it refuses; what it recovers must be recovered again, with what was
// appended since.
func FuzzRecover(f *testing.F) {
	for _, data := range seeds(f) {
		f.Add(data, uint32(4<<10))
	}
	f.Fuzz(func(t *testing.T, data []byte, size uint32) {
		if len(data) > 1<<16 {
			return
		}
		files := map[string][]byte{}
		for number := uint64(1); len(data) > 0 && number <= 16; number++ {
			n := len(data)
			if size > 0 {
				n = min(n, int(size))
			}
			files[segmentName(number)], data = data[:n:n], data[n:]
		}
		m := fromDisk(files)
		l, err := Open(memDir, Options{SegmentSize: 4 << 10, FS: m})
		var records [][]byte
		if err == nil {
			if records, err = readAll(l); err != nil {
				l.Close()
			}
		}
		if err != nil {
			damage := (*DamageError)(nil)
			if !errors.As(err, &damage) && !errors.Is(err, ErrVersion) {
				t.Fatal(err)
			}
			if before := fromDisk(files).disk(); l == nil && !maps.EqualFunc(before, m.disk(), bytes.Equal) {
				t.Fatal("what was refused was changed")
			}
			return
		}
		records = append(records, []byte("appended"))
		mustWait(t, l, mustAppend(t, l, records[len(records)-1]))
		mustClose(t, l)
		if l, err = Open(memDir, Options{SegmentSize: 4 << 10, FS: m.crash(func(int) bool { return false })}); err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		again, err := readAll(l)
		if err != nil {
			t.Fatal(err)
		}
		equalRecords(t, again, records)
	})
}
