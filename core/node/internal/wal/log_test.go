package wal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// readAll returns copies of all records.
func readAll(l *Log) (records [][]byte, err error) {
	for record, err := range l.Records() {
		if err != nil {
			return records, err
		}
		records = append(records, bytes.Clone(record))
	}
	return records, nil
}

// mustOpen opens a log and reads it.
func mustOpen(t testing.TB, dir string, o Options) (*Log, [][]byte) {
	t.Helper()
	l, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	records, err := readAll(l)
	if err != nil {
		t.Fatal(err)
	}
	return l, records
}

func mustAppend(t testing.TB, l *Log, record []byte) uint64 {
	t.Helper()
	position, err := l.Append(record)
	if err != nil {
		t.Fatal(err)
	}
	return position
}

func mustWait(t testing.TB, l *Log, position uint64) {
	t.Helper()
	if err := l.Wait(position); err != nil {
		t.Fatal(err)
	}
}

func mustClose(t testing.TB, l *Log) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// numbered returns a record of a size that tells its number.
func numbered(i, size int) []byte {
	return append(fmt.Appendf(nil, "record %d ", i), bytes.Repeat([]byte{byte(i)}, size)...)
}

func equalRecords(t testing.TB, got, want [][]byte) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d records, want %d", len(got), len(want))
	}
	for i := range want {
		if !bytes.Equal(got[i], want[i]) {
			t.Fatalf("record %d is %.40q (%d bytes), want %.40q (%d bytes)", i, got[i], len(got[i]), want[i], len(want[i]))
		}
	}
}

func TestReopen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	o := Options{SegmentSize: 8 << 10}
	var want [][]byte
	for round := range 5 {
		l, got := mustOpen(t, dir, o)
		equalRecords(t, got, want)
		if d := l.Durable(); d != uint64(len(want)) {
			t.Fatalf("durable up to %d, want %d", d, len(want))
		}
		for i := range 20 {
			record := numbered(len(want), 300*i*round%5000)
			want = append(want, record)
			position := mustAppend(t, l, record)
			if position != uint64(len(want)) {
				t.Fatalf("position %d, want %d", position, len(want))
			}
			if i%3 == 0 {
				mustWait(t, l, position)
			}
		}
		mustClose(t, l)
		if s := l.Stats(); s.Records != 20 || s.Pending != 0 || s.Recovered != uint64(len(want)-20) {
			t.Errorf("counted %+v", s)
		}
	}
	l, got := mustOpen(t, dir, o)
	equalRecords(t, got, want)
	if s := l.Stats(); s.Segments < 5 {
		t.Errorf("%d segments: the test is of many", s.Segments)
	}
}

func TestRecordSizes(t *testing.T) {
	l, _ := mustOpen(t, t.TempDir(), Options{})
	var want [][]byte
	for _, size := range []int{0, 1, 443, 444, 445, 508, 4096, gatherSize - lengthSize, gatherSize, 5 << 20, MaxRecord - 1, MaxRecord, 0} {
		record := bytes.Repeat([]byte{0xa5}, size)
		want = append(want, record)
		mustAppend(t, l, record)
	}
	if _, err := l.Append(make([]byte, MaxRecord+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a record that is too large: %v", err)
	}
	mustWait(t, l, uint64(len(want)))
	got, err := readAll(l) // while it is open to append
	if err != nil {
		t.Fatal(err)
	}
	equalRecords(t, got, want)
	dir := l.dir
	mustClose(t, l)
	_, got = mustOpen(t, dir, Options{SegmentSize: 4 << 10})
	equalRecords(t, got, want)
}

func TestClosed(t *testing.T) {
	dir := t.TempDir()
	l, _ := mustOpen(t, dir, Options{})
	mustAppend(t, l, []byte("a"))
	if _, err := Open(dir, Options{}); !errors.Is(err, ErrLocked) {
		t.Errorf("opened twice: %v", err)
	}
	waited := make(chan error)
	go func() { waited <- l.Wait(2) }()
	mustClose(t, l)
	if err := <-waited; !errors.Is(err, ErrClosed) {
		t.Errorf("waited for what was never appended: %v", err)
	}
	if err := l.Wait(1); err != nil {
		t.Errorf("Close left a record that is not durable: %v", err)
	}
	if _, err := l.Append(nil); !errors.Is(err, ErrClosed) {
		t.Errorf("append after Close: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
	l, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := l.Append(nil); !errors.Is(err, ErrUnread) {
		t.Errorf("append before reading: %v", err)
	}
	for range l.Records() {
		break
	}
	if _, err := l.Append(nil); !errors.Is(err, ErrUnread) {
		t.Errorf("append after reading a part: %v", err)
	}
	if got, err := readAll(l); err != nil || len(got) != 1 {
		t.Fatal(got, err)
	}
	mustAppend(t, l, nil)
}

// Opening and closing alone must not make a log grow.
func TestIdle(t *testing.T) {
	dir := t.TempDir()
	for range 3 {
		l, _ := mustOpen(t, dir, Options{})
		mustClose(t, l)
	}
	l, _ := mustOpen(t, dir, Options{})
	if l.end.batches != 0 {
		t.Errorf("%d batches in a log of nothing", l.end.batches)
	}
	mustAppend(t, l, []byte("a"))
	mustClose(t, l)
	for range 3 {
		l, _ := mustOpen(t, dir, Options{})
		mustClose(t, l)
		if l.end.batches != 2 {
			t.Errorf("%d batches, want one and a seal", l.end.batches)
		}
	}
}

// Many goroutines append: each finds its records in its order, batches are fewer than records, and no more is pending
// than allowed.
func TestConcurrent(t *testing.T) {
	const writers, each, limit = 8, 200, 20 << 10
	dir := t.TempDir()
	l, _ := mustOpen(t, dir, Options{SegmentSize: 64 << 10, MaxPending: limit})
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for i := range each {
				position, err := l.Append(fmt.Appendf(nil, "%d %d %0500d", w, i, 0))
				if err != nil {
					t.Error(err)
					return
				}
				if s := l.Stats(); s.Pending > limit {
					t.Errorf("%d bytes pending", s.Pending)
				}
				if i%10 == 0 {
					if err := l.Wait(position); err != nil || l.Durable() < position {
						t.Error(err, l.Durable(), position)
					}
				}
			}
		})
	}
	group.Wait()
	mustClose(t, l)
	if s := l.Stats(); s.Batches >= writers*each || s.Syncs != s.Batches || s.Records != writers*each {
		t.Errorf("counted %+v", s)
	}
	_, got := mustOpen(t, dir, Options{})
	next := [writers]int{}
	for _, record := range got {
		var w, i int
		if _, err := fmt.Sscanf(string(record), "%d %d", &w, &i); err != nil || i != next[w] {
			t.Fatalf("%.20q where %d of %d is due: %v", record, next[w], w, err)
		}
		next[w]++
	}
	if len(got) != writers*each {
		t.Errorf("%d records", len(got))
	}
}

func TestForeignFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"notes.txt", "1.wal", "000000000000000x.wal", unfinished} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l, _ := mustOpen(t, dir, Options{})
	mustAppend(t, l, []byte("a"))
	mustClose(t, l)
	_, got := mustOpen(t, dir, Options{})
	equalRecords(t, got, [][]byte{[]byte("a")})
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(filepath.Join(dir, "file"), Options{}); !errors.Is(err, ErrFailed) {
		t.Errorf("a file for a folder: %v", err)
	}
}
