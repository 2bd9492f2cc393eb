// Package nodecmd has the commands that make keys and sections and run nodes. Programs that start nodes as processes of
// their own have them too, so that they need no other program.
package nodecmd

import (
	"flag"
	"fmt"
	"io"

	"parsec/cmd/internal/program"
)

// Exit statuses.
const (
	exitDone    = program.Done
	exitRuntime = 1 // what was running failed
	exitUsage   = program.Usage
)

// Commands returns the subcommands for a program of that name: keygen, init, node.
func Commands(name string) []program.Command {
	c := commands(name)
	return []program.Command{
		{Name: "keygen", Does: "make a private key, and print its identity", Run: c.keygen},
		{Name: "init", Does: "make the folders of a section's nodes", Run: c.init},
		{Name: "node", Does: "run a node", Run: c.node},
	}
}

// commands is the name of the program that has them.
type commands string

func (c commands) parse(fs *flag.FlagSet, help string, args []string, stdout, stderr io.Writer) (int, bool) {
	return program.Parse(string(c), fs, help, args, stdout, stderr)
}

func (c commands) wrong(command string, stderr io.Writer, format string, args ...any) int {
	return program.WrongUsage(string(c), command, fmt.Sprintf(format, args...), stderr)
}

func (c commands) fails(command string, stderr io.Writer, err error) int {
	fmt.Fprintf(stderr, "%s %s: %v\n", c, command, err)
	return exitUsage
}
