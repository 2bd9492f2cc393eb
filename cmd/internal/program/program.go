// Package program is the frame of the project's commands: subcommands, their help, and flags that teach.
package program

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// Exit statuses that mean the same in all programs.
const (
	Done        = 0
	Usage       = 2 // also for all that could not be done
	Interrupted = 130
)

// Program is a command with subcommands.
type Program struct {
	Name     string
	Before   string // of the help text: what it is for
	After    string // of the help text: how to begin, and exit statuses
	Example  string // a subcommand, for the help text
	Commands []Command
}

// Command is a subcommand. Run returns the exit status.
type Command struct {
	Name, Does string
	Run        func(ctx context.Context, args []string, stdout, stderr io.Writer) int
}

// Main runs the program with the process's arguments and ends the process. The first interrupt ends the
// subcommand's context, a second one the process, at once.
func (p *Program) Main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(p.Run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// Run is Main without the process.
func (p *Program) Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		p.usage(stderr)
		return Usage
	}
	name, rest := args[0], args[1:]
	switch name {
	case "help", "-h", "-help", "--help":
		if len(rest) == 0 {
			p.usage(stdout)
			return Done
		}
		name, rest = rest[0], []string{"-h"}
	}
	for _, c := range p.Commands {
		if c.Name == name {
			return c.Run(ctx, rest, stdout, stderr)
		}
	}
	fmt.Fprintf(stderr, "%s: no such command: %q; %s help lists them\n", p.Name, name, p.Name)
	return Usage
}

func (p *Program) usage(w io.Writer) {
	fmt.Fprintf(w, "%s\n\nusage: %s COMMAND [ARGUMENT...]\n\n", strings.TrimSpace(p.Before), p.Name)
	for _, c := range p.Commands {
		fmt.Fprintf(w, "  %-8s %s\n", c.Name, c.Does)
	}
	fmt.Fprintf(w, "  help     show this, or more about a command: %s help %s\n\n%s\n",
		p.Name, p.Example, strings.TrimSpace(p.After))
}

// Parse parses the flags of a subcommand of the program of that name; the flag set has the subcommand's. If ok is
// false the subcommand ends with that status.
func Parse(name string, fs *flag.FlagSet, help string, args []string, stdout, stderr io.Writer) (status int, ok bool) {
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	err := fs.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintln(stdout, strings.TrimSpace(help))
		fmt.Fprintln(stdout)
		fs.SetOutput(stdout)
		fs.PrintDefaults()
		return Done, false
	case err != nil:
		return WrongUsage(name, fs.Name(), err.Error(), stderr), false
	}
	return 0, true
}

// WrongUsage says what is wrong with a subcommand's command line, and returns the exit status.
func WrongUsage(name, command, what string, stderr io.Writer) int {
	fmt.Fprintf(stderr, "%s %s: %s\n%s %s -h tells more\n", name, command, what, name, command)
	return Usage
}

// Terminal reports whether w is a terminal, or another device of characters.
func Terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
