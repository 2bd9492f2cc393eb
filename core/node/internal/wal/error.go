package wal

import (
	"errors"
	"fmt"
)

// Errors that callers branch on.
var (
	// ErrFailed: a write, a sync or what makes a segment failed. It is final: what a disk kept of a failed write
	// is unknown, and a second sync that succeeds would prove nothing.
	ErrFailed = errors.New("log failed")
	// ErrFull: as ErrFailed, because no space is left. Records can still be read.
	ErrFull = errors.New("no space left for the log")
	// ErrClosed: the log was closed.
	ErrClosed = errors.New("log closed")
	// ErrLocked: another process, or another Log of this one, has the folder open.
	ErrLocked = errors.New("log is in use: whoever runs on it has to end first")
	// ErrUnread: an append to a log whose records were not all read.
	ErrUnread = errors.New("append to a log that was not read to its end")
	// ErrTooLarge: a record of more than MaxRecord bytes.
	ErrTooLarge = errors.New("record too large")
	// ErrVersion: a log of a layout that this code does not know, an older one too.
	ErrVersion = errors.New("unknown version of the log")
)

// DamageError says that a log is not as it was written, and that no crash explains it. It is refused as it is:
// nothing of it was changed.
type DamageError struct {
	File     string // path of the segment, or of the file that says how far the log has come
	Offset   int64  // in the file, in bytes, where the batch or header begins that is damaged, or a file ends too soon
	Expected string
	Found    string
	Batches  int   // intact later batches, in this and later segments
	Bytes    int64 // that they take
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("damaged log: %s at byte %d: expected %s, found %s; %d intact batches (%d bytes) stand after it",
		e.File, e.Offset, e.Expected, e.Found, e.Batches, e.Bytes)
}

// final marks an error of the file system as one that ends the log.
func final(doing string, err error) error {
	kind := ErrFailed
	if isFull(err) {
		kind = ErrFull
	}
	return fmt.Errorf("%w: %s: %w", kind, doing, err)
}
