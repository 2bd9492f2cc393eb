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
	"sync"
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
			if _, ok := n.Links(0, 1); ok != proxies {
				t.Error("proxies where none are needed, or none where they are")
			}
			if proxies {
				if s, _ := n.Links(0, 1); s.Accepted == 0 || s.Back == 0 {
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
	u := n.Usage()
	if len(u) != 3 || u[1].Starts != 2 || u[0].Starts != 1 || !u[1].Up || u[1].CPU < u[1].Now.CPU {
		t.Errorf("%+v", u)
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

// Faults of links do what they say, between the nodes that they say, and end.
func TestLinks(t *testing.T) {
	c := config(t, 4, "")
	c.Proxies = true
	n := start(t, c)
	passes := func(i, j int) bool {
		s, err := get(t, n, i, "/dial?peer="+n.Identity(j), 300*time.Millisecond)
		return err == nil && s == fmt.Sprintf("node%d", j)
	}
	apply(t, n, "0s cut 0-1; 0s partition 2|3", false)
	if passes(0, 1) || passes(3, 2) || reached(t, n, 0, 2) != "node2" || reached(t, n, 1, 3) != "node3" {
		t.Error("other links are cut than those")
	}
	apply(t, n, "0s cut 0-1", true)
	if reached(t, n, 0, 1) != "node1" || passes(2, 3) {
		t.Error("another link is healed than that")
	}
	apply(t, n, "0s heal", false)
	if reached(t, n, 2, 3) != "node3" {
		t.Error("not healed")
	}
	apply(t, n, "0s link 0>1 delay=50ms", false)
	began := time.Now()
	reached(t, n, 0, 1)
	if took := time.Since(began); took < 50*time.Millisecond {
		t.Errorf("a way of 50 ms took %v", took)
	}
	apply(t, n, "0s link 0>1 delay=50ms", true)
	if got := n.links.ways[0][1].Conditions(); got != (link.Conditions{}) {
		t.Errorf("afterwards: %v", got)
	}
	apply(t, n, "0s cut 0-1; 0s pause 2 for 1s; 0s slow 3 50%; 0s link * delay=1m; 0s reset *", false)
	n.Restore()
	if reached(t, n, 0, 1) != "node1" || reached(t, n, 2, 3) != "node3" {
		t.Error("not restored")
	}
	if err := start(t, config(t, 2, "")).Apply(t.Context(), fault.Step{Fault: fault.Fault{Action: fault.Cut}}); !errors.Is(err, ErrNoProxy) {
		t.Errorf("error %v", err)
	}
}

func TestPauseAndSlow(t *testing.T) {
	n := start(t, config(t, 4, ""))
	apply(t, n, "0s pause 1 for 1s", false)
	for deadline := time.Now().Add(wait); ; { // the signal takes effect soon, not at once
		if _, err := get(t, n, 1, "/v1/status", 200*time.Millisecond); err != nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("a paused node answers")
		}
	}
	apply(t, n, "0s slow 2 50%", false)
	if got := n.Sound(); !slices.Equal(got, []int{0, 3}) {
		t.Errorf("sound: %v", got)
	}
	if got := n.Running(); len(got) != 4 {
		t.Errorf("running: %v", got)
	}
	apply(t, n, "0s pause 1 for 1s; 0s slow 2 50%", true)
	for i := range 4 {
		if _, err := n.Status(t.Context(), i); err != nil {
			t.Error(err)
		}
	}
	if got := n.Sound(); len(got) != 4 {
		t.Errorf("sound: %v", got)
	}
	apply(t, n, "0s pause 1 for 1s", false)
	n.Kill(1) // meanwhile
	apply(t, n, "0s pause 1 for 1s", true)
	if err := n.Restart(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if got := n.Sound(); len(got) != 4 {
		t.Errorf("sound: %v", got)
	}
}

// A twin is reached by half of the others in the node's place, and reaches them alone.
func TestTwin(t *testing.T) {
	c := config(t, 4, "")
	c.Proxies = true
	n := start(t, c)
	apply(t, n, "0s twin 3", false)
	for i, want := range []string{"node3", "twin3-1", "node3"} {
		if got := reached(t, n, i, 3); got != want {
			t.Errorf("node %d reaches %q, want %q", i, got, want)
		}
	}
	twin := n.twins[3]
	if b, err := os.ReadFile(filepath.Join(twin.dir, "key")); err != nil || string(b) != stubIdentity(3) {
		t.Errorf("its key: %q, %v", b, err)
	}
	if twin.peers[0] != nowhere || twin.peers[1] == nowhere || twin.peers[2] != nowhere {
		t.Errorf("it reaches %v", twin.peers)
	}
	if got := n.Sound(); !slices.Equal(got, []int{0, 1, 2}) {
		t.Errorf("sound: %v", got)
	}
	if err := n.Apply(t.Context(), fault.Step{Fault: fault.Fault{Action: fault.Twin, Node: 3}}); err == nil {
		t.Error("two twins")
	}
	get(t, n, 3, "/exit", wait) // a node that sees itself fork may end: no failure
	apply(t, n, "0s twin 3", true)
	if err := n.Restart(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	if got := reached(t, n, 1, 3); got != "node3" {
		t.Errorf("afterwards node 1 reaches %q", got)
	}
	if got := n.Sound(); !slices.Equal(got, []int{0, 1, 2}) {
		t.Errorf("a fork is forgotten: sound are %v", got)
	}
	apply(t, n, "0s twin 2", false) // one that Close ends
	if err := n.Close(grace); err != nil {
		t.Error(err)
	}
}

func TestAttackers(t *testing.T) {
	n := start(t, config(t, 4, ""))
	apply(t, n, "0s stranger; 0s member 3", false)
	if got := n.Sound(); !slices.Equal(got, []int{0, 1, 2}) {
		t.Errorf("sound: %v", got)
	}
	if err := n.Apply(t.Context(), fault.Step{Fault: fault.Fault{Action: fault.Stranger, Node: fault.None}}); !errors.Is(err, ErrRunning) {
		t.Errorf("error %v", err)
	}
	apply(t, n, "0s stranger", true)
	n.Restore()
	apply(t, n, "0s member 3", true) // has ended already
	var got []string
	for _, r := range n.AttackReports() {
		got = append(got, fmt.Sprintf("%s %s", r.What, r.Counts))
		if r.CPU <= 0 {
			t.Error("it used no processor")
		}
	}
	want := []string{`stranger {"kind":"stranger","targets":4,"dir":"node0"}`, `member 3 {"kind":"member","targets":3,"dir":"node3"}`}
	if !slices.Equal(got, want) {
		t.Errorf("reports %q", got)
	}
	apply(t, n, "0s stranger", false) // one that Close ends
	if err := n.Close(grace); err != nil {
		t.Error(err)
	}
}

// A schedule runs against the network, and kills no more nodes than it bears.
func TestSchedule(t *testing.T) {
	n := start(t, config(t, 4, ""))
	faults, err := fault.Parse("0s kill random for 10ms every 10ms x3; 0s pause random for 5ms every 5ms x4", 4)
	if err != nil {
		t.Fatal(err)
	}
	records := fault.Run(t.Context(), faults, n, fault.Options{Nodes: 4, Seed: 1, Noted: func(fault.Record) {
		if sound := len(n.Sound()); sound < 3 {
			t.Errorf("%d sound nodes", sound)
		}
	}})
	starts := 0
	for _, u := range n.Usage() {
		starts += u.Starts
	}
	if len(records) != 7 || starts != 7 || len(n.Sound()) != 4 {
		t.Errorf("%d starts, sound %v, %+v", starts, n.Sound(), records)
	}
	for _, r := range records {
		if r.Err != "" || r.Until == 0 {
			t.Errorf("%+v", r)
		}
	}
}

func TestCrash(t *testing.T) {
	times := 8
	if testing.Short() {
		times = 3
	}
	n := start(t, config(t, 7, ""))
	noted := 0
	returns, err := n.Crash(t.Context(), Crash{Times: times, AtOnce: 2, Down: 20 * time.Millisecond, Apart: 5 * time.Millisecond, Seed: 3,
		Noted: func(Return) { noted++ }})
	if err != nil {
		t.Fatal(err)
	}
	starts := 0
	for _, u := range n.Usage() {
		starts += u.Starts
	}
	if len(returns) != times || noted != times || starts != 7+times || len(n.Sound()) != 7 {
		t.Errorf("%d returns, %d starts, sound %v", len(returns), starts, n.Sound())
	}
	for _, r := range returns {
		if r.Err != "" || r.Ready <= 0 || r.Back < r.Ready || r.Events != 7 || r.Back < 20*time.Millisecond || r.Blocks == 0 {
			t.Errorf("%+v", r)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	var once sync.Once
	returns, err = n.Crash(ctx, Crash{Times: 100, Noted: func(Return) { once.Do(cancel) }})
	if !errors.Is(err, context.Canceled) || len(returns) > 2 || len(n.Running()) != 7 {
		t.Errorf("ended early: %v after %d, running: %v", err, len(returns), n.Running())
	}
}

// A node that serves but does not catch up has not come back.
func TestCrashStuck(t *testing.T) {
	n := start(t, config(t, 4, "stuck"))
	returns, err := n.Crash(t.Context(), Crash{Times: 5, Within: 500 * time.Millisecond})
	if err == nil || !strings.Contains(err.Error(), "did not come back: 1 blocks after 500ms") || len(returns) != 1 || returns[0].Err == "" {
		t.Errorf("%v, %+v", err, returns)
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
