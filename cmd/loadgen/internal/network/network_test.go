//go:build unix

package network

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"parsec/cmd/loadgen/internal/network/fault"
	"parsec/cmd/loadgen/internal/network/link"
)

const (
	wait  = time.Minute
	grace = 30 * time.Second
)

// config is of a network of stubs, in the test's folder for temporary ones.
func config(t *testing.T, nodes int, stub string) Config {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	c := Config{
		Nodes: nodes, Program: []string{os.Args[0], "stub"}, Attacker: []string{os.Args[0], "stub", "attack"},
		Env:    append(os.Environ(), "GORACE=atexit_sleep_ms=0"), // or each would take a second to end, under the race detector
		Failed: func(f Failure) { t.Errorf("a failure: %v", f.Err) },
	}
	if stub != "" {
		c.NodeArgs = []string{"-stub", stub}
	}
	return c
}

func start(t *testing.T, c Config) *Network {
	t.Helper()
	n, err := Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close(0) })
	return n
}

// get asks a node over HTTP, and returns what it says or the error.
func get(t *testing.T, n *Network, i int, path string, limit time.Duration) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+n.HTTP(i)+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := statuses.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return strings.TrimSpace(string(b)), err
}

// reached returns whom node i reaches when it dials node j.
func reached(t *testing.T, n *Network, i, j int) string {
	t.Helper()
	who, err := get(t, n, i, "/dial?peer="+n.Identity(j), wait)
	if err != nil {
		t.Fatal(err)
	}
	return who
}

func apply(t *testing.T, n *Network, schedule string, ends bool) {
	t.Helper()
	faults, err := fault.Parse(schedule, n.Nodes())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range faults {
		if err := n.Apply(t.Context(), fault.Step{Fault: f, Ends: ends}); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
	}
}

func TestNetwork(t *testing.T) {
	for _, proxies := range []bool{false, true} {
		t.Run(fmt.Sprintf("proxies=%v", proxies), func(t *testing.T) {
			c := config(t, 3, "")
			c.Proxies = proxies
			c.Mode = "supermajority"
			n := start(t, c)
			if got := n.Running(); !slices.Equal(got, []int{0, 1, 2}) || !slices.Equal(n.Sound(), got) {
				t.Errorf("running: %v, sound: %v", got, n.Sound())
			}
			for i := range 3 {
				for j := range 3 {
					if i != j && reached(t, n, i, j) != fmt.Sprintf("node%d", j) {
						t.Errorf("from %d to %d: %q", i, j, reached(t, n, i, j))
					}
				}
				if n.Identity(i) != stubIdentity(i) {
					t.Errorf("identity %s", n.Identity(i))
				}
			}
			if n.links != nil != proxies {
				t.Error("proxies where none are needed, or none where they are")
			}
			if proxies {
				if s := n.links.proxies[0][1].Stats(); s.Accepted == 0 || s.Back == 0 {
					t.Errorf("%+v", s)
				}
			}
			if _, err := Start(t.Context(), Config{Nodes: 4, Dir: n.Dir(), Program: c.Program}); err == nil ||
				!strings.Contains(err.Error(), "section of 3 nodes") {
				t.Errorf("another number of nodes: %v", err)
			}
			if err := n.Close(grace); err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(n.Dir()); !errors.Is(err, os.ErrNotExist) || n.Kept() {
				t.Errorf("the folder is left: %v", err)
			}
			if err := n.Close(grace); err != nil {
				t.Error(err)
			}
		})
	}
}

// A node keeps its folder and addresses when it is started again, and a folder that is given is kept.
func TestRestart(t *testing.T) {
	c := config(t, 3, "")
	c.Dir = filepath.Join(t.TempDir(), "net")
	c.Down = []int{2}
	n := start(t, c)
	if got := n.Running(); !slices.Equal(got, []int{0, 1}) {
		t.Errorf("running: %v", got)
	}
	if err := n.Restart(t.Context(), 1); !errors.Is(err, ErrRunning) {
		t.Errorf("started twice: %v", err)
	}
	address := n.HTTP(1)
	if err := n.Kill(1); err != nil {
		t.Fatal(err)
	}
	if err := n.Kill(1); !errors.Is(err, ErrDown) {
		t.Errorf("killed twice: %v", err)
	}
	if got := n.Sound(); !slices.Equal(got, []int{0}) {
		t.Errorf("sound: %v", got)
	}
	for _, i := range []int{1, 2} { // also one that was never started
		if err := n.Restart(t.Context(), i); err != nil {
			t.Fatal(err)
		}
	}
	if n.HTTP(1) != address || reached(t, n, 0, 1) != "node1" {
		t.Error("it has other addresses")
	}
	if err := n.Close(grace); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(c.Dir, "node1.log")); err != nil || !n.Kept() {
		t.Error(err)
	}
	n = start(t, c) // the folders that are there
	if err := n.Close(0); err != nil {
		t.Error(err)
	}
}

func TestStartFails(t *testing.T) {
	for _, c := range []struct {
		stub   string
		change func(*Config)
		want   []string
	}{
		{"fails", nil, []string{"node 1 ended before it was ready: exit status 1", "\n\tstub: the log is damaged", "folders are in"}},
		{"hangs", func(c *Config) { c.ReadyWithin = 2 * time.Second },
			[]string{"node 1 is not ready: it took too long, more than 2s", "\n\tthinking"}},
		{"other", nil, []string{"node 1 serves as another"}},
		{"", func(c *Config) { c.Mode = "loud" }, []string{"init: exit status 1", "no such mode: loud"}},
		{"", func(c *Config) { c.Program = []string{"/no/such/program"} }, []string{"/no/such/program"}},
		{"", func(c *Config) { c.Nodes = 0 }, []string{"0 nodes"}},
		{"", func(c *Config) { c.Down = []int{3} }, []string{"node 3 is to be down"}},
		{"", func(c *Config) { c.Links = link.New(2) }, []string{"links of 2 nodes"}},
	} {
		cfg := config(t, 3, c.stub)
		if c.change != nil {
			c.change(&cfg)
		}
		_, err := Start(t.Context(), cfg)
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want %s", err, want)
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Start(ctx, config(t, 3, "")); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// A node that ends by itself is noticed; one that a fault kills is not a failure.
func TestFailure(t *testing.T) {
	c := config(t, 3, "")
	failures := make(chan Failure, 3)
	c.Failed = func(f Failure) { failures <- f }
	n := start(t, c)
	n.Kill(0)
	get(t, n, 2, "/exit", wait)
	select {
	case f := <-failures:
		if f.Node != 2 || f.Err.Error() != "node 2 ended by itself: exit status 5\n\ttold to fail" {
			t.Errorf("%+v", f)
		}
	case <-time.After(wait):
		t.Fatal("nobody noticed")
	}
	if err := n.Close(grace); err != nil || len(failures) > 0 {
		t.Errorf("%v, %d more failures", err, len(failures))
	}
	if _, err := os.Stat(n.Dir()); err != nil || !n.Kept() {
		t.Errorf("after a failure the folder is gone: %v", err)
	}
}

func TestRestartFails(t *testing.T) {
	c := config(t, 3, "fails later")
	failures := make(chan Failure, 1)
	c.Failed = func(f Failure) { failures <- f }
	n := start(t, c)
	n.Kill(1)
	if err := n.Restart(t.Context(), 1); err == nil || !strings.Contains(err.Error(), "the log is damaged") {
		t.Errorf("error %v", err)
	}
	if f := <-failures; f.Node != 1 {
		t.Errorf("%+v", f)
	}
}

func TestBadEnd(t *testing.T) {
	n := start(t, config(t, 3, "bad end"))
	err := n.Close(grace)
	if err == nil || err.Error() != "node 1 did not end well: exit status 3\n\tcould not sync" {
		t.Errorf("error %v", err)
	}
}

func TestFreePorts(t *testing.T) {
	ports, err := freePorts(300)
	if err != nil || len(ports) != 300 {
		t.Fatal(len(ports), err)
	}
	slices.Sort(ports)
	if len(slices.Compact(ports)) != 300 {
		t.Error("a port comes twice")
	}
	if _, err := freePorts(endPort); err == nil {
		t.Error("more ports than there are")
	}
}
