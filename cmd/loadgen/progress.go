package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"parsec/cmd/internal/program"
	"parsec/cmd/loadgen/internal/latency"
	"parsec/cmd/loadgen/internal/load"
	"parsec/cmd/loadgen/internal/schedule"
)

// progress says on standard error how far a load is: on a terminal in one line that changes, elsewhere in a line now
// and then.
type progress struct {
	w        io.Writer
	terminal bool
	quiet    bool

	mu    sync.Mutex
	shown int       // width of the line on the terminal
	last  time.Time // when a line was written elsewhere
}

// sparse is how often whoever is not at a terminal hears of progress.
const sparse = 10 * time.Second

func newProgress(w io.Writer, quiet bool) *progress {
	return &progress{w: w, terminal: program.Terminal(w), quiet: quiet}
}

// load says how a load is.
func (p *progress) load(s load.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.quiet || !p.terminal && time.Since(p.last) < sparse {
		return
	}
	p.last = time.Now()
	line := fmt.Sprintf("%s %v/%v: %s/s of %s/s decided, %d waiting", s.Phase, s.At.Round(time.Second), s.Length.Round(time.Second),
		schedule.FormatRate(float64(s.Rates.All)), schedule.FormatRate(float64(s.Rates.Due)), s.Due-s.Decided)
	if s.P50 > 0 {
		line += fmt.Sprintf(", p50 %s p99 %s", short(s.P50), short(s.P99))
	}
	if s.Away > 0 {
		line += fmt.Sprintf(", %d away", s.Away)
	}
	if s.Wrong > 0 {
		line += fmt.Sprintf(", %d VIOLATIONS", s.Wrong)
	}
	p.say(line)
}

// short writes a latency with three digits or so.
func short(d time.Duration) string {
	if d == latency.Beyond {
		return "never"
	}
	for unit := time.Duration(1); ; unit *= 10 {
		if d < 1000*unit {
			return d.Round(unit).String()
		}
	}
}

func (p *progress) say(line string) {
	if !p.terminal {
		fmt.Fprintln(p.w, "loadgen: "+line)
		return
	}
	p.clear()
	r := []rune(line)
	r = r[:min(len(r), 110)] // a longer one would wrap on many terminals, and \r not lead to its start
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
