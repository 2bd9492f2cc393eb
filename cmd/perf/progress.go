package main

import (
	"fmt"
	"io"
	"time"

	"parsec/cmd/internal/program"
)

// progress says how far a command is.
type progress struct{ *program.Line }

func newProgress(command string, w io.Writer) *progress {
	return &progress{program.NewLine("perf "+command, w)}
}

// phase says what begins.
func (p *progress) phase(format string, args ...any) { p.Say(fmt.Sprintf(format, args...)) }

// step tells how many of how many things are done; it fits trial.Progress once what is said.
func (p *progress) step(what string) func(done, of int, took time.Duration) {
	return func(done, of int, took time.Duration) {
		line := fmt.Sprintf("%s: %d of %d", what, done, of)
		if done > 0 && done < of {
			left := took / time.Duration(done) * time.Duration(of-done)
			line += fmt.Sprintf(", about %v left", left.Round(time.Second))
		}
		p.Tell(line)
	}
}
