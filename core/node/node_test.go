package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parsec/core"
	"parsec/core/node/client"
	"parsec/core/node/internal/api"
	"parsec/core/node/internal/batch"

	"go.uber.org/goleak"
)

// The test binary is a node, too: see TestStartTime.
func TestMain(m *testing.M) {
	if dir := os.Getenv(startDir); dir != "" {
		if err := nodeProcess(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// within is how long tests wait for what must happen: long, for busy machines.
const within = time.Minute

// network is a section of nodes in this process, over TLS and on disk.
type network struct {
	t     *testing.T
	dir   string
	nodes []*Runtime // nil for one that does not run
}

// newNetwork starts a section of n nodes.
func newNetwork(t *testing.T, n int, mode string) *network {
	t.Helper()
	net := &network{t: t, dir: t.TempDir(), nodes: make([]*Runtime, n)}
	s := Setup{Name: t.Name(), Mode: mode}
	for i := range n {
		s.Seeds = append(s.Seeds, [32]byte{byte(i + 1), 77})
		s.Peers = append(s.Peers, "127.0.0.1:1") // connect tells them the real ones
	}
	if err := Create(net.dir, s); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for i := range net.nodes {
			net.stop(i)
		}
	})
	for i := range n {
		net.start(i, nil)
	}
	return net
}

func (net *network) folder(i int) string { return filepath.Join(net.dir, fmt.Sprintf("node%d", i)) }

// start starts node i, with settings changed, and tells all nodes its address.
func (net *network) start(i int, change func(*Config)) {
	net.t.Helper()
	if err := net.tryStart(i, change); err != nil {
		net.t.Fatal(err)
	}
}

func (net *network) tryStart(i int, change func(*Config)) error {
	cfg, err := LoadConfig(net.folder(i))
	if err != nil {
		return err
	}
	cfg.Listen, cfg.HTTP, cfg.Debug = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	cfg.Logger = slog.New(slog.NewTextHandler(logWriter{net.t, i}, nil))
	if change != nil {
		change(&cfg)
	}
	n, err := Start(cfg)
	if err != nil {
		return err
	}
	for len(net.nodes) <= i {
		net.nodes = append(net.nodes, nil)
	}
	net.nodes[i] = n
	for j, m := range net.nodes {
		if m != nil && j != i {
			n.links.SetPeer(m.identity, m.links.Addr())
			m.links.SetPeer(n.identity, n.links.Addr())
		}
	}
	return nil
}

// stop ends node i. It does not wait for decisions.
func (net *network) stop(i int) {
	if n := net.nodes[i]; n != nil {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := n.Close(ctx); err != nil {
			net.t.Errorf("node %d: %v", i, err)
		}
		net.nodes[i] = nil
	}
}

func (net *network) client(i int) *client.Client {
	_, http, _ := net.nodes[i].Addresses()
	return client.New(http)
}

// wait waits until a condition holds.
func (net *network) wait(what string, holds func() bool) {
	net.t.Helper()
	for end := time.Now().Add(within); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			for i, n := range net.nodes {
				if n != nil {
					net.t.Logf("node %d: %+v", i, n.Status())
				}
			}
			net.t.Fatalf("not within %v: %s", within, what)
		}
	}
}

// decided waits until all running nodes have decided so many submissions, and checks that the order is one.
func (net *network) decided(k uint64) {
	net.t.Helper()
	order := ""
	for i, n := range net.nodes {
		if n == nil {
			continue
		}
		net.wait(fmt.Sprintf("node %d decides %d submissions", i, k), func() bool {
			shown, decided, _ := n.ledger.totals()
			return decided >= k && shown >= n.ledger.height()
		})
		_, decided, o := n.ledger.totals()
		if order == "" {
			order = o
		}
		if decided != k || o != order {
			net.t.Errorf("node %d: %d decided, order %s, want %d, %s", i, decided, o, k, order)
		}
	}
}

// logWriter logs what a node does by the test.
type logWriter struct {
	t    *testing.T
	node int
}

func (w logWriter) Write(b []byte) (int, error) {
	if os.Getenv("PARSEC_TEST_LOG") != "" {
		fmt.Fprintf(os.Stderr, "node %d: %s", w.node, b)
	}
	return len(b), nil
}

func id(i int) client.ID { return client.ID{1, byte(i), byte(i >> 8)} }

// submission is one that is given its until by the client that it is given to.
func submission(id client.ID, data []byte) *client.Submission {
	return &client.Submission{ID: id, Data: data}
}

func TestSection(t *testing.T) {
	for _, mode := range []string{"single", "supermajority"} {
		t.Run(mode, func(t *testing.T) {
			net := newNetwork(t, 4, mode)
			hello := submission(id(0), []byte("hello"))
			at, err := net.client(1).SubmitDecided(t.Context(), hello)
			if err != nil {
				t.Fatal(err)
			}
			net.decided(1)
			for i := range net.nodes {
				_, pos, err := net.client(i).Find(t.Context(), hello.Key())
				if err != nil || pos != at {
					t.Errorf("node %d: %+v, %v, want %+v", i, pos, err, at)
				}
			}
			// The same at all nodes, and many others.
			const many = 200
			var seventh *client.Submission
			for k := range many {
				s := submission(id(k+1), fmt.Appendf(nil, "number %d", k))
				if err := net.client(k%4).Submit(t.Context(), s); err != nil {
					t.Fatal(err)
				}
				if k == 7 {
					seventh = s
				}
			}
			for i := range net.nodes {
				if err := net.client(i).Submit(t.Context(), seventh); err != nil {
					t.Fatal(err)
				}
			}
			net.decided(1 + many)
		})
	}
}

// Nodes that have nothing to decide make no events.
func TestIdle(t *testing.T) {
	for _, mode := range []string{"single", "supermajority"} {
		t.Run(mode, func(t *testing.T) { testIdle(t, mode) })
	}
}

func testIdle(t *testing.T, mode string) {
	t.Parallel()
	net := newNetwork(t, 3, mode)
	if _, err := net.client(0).SubmitDecided(t.Context(), submission(id(0), nil)); err != nil {
		t.Fatal(err)
	}
	net.decided(1)
	quiet := func() (events uint64, done bool) {
		done = true
		for _, n := range net.nodes {
			s := n.Status()
			events += s.Events
			done = done && s.Undecided == 0
		}
		return events, done
	}
	net.wait("all is decided everywhere", func() bool { _, done := quiet(); return done })
	net.wait("no event comes for long", func() bool {
		before, _ := quiet()
		time.Sleep(2 * statusEvery / 3)
		after, _ := quiet()
		return after == before
	})
}

func TestRestart(t *testing.T) {
	net := newNetwork(t, 4, "single")
	var fifth *client.Submission
	for k := range 20 {
		s := submission(id(k), []byte{byte(k)})
		if err := net.client(k%4).Submit(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		if k == 5 {
			fifth = s
		}
	}
	net.decided(20)
	net.stop(3)
	for k := range 20 {
		if err := net.client(k%3).Submit(t.Context(), submission(id(20+k), []byte{byte(k)})); err != nil {
			t.Fatal(err)
		}
	}
	net.decided(40)
	net.start(3, nil)
	net.decided(40) // it catches up, though nobody submits
	if err := net.client(3).Submit(t.Context(), fifth); err != nil {
		t.Fatal(err)
	}
	if _, err := net.client(3).SubmitDecided(t.Context(), submission(id(40), nil)); err != nil {
		t.Fatal(err)
	}
	net.decided(41)

	// What was acknowledged and not decided is decided after a restart, and once.
	for i := range 3 {
		net.stop(i)
	}
	last := submission(id(41), nil)
	if err := net.client(3).Submit(t.Context(), last); err != nil {
		t.Fatal(err)
	}
	net.stop(3)
	net.start(3, nil)
	if err := net.client(3).Submit(t.Context(), last); err != nil {
		t.Fatal(err)
	}
	if state, _, err := net.client(3).Find(t.Context(), last.Key()); err != nil || state == client.Decided {
		t.Errorf("alone: %v, %v", state, err)
	}
	for i := range 3 {
		net.start(i, nil)
	}
	net.decided(42)
}

func TestLostLog(t *testing.T) {
	net := newNetwork(t, 4, "single")
	if _, err := net.client(3).SubmitDecided(t.Context(), submission(id(0), nil)); err != nil {
		t.Fatal(err)
	}
	net.decided(1)
	net.stop(3)
	if err := os.RemoveAll(filepath.Join(net.folder(3), logFolder)); err != nil {
		t.Fatal(err)
	}
	if err := net.tryStart(3, nil); err == nil || !strings.Contains(err.Error(), "-restored") {
		t.Fatalf("without its log: %v", err)
	}
	net.start(3, func(c *Config) { c.Restored = true })
	net.wait("it knows its own events", func() bool { return net.nodes[3].Status().State == client.StateVoting })
	if _, err := net.client(3).SubmitDecided(t.Context(), submission(id(1), nil)); err != nil {
		t.Fatal(err)
	}
	net.decided(2)
}

func TestJoinAndLeave(t *testing.T) {
	net := newNetwork(t, 4, "single")
	if _, err := net.client(0).SubmitDecided(t.Context(), submission(id(0), nil)); err != nil {
		t.Fatal(err)
	}
	seed := [32]byte{99}
	folder := net.folder(4)
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	section, err := os.ReadFile(filepath.Join(net.folder(0), SectionFile))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, SectionFile), section, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := WriteKey(filepath.Join(folder, KeyFile), seed); err != nil {
		t.Fatal(err)
	}
	if err := net.tryStart(4, nil); err == nil || !strings.Contains(err.Error(), "-join") {
		t.Fatalf("no founder: %v", err)
	}
	net.start(4, func(c *Config) { c.Join = true })
	joiner := net.nodes[4]
	if s := joiner.Status().State; s != client.StateJoining {
		t.Errorf("before: %s", s)
	}
	who := core.IdentityOf(seed)
	for i := range 4 {
		if err := net.client(i).Add(t.Context(), who, []byte(joiner.links.Addr())); err != nil {
			t.Fatal(err)
		}
	}
	net.wait("it is a voter", func() bool { return joiner.Status().State == client.StateVoting })
	if _, err := net.client(4).SubmitDecided(t.Context(), submission(id(1), nil)); err != nil {
		t.Fatal(err)
	}
	net.decided(2)
	net.stop(4)
	net.start(4, nil) // it need not be told again that it joins
	joiner = net.nodes[4]
	if _, err := net.client(4).SubmitDecided(t.Context(), submission(id(4), nil)); err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		if err := net.client(i).Remove(t.Context(), who, nil); err != nil {
			t.Fatal(err)
		}
	}
	net.wait("it was removed", func() bool { return joiner.Status().State == client.StateRemoved })
	if err := net.client(4).Submit(t.Context(), submission(id(2), nil)); err == nil {
		t.Error("a removed node takes submissions")
	}
	late := make(chan error, 1) // one that was on its way when the node was removed
	if err := joiner.intake.submit(t.Context(), batch.Append(nil, &batch.ID{3}, 1<<20, nil), 1, func(err error) { late <- err }); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-late:
		if !errors.Is(err, api.ErrCannotVote) {
			t.Error(err)
		}
	case <-time.After(within):
		t.Error("a removed node lets a submission wait")
	}
	if _, err := net.client(0).SubmitDecided(t.Context(), submission(id(3), nil)); err != nil {
		t.Fatal(err)
	}
	for i := range 4 { // it does not ask, being removed, and nothing else is to be decided
		if err := net.client(i).Add(t.Context(), who, []byte(joiner.links.Addr())); err != nil {
			t.Fatal(err)
		}
	}
	net.wait("it is a voter again", func() bool { return joiner.Status().State == client.StateVoting })
	if _, err := net.client(4).SubmitDecided(t.Context(), submission(id(5), nil)); err != nil {
		t.Fatal(err)
	}
}
