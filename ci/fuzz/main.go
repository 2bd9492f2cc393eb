// Command fuzz runs every fuzz target of the module, one after the other, each for the same time.
//
//	go run ./ci/fuzz -time 10s
//
// It goes on after a failure, so that one run shows all of them, and ends with a line that counts the
// targets. It fails when a target fails, and when there is none to run: a list that came out empty
// must not look like success.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

func main() {
	each := flag.Duration("time", 10*time.Second, "how long to run each target")
	flag.Parse()
	list := exec.Command("go", "test", "-list", "^Fuzz", "./...")
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		os.Stdout.Write(out)
		fmt.Fprintln(os.Stderr, "fuzz: cannot list the targets:", err)
		os.Exit(1)
	}
	targets := parseList(string(out))
	if len(targets) == 0 {
		fmt.Fprintln(os.Stderr, "fuzz: no fuzz target found")
		os.Exit(1)
	}
	failed := 0
	for _, t := range targets {
		fmt.Printf("-- %s in %s for %v\n", t.name, t.pkg, *each)
		if !run(t, *each) {
			failed++
		}
	}
	fmt.Printf("%d passed, %d failed\n", len(targets)-failed, failed)
	if failed > 0 {
		os.Exit(1)
	}
}

// target is one fuzz function.
type target struct{ pkg, name string }

// parseList reads what go test -list prints: the names of a package, then a line with the package.
func parseList(out string) []target {
	var targets []target
	var names []string
	for line := range strings.Lines(out) {
		switch f := strings.Fields(line); {
		case len(f) == 1 && strings.HasPrefix(f[0], "Fuzz"):
			names = append(names, f[0])
		case len(f) >= 2 && f[0] == "ok":
			for _, n := range names {
				targets = append(targets, target{f[1], n})
			}
			names = nil
		}
	}
	return targets
}

// run fuzzes one target and reports whether it passed.
func run(t target, each time.Duration) bool {
	var said bytes.Buffer
	// To make an input smaller is left to whoever looks into a failure: a run whose time ends while it does that passes,
	// whatever it has found.
	cmd := exec.Command("go", "test", "-run", "^$", "-fuzz", "^"+t.name+"$", "-fuzztime", each.String(), "-fuzzminimizetime", "1x", t.pkg)
	cmd.Stdout = io.MultiWriter(os.Stdout, &said)
	cmd.Stderr = io.MultiWriter(os.Stderr, &said)
	err := cmd.Run()
	if err == nil {
		return true
	}
	if onlyDeadline(said.String()) {
		fmt.Println("   the time ran out while an input was being tried, and no input failed (go.dev/issue/75804): passed")
		return true
	}
	fmt.Printf("   %s: %v\n", t.name, err)
	return false
}

var bareDeadline = regexp.MustCompile(`(?m)^--- FAIL: Fuzz\w+ \([^)]*\)\n    context deadline exceeded\nFAIL$`)

// onlyDeadline reports whether a failed run says nothing but that its time ran out. Before Go 1.27
// the end of -fuzztime can race with the workers' answers, and then shows up as a failure of the
// target. A target that fails itself writes its input down, even if its error reads the same.
func onlyDeadline(out string) bool {
	return bareDeadline.MatchString(out) && !strings.Contains(out, "Failing input written")
}
