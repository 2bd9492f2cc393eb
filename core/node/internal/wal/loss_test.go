package wal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// moments makes a log of a few segments and batches, and returns what its folder had after each batch and in the end.
func moments(t testing.TB, how ending) (all []map[string][]byte, h *history) {
	t.Helper()
	m, h := newMemFS(), &history{}
	l, err := Open(memDir, Options{SegmentSize: 4 << 10, FS: m})
	if err != nil {
		t.Fatal(err)
	}
	now := func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		all = append(all, copied(m.left(how)))
	}
	now()
	for _, size := range []int{20, 600, 1500, 3, 900, 1400, 800, 2000, 7, 30, 11} {
		position, err := h.group(l, []int{size})
		if err != nil {
			t.Fatal(err)
		}
		mustWait(t, l, position)
		now()
	}
	if how == closed {
		mustClose(t, l)
		now()
	} else {
		m.mu.Lock()
		m.dead = true
		m.mu.Unlock()
		l.Close()
	}
	return all, h
}

// reachOf is what the file reached says.
func reachOf(t testing.TB, files map[string][]byte) reach {
	t.Helper()
	r := reached{file: &memFile{newMemFS(), &inode{cache: files[reachedName]}}}
	if err := r.read(reachedName); err != nil {
		t.Fatal(err)
	}
	return r.reach
}

// mustNotLose opens a log that lost something. It is refused, or has all that it is known to have had.
func mustNotLose(t testing.TB, what string, files map[string][]byte, h *history) (refused bool) {
	t.Helper()
	got, damage, err := verdict(fromDisk(files), h)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if damage != nil {
		return true
	}
	if known := int(reachOf(t, files).end.records); got < known {
		t.Fatalf("%s: %d records of %d that are known, and no error", what, got, known)
	}
	return false
}

// TestCut cuts the files of real logs, one that was closed and one of which the process was killed, to every length. Each is
// refused, with an error that says how long the file is and should be.
func TestCut(t *testing.T) {
	step := 1
	if testing.Short() {
		step = 37
	}
	for how := range crashed {
		dir, left := t.TempDir(), ""
		o := Options{SegmentSize: 4 << 10}
		l, _ := mustOpen(t, dir, o)
		for i, size := range []int{20, 600, 1500, 3, 900, 1400} {
			mustWait(t, l, mustAppend(t, l, numbered(i, size)))
		}
		if left = dir; how == killed { // what it has on the disk now
			left = t.TempDir()
			if err := os.CopyFS(left, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
		}
		mustClose(t, l)
		names, err := filepath.Glob(filepath.Join(left, "*"))
		if err != nil {
			t.Fatal(err)
		}
		files := 0
		for _, name := range names {
			if filepath.Base(name) == lockName {
				continue
			}
			files++
			whole, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for size := len(whole) - 1; size >= 0; size -= step {
				if err := os.Truncate(name, int64(size)); err != nil {
					t.Fatal(err)
				}
				_, err := Open(left, o)
				damage := (*DamageError)(nil)
				if !errors.As(err, &damage) || damage.File != name || !strings.HasSuffix(damage.Found, fmt.Sprintf(" of %d bytes", size)) ||
					size >= sector && !strings.HasSuffix(damage.Expected, fmt.Sprintf("a file of %d bytes", len(whole))) {
					t.Fatalf("%v, %s cut to %d of %d bytes: %v", how, name, size, len(whole), err)
				}
			}
			if err := os.WriteFile(name, append(whole, 0), 0o600); err != nil {
				t.Fatal(err)
			}
			if damage := (*DamageError)(nil); !errors.As(errOf(Open(left, o)), &damage) || damage.File != name {
				t.Errorf("%v, %s with a byte more: %v", how, name, damage)
			}
			if err := os.WriteFile(name, whole, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		l, got := mustOpen(t, left, o)
		if len(got) != 6 || files != 3 {
			t.Errorf("%v, whole again: %d records in %d files", how, len(got), files)
		}
		mustClose(t, l)
	}
}

func errOf(_ *Log, err error) error { return err }

// TestZeroed overwrites parts of each file with zeros: from many bytes, or every one, to many ends. Only of what was written
// last before a crash of the machine, and is not known to have been durable, may something be gone.
func TestZeroed(t *testing.T) {
	for how := range endings {
		all, h := moments(t, how)
		files := all[len(all)-1]
		refused, cut := 0, 0
		for name, b := range files {
			for from := range b {
				if !*everyState && (testing.Short() || from%13 != 0) && from%64 != 0 {
					continue
				}
				for to := len(b); to > from; to -= 5 * sector {
					if isZero(b[from:to]) {
						continue
					}
					c := maps.Clone(files)
					c[name] = bytes.Clone(b)
					clear(c[name][from:to])
					if name == reachedName && from == 0 && to > slotSize+sector {
						if _, damage, err := verdict(fromDisk(c), h); damage == nil || damage.File != filepath.Join(memDir, name) {
							t.Fatalf("nothing says how far the log has come: %v", err)
						}
						continue
					}
					if mustNotLose(t, fmt.Sprintf("%v, zeros from byte %d to %d of %s", how, from, to, name), c, h) {
						refused++
					} else if got, _, _ := verdict(fromDisk(c), h); got < len(h.records) {
						cut++
					}
				}
			}
		}
		t.Logf("%v: %d refused, %d cut", how, refused, cut)
		if refused == 0 || (cut > 0) != (how == crashed) {
			t.Errorf("%v: %d refused, %d cut", how, refused, cut)
		}
	}
}

// TestOlderCopies puts older copies of any of a log's files in the place of the newer ones. What the file reached says is
// there, or the log is refused; a whole folder that is older is as good as it was then.
func TestOlderCopies(t *testing.T) {
	for how := range endings {
		all, h := moments(t, how)
		last := all[len(all)-1]
		names := slices.Sorted(maps.Keys(last))
		shorter := 0
		for at, older := range all {
			for part := range 1 << len(names) {
				c := maps.Clone(last)
				for i, name := range names {
					if part>>i&1 == 0 {
						continue
					}
					if c[name] = older[name]; c[name] == nil {
						delete(c, name)
					}
				}
				what := fmt.Sprintf("%v, files %b of %v as after batch %d", how, part, names, at)
				refused := mustNotLose(t, what, c, h)
				if part == 1<<len(names)-1 && refused {
					t.Fatalf("%s: refused", what)
				}
				if got, _, _ := verdict(fromDisk(c), h); refused || got == len(h.records) {
					continue
				}
				if shorter++; how != crashed && bytes.Equal(c[reachedName], last[reachedName]) {
					t.Fatalf("%s: shorter, and no error", what)
				}
			}
		}
		t.Logf("%v: %d of %d mixtures are a shorter log", how, shorter, len(all)<<len(names))
	}
}

// Files that are gone: the last segments, all of them, and the one that says how far the log has come.
func TestGone(t *testing.T) {
	for how := range endings {
		all, h := moments(t, how)
		for at, files := range all {
			names := segmentsOf(files)
			batches := batchesOf(t, files)
			for keep := range names {
				c := maps.Clone(files)
				for _, name := range names[keep:] {
					delete(c, name)
				}
				_, damage, err := verdict(fromDisk(c), h)
				// One without a batch says nothing that is not known without it.
				if needed := len(batches) > 0 && batches[len(batches)-1].file >= names[keep]; needed != (damage != nil) || err != nil ||
					needed && filepath.Base(damage.File) != names[keep] {
					t.Errorf("%v, after batch %d, %d segments of %d: %v, %v", how, at, keep, len(names), damage, err)
				}
			}
			c := maps.Clone(files)
			delete(c, reachedName)
			if _, damage, err := verdict(fromDisk(c), h); damage == nil || filepath.Base(damage.File) != reachedName {
				t.Errorf("%v, after batch %d, without what says how far it has come: %v, %v", how, at, damage, err)
			}
		}
	}
}

// A write of how far the log has come may leave anything of its slot: the other one says what was said before. So it is in
// a session, and when a log is opened of which more is found than was said.
func TestTornSlot(t *testing.T) {
	all, h := moments(t, killed)
	var steps [][2]map[string][]byte
	for at := range all[1:] {
		steps = append(steps, [2]map[string][]byte{all[at], all[at+1]})
	}
	lost, _ := moments(t, crashed)
	m := fromDisk(lost[len(lost)-1])
	if err := h.copy().session(m, nil, false); err != nil {
		t.Fatal(err)
	}
	steps = append(steps, [2]map[string][]byte{lost[len(lost)-1], m.seen()})
	for i, step := range steps {
		before, files := step[0][reachedName], step[1]
		torn := bytes.Clone(files[reachedName])
		changed := 0
		for from := 0; from < len(torn); from += sector {
			if s := torn[from : from+sector]; !bytes.Equal(s, before[from:from+sector]) {
				copy(s[100:], bytes.Repeat([]byte{0xee}, sector))
				changed++
			}
		}
		c := maps.Clone(files)
		c[reachedName] = torn
		if got, damage, err := verdict(fromDisk(c), h); got != min(i+1, len(h.records)) || damage != nil || err != nil {
			t.Errorf("step %d: %d records, %v, %v", i, got, damage, err)
		}
		if was, is := reachOf(t, step[0]), reachOf(t, c); changed != 1 || is != was {
			t.Errorf("step %d: %d slots changed, and the other one says %d batches, where %d were said before", i, changed,
				is.end.batches, was.end.batches)
		}
	}
}

// What Open finds after a crash is known from then on, also if the machine crashes again.
func TestKnownOnceOpened(t *testing.T) {
	all, h := moments(t, crashed)
	m := fromDisk(all[len(all)-1])
	if err := h.copy().session(m, nil, false); err != nil {
		t.Fatal(err)
	}
	files := m.disk()
	batches := batchesOf(t, files)
	x := batches[len(batches)-1]
	clear(files[x.file][x.off:])
	if got, damage, err := verdict(fromDisk(files), h); damage == nil {
		t.Errorf("%d records of %d, %v", got, len(h.records), err)
	}
}

// The name of reached is durable before that of the first segment, also if whoever made it failed before it was.
func TestReachedIsNamedFirst(t *testing.T) {
	until := func(m *memFS, kind string, how failure) *memFS { // a session that fails at the first operation of a kind
		t.Helper()
		clean := m.copy()
		if err := (&history{}).session(clean, nil, true); err != nil {
			t.Fatal(err)
		}
		m.failAt, m.how, m.err = slices.Index(clean.kinds, kind), how, errInjected
		if err := (&history{}).session(m, nil, true); err == nil {
			t.Fatalf("no %s failed", kind)
		}
		return m.copy()
	}
	m := until(until(newMemFS(), "syncdir", failBefore), "rename", dieAfter)
	n := m.unsynced()
	for part := range 1 << n {
		image := m.crash(func(i int) bool { return part>>i&1 == 1 })
		if err := (&history{}).session(image, [][]int{{1}}, true); err != nil {
			t.Errorf("of %d things %b are left: %v", n, part, err)
		}
	}
}

// Where nothing can be read of how far the log had come, there may have been segments.
func TestNothingSaid(t *testing.T) {
	for _, b := range [][]byte{nil, make([]byte, reachedSize), bytes.Repeat([]byte("x"), reachedSize)} {
		if _, damage, err := verdict(fromDisk(map[string][]byte{reachedName: b}), &history{}); damage == nil {
			t.Errorf("%.10q: %v", b, err)
		}
	}
}

// A log of the layout before, which had no sizes, is refused as such, and not as a damaged one.
func TestOldVersion(t *testing.T) {
	files, _ := small(t, closed)
	for name, b := range files {
		if _, ok := segmentNumber(name); ok {
			copy(b, asVersion(b[:sector], 1))
		}
	}
	delete(files, reachedName)
	if _, err := Open(memDir, Options{FS: fromDisk(files)}); !errors.Is(err, ErrVersion) || !strings.Contains(err.Error(), segmentName(1)) {
		t.Error(err)
	}
}

// asVersion returns a header as another version would have it.
func asVersion(header []byte, v uint32) []byte {
	b := bytes.Clone(header)
	binary.LittleEndian.PutUint32(b[8:], v)
	binary.LittleEndian.PutUint32(b[sector-4:], crc32.Checksum(b[:sector-4], castagnoli))
	return b
}
