package wire

import (
	"errors"
	"strconv"
)

// What is wrong with bytes that came from outside. [Error] wraps one of them.
var (
	// ErrVersion: made by a version of the protocol that this one does not know.
	ErrVersion = errors.New("unknown version")
	// ErrSection: made for another section.
	ErrSection = errors.New("another section's")
	// ErrTooLarge: past a limit.
	ErrTooLarge = errors.New("too large")
	// ErrMalformed: not the encoding of anything, or not the one encoding of it.
	ErrMalformed = errors.New("malformed")
	// ErrReserved: an observation of a kind that is reserved for later, and refused until then.
	ErrReserved = errors.New("reserved kind of observation")
)

// Error says what is wrong, and where.
type Error struct {
	Err    error  // one of the sentinels
	What   string // what was being read, and what it should have been
	Offset int    // in bytes from the beginning of what was given to be read
}

// Error returns what and where, such as
//
//	wire: malformed: count of votes: not in the fewest bytes (at byte 57)
func (e *Error) Error() string {
	return "wire: " + e.Err.Error() + ": " + e.What + " (at byte " + strconv.Itoa(e.Offset) + ")"
}

// Unwrap returns e.Err.
func (e *Error) Unwrap() error { return e.Err }

// fail returns an Error. It is a function of its own so that the texts stay out of the way of callers'
// inlining.
func fail(err error, what string, offset int) error {
	return &Error{Err: err, What: what, Offset: offset}
}
