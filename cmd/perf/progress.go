package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"parsec/cmd/internal/program"
)

// progress says on standard error how far a command is: on a terminal in one line that changes, elsewhere
// in a line now and then.
type progress struct {
	command  string
	w        io.Writer
	terminal bool

	mu    sync.Mutex
	shown int       // width of the line on the terminal
	last  time.Time // when a line was written elsewhere
}

// sparse is how often whoever is not at a terminal hears of progress.
const sparse = 15 * time.Second

func newProgress(command string, w io.Writer) *progress {
	return &progress{command: "perf " + command, w: w, terminal: program.Terminal(w), last: time.Now()}
}

// phase says what begins.
func (p *progress) phase(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.say(fmt.Sprintf(format, args...))
}

// step tells how many of how many things are done; it fits trial.Progress once what is said.
func (p *progress) step(what string) func(done, of int, took time.Duration) {
	return func(done, of int, took time.Duration) {
		p.mu.Lock()
		defer p.mu.Unlock()
		line := fmt.Sprintf("%s: %d of %d", what, done, of)
		if done > 0 && done < of {
			left := took / time.Duration(done) * time.Duration(of-done)
			line += fmt.Sprintf(", about %v left", left.Round(time.Second))
		}
		if p.terminal || time.Since(p.last) >= sparse {
			p.say(line)
		}
	}
}

func (p *progress) say(line string) {
	p.last = time.Now()
	line = p.command + ": " + line
	if !p.terminal {
		fmt.Fprintln(p.w, line)
		return
	}
	p.clear()
	r := []rune(line)
	r = r[:min(len(r), 78)] // a longer one would wrap, and \r not lead to its start
	p.shown = len(r)
	fmt.Fprint(p.w, string(r))
}

// clear takes the line off the terminal, before anything else is printed.
func (p *progress) clear() {
	if p.shown > 0 {
		fmt.Fprintf(p.w, "\r%s\r", strings.Repeat(" ", p.shown))
		p.shown = 0
	}
}

// end is clear, for whoever does not hold the lock.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}
