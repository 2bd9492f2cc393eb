package program

import (
	"bytes"
	"strings"
	"testing"
)

func TestLine(t *testing.T) {
	var b bytes.Buffer
	l := NewLine("program", &b)
	l.terminal = true
	l.Say(strings.Repeat("a long line ", 50))
	l.Tell("short")
	l.Clear()
	if s := b.String(); strings.Contains(s, "\n") || !strings.HasSuffix(s, "short\r     \r") || len(s) > 4*width {
		t.Errorf("%q", s)
	}
	b.Reset()
	l = NewLine("program", &b)
	l.Tell("one")
	l.Tell("too soon")
	l.Say("two")
	l.Clear()
	if s := b.String(); s != "program: one\nprogram: two\n" {
		t.Errorf("%q", s)
	}
}
