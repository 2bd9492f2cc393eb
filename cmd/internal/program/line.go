package program

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// Line says on standard error how far a command is: on a terminal in one line that changes, elsewhere in a line now and
// then. Many goroutines may use it. Make it with [NewLine].
type Line struct {
	name     string
	w        io.Writer
	terminal bool

	mu    sync.Mutex
	shown int       // width of the line on the terminal
	last  time.Time // when a line was written
}

const (
	sparse = 10 * time.Second // how often whoever is not at a terminal hears of progress
	width  = 78               // of the line on a terminal: a longer one would wrap, and \r not lead to its start
)

// NewLine returns a line of the command of that name, which is said where it may stand among lines of others.
func NewLine(name string, w io.Writer) *Line {
	return &Line{name: name, w: w, terminal: Terminal(w)}
}

// Say says what is to be heard everywhere.
func (l *Line) Say(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.say(text)
}

// Tell says what will soon be out of date: where no line changes, it says it now and then only.
func (l *Line) Tell(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.terminal || time.Since(l.last) >= sparse {
		l.say(text)
	}
}

// Clear takes the line off the terminal, before anything else is printed.
func (l *Line) Clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clear()
}

func (l *Line) say(text string) {
	l.last = time.Now()
	if !l.terminal {
		fmt.Fprintf(l.w, "%s: %s\n", l.name, text)
		return
	}
	l.clear()
	r := []rune(text)
	r = r[:min(len(r), width)]
	l.shown = len(r)
	fmt.Fprint(l.w, string(r))
}

func (l *Line) clear() {
	if l.shown > 0 {
		fmt.Fprintf(l.w, "\r%s\r", strings.Repeat(" ", l.shown))
		l.shown = 0
	}
}
