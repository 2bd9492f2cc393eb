package node

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parsec/core"
	"parsec/core/node/client"
)

// twin returns a new core with the key of node i, which has made its first events.
func (net *network) twin(i int) *core.Node {
	net.t.Helper()
	seed, err := ReadKey(filepath.Join(net.folder(i), KeyFile))
	if err != nil {
		net.t.Fatal(err)
	}
	n, err := core.Start(core.NodeConfig{Seed: seed, Section: net.nodes[i].section})
	if err != nil {
		net.t.Fatal(err)
	}
	n.Ready()
	n.Advance()
	return n
}

// get returns what a node answers, and metrics are of its other address.
func (net *network) get(address, path string) (status int, header http.Header, body string) {
	net.t.Helper()
	r, err := http.Get("http://" + address + path)
	if err != nil {
		net.t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		net.t.Fatal(err)
	}
	return r.StatusCode, r.Header, string(b)
}

// isForked checks that node i says that it has forked, wherever it is asked, and takes nothing.
func (net *network) isForked(i int) {
	net.t.Helper()
	const remedy = "remove the peer from the section, and join with a new key"
	n := net.nodes[i]
	if s := n.Status(); s.State != client.StateForked || !strings.Contains(s.Reason, remedy) || len(s.Forked) != 1 || s.Forked[0] != s.Identity {
		net.t.Errorf("node %d is %s (%s), and knows of forks by %v", i, s.State, s.Reason, s.Forked)
	}
	_, address, metrics := n.Addresses()
	if status, header, body := net.get(address, "/v1/healthz"); status != http.StatusServiceUnavailable || header.Get("Retry-After") != "" ||
		!strings.Contains(body, remedy) || !strings.Contains(body, `"code":"forked"`) {
		net.t.Errorf("health: %d %v %s", status, header, body)
	}
	if _, _, body := net.get(metrics, "/metrics"); !strings.Contains(body, `parsec_state{state="forked"} 1`) || !strings.Contains(body, `parsec_state{state="learning"} 0`) {
		net.t.Errorf("metrics: %s", body)
	}
	var e *client.Error
	if err := net.client(i).Submit(net.t.Context(), submission(id(1000), nil)); !errors.Is(err, client.ErrUnavailable) || !errors.As(err, &e) || e.Code != "forked" || client.RetryAfter(err) != 0 {
		net.t.Errorf("a submission: %v", err)
	}
	if err := net.client(i).Remove(net.t.Context(), n.identity, nil); !errors.As(err, &e) || e.Code != "forked" {
		net.t.Errorf("a vote on a member: %v", err)
	}
}

// A node that meets an event of its key that it did not make takes part no more, and says so: to those who wait for what it
// acknowledged, too, and again when it is started again.
func TestForked(t *testing.T) {
	net, others := lone(t, 2, "single")
	n, m := net.nodes[0], others[0]
	acknowledged := submission(id(0), nil)
	if err := net.client(0).Submit(t.Context(), acknowledged); err != nil {
		t.Fatal(err)
	}
	waits := make(chan error, 2)
	go func() {
		_, err := net.client(0).SubmitDecided(t.Context(), submission(id(1), nil))
		waits <- err
	}()
	f, err := net.client(0).Blocks(t.Context(), 0, true)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	go func() {
		_, err := f.Next()
		waits <- err
	}()
	net.wait("both are acknowledged", func() bool { return n.Status().Acknowledged == 2 })

	twin := net.twin(0)
	if err := twin.Vote([]byte("by another")); err != nil {
		t.Fatal(err)
	}
	frame := request(t, twin, m.Identity())
	if err := m.Handle(n.identity, frame[1:]); err != nil {
		t.Fatal(err)
	}
	m.Ready()
	m.Advance()
	n.deliver(m.Identity(), request(t, m, n.identity))
	net.isForked(0)
	var e *client.Error
	for range 2 {
		if err := <-waits; !errors.As(err, &e) || e.Code != "forked" {
			t.Errorf("who waits for a decision is told %v", err)
		}
	}
	if state, _, err := net.client(0).Find(t.Context(), acknowledged.Key()); !errors.As(err, &e) || e.Code != "forked" {
		t.Errorf("of what it acknowledged it says %v, %v", state, err)
	}
	events := n.Status().Events
	n.deliver(m.Identity(), request(t, m, n.identity))
	if now := n.Status().Events; now != events {
		t.Errorf("it took in %d events more", now-events)
	}

	net.stop(0)
	var log bytes.Buffer
	net.start(0, func(c *Config) {
		c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelError}))
	})
	net.isForked(0)
	net.stop(0)
	if lines := strings.Count(log.String(), "\n"); lines != 1 || !strings.Contains(log.String(), "join with a new key") {
		t.Errorf("it logs %d errors at its start: %s", lines, log.String())
	}
}

// startTwin starts another node with the key of node 3, in a folder without a log. Nodes 1 and 2 reach it in place of node 3,
// and node 0 does not.
func (net *network) startTwin() {
	net.t.Helper()
	if err := os.Mkdir(net.folder(4), 0o755); err != nil {
		net.t.Fatal(err)
	}
	for _, name := range []string{KeyFile, SectionFile, ConfigFile} {
		b, err := os.ReadFile(filepath.Join(net.folder(3), name))
		if err != nil {
			net.t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(net.folder(4), name), b, 0o600); err != nil {
			net.t.Fatal(err)
		}
	}
	net.start(4, nil)
	first, second := net.nodes[3], net.nodes[4]
	net.nodes[0].links.SetPeer(first.identity, first.links.Addr())
	for _, n := range net.nodes[:3] {
		n.links.SetPeer(first.identity, map[bool]string{true: first.links.Addr(), false: second.links.Addr()}[n == net.nodes[0]])
	}
}

// Of two processes with one key, the one that meets an event of the other's says that it has forked.
func TestTwoWithOneKey(t *testing.T) {
	for _, c := range []struct {
		name           string
		submits, forks int // of the two, at 3 and at 4
	}{{"the second goes on", 4, 3}, {"the first goes on", 3, 4}} {
		t.Run(c.name, func(t *testing.T) {
			net := newNetwork(t, 4, "single")
			if _, err := net.client(3).SubmitDecided(t.Context(), submission(id(0), nil)); err != nil {
				t.Fatal(err)
			}
			net.decided(1)
			net.wait("all is quiet", func() bool {
				for _, n := range net.nodes {
					if n.Status().Undecided > 0 {
						return false
					}
				}
				return true
			})
			net.startTwin()
			net.wait("the second has learned", func() bool { return net.nodes[4].Status().State == client.StateVoting })
			if _, err := net.client(c.submits).SubmitDecided(t.Context(), submission(id(1), nil)); err != nil {
				t.Fatal(err)
			}
			net.wait("the other has met it", func() bool { return net.nodes[c.forks].Status().State == client.StateForked })
			net.isForked(c.forks)
			for i, n := range net.nodes {
				if s := n.Status(); i != c.forks && (len(s.Forked) > 0 || s.State != client.StateVoting) {
					t.Errorf("node %d is %s (%s), and knows of forks by %v", i, s.State, s.Reason, s.Forked)
				}
			}
		})
	}
}
