package wal

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
)

var everyState = flag.Bool("wal.all", false, "TestFailures looks at every state, not at a sample of them")

// history is what was appended to a log, over crashes.
type history struct {
	records   [][]byte // in order
	confirmed int      // how many of them were called durable
	made      int      // numbers of records, none of which is used twice
}

func (h *history) copy() *history { return &history{slices.Clone(h.records), h.confirmed, h.made} }

// violation is what a log must never do.
type violation struct{ text string }

func (v *violation) Error() string { return v.text }

// recovered compares what a log yields with the history, which goes on from there.
func (h *history) recovered(got [][]byte) error {
	if len(got) < h.confirmed {
		return &violation{fmt.Sprintf("%d records, and %d were called durable", len(got), h.confirmed)}
	}
	if len(got) > len(h.records) {
		return &violation{fmt.Sprintf("%d records, and %d were appended", len(got), len(h.records))}
	}
	for i := range got {
		if !bytes.Equal(got[i], h.records[i]) {
			return &violation{fmt.Sprintf("record %d is %.30q, not %.30q", i, got[i], h.records[i])}
		}
	}
	h.records = h.records[:len(got):len(got)]
	h.confirmed = len(got)
	return nil
}

const memDir = "log"

// session opens a log, reads it, appends groups of records of so many bytes, waits for each group, and closes the log if
// it is told to. Each group is one batch. It returns the first error.
func (h *history) session(m *memFS, groups [][]int, closes bool) (err error) {
	l, err := Open(memDir, Options{SegmentSize: 4 << 10, FS: m})
	if err != nil {
		return err
	}
	defer func() {
		if !closes { // as kill does: the writer stops without a seal
			m.mu.Lock()
			m.dead = true
			m.mu.Unlock()
		}
		if e := l.Close(); closes && err == nil {
			err = e
		}
		if d := int(l.Durable()); d > h.confirmed {
			h.confirmed = d
		}
	}()
	got, err := readAll(l)
	if err != nil {
		return err
	}
	if err := h.recovered(got); err != nil {
		return err
	}
	if d := l.Durable(); d != uint64(len(got)) {
		return &violation{fmt.Sprintf("durable up to %d, and %d were read", d, len(got))}
	}
	for _, group := range groups {
		position, err := h.group(l, group)
		if err == nil {
			err = l.Wait(position)
		}
		if err == nil {
			h.confirmed = int(position)
			continue
		}
		if e := l.Err(); !errors.Is(e, ErrFailed) && !errors.Is(e, ErrFull) {
			return &violation{fmt.Sprintf("Wait returned %v, and the log goes on: %v", err, e)}
		}
		if _, e := l.Append(nil); !errors.Is(e, l.Err()) {
			return &violation{fmt.Sprintf("an append to a log that failed: %v", e)}
		}
		if e := l.Wait(position); !errors.Is(e, l.Err()) {
			return &violation{fmt.Sprintf("Wait of a log that failed: %v", e)}
		}
		return err
	}
	return nil
}

// group appends records so that the writer takes all at once.
func (h *history) group(l *Log, sizes []int) (position uint64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return 0, l.err
	}
	for _, size := range sizes {
		record := numbered(h.made, size)
		h.made++
		h.records = append(h.records, record)
		position = l.append(record)
	}
	return position, nil
}

// images are states that a crash may leave: all or nothing of what was pending, every prefix and every suffix of it, and
// other parts, all if they are few. Of those, a sample, unless all are asked for.
func images(m *memFS, rng *rand.Rand) (out []*memFS) {
	n := m.unsynced()
	out = append(out, m.crash(func(int) bool { return false }))
	if n == 0 {
		return out
	}
	out = append(out, m.crash(func(int) bool { return true }))
	var keeps []func(i int) bool
	add := func(keep func(i int) bool) { keeps = append(keeps, keep) }
	if n <= 5 {
		for part := 1; part < 1<<n-1; part++ {
			add(func(i int) bool { return part>>i&1 == 1 })
		}
	} else {
		for k := 1; k < n; k++ {
			add(func(i int) bool { return i < k })
			add(func(i int) bool { return i >= k })
		}
		for range 8 {
			add(func(int) bool { return rng.IntN(2) == 0 })
		}
	}
	if !*everyState {
		rng.Shuffle(len(keeps), func(i, j int) { keeps[i], keeps[j] = keeps[j], keeps[i] })
		keeps = keeps[:min(len(keeps), 1)]
	}
	for _, keep := range keeps {
		out = append(out, m.crash(keep))
	}
	return out
}

// bases are logs to begin with, and what was appended to them.
func bases(t *testing.T) map[string]func() (*memFS, *history) {
	groups := [][]int{{10, 20}, {600}, {}, {1500}, {3000}, {5}, {400}, {5000}, {1, 2, 3}}
	made := func(closes bool) (*memFS, *history) {
		m, h := newMemFS(), &history{}
		if err := h.session(m, groups, closes); err != nil {
			t.Fatal(err)
		}
		return m, h
	}
	return map[string]func() (*memFS, *history){
		"empty":  func() (*memFS, *history) { return newMemFS(), &history{} },
		"closed": func() (*memFS, *history) { m, h := made(true); return m.copy(), h },
		"killed": func() (*memFS, *history) { m, h := made(false); return m.copy(), h },
		// A batch of several sectors, of which the first and the last are on the disk.
		"torn": func() (*memFS, *history) {
			m, h := made(false)
			m = m.crash(func(int) bool { return true })
			m.failAt, m.how = 1<<30, dieBefore
			if err := h.session(m, [][]int{{1}}, false); err != nil {
				t.Fatal(err)
			}
			m = m.copy()
			count := m.copy()
			if err := h.copy().session(count, nil, false); err != nil {
				t.Fatal(err)
			}
			m.failAt, m.how = count.ops+1, dieAfter // after the write, before the sync
			if err := h.session(m, [][]int{{1400}}, false); err == nil || m.kinds[len(m.kinds)-1] != "write" {
				t.Fatal(err, m.kinds)
			}
			n := m.unsynced()
			if n < 3 {
				t.Fatalf("%d sectors pending", n)
			}
			return m.crash(func(i int) bool { return i == 0 || i == n-1 }), h
		},
		// A segment was made and not named.
		"unfinished": func() (*memFS, *history) {
			m, h := made(false)
			m = m.copy()
			f, _ := m.Create(memDir + "/" + unfinished)
			f.Allocate(1 << 10)
			m.SyncDir(memDir)
			return m.crash(func(int) bool { return true }), h
		},
	}
}

// TestFailures makes every operation of a session fail in every way, on several logs, and looks at what a restart of the
// process and crashes of the machine leave. From each the log must be recovered, used, crashed again, and recovered.
func TestFailures(t *testing.T) {
	groups := [][]int{{30}, {700, 100}, {1200}, {2600}, {40}, {1, 1, 1}}
	for name, base := range bases(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from, before := base()
			clean := from.copy()
			if err := before.copy().session(clean, groups, true); err != nil {
				t.Fatal(err)
			}
			if i := slices.Index(clean.kinds, "rename"); i < 0 {
				t.Fatal("no segment is made")
			}
			rng := rand.New(rand.NewPCG(uint64(len(name)), 7))
			states := 0
			for at, kind := range clean.kinds {
				for how := range failures {
					for _, injected := range []error{errInjected, syscall.ENOSPC} {
						if injected != errInjected && (how != failBefore || !isFull(injected)) {
							continue
						}
						if testing.Short() && rng.IntN(12) > 0 {
							continue
						}
						m, h := from.copy(), before.copy()
						m.failAt, m.how, m.err = at, how, injected
						m.rng = rand.New(rand.NewPCG(uint64(at), uint64(how)))
						err := h.session(m, groups, true)
						where := fmt.Sprintf("%v at operation %d (%s)", how, at, kind)
						if v := (*violation)(nil); errors.As(err, &v) {
							t.Fatalf("%s: %v", where, err)
						}
						if d := (*DamageError)(nil); errors.As(err, &d) {
							t.Fatalf("%s: %v", where, err)
						}
						mustSurface(t, where, kind, how, injected, err)
						states += survive(t, where, m, h, rng)
					}
				}
			}
			t.Logf("%d operations, %d states", len(clean.kinds), states)
		})
	}
}

// mustSurface checks that a failure of what is written is an error, and of which kind.
func mustSurface(t *testing.T, where, kind string, how failure, injected, err error) {
	t.Helper()
	writes := slices.Contains([]string{"write", "sync", "create", "truncate", "rename", "syncdir"}, kind)
	switch {
	case how >= dieBefore:
	case writes && !errors.Is(err, injected):
		t.Fatalf("%s: the error is %v", where, err)
	case writes && isFull(injected) != errors.Is(err, ErrFull):
		t.Fatalf("%s: no space is not told apart: %v", where, err)
	case writes && !isFull(injected) && !errors.Is(err, ErrFailed):
		t.Fatalf("%s: the error is %v", where, err)
	}
}

// survive recovers from what a failure left, in every image of it; returns how many states it looked at.
func survive(t *testing.T, where string, m *memFS, h *history, rng *rand.Rand) (states int) {
	t.Helper()
	left := append(images(m, rng), m.copy())
	for i, image := range left {
		later := h.copy()
		again, laterAgain := image.copy(), h.copy()
		if err := later.session(image, [][]int{{50}, {900}}, false); err != nil {
			t.Fatalf("%s: image %d of %d: %v", where, i, len(left), err)
		}
		states++
		if !*everyState && rng.IntN(3) > 0 {
			continue
		}
		// What was appended since was called durable: it survives a crash, and a second recovery.
		gone := image.crash(func(int) bool { return rng.IntN(2) == 0 })
		if err := later.session(gone, nil, true); err != nil {
			t.Fatalf("%s: image %d of %d, second recovery: %v", where, i, len(left), err)
		}
		odds := 60
		if *everyState {
			odds = 8
		}
		if rng.IntN(odds) > 0 {
			continue
		}
		// The recovery itself is cut short.
		count := again.copy()
		if err := laterAgain.copy().session(count, nil, false); err != nil {
			t.Fatal(err)
		}
		for at := range count.ops {
			for _, how := range []failure{failDropped, dieAfter, dieTorn} {
				m, h := again.copy(), laterAgain.copy()
				m.failAt, m.how, m.err = at, how, errInjected
				m.rng = rand.New(rand.NewPCG(uint64(at), uint64(how)))
				h.session(m, [][]int{{80}}, false)
				image := m.crash(func(int) bool { return rng.IntN(2) == 0 })
				if how == failDropped && rng.IntN(2) == 0 {
					image = m.copy()
				}
				if err := h.session(image, [][]int{{60}}, true); err != nil {
					t.Fatalf("%s: image %d of %d, recovery cut short by %v at operation %d: %v", where, i, len(left), how, at, err)
				}
				states++
			}
		}
	}
	return states
}
