package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/perf/benchfmt"
)

// The load of `parsec run`: modest, so that any machine takes it.
const (
	loadNodes = 4
	loadRate  = 5000 // submissions of 128 bytes a second
	loadTime  = 10 * time.Second
)

// Exit statuses of loadgen that are not failures of what it does.
const (
	loadDone    = 0
	loadInvalid = 3
	loadUnsafe  = 4
)

// loadResult is what the load came to.
type loadResult struct {
	status   int
	rate     float64 // decided at all nodes, a second; the rest too is 0 of a load that does not count
	p50, p99 float64 // milliseconds
	why      string  // it does not count
}

// runLoad builds loadgen and has it load nodes on this machine; its reports go to a folder that is not there yet.
//
// Loadgen is a program of its own, which starts itself again as each node: this one could not take its place without
// having all that it has. It is built from the tree that the recordings are of, so that one command does all and
// everything is of one state.
func (j *job) runLoad(ctx context.Context, dir string) (*loadResult, error) {
	bin, err := os.MkdirTemp("", "parsec-run-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(bin)
	program := filepath.Join(bin, "loadgen.exe") // the ending matters to Windows alone
	j.step("building loadgen")
	status, text, err := execute(ctx, string(j.tree), "go", "build", "-o", program, "./cmd/loadgen")
	switch {
	case err != nil:
		return nil, fmt.Errorf("building loadgen: %w", err)
	case status != 0:
		return nil, fmt.Errorf("building loadgen: status %d\n%s", status, text)
	}
	j.step("loading %d nodes for %v", loadNodes, loadTime)
	status, text, err = execute(ctx, "", program, "-nodes", fmt.Sprint(loadNodes), "-rate", fmt.Sprint(loadRate), "-duration", loadTime.String(),
		"-seed", "1", "-quiet", "-out", dir)
	if err != nil {
		return nil, fmt.Errorf("loadgen: %w", err)
	}
	switch status {
	case loadDone, loadInvalid:
	case loadUnsafe:
		j.fail(fmt.Errorf("the loaded nodes broke a promise\n%s", text))
		j.raise(exitSafety)
	default:
		return nil, fmt.Errorf("loadgen: status %d\n%s", status, text)
	}
	sample, err := os.ReadFile(filepath.Join(dir, "bench.txt"))
	if err != nil {
		return nil, fmt.Errorf("loadgen: %w", err)
	}
	return readLoad(sample, status)
}

// readLoad reads the sample that loadgen wrote, or why there is none.
func readLoad(text []byte, status int) (*loadResult, error) {
	l := &loadResult{status: status}
	for line := range strings.Lines(string(text)) {
		if why, ok := strings.CutPrefix(line, "without-sample: "); ok {
			l.why = strings.TrimSpace(why)
		}
	}
	in := benchfmt.NewReader(bytes.NewReader(text), "bench.txt")
	for in.Scan() {
		switch rec := in.Result().(type) {
		case *benchfmt.SyntaxError:
			return nil, fmt.Errorf("loadgen: %w", rec)
		case *benchfmt.Result:
			for unit, to := range map[string]*float64{"submissions/s": &l.rate, "p50-ms": &l.p50, "p99-ms": &l.p99} {
				v, ok := rec.Value(unit)
				if !ok {
					return nil, fmt.Errorf("loadgen: its sample has no %s", unit)
				}
				*to = v
			}
			return l, nil
		}
	}
	if err := in.Err(); err != nil {
		return nil, fmt.Errorf("loadgen: %w", err)
	}
	if status == loadDone {
		return nil, errors.New("loadgen: there is no sample of a load that is valid")
	}
	return l, nil
}

func (l *loadResult) writeText(w io.Writer) {
	fmt.Fprintf(w, "load: %d nodes with TLS and disk, %d submissions/s asked for: ", loadNodes, loadRate)
	switch l.status {
	case loadUnsafe:
		fmt.Fprint(w, "A PROMISE WAS BROKEN: its report says which\n")
	case loadInvalid:
		fmt.Fprintf(w, "NOT VALID, the machine was too busy or is too slow: %s\n", printable(l.why))
	default:
		fmt.Fprintf(w, "valid, %.0f submissions/s decided at all, p50 %.1f ms, p99 %.1f ms\n", l.rate, l.p50, l.p99)
	}
}

// execute runs a program to its end, in a folder, and returns its exit status and what it printed. When ctx ends, the program
// is interrupted and given a time to clear away what it has made; then it is killed.
func execute(ctx context.Context, dir, program string, args ...string) (status int, text string, err error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.Cancel = func() error {
		if cmd.Process.Signal(os.Interrupt) != nil { // some systems have no such signal
			return cmd.Process.Kill()
		}
		return nil
	}
	cmd.WaitDelay = 20 * time.Second
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Exited() && ctx.Err() == nil {
		err = nil
	}
	if cmd.ProcessState != nil {
		status = cmd.ProcessState.ExitCode()
	}
	return status, strings.TrimSpace(out.String()) + "\n", err
}
