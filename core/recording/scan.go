package recording

import (
	"errors"
	"fmt"
	"io"
	"iter"
)

// scanBuffer is the size of the window a scanner looks at its input through, in bytes.
const scanBuffer = 32 << 10

// scanner reads strict JSON (RFC 8259) from left to right. It builds no tree and skips nothing: its
// caller asks for what the format has at that place, so input of another shape ends at the first
// difference, and nesting is as deep as the format and no deeper.
//
// encoding/json was the first choice and does not do: it keeps the last of two equal keys, ignores
// unknown ones by default, accepts bad UTF-8, and its tokens hold a string of any length before anyone
// can object. It also takes fifteen times as long.
//
// The first error sticks: from then on every method returns zero values, and loops end.
type scanner struct {
	src      io.Reader // nil when buf holds all there is
	buf      []byte
	pos, end int   // buf[pos:end] is still to be scanned
	base     int64 // the place of buf[0] in the input
	srcErr   error // what src ended with

	scratch []byte // the last string that could not be used in place

	// Where in the recording the scanner is, for errors; its caller keeps these up to date.
	part  string
	index int
	err   *Error
}

func newScanner(src io.Reader) *scanner {
	return &scanner{src: src, buf: make([]byte, scanBuffer)}
}

// fail makes the error, unless there is one.
func (s *scanner) fail(format string, args ...any) {
	if s.err == nil {
		s.err = &Error{Part: s.part, Index: s.index, Reason: fmt.Sprintf(format, args...), Err: ErrInvalid}
	}
}

// fill gets the next bytes when all of buf has been scanned. It reports whether there are any.
func (s *scanner) fill() bool {
	s.base += int64(s.end)
	s.pos, s.end = 0, 0
	for tries := 0; s.src != nil && s.end == 0; tries++ {
		if tries == 100 {
			s.src, s.srcErr = nil, io.ErrNoProgress
			break
		}
		n, err := s.src.Read(s.buf)
		s.end = n
		if err != nil {
			s.src, s.srcErr = nil, err
		}
	}
	if s.end > 0 {
		return true
	}
	if s.srcErr != nil && s.srcErr != io.EOF && s.err == nil {
		if e, ok := errors.AsType[*Error](s.srcErr); ok {
			s.err = e
		} else {
			s.err = &Error{Reason: "cannot be read: " + s.srcErr.Error(), Err: s.srcErr}
		}
		s.err.Part, s.err.Index = s.part, s.index
	}
	return false
}

// peek returns the next byte that is not white space, without taking it, or 0 at the end of the input.
func (s *scanner) peek() byte {
	if s.err != nil {
		return 0
	}
	for {
		for i, c := range s.buf[s.pos:s.end] {
			if c != ' ' && c != '\n' && c != '\r' && c != '\t' {
				s.pos += i
				return c
			}
		}
		s.pos = s.end
		if !s.fill() {
			return 0
		}
	}
}

// found says what comes next, for errors.
func (s *scanner) found() string {
	c := s.peek()
	switch {
	case s.pos == s.end:
		return "the end of the input"
	case c == '{':
		return "an object"
	case c == '[':
		return "an array"
	case c == '"':
		return "a string"
	case c == '-' || '0' <= c && c <= '9':
		return "a number"
	case c == 't' || c == 'f' || c == 'n':
		return "a literal"
	}
	return fmt.Sprintf("%s at byte %d", quote([]byte{c}), s.base+int64(s.pos))
}

// take takes c, which has to be the next byte; what names it in errors.
func (s *scanner) take(c byte, what string) bool {
	if s.peek() == c {
		s.pos++
		return true
	}
	found := s.found() // may find that the input cannot be read, which is then the error
	s.fail("%s where %s is expected", found, what)
	return false
}

// more reports whether a list that is closed by closer goes on, and takes the comma or the closer. i is
// the place of the item that would come next.
func (s *scanner) more(i int, closer byte, what string) bool {
	switch c := s.peek(); {
	case s.err != nil:
		return false
	case c == closer:
		s.pos++
		return false
	case i == 0:
		return true
	case c == ',':
		s.pos++
		return true
	}
	found := s.found()
	s.fail("%s where a comma or '%c' is expected in %s", found, closer, what)
	return false
}

// array reads an array of at most max items and yields the place of each; the caller reads the item.
func (s *scanner) array(what string, max int) iter.Seq[int] {
	return func(yield func(int) bool) {
		if !s.take('[', what) {
			return
		}
		for i := 0; s.more(i, ']', what); i++ {
			if i == max {
				s.fail("%s of more than %d items", what, max)
				return
			}
			if !yield(i) || s.err != nil {
				return
			}
		}
	}
}

// object reads an object and yields its keys, each one of keys and at most once; the caller reads the
// value. The bits of seen, which the caller sets to 0, are the places in keys of those that came.
func (s *scanner) object(what string, keys []string, seen *uint) iter.Seq[string] {
	return func(yield func(string) bool) {
		if !s.take('{', what) {
			return
		}
		for i := 0; s.more(i, '}', what); i++ {
			text := s.str("a key", MaxName)
			if s.err != nil {
				return
			}
			k := place(keys, text)
			if k < 0 {
				s.fail("unknown key %s in %s", quote(text), what)
				return
			}
			if *seen>>k&1 == 1 {
				s.fail("key %q comes twice in %s", keys[k], what)
				return
			}
			*seen |= 1 << k
			if !s.take(':', "a colon") || !yield(keys[k]) || s.err != nil {
				return
			}
		}
	}
}

// place returns the place of text in list, or -1.
func place(list []string, text []byte) int {
	for i, s := range list {
		if s == string(text) {
			return i
		}
	}
	return -1
}

// finish makes an error of anything but white space up to the end of the input.
func (s *scanner) finish() {
	if s.peek(); s.err == nil && s.pos < s.end {
		s.fail("data after its end, at byte %d", s.base+int64(s.pos))
	}
}
