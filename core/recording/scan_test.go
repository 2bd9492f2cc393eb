package recording

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"
)

// Strings are read as encoding/json reads them, in one piece and byte by byte, and refused where it
// refuses them or would put a replacement character for something else.
func TestStrings(t *testing.T) {
	for _, text := range []string{
		`""`, `"a"`, `"\""`, `"\\\/\b\f\n\r\t"`, `"\u0000"`, `"\u00E9é"`, `"\ud83d\ude00"`, `"😀"`, `"\ufffd"`, `"` + "\u2028\x7f" + `"`,
		`"`, `"\`, `"\u`, `"\u12`, `"\u123g"`, `"\q"`, `"\U0041"`, "\"\t\"", "\"\x00\"", "\"\xff\"", "\"\xc3\"", "\"\xed\xa0\x80\"",
		`"\ud83d"`, `"\ud83dx"`, `"\ud83d\n"`, `"\ud83d\u0041"`, `"\ude00"`, `"\ude00\ud83d"`, `a`, ``, `'a'`,
	} {
		var want string
		ok := json.Unmarshal([]byte(text), &want) == nil && utf8.ValidString(text)
		if strings.ContainsRune(want, utf8.RuneError) && text != `"\ufffd"` {
			ok = false
		}
		whole := newScanner(strings.NewReader(text))
		pieces := newScanner(iotest.OneByteReader(strings.NewReader(text)))
		for _, s := range []*scanner{whole, pieces} {
			got := string(s.str("text", 100))
			s.finish()
			if (s.err == nil) != ok || ok && got != want {
				t.Errorf("%s: got %q, %v; want %q, %t", text, got, s.err, want, ok)
			}
		}
	}
}

// A string of exactly the limit is read; one byte more is not, on either path.
func TestStringLimit(t *testing.T) {
	for _, unit := range []string{"a", `\u0061`} {
		for n := 4; n <= 6; n++ {
			s := newScanner(strings.NewReader(`"` + strings.Repeat(unit, n) + `"`))
			if s.str("text", 5); (s.err == nil) != (n <= 5) {
				t.Errorf("%d times %s with a limit of 5: %v", n, unit, s.err)
			}
		}
	}
}

func TestIntegers(t *testing.T) {
	const max = 120
	for _, c := range []struct {
		text string
		want uint64
		ok   bool
	}{
		{"0", 0, true}, {"7", 7, true}, {" 120 ", 120, true}, {"12]", 12, true},
		{"121", 0, false}, {"1200", 0, false}, {"18446744073709551616", 0, false},
		{"00", 0, false}, {"012", 0, false}, {"-1", 0, false}, {"-", 0, false}, {"+1", 0, false},
		{"1.0", 0, false}, {"1.", 0, false}, {".5", 0, false}, {"1e1", 0, false}, {"1E0", 0, false},
		{"", 0, false}, {"x", 0, false}, {`"1"`, 0, false}, {"null", 0, false},
	} {
		for _, s := range []*scanner{
			newScanner(strings.NewReader(c.text)),
			newScanner(iotest.OneByteReader(strings.NewReader(c.text))),
		} {
			if got := s.integer("n", max); (s.err == nil) != c.ok || c.ok && got != c.want {
				t.Errorf("%q: got %d, %v", c.text, got, s.err)
			}
		}
	}
}

// An array of the limit is read; one item more is refused before it is looked at.
func TestArrayLimit(t *testing.T) {
	for text, ok := range map[string]bool{"[]": true, "[1,2,3]": true, "[1,2,3,4]": false, "[1,2,3,": false, "[1,]": false, "[,1]": false, "[1 2]": false} {
		s := newScanner(strings.NewReader(text))
		items := 0
		for range s.array("list", 3) {
			s.integer("n", 9)
			items++
		}
		if (s.err == nil) != ok || items > 3 {
			t.Errorf("%s: %d items, %v", text, items, s.err)
		}
	}
}

// The first error sticks, and nothing is read after it.
func TestFirstErrorSticks(t *testing.T) {
	s := newScanner(strings.NewReader(`x "a" 1 [1] {} true`))
	s.str("text", 9)
	first := s.err
	s.str("text", 9)
	s.integer("n", 9)
	s.literal("n")
	s.take('[', "list")
	for range s.array("list", 9) {
		t.Error("an array after an error")
	}
	for range s.object("object", nil, new(uint)) {
		t.Error("an object after an error")
	}
	s.finish()
	if s.err != first || s.pos != 0 {
		t.Errorf("at %d: %v, then %v", s.pos, first, s.err)
	}
}
