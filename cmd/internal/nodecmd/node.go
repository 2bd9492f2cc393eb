package nodecmd

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"parsec/core/node"
)

const nodeHelp = `
usage: %[1]s node -dir DIR [-join] [-restored] [-listen ADDR] [-http ADDR] [-debug ADDR|off]
                  [-peer IDENTITY=ADDR]... [-gossip D] [-memory N] [-log-level L] [-stop-within D]

Runs the node whose folder is DIR (%[1]s init makes such folders): it recovers what its log has, connects to the other
members, and orders what clients submit. What clients can do, with curl:

  curl -d hello 'http://127.0.0.1:7200/v1/submissions?wait=decided'     submit, and wait until it is decided
  curl 'http://127.0.0.1:7200/v1/blocks?from=0&follow=1'                read blocks, and wait for more
  curl http://127.0.0.1:7200/v1/status                                  how the node is

A submission is an id, data, and until, the last block at which it counts (?id=HEX&until=N; the answer says what was not
given). The same, submitted again, here or at another node, is decided once; other data with its id is another
submission. It is acknowledged when this node's log has it on disk, decided when it is in a block, and expired when
block until has come without it: HTTP status 202, 200 and 410.

Prints a line when it serves, with the addresses; then logs to standard error. On an interrupt, or a request to
terminate, it takes no more submissions, waits until those it has are decided, at most -stop-within, and ends.
Killed in any other way, it goes on where it was when started again.

A new member: %[1]s keygen -out DIR/key, copy section.json of another node to DIR, and start it with -join; it
need not be told that again. Until it is a member others refuse it, and it warns of a bad certificate.
More than two thirds of the members vote for it, each at its own node; info is HOST:PORT, where the new node
listens, in base64:

  curl -H 'Content-Type: application/json' http://127.0.0.1:7200/v1/members/add \
    -d '{"identity":"IDENTITY","info":"'$(printf HOST:PORT | base64)'"}'

At each start it asks the members it reaches which events it has made, and makes none before they have answered, a second
at most. Where it hears of some that its log lacks, or is started with -restored, more than two thirds of the members,
itself counted, have to answer; submissions are refused until then. Start it with -restored, once, if its folder is an old
copy, or its log was lost.

Never run two nodes with one key. One that meets an event of its own key that it did not make is forked: it takes part no
more, now and when started again, and says so in its log, its status and its health (503). What it acknowledged may never
be decided. Have the members remove it, and join with a new key.

exit status: 0 it was told to end; 1 it failed; 2 usage, or files that cannot be used.
`

// addresses is a flag that can be given several times.
type addresses map[string]string

func (a addresses) String() string { return "" }

func (a addresses) Set(s string) error {
	id, address, ok := strings.Cut(s, "=")
	if !ok {
		return fmt.Errorf("want IDENTITY=ADDR")
	}
	a[id] = address
	return nil
}

func (c commands) node(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("node", flag.ContinueOnError)
	dir := fs.String("dir", "", "the node's folder `DIR`")
	var flags node.Config
	fs.StringVar(&flags.Listen, "listen", "", "`ADDR` for peers, host:port (default: node.json's, else "+node.DefaultListen+")")
	fs.StringVar(&flags.HTTP, "http", "", "`ADDR` for clients (default: node.json's, else "+node.DefaultHTTP+")")
	fs.StringVar(&flags.Debug, "debug", "", "`ADDR` for metrics and profiles, or off (default: node.json's, else "+node.DefaultDebug+")")
	fs.BoolVar(&flags.Join, "join", false, "join the section: members vote to add this node")
	fs.BoolVar(&flags.Restored, "restored", false, "the log is a backup, or lost: make no event before a quorum has told of those that this node has made")
	fs.TextVar(&flags.Gossip, "gossip", node.Duration(0), "time `D` between two requests while there is something to decide; 0: 2.5ms for each voter")
	fs.TextVar(&flags.Memory, "memory", node.Bytes(0), "how much memory `N` it may have, like 4GiB, at least 256MiB; half of it in use, it takes no more submissions; 0B: no bound")
	fs.StringVar(&flags.LogLevel, "log-level", "", "`L`: debug, info, warn or error (default info)")
	peers := make(addresses)
	fs.Var(peers, "peer", "`IDENTITY=ADDR` to dial a peer at, in place of what section.json or its vote says; several times")
	within := fs.Duration("stop-within", 10*time.Second, "how long `D` to wait for decisions when told to end")
	if status, ok := c.parse(fs, fmt.Sprintf(nodeHelp, string(c)), args, stdout, stderr); !ok {
		return status
	}
	switch {
	case fs.NArg() > 0:
		return c.wrong("node", stderr, "unexpected %q", fs.Arg(0))
	case *dir == "":
		return c.wrong("node", stderr, "-dir: say which folder is the node's (%s init makes one)", string(c))
	}
	cfg, err := node.LoadConfig(*dir)
	if err != nil {
		return c.fails("node", stderr, err)
	}
	fs.Visit(func(f *flag.Flag) {
		switch f.Name {
		case "listen":
			cfg.Listen = flags.Listen
		case "http":
			cfg.HTTP = flags.HTTP
		case "debug":
			cfg.Debug = flags.Debug
		case "join":
			cfg.Join = flags.Join
		case "restored":
			cfg.Restored = flags.Restored
		case "gossip":
			cfg.Gossip = flags.Gossip
		case "memory":
			cfg.Memory = flags.Memory
		case "log-level":
			cfg.LogLevel = flags.LogLevel
		}
	})
	if cfg.Peers == nil {
		cfg.Peers = make(map[string]string)
	}
	for id, address := range peers {
		cfg.Peers[id] = address
	}
	var level slog.Level
	if cfg.LogLevel != "" {
		if err := level.UnmarshalText([]byte(cfg.LogLevel)); err != nil {
			return c.wrong("node", stderr, "-log-level %q: want debug, info, warn or error", cfg.LogLevel)
		}
	}
	cfg.Logger = slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level}))
	runtime.MemProfileRate = 512 << 10 // whatever the program has set: users of -debug want heap profiles

	if cfg.Memory > 0 {
		debug.SetMemoryLimit(int64(cfg.Memory))
	}
	n, err := node.Start(cfg)
	if err != nil {
		return c.fails("node", stderr, err)
	}
	listen, http, metrics := n.Addresses()
	if metrics == "" {
		metrics = "off"
	}
	fmt.Fprintf(stdout, "%s node: %s listen=%s http=%s debug=%s\n", string(c), node.FormatIdentity(n.Identity()), listen, http, metrics)
	<-ctx.Done()
	cfg.Logger.Info("told to end: no more submissions are taken", "stop_within", *within)
	stop, cancel := context.WithTimeout(context.Background(), *within)
	defer cancel()
	if err := n.Close(stop); err != nil {
		fmt.Fprintf(stderr, "%s node: %v\n", string(c), err)
		return exitRuntime
	}
	return exitDone
}
