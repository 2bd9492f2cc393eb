package network

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"path/filepath"
	"runtime"
	"strings"

	"parsec/cmd/loadgen/internal/network/fault"
	corenode "parsec/core/node"
	"parsec/core/node/attack"
)

// AttackMain is the command that [Config].Attacker names: an attacker as a process of its own, until ctx ends. It prints
// a line when it begins, and in the end, in JSON, what it did. It returns the exit status: 0, or 2 if it could not begin.
func AttackMain(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("attack", flag.ContinueOnError)
	fs.SetOutput(stderr)
	kind := fs.String("kind", "", "stranger, with no key of the section, or member or greedy, with that of -dir")
	targets := fs.String("targets", "", "whom to attack: `IDENTITY=ADDR,...`")
	dir := fs.String("dir", "", "folder of the node whose key the member has")
	var c attack.Config
	fs.Uint64Var(&c.Random, "seed", 0, "of what is random")
	fs.StringVar(&c.Listen, "listen", "", "`ADDR` where nodes reach the member, if its node does not run")
	if fs.Parse(args) != nil {
		return 2
	}
	if err := attackOnce(ctx, *kind, *targets, *dir, c, stdout); err != nil {
		fmt.Fprintln(stderr, "attack:", err)
		return 2
	}
	return 0
}

func attackOnce(ctx context.Context, kind, targets, dir string, c attack.Config, stdout io.Writer) error {
	for t := range strings.SplitSeq(targets, ",") {
		text, address, _ := strings.Cut(t, "=")
		id, err := corenode.ParseIdentity(text)
		if err != nil {
			return fmt.Errorf("-targets: %w", err)
		}
		c.Targets = append(c.Targets, attack.Target{ID: id, Address: address})
	}
	stranger := kind == string(fault.Stranger)
	if !stranger && kind != string(fault.Member) && kind != string(fault.Greedy) {
		return fmt.Errorf("-kind %q: want stranger, member or greedy", kind)
	}
	if !stranger {
		if err := readMember(dir, &c); err != nil {
			return err
		}
	}
	if runtime.GOOS == "linux" {
		// All of 127/8 is this machine. Nodes limit what one address may ask: honest ones have another.
		c.From = netip.AddrFrom4([4]byte{127, 0, 66, 6})
	}
	fmt.Fprintf(stdout, "%s%s of %d nodes\n", attackReady, kind, len(c.Targets))
	var counts attack.Counts
	var err error
	switch kind {
	case string(fault.Member):
		counts, err = attack.Member(ctx, c)
	case string(fault.Greedy):
		counts, err = attack.Greedy(ctx, c)
	default:
		counts = attack.Stranger(ctx, c)
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(stdout).Encode(counts)
}

// readMember reads the key and the section of a node's folder.
func readMember(dir string, c *attack.Config) (err error) {
	if c.Seed, err = corenode.ReadKey(filepath.Join(dir, corenode.KeyFile)); err != nil {
		return err
	}
	s, err := corenode.ReadSection(filepath.Join(dir, corenode.SectionFile))
	if err != nil {
		return err
	}
	c.Section, _, err = s.Core()
	return err
}
