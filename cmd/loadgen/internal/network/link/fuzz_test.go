package link

import (
	"strings"
	"testing"
)

func FuzzRead(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		m, err := Read(strings.NewReader(text), 3)
		if err != nil {
			return
		}
		for i := range m {
			for j, c := range m[i] {
				if again, err := Parse(c.String(), Conditions{}); err != nil || again != c {
					t.Fatalf("from %d to %d %+v is written as %s and read as %+v, %v", i, j, c, c, again, err)
				}
				if hold, read := NewWay(c, 1, 1).buffer(); hold < minBuffer || hold > maxBuffer || read < segment {
					t.Fatalf("%+v: holds %d, reads %d", c, hold, read)
				}
			}
		}
	})
}
