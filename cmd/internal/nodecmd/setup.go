package nodecmd

import (
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"parsec/core"
	"parsec/core/node"
)

const keygenHelp = `
usage: %[1]s keygen -out FILE

Draws the seed of an Ed25519 private key, writes it to FILE, readable by its owner alone, and prints the identity that
belongs to it: 64 hexadecimal digits. FILE must not be there yet. A node looks for the file "key" in its folder.

exit status: 0 done; 2 usage, or a file that cannot be written.
`

func (c commands) keygen(_ context.Context, args []string, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("keygen", flag.ContinueOnError)
	out := fs.String("out", "", "`FILE` to write")
	if status, ok := c.parse(fs, fmt.Sprintf(keygenHelp, string(c)), args, stdout, stderr); !ok {
		return status
	}
	switch {
	case fs.NArg() > 0:
		return c.wrong("keygen", stderr, "unexpected %q", fs.Arg(0))
	case *out == "":
		return c.wrong("keygen", stderr, "-out: say which file to write")
	}
	seed, err := draw()
	if err == nil {
		err = node.WriteKey(*out, seed)
	}
	if err != nil {
		return c.fails("keygen", stderr, err)
	}
	fmt.Fprintln(stdout, node.FormatIdentity(core.IdentityOf(seed)))
	return exitDone
}

func draw() (seed [32]byte, err error) {
	_, err = rand.Read(seed[:])
	return seed, err
}

const initHelp = `
usage: %[1]s init -dir DIR [-nodes N | -hosts A,B,...] [-mode M] [-name NAME] [-port P] [-http-port P]
                   [-debug-port P]

Makes the folders of a new section's nodes, DIR/node0 and so on, each with:
  key           the seed of its private key, readable by its owner alone
  section.json  what all agree on: name, mode, the founders' identities and where each listens
  node.json     its own settings, as flags of "%[1]s node" overrule them

Without -hosts all run on this machine, at 127.0.0.1, node i at port P+i. With -hosts, node i runs on the i-th of them,
all at the same ports: move each folder to its machine, and keep no copy, for it has the key. Where a machine's name is not
an address of its own, start its node with -listen 0.0.0.0:PORT. Clients, and metrics, are served at 127.0.0.1 in either
case: whoever reaches these ports can submit, and slow the node down.

Begin with:   %[1]s init -dir net -nodes 3
              %[1]s node -dir net/node0            in three terminals, node0 to node2

exit status: 0 done; 2 usage, or folders that cannot be made, or are there already.
`

func (c commands) init(_ context.Context, args []string, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("init", flag.ContinueOnError)
	dir := fs.String("dir", "", "`DIR` to make the folders in")
	nodes := fs.Int("nodes", 4, "how many `N` nodes, on this machine")
	hosts := fs.String("hosts", "", "machines `A,B,...`, a node on each")
	mode := fs.String("mode", "single", "`M`: single (one vote decides a payload) or supermajority (votes of more than two thirds)")
	sectionName := fs.String("name", "parsec", "the section's `NAME`")
	port := fs.Int("port", 7100, "first `P` that nodes listen at for each other")
	httpPort := fs.Int("http-port", 7200, "first `P` that nodes serve clients at")
	debugPort := fs.Int("debug-port", 7300, "first `P` that nodes serve metrics and profiles at")
	if status, ok := c.parse(fs, fmt.Sprintf(initHelp, string(c)), args, stdout, stderr); !ok {
		return status
	}
	machines := strings.Split(*hosts, ",")
	counted := false
	fs.Visit(func(f *flag.Flag) { counted = counted || f.Name == "nodes" })
	switch {
	case fs.NArg() > 0:
		return c.wrong("init", stderr, "unexpected %q", fs.Arg(0))
	case *dir == "":
		return c.wrong("init", stderr, "-dir: say where the folders are to be")
	case *hosts == "" && (*nodes < 1 || *nodes > core.MaxVoters):
		return c.wrong("init", stderr, "-nodes %d: want 1 to %d", *nodes, core.MaxVoters)
	case *hosts != "" && counted:
		return c.wrong("init", stderr, "-nodes and -hosts both say how many nodes there are: give one")
	case len(machines) > core.MaxVoters:
		return c.wrong("init", stderr, "-hosts: %d machines, want at most %d", len(machines), core.MaxVoters)
	}
	s := node.Setup{Name: *sectionName, Mode: *mode}
	n := *nodes
	if *hosts != "" {
		n = len(machines)
	}
	for i := range n {
		host, offset := "127.0.0.1", i
		if *hosts != "" {
			host, offset = strings.TrimSpace(machines[i]), 0
			if slices.Contains(s.Peers, net.JoinHostPort(host, strconv.Itoa(*port))) {
				return c.wrong("init", stderr, "-hosts: %s is there twice", host)
			}
		}
		for _, p := range []int{*port, *httpPort, *debugPort} {
			if p < 1 || p+offset > 65535 {
				return c.wrong("init", stderr, "port %d: want 1 to 65535", p+offset)
			}
		}
		at := func(host string, first int) string { return net.JoinHostPort(host, strconv.Itoa(first+offset)) }
		s.Peers = append(s.Peers, at(host, *port))
		s.HTTP = append(s.HTTP, at("127.0.0.1", *httpPort))
		s.Debug = append(s.Debug, at("127.0.0.1", *debugPort))
		seed, err := draw()
		if err != nil {
			return c.fails("init", stderr, err)
		}
		s.Seeds = append(s.Seeds, seed)
	}
	if err := node.Create(*dir, s); err != nil {
		return c.fails("init", stderr, err)
	}
	for i, seed := range s.Seeds {
		fmt.Fprintf(stdout, "%s %s peers=%s http=%s debug=%s\n", filepath.Join(*dir, fmt.Sprintf("node%d", i)),
			node.FormatIdentity(core.IdentityOf(seed)), s.Peers[i], s.HTTP[i], s.Debug[i])
	}
	return exitDone
}
