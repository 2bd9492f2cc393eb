package wal

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// verdict opens a log and reads it. What it yields must be a prefix of the history, or the error a DamageError. It returns
// how many records there were.
func verdict(m *memFS, h *history) (got int, damage *DamageError, err error) {
	l, err := Open(memDir, Options{SegmentSize: 4 << 10, FS: m})
	var records [][]byte
	if err == nil {
		defer l.Close()
		records, err = readAll(l)
	}
	for i, record := range records {
		if i >= len(h.records) || !bytes.Equal(record, h.records[i]) {
			return i, nil, fmt.Errorf("record %d is %.40q", i, record)
		}
	}
	if errors.As(err, &damage) {
		return len(records), damage, nil
	}
	if err == nil && l.Durable() != uint64(len(records)) {
		err = fmt.Errorf("durable up to %d, and there are %d", l.Durable(), len(records))
	}
	return len(records), nil, err
}

// TestBitFlips flips every bit of a log, one at a time. The log gives all records or is refused; only after a crash of
// the machine may it lose its last batch, which looks like a torn one. What is refused is told to the byte.
func TestBitFlips(t *testing.T) {
	for how := range endings {
		files, h := small(t, how)
		batches := batchesOf(t, files)
		last := batches[len(batches)-1]
		refused, cut := 0, 0
		for name, b := range files {
			for bit := range len(b) * 8 {
				at := bit / 8
				i := slices.IndexFunc(batches, func(x batchAt) bool { return x.file == name && x.off <= at && at < x.end })
				// All bits that mean something, once; elsewhere a sample.
				unused := i < 0 && at >= sector
				if (testing.Short() || unused || how != closed && name != last.file || name == reachedName) && bit%101 != 0 {
					continue
				}
				b[at] ^= 1 << (bit % 8)
				m := fromDisk(files)
				got, damage, err := verdict(m, h)
				b[at] ^= 1 << (bit % 8)
				where := fmt.Sprintf("%v, %s, bit %d, batch %d", how, name, bit, i)
				switch {
				case err != nil && at >= sector:
					t.Fatalf("%s: %v", where, err)
				case err != nil:
					if !errors.Is(err, ErrVersion) || at < 8 || at >= 12 {
						t.Fatalf("%s: %v", where, err)
					}
				case damage == nil:
					want := len(h.records)
					if i >= 0 && batches[i] == last && how == crashed {
						want = last.before
						cut++
					}
					if got != want || i >= 0 && want == len(h.records) || at < sector && name != reachedName {
						t.Fatalf("%s: %d records, want %d", where, got, want)
					}
				default:
					refused++
					later, size, off := 0, 0, 0
					for j, x := range batches {
						if x.file > name || i >= 0 && j > i {
							later++
							size += x.end - x.off
						}
					}
					if i >= 0 {
						off = batches[i].off
					}
					if filepath.Base(damage.File) != name || damage.Offset != int64(off) ||
						damage.Batches != later || damage.Bytes != int64(size) || damage.Expected == "" || damage.Found == "" {
						t.Fatalf("%s: %v; want byte %d, %d batches, %d bytes", where, damage, off, later, size)
					}
					left, want := m.disk(), flipped(files, name, bit)
					delete(left, reachedName) // Open says there what it found, and Records refuses
					delete(want, reachedName)
					if bit%7 == 0 && !maps.EqualFunc(left, want, bytes.Equal) {
						t.Fatalf("%s: what is damaged was changed", where)
					}
				}
			}
		}
		t.Logf("%v: %d files, %d batches, %d flips refused, %d cut", how, len(files), len(batches), refused, cut)
		if refused == 0 || (cut > 0) != (how == crashed) {
			t.Error("not all cases were met")
		}
	}
}

func flipped(files map[string][]byte, name string, bit int) map[string][]byte {
	changed := maps.Clone(files)
	changed[name] = bytes.Clone(files[name])
	changed[name][bit/8] ^= 1 << (bit % 8)
	return changed
}

// Sectors that are lost, garbage, or other sectors of the log; files that are short, missing, or of another log.
func TestDamage(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	files, h := small(t, closed)
	others, _ := small(t, closed)
	batches := batchesOf(t, files)
	names := segmentsOf(files)
	if len(names) < 3 {
		t.Fatal("too few segments")
	}
	check := func(what string, changed map[string][]byte) {
		t.Helper()
		got, damage, err := verdict(fromDisk(changed), h)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if damage == nil && got != len(h.records) {
			t.Fatalf("%s: %d records of %d, and no error", what, got, len(h.records))
		}
	}
	for _, x := range batches {
		for at := x.off; at < x.end; at += sector {
			what := fmt.Sprintf("%s at %d", x.file, at)
			c := copied(files)
			clear(c[x.file][at : at+sector])
			check(what+" lost", c)
			for range 8 {
				for i := range sector {
					c[x.file][at+i] = byte(rng.Uint32())
				}
				check(what+" garbage", c)
			}
			for _, name := range names {
				for from := 0; from < len(files[name]); from += sector {
					c := copied(files)
					copy(c[x.file][at:at+sector], files[name][from:])
					check(fmt.Sprintf("%s from %s at %d", what, name, from), c)
					copy(c[x.file][at:at+sector], others[name][from:])
					check(fmt.Sprintf("%s from another log's %s at %d", what, name, from), c)
				}
			}
		}
	}
	for i, name := range names {
		c := copied(files)
		c[name] = others[name]
		if got, damage, err := verdict(fromDisk(c), h); err != nil || damage == nil {
			t.Errorf("%s of another log: %d records, %v", name, got, err)
		}
		c = copied(files)
		c[reachedName] = others[reachedName]
		if got, damage, err := verdict(fromDisk(c), h); err != nil || damage == nil || filepath.Base(damage.File) != reachedName {
			t.Errorf("how far another log has come: %d records, %v", got, err)
		}
		c = copied(files)
		c[name] = c[names[(i+1)%len(names)]]
		if got, damage, err := verdict(fromDisk(c), h); err != nil || damage == nil {
			t.Errorf("%s is another segment: %d records, %v", name, got, err)
		}
	}
	c := copied(files)
	c[segmentName(1<<60)] = c[names[0]]
	if got, damage, err := verdict(fromDisk(c), h); err != nil || damage == nil {
		t.Errorf("a segment of a great number: %d records, %v", got, err)
	}
}

// Two batches at the end of a log are damaged, and nothing whole stands after the first. The second one's header is
// enough to tell that the first one is no torn tail.
func TestHeaderIsProof(t *testing.T) {
	files, h := small(t, crashed)
	batches := batchesOf(t, files)
	x, last := batches[len(batches)-2], batches[len(batches)-1]
	if x.file != last.file {
		t.Fatal("the last two batches are not in one segment")
	}
	for _, at := range []int{x.off, x.off + headerSize + 3, x.end - 1} {
		b := files[x.file]
		b[at] ^= 1
		b[last.off+headerSize] ^= 1
		got, damage, err := verdict(fromDisk(files), h)
		if err != nil || damage == nil || damage.Offset != int64(x.off) || damage.Batches != 0 || got != 0 {
			t.Errorf("byte %d: %d records, %v, %v", at, got, damage, err)
		}
		b[at] ^= 1
		b[last.off+headerSize] ^= 1
	}
}

// A batch with right checksums stands where it does not follow: no crash leaves that.
func TestBatchThatDoesNotFollow(t *testing.T) {
	files, h := small(t, crashed)
	batches := batchesOf(t, files)
	last := batches[len(batches)-1]
	b := files[last.file]
	header, _, _ := decodeSegment(b)
	bh, _ := decodeBatch(b[last.off:], header.tag)
	good := end{bh.number, bh.before + uint64(bh.records), bh.sum}
	payload := append(make([]byte, headerSize), 1, 0, 0, 0, 'x')
	for _, c := range []struct {
		name    string
		e       end
		payload []byte
		records uint32
		refused bool
	}{
		{"follows", good, payload, 1, false},
		{"number too low", end{good.batches - 1, good.records, good.sum}, payload, 1, true},
		{"number too high", end{good.batches + 1, good.records, good.sum}, payload, 1, true},
		{"records missing", end{good.batches, good.records + 1, good.sum}, payload, 1, true},
		{"another running checksum", end{good.batches, good.records, checksum{1}}, payload, 1, true},
		{"records too few", good, payload[:len(payload):len(payload)], 0, true},
		{"record cut", good, payload[:len(payload)-1], 1, true},
	} {
		batch, _ := sealBatch(bytes.Clone(c.payload), c.records, header.tag, c.e)
		changed := maps.Clone(files)
		changed[last.file] = bytes.Clone(b)
		copy(changed[last.file][last.end:], batch)
		h := h.copy()
		h.records = append(h.records, []byte("x"))
		got, damage, err := verdict(fromDisk(changed), h)
		if err != nil || c.refused != (damage != nil) || !c.refused && got != len(h.records) {
			t.Errorf("%s: %d records, %v, %v", c.name, got, damage, err)
		}
	}
}

// Two copies of a log that went different ways are no log together.
func TestMixedCopies(t *testing.T) {
	files, h := small(t, closed)
	ways, h0 := [2]map[string][]byte{}, (*history)(nil)
	for i := range ways {
		m, h := fromDisk(files), h.copy()
		h.made += 100 * i
		if err := h.session(m, [][]int{{900}, {1000}, {1100}, {1000}, {1000}, {1000}}, true); err != nil {
			t.Fatal(err)
		}
		if ways[i] = m.disk(); i == 0 {
			h0 = h
		}
	}
	names := segmentsOf(ways[0])
	// They part in the last segment that they share, or with the next one, which then fits both.
	shared := len(segmentsOf(files))
	for k := shared + 1; k < len(names); k++ {
		mixed := map[string][]byte{reachedName: ways[1][reachedName]}
		for i, name := range names {
			mixed[name] = ways[min(1, i/k)][name]
		}
		m := fromDisk(mixed)
		l, err := Open(memDir, Options{FS: m})
		if err != nil {
			t.Fatal(err)
		}
		_, err = readAll(l)
		l.Close()
		if d := (*DamageError)(nil); !errors.As(err, &d) || filepath.Base(d.File) != names[k] || d.Offset != 0 {
			t.Errorf("segments from %d on are of the other: %v", k+1, err)
		}
	}
	if len(names)-shared < 2 {
		t.Error("too few segments")
	}
	// All is of one, but for what says how far the log has come: wherever that was noted, the other had something else there.
	for at, where := range []string{"in the last segment", "in one before"} {
		files := ways[0]
		m, h := fromDisk(ways[0]), h0.copy()
		for range at {
			if err := h.session(m, [][]int{{1000}, {1000}, {1000}, {1000}}, true); err != nil {
				t.Fatal(err)
			}
			files = m.disk()
		}
		c := maps.Clone(files)
		c[reachedName] = ways[1][reachedName]
		if got, damage, err := verdict(fromDisk(c), h); damage == nil || !strings.Contains(damage.Expected, "with running checksum") {
			t.Errorf("another copy has come further, %s: %d records, %v, %v", where, got, damage, err)
		}
	}
}

// Files that were used before: below the end of the log stand batches of another log, or of another segment of this one,
// where they would follow. They are never taken for this segment's, neither for records nor for proof of damage.
func TestStaleBytes(t *testing.T) {
	files, h := small(t, crashed)
	m := newMemFS()
	if err := (&history{}).session(m, slices.Repeat([][]int{{1}, {2}, {3}}, 9), true); err != nil {
		t.Fatal(err)
	}
	others := m.disk() // with numbers of batches that this log has not reached
	batches := batchesOf(t, files)
	last := batches[len(batches)-1]
	if len(files[last.file]) < last.end+2*sector {
		t.Fatal("no room for stale bytes")
	}
	for own, stale := range []map[string][]byte{others, files} {
		for name, b := range stale {
			if own == 1 && name == last.file {
				continue
			}
			for from := 0; from < len(b); from += sector {
				c := copied(files)
				copy(c[last.file][last.end:], b[from:])
				m := fromDisk(c)
				h := h.copy()
				l, err := Open(memDir, Options{SegmentSize: 4 << 10, FS: m})
				if err != nil {
					t.Fatalf("%s from byte %d: %v", name, from, err)
				}
				// They are gone before anything is appended.
				if after := m.disk()[last.file][last.end:]; !isZero(after) {
					t.Fatalf("%s from byte %d: %q... stands after the end", name, from, after[:20])
				}
				l.Close()
				if err := h.session(m.copy(), [][]int{{100}}, true); err != nil {
					t.Fatalf("%s from byte %d: %v", name, from, err)
				}
			}
		}
	}
}

// A payload of a record may be anything, also a copy of this log.
func TestRecordsLikeBatches(t *testing.T) {
	m, h := newMemFS(), &history{}
	if err := h.session(m, [][]int{{10}, {20}}, false); err != nil {
		t.Fatal(err)
	}
	m = m.copy()
	l, err := Open(memDir, Options{SegmentSize: 4 << 10, FS: m})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	got, err := readAll(l)
	if err != nil {
		t.Fatal(err)
	}
	// The copy stands at a sector of the file, as the original does.
	record := append(make([]byte, sector-headerSize-lengthSize), m.disk()[segmentName(1)][:4*sector]...)
	position, err := l.Append(record)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Wait(position); err != nil {
		t.Fatal(err)
	}
	h.records = append(got, record)
	batches := batchesOf(t, m.disk())
	x := batches[len(batches)-1]
	for bit := (x.off + headerSize) * 8; bit < x.end*8; bit += 61 {
		got, damage, err := verdict(fromDisk(flipped(m.disk(), x.file, bit)), h)
		if err != nil || damage != nil || got != len(h.records)-1 {
			t.Fatalf("bit %d of the last batch: %d records, %v, %v", bit, got, damage, err)
		}
	}
	for bit := x.off * 8; bit < (x.off+headerSize)*8; bit++ {
		got, damage, err := verdict(fromDisk(flipped(m.disk(), x.file, bit)), h)
		if err != nil || damage != nil || got != len(h.records)-1 {
			t.Fatalf("bit %d of the last batch's header: %d records, %v, %v", bit, got, damage, err)
		}
	}
}
