package recording

import (
	"unicode/utf16"
	"unicode/utf8"
)

// integer reads a whole number from 0 to max; what names it in errors. Fractions and exponents are
// refused even where their value is whole: the format has one way to write a number.
func (s *scanner) integer(what string, max uint64) uint64 {
	c := s.peek()
	if c == '-' && s.err == nil {
		s.fail("%s is negative", what)
		return 0
	}
	if c < '0' || c > '9' {
		found := s.found()
		s.fail("%s is %s, not a whole number", what, found)
		return 0
	}
	var v uint64
	for digits := 0; s.pos < s.end || s.fill(); digits++ {
		c := s.buf[s.pos]
		switch {
		case '0' <= c && c <= '9':
			if digits == 1 && v == 0 {
				s.fail("%s is written with a leading zero", what)
				return 0
			}
			v = 10*v + uint64(c-'0')
			if v > max { // so v never comes near to overflowing: no max is above 2^32
				s.fail("%s is more than %d", what, max)
				return 0
			}
			s.pos++
		case c == '.' || c == 'e' || c == 'E':
			s.fail("%s has a fraction or an exponent", what)
			return 0
		default:
			return v
		}
	}
	return v
}

// literal reads true, false or null and returns its first byte; what names it in errors.
func (s *scanner) literal(what string) byte {
	c := s.peek()
	var rest string
	switch c {
	case 't':
		rest = "true"
	case 'f':
		rest = "false"
	case 'n':
		rest = "null"
	default:
		found := s.found()
		s.fail("%s is %s, not true, false or null", what, found)
		return 0
	}
	for i := range len(rest) {
		if s.next(what) != rest[i] {
			s.fail("%s is not true, false or null", what)
			return 0
		}
	}
	return c
}

// str reads a string of at most max bytes, escapes resolved; what names it in errors. The result is
// valid until the scanner's next method.
func (s *scanner) str(what string, max int) []byte {
	if s.peek() != '"' || s.err != nil {
		found := s.found()
		s.fail("%s is %s, not a string", what, found)
		return nil
	}
	// Nearly every string lies in the buffer as a whole and has neither an escape nor a byte beyond
	// ASCII: it is used in place.
	for i := s.pos + 1; i < s.end; i++ {
		c := s.buf[i]
		if c == '"' {
			text := s.buf[s.pos+1 : i]
			s.pos = i + 1
			if len(text) > max {
				s.fail("%s is longer than %d bytes", what, max)
				return nil
			}
			return text
		}
		if c < ' ' || c == '\\' || c >= utf8.RuneSelf {
			break
		}
	}
	return s.slowStr(what, max)
}

// slowStr is str for any string. It holds no more than max bytes and the rune that comes after them.
func (s *scanner) slowStr(what string, max int) []byte {
	s.pos++ // the quote
	text := s.scratch[:0]
	for s.err == nil {
		c := s.next(what)
		switch {
		case s.err != nil:
			return nil
		case c == '"':
			s.scratch = text
			if !utf8.Valid(text) {
				s.fail("%s is not UTF-8", what)
				return nil
			}
			return text
		case c < ' ':
			s.fail("%s has a control character in it, at byte %d", what, s.base+int64(s.pos)-1)
			return nil
		case c == '\\':
			text = s.escape(text, what)
		default:
			text = append(text, c)
		}
		if len(text) > max {
			s.fail("%s is longer than %d bytes", what, max)
		}
	}
	return nil
}

// next takes the next byte, white space or not.
func (s *scanner) next(what string) byte {
	if s.pos == s.end && !s.fill() {
		s.fail("%s is cut off by the end of the input", what)
		return 0
	}
	s.pos++
	return s.buf[s.pos-1]
}

// escape reads what follows a backslash and appends what it stands for.
func (s *scanner) escape(text []byte, what string) []byte {
	switch c := s.next(what); c {
	case '"', '\\', '/':
		return append(text, c)
	case 'b':
		return append(text, '\b')
	case 'f':
		return append(text, '\f')
	case 'n':
		return append(text, '\n')
	case 'r':
		return append(text, '\r')
	case 't':
		return append(text, '\t')
	case 'u':
		r := s.hex4(what)
		if utf16.IsSurrogate(r) {
			if s.next(what) != '\\' || s.next(what) != 'u' {
				s.fail("%s has half of a surrogate pair in it", what)
				return text
			}
			if r = utf16.DecodeRune(r, s.hex4(what)); r == utf8.RuneError {
				s.fail("%s has half of a surrogate pair in it", what)
				return text
			}
		}
		return utf8.AppendRune(text, r)
	}
	s.fail("%s has an unknown escape in it, at byte %d", what, s.base+int64(s.pos)-1)
	return text
}

// hex4 reads four hex digits.
func (s *scanner) hex4(what string) rune {
	var r rune
	for range 4 {
		d := hexDigit(s.next(what))
		if d < 0 {
			s.fail("%s has an unknown escape in it, at byte %d", what, s.base+int64(s.pos)-1)
			return 0
		}
		r = r<<4 | rune(d)
	}
	return r
}

// hexDigit returns the value of a hex digit, or -1.
func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
