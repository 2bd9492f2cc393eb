package wal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"maps"
	"testing"
)

// FuzzRecover opens folders of any bytes: data is cut into segments of one size, and said is how far the log has come, in
// one slot or two. With mend, checksums of headers are made right first. It must not panic, or change what it refuses; what it recovers has all that was said, and must be
// recovered again, with what was appended since.
func FuzzRecover(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s.data, s.said, uint32(4<<10), false)
		f.Add(s.data, s.said, uint32(4<<10), true)
	}
	f.Fuzz(func(t *testing.T, data, said []byte, size uint32, mend bool) {
		if len(data) > 1<<16 || len(said) > 2*sector {
			return
		}
		files := map[string][]byte{}
		if len(said) > 0 {
			b := make([]byte, reachedSize)
			n := copy(b[:sector], said)
			copy(b[slotSize:], said[n:])
			files[reachedName] = b
		}
		for number := uint64(1); len(data) > 0 && number <= 16; number++ {
			n := len(data)
			if size > 0 {
				n = min(n, int(size))
			}
			files[segmentName(number)], data = bytes.Clone(data[:n]), data[n:]
		}
		if mend {
			mendHeaders(files)
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
		if len(said) > 0 {
			if known := reachOf(t, files).end; known.batches > 0 && uint64(len(records)) < known.records {
				t.Fatalf("%d records of %d that were durable", len(records), known.records)
			}
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

// mendHeaders makes right the checksums of what looks like headers, so that what they say is looked at.
func mendHeaders(files map[string][]byte) {
	le := binary.LittleEndian
	for _, b := range files {
		for ; len(b) >= sector; b = b[sector:] {
			switch {
			case string(b[:8]) == magicSegment, string(b[:8]) == magicReached:
				le.PutUint32(b[sector-4:], crc32.Checksum(b[:sector-4], castagnoli))
			case le.Uint32(b) == magicBatch:
				le.PutUint32(b[4:], crc32.Checksum(b[8:headerSize], castagnoli))
			}
		}
	}
}
