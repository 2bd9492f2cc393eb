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

	corenode "parsec/core/node"
	"parsec/core/node/attack"
)

// AttackMain is the command that [Config].Attacker names: an attacker as a process of its own, until ctx ends. It prints
// a line when it begins, and in the end, in JSON, what it did. It returns the exit status: 0, or 2 if it could not begin.
func AttackMain(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("attack", flag.ContinueOnError)
	fs.SetOutput(stderr)
	kind := fs.String("kind", "", strings.Join(attack.Names(), ", "))
	targets := fs.String("targets", "", "whom to attack: `IDENTITY=ADDR,...`")
	var c attack.Config
	fs.Func("member", "`FOLDER[=ADDR]` of the node whose key a hostile member has, and where nodes reach it if that node does not run. Several times", func(s string) error {
		folder, listen, _ := strings.Cut(s, "=")
		return addMember(&c, folder, listen)
	})
	fs.Uint64Var(&c.Random, "seed", 0, "of what is random")
	fs.Float64Var(&c.Rate, "rate", 0, "frames a second to each target, of kinds that are made of distinct frames; 0: as fast as it takes them")
	fs.DurationVar(&c.Open, "open", 0, "when members fork in the open, of kinds that hide branches before; 0: after 30s")
	if fs.Parse(args) != nil {
		return 2
	}
	if err := attackOnce(ctx, attack.Kind(*kind), *targets, c, stdout); err != nil {
		fmt.Fprintln(stderr, "attack:", err)
		return 2
	}
	return 0
}

func attackOnce(ctx context.Context, kind attack.Kind, targets string, c attack.Config, stdout io.Writer) error {
	for t := range strings.SplitSeq(targets, ",") {
		text, address, _ := strings.Cut(t, "=")
		id, err := corenode.ParseIdentity(text)
		if err != nil {
			return fmt.Errorf("-targets: %w", err)
		}
		c.Targets = append(c.Targets, attack.Target{ID: id, Address: address})
	}
	if runtime.GOOS == "linux" {
		// All of 127/8 is this machine. Nodes limit what one address may ask: honest ones have another.
		c.From = netip.AddrFrom4([4]byte{127, 0, 66, 6})
	}
	fmt.Fprintf(stdout, "%s%s of %d nodes\n", attackReady, kind, len(c.Targets))
	counts, err := attack.Run(ctx, kind, c)
	if err != nil {
		return err
	}
	return json.NewEncoder(stdout).Encode(counts)
}

// addMember reads the key and the section of a node's folder.
func addMember(c *attack.Config, folder, listen string) error {
	seed, err := corenode.ReadKey(filepath.Join(folder, corenode.KeyFile))
	if err != nil {
		return err
	}
	s, err := corenode.ReadSection(filepath.Join(folder, corenode.SectionFile))
	if err != nil {
		return err
	}
	c.Members = append(c.Members, attack.Member{Seed: seed, Listen: listen})
	c.Section, _, err = s.Core()
	return err
}
