package node

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parsec/core"
	"parsec/core/node/client"
)

// copyFolder copies a folder into another, and what is there under the same names is replaced.
func copyFolder(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		at := filepath.Join(to, strings.TrimPrefix(path, from))
		if d.IsDir() {
			return os.MkdirAll(at, 0o755)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(at, b, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// noForks checks that nobody knows of a fork.
func (net *network) noForks() {
	net.t.Helper()
	for i, n := range net.nodes {
		if s := n.Status(); len(s.Forked) > 0 || s.State != client.StateVoting {
			net.t.Errorf("node %d is %s (%s), and knows of forks by %v", i, s.State, s.Reason, s.Forked)
		}
	}
}

// A node that starts from an old copy of its folder, without being told so, learns what it lacks, and forks nothing.
func TestOldCopy(t *testing.T) {
	net := newNetwork(t, 4, "single")
	submit := func(i, k int) {
		t.Helper()
		if _, err := net.client(i).SubmitDecided(t.Context(), submission(id(k), nil)); err != nil {
			t.Fatal(err)
		}
	}
	submit(3, 0)
	net.stop(3)
	old := filepath.Join(t.TempDir(), "copy")
	copyFolder(t, net.folder(3), old)
	net.start(3, nil)
	for k := range 5 {
		submit(3, 1+k)
	}
	net.decided(6)
	net.stop(3)
	if err := os.RemoveAll(net.folder(3)); err != nil {
		t.Fatal(err)
	}
	copyFolder(t, old, net.folder(3))
	net.start(3, nil)
	net.wait("it has learned", func() bool { return net.nodes[3].Status().State == client.StateVoting })
	submit(3, 6)
	submit(0, 7)
	net.decided(8)
	net.noForks()
}

// A node among others that are up begins as soon as they have answered, and not after a fixed time.
func TestStartIsShort(t *testing.T) {
	net := newNetwork(t, 4, "single")
	if _, err := net.client(3).SubmitDecided(t.Context(), submission(id(0), nil)); err != nil {
		t.Fatal(err)
	}
	least := within
	for k := range 6 { // a machine may be busy, but not each time
		net.stop(3)
		began := time.Now()
		net.start(3, nil)
		if err := net.client(3).Submit(t.Context(), submission(id(k+1), nil)); err != nil {
			t.Fatal(err)
		}
		took := time.Since(began)
		t.Logf("acknowledged %v after the start", took.Round(time.Millisecond))
		least = min(least, took)
	}
	if least > learnWithin/2 {
		t.Errorf("from the start of a node until it has acknowledged: %v at least", least)
	}
	net.decided(7)
	net.noForks()
}

// A node that reaches nobody begins after a second; what is submitted meanwhile waits. One that is told that its log lacks
// something does not begin, and refuses submissions at once.
func TestLearnsAlone(t *testing.T) {
	net := newNetwork(t, 4, "single")
	if _, err := net.client(3).SubmitDecided(t.Context(), submission(id(0), nil)); err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		net.stop(i)
	}
	began := time.Now()
	net.start(3, nil)
	if s := net.nodes[3].Status(); s.State == client.StateLearning && (len(s.Awaits) != 3 || !strings.Contains(s.Reason, s.Awaits[2][:12])) {
		t.Errorf("it waits for %v: %s", s.Awaits, s.Reason)
	}
	if err := net.client(3).Submit(t.Context(), submission(id(1), nil)); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took < learnWithin {
		t.Errorf("it voted %v after the start, alone", took)
	}
	net.stop(3)

	net.start(3, func(c *Config) { c.Restored = true })
	n := net.nodes[3]
	if s := n.Status(); s.State != client.StateLearning || len(s.Awaits) != 3 {
		t.Errorf("restored, it is %s, and waits for %v", s.State, s.Awaits)
	}
	err := net.client(3).Submit(t.Context(), submission(id(2), nil))
	if !errors.Is(err, client.ErrUnavailable) || client.RetryAfter(err) == 0 || !strings.Contains(err.Error(), client.StateLearning) {
		t.Errorf("restored, it answers %v", err)
	}
	if err := net.client(3).Add(t.Context(), core.IdentityOf([32]byte{99}), nil); !errors.Is(err, client.ErrUnavailable) {
		t.Errorf("a vote on a member: %v", err)
	}
	net.start(0, nil) // two of four do not make a quorum
	net.wait("one has answered", func() bool { return len(n.Status().Awaits) == 2 })
	if s := n.Status(); s.State != client.StateLearning {
		t.Errorf("with one answer it is %s", s.State)
	}
	net.start(1, nil)
	net.wait("it has learned", func() bool { return n.Status().State == client.StateVoting })
	if _, err := net.client(3).SubmitDecided(t.Context(), submission(id(3), nil)); err != nil {
		t.Fatal(err)
	}
	net.decided(3)
}
