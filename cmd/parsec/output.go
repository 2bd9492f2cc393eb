package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"parsec/cmd/internal/program"
)

// output is where a command says how it is getting on: results to the one stream, errors and, if that is
// a terminal, progress to the other. It keeps the exit status.
type output struct {
	command        string
	stdout, stderr io.Writer
	terminal       bool // stderr is one

	mu      sync.Mutex // held while anything is written
	worst   int
	began   time.Time
	doing   string
	since   time.Time     // when that began
	shown   int           // width of the progress line on the terminal, 0 for none
	ticking chan struct{} // closed to end the progress; nil if there is none
}

// patience is how long a command may take before it shows what it is doing.
const patience = 500 * time.Millisecond

// newOutput begins. output.status ends it.
func newOutput(command string, stdout, stderr io.Writer) *output {
	o := &output{command: command, stdout: stdout, stderr: stderr, terminal: program.Terminal(stderr), began: time.Now()}
	if o.terminal {
		o.ticking = make(chan struct{})
		go o.tick(o.ticking)
	}
	return o
}

func (o *output) tick(end <-chan struct{}) {
	ticker := time.NewTicker(patience / 2)
	defer ticker.Stop()
	for {
		select {
		case <-end:
			return
		case <-ticker.C:
		}
		o.mu.Lock()
		if o.ticking != nil && o.doing != "" && time.Since(o.began) >= patience {
			o.clear()
			line := []rune(fmt.Sprintf("%s (%.0f s)", printable(o.doing), time.Since(o.since).Seconds()))
			line = line[:min(len(line), 78)] // a longer one would wrap, and \r not lead to its start
			o.shown = len(line)
			fmt.Fprint(o.stderr, string(line))
		}
		o.mu.Unlock()
	}
}

// clear takes the progress line off the terminal.
func (o *output) clear() {
	if o.shown > 0 {
		fmt.Fprintf(o.stderr, "\r%s\r", strings.Repeat(" ", o.shown))
		o.shown = 0
	}
}

// step says what comes next.
func (o *output) step(format string, args ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.clear()
	o.doing, o.since = fmt.Sprintf(format, args...), time.Now()
}

// phase says what comes next to whoever is not at a terminal, too: a long job tells where it is.
func (o *output) phase(format string, args ...any) {
	o.step(format, args...)
	if !o.terminal {
		o.mu.Lock()
		defer o.mu.Unlock()
		fmt.Fprintf(o.stderr, "%s: %s\n", o.command, o.doing)
	}
}

// print has write print results.
func (o *output) print(write func(io.Writer)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.clear()
	var text strings.Builder
	write(&text)
	if _, err := io.WriteString(o.stdout, text.String()); err != nil && o.worst < exitUsage {
		fmt.Fprintf(o.stderr, "%s: printing: %v\n", o.command, err)
		o.worst = exitUsage
	}
}

// fail reports an error by which something could not be done.
func (o *output) fail(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.clear()
	fmt.Fprintf(o.stderr, "%s: %v\n", o.command, err)
	o.worst = max(o.worst, exitUsage)
}

// warn says something that changes nothing.
func (o *output) warn(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.clear()
	fmt.Fprintf(o.stderr, "%s: warning: %v\n", o.command, err)
}

// raise raises the exit status.
func (o *output) raise(status int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.worst = max(o.worst, status)
}

// status ends the output and returns the exit status.
func (o *output) status(ctx context.Context) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.clear()
	if o.ticking != nil {
		close(o.ticking)
		o.ticking = nil
	}
	if ctx.Err() != nil {
		fmt.Fprintf(o.stderr, "%s: interrupted\n", o.command)
		return exitInterrupted
	}
	return o.worst
}
