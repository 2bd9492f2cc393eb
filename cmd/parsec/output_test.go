package main

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// On a terminal, what is being done shows after a while, on one line, and is gone before anything else
// is written.
func TestProgress(t *testing.T) {
	var stdout, stderr strings.Builder
	o := newOutput("parsec x", &stdout, &stderr)
	o.terminal, o.ticking = true, make(chan struct{})
	o.began = time.Now().Add(-time.Hour)
	go o.tick(o.ticking)

	text := func() string {
		o.mu.Lock()
		defer o.mu.Unlock()
		return stderr.String()
	}
	o.phase("reading\a %s", strings.Repeat("long ", 50))
	for start := time.Now(); text() == "" && time.Since(start) < time.Minute; {
		time.Sleep(10 * time.Millisecond)
	}
	o.mu.Lock()
	if o.shown == 0 || o.shown >= 80 || strings.Contains(stderr.String(), "\a") {
		t.Errorf("%d columns: %q", o.shown, stderr.String())
	}
	width := o.shown
	stderr.Reset()
	o.mu.Unlock()
	o.print(func(w io.Writer) { fmt.Fprintln(w, "result") })
	if got, want := text(), "\r"+strings.Repeat(" ", width)+"\r"; !strings.HasPrefix(got, want) {
		t.Errorf("%q, want %q first", got, want)
	}
	o.status(t.Context())
	if stdout.String() != "result\n" {
		t.Errorf("%q", stdout.String())
	}
	if o.shown != 0 || o.ticking != nil {
		t.Error("the progress goes on")
	}
}
