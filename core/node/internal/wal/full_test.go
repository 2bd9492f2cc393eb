package wal

import (
	"errors"
	"fmt"
	"syscall"
	"testing"
)

// A full disk ends appending, and not reading.
func TestFull(t *testing.T) {
	if !isFull(syscall.ENOSPC) {
		t.Skip("this system has another error for a full disk")
	}
	m, h := newMemFS(), &history{}
	l, err := Open(memDir, Options{SegmentSize: 4 << 10, FS: m})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	m.mu.Lock()
	m.failAt, m.err = m.ops+12, fmt.Errorf("write: %w", syscall.ENOSPC)
	m.mu.Unlock()
	for err == nil {
		var position uint64
		if position, err = h.group(l, []int{600}); err == nil {
			if err = l.Wait(position); err == nil {
				h.confirmed = int(position)
			}
		}
	}
	if !errors.Is(err, ErrFull) || errors.Is(err, ErrFailed) || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("the error is %v", err)
	}
	if _, again := l.Append(nil); again != err {
		t.Errorf("then %v", again)
	}
	got, err := readAll(l)
	if err != nil {
		t.Fatal(err)
	}
	if h.confirmed == 0 || len(got) != h.confirmed || l.Durable() != uint64(len(got)) {
		t.Fatalf("%d records can be read, %d were durable", len(got), h.confirmed)
	}
	equalRecords(t, got, h.records[:len(got)])
	if err := l.Close(); !errors.Is(err, ErrFull) {
		t.Errorf("closed: %v", err)
	}
}

// Whoever closes, and at whatever time, is told what ended the log, when it is closed.
func TestCloseTwice(t *testing.T) {
	for range 200 {
		m := newMemFS()
		l, err := Open(memDir, Options{SegmentSize: 4 << 10, FS: m})
		if err != nil {
			t.Fatal(err)
		}
		m.mu.Lock()
		m.failAt, m.err = m.ops+1, errInjected
		m.mu.Unlock()
		if _, err := l.Append([]byte("x")); err != nil {
			t.Fatal(err)
		}
		const many = 4
		errs := make(chan error, many)
		for range many {
			go func() { errs <- l.Close() }()
		}
		for range many {
			if err := <-errs; !errors.Is(err, errInjected) {
				t.Fatalf("Close: %v", err)
			}
		}
	}
}

// Append waits while too much is pending, and no longer than until the log fails or closes.
func TestBackPressure(t *testing.T) {
	for _, closes := range []bool{false, true} {
		m := newMemFS()
		l, err := Open(memDir, Options{MaxPending: 1000, FS: m})
		if err != nil {
			t.Fatal(err)
		}
		m.mu.Lock() // the disk stands still
		m.failAt, m.err = m.ops, errInjected
		if closes {
			m.failAt = -1
		}
		if _, err := l.Append(make([]byte, 2000)); err != nil { // one may always wait
			t.Fatal(err)
		}
		waited := make(chan error)
		go func() {
			_, err := l.Append(make([]byte, 1))
			waited <- err
		}()
		select {
		case err := <-waited:
			t.Fatalf("an append did not wait: %v", err)
		default:
		}
		closed := make(chan error, 1)
		if closes {
			go func() { closed <- l.Close() }()
			if err := <-waited; !errors.Is(err, ErrClosed) {
				t.Errorf("the log closed: %v", err)
			}
		}
		m.mu.Unlock()
		if !closes {
			if err := <-waited; !errors.Is(err, errInjected) {
				t.Errorf("the log failed: %v", err)
			}
			closed <- l.Close()
		}
		if err := <-closed; closes != (err == nil) {
			t.Errorf("closed: %v", err)
		}
	}
}
