package recording

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrInvalid is what every [Error] wraps whose cause is the content: not zstd, not JSON, not the format,
// or past a limit. A file that gives it will give it again. Errors that do not wrap it are failures to
// get at the content, such as a missing file or a bad disk.
var ErrInvalid = errors.New("not a valid recording")

// Error says what is wrong, and where.
type Error struct {
	File  string // the name given to Read, or the path; empty for a recording in memory
	Part  string // "peer", "observation", "event", "block" or "line"; empty for the whole
	Index int    // which of them: the place in its list, from 0; lines from 1. Unused for the whole.
	// Reason is what is wrong there. Text quoted from the input is escaped and cut to a few words.
	Reason string
	Err    error // ErrInvalid, or why the content could not be had
}

// Error returns the place and the reason, such as
//
//	x.json.zst: event 17: self-parent 12 is by peer 3, not by the creator 1
func (e *Error) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File)
	} else {
		b.WriteString("recording")
	}
	if e.Part != "" {
		fmt.Fprintf(&b, ": %s %d", e.Part, e.Index)
	}
	b.WriteString(": ")
	b.WriteString(e.Reason)
	return b.String()
}

// Unwrap returns e.Err.
func (e *Error) Unwrap() error { return e.Err }

// quote makes text from the input fit to print: an error message must not grow with the input, nor
// carry control characters to a terminal.
func quote[T string | []byte](text T) string {
	const most = 40
	if len(text) > most {
		return strconv.Quote(string(text[:most])) + "..."
	}
	return strconv.Quote(string(text))
}
