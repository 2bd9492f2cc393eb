package node

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"flag"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"parsec/core"
	"parsec/core/internal/simulation"
	"parsec/core/node/client"
	"parsec/core/node/internal/batch"
	"parsec/core/node/internal/wal"
)

var (
	startEvents = flag.Int("start.events", 5000, "how many events the log has that TestStartTime starts a node with")
	startKeep   = flag.String("start.keep", "", "the `folder` that TestStartTime makes the log in and leaves")
)

// startDir is set in the environment of a process that is to be a node: its folder.
const startDir = "PARSEC_NODE_TEST_DIR"

// nodeProcess starts the node, says when it serves and how it is then, and ends when told to.
func nodeProcess(dir string) error {
	cfg, err := LoadConfig(dir)
	if err != nil {
		return err
	}
	cfg.Listen, cfg.HTTP, cfg.Debug = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	cfg.Logger = slog.New(slog.NewTextHandler(os.Stderr, nil))
	n, err := Start(cfg)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(n.Status()); err != nil {
		return err
	}
	_, _ = bufio.NewReader(os.Stdin).ReadByte() // until whoever started it goes
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return n.Close(ctx)
}

// TestStartTime starts a node, a process of its own, with a long log. It prints how long that took and what memory it took:
//
//	go test ./core/node -run TestStartTime -start.events 1000000 -count 1 -v
func TestStartTime(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a process")
	}
	dir := *startKeep
	if dir == "" {
		dir = t.TempDir()
	}
	core := longLog(t, dir, *startEvents)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), startDir+"="+filepath.Join(dir, "node0"))
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var s client.Status
	err = json.NewDecoder(stdout).Decode(&s)
	took := time.Since(began)
	stdin.Close()
	if e := cmd.Wait(); err != nil || e != nil {
		t.Fatal(err, e)
	}
	t.Logf("%d events, %d blocks, %d submissions: served after %v (%.2f us an event), %d MiB resident, CPU %.1f s", s.Events, s.Blocks, s.Decided,
		took.Round(time.Millisecond), took.Seconds()*1e6/float64(s.Events), s.Resident>>20, s.CPU)
	if s.Events != uint64(core.Len()) || s.Blocks != core.Height() || s.Decided == 0 {
		t.Errorf("%d events and %d blocks where %d and %d were logged", s.Events, s.Blocks, core.Len(), core.Height())
	}
}

// longLog makes the folders of four nodes in dir, and the first one's log: such as it has after the four gossiped at
// random until it had so many events, of which a tenth vote for a submission of 128 bytes. Nothing is signed: a node
// does not check its own log's signatures. It returns the first one's core.
func longLog(t *testing.T, dir string, events int) *core.Node {
	t.Helper()
	s := Setup{Name: "long", Mode: "single"}
	for i := range 4 {
		s.Seeds = append(s.Seeds, [32]byte{byte(i + 1), 99})
		s.Peers = append(s.Peers, "127.0.0.1:1") // nobody is there
	}
	if err := Create(dir, s); err != nil {
		t.Fatal(err)
	}
	file, err := ReadSection(filepath.Join(dir, "node0", SectionFile))
	if err != nil {
		t.Fatal(err)
	}
	section, _, err := file.Core()
	if err != nil {
		t.Fatal(err)
	}
	log, err := wal.Open(filepath.Join(dir, "node0", logFolder), wal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	nodes := map[core.Identity]*core.Node{}
	var order []*core.Node
	for _, seed := range s.Seeds {
		n, err := core.Start(core.NodeConfig{Seed: seed, Section: section, Simulation: &simulation.Options{Unsigned: true}})
		if err != nil {
			t.Fatal(err)
		}
		nodes[n.Identity()] = n
		order = append(order, n)
	}
	var do func(n *core.Node)
	do = func(n *core.Node) {
		todo := n.Ready()
		if n == order[0] && len(todo.Record) > 0 {
			if _, err := log.Append(todo.Record); err != nil {
				t.Fatal(err)
			}
		}
		messages := slices.Clone(todo.Messages)
		for i := range messages {
			messages[i].Frame = slices.Clone(messages[i].Frame)
		}
		n.Advance()
		for _, m := range messages {
			if err := nodes[m.To].Handle(n.Identity(), m.Frame); err != nil {
				t.Fatal(err)
			}
			do(nodes[m.To])
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	data := make([]byte, 128)
	for k := uint64(0); order[0].Len() < events; k++ {
		a := r.IntN(4)
		if r.IntN(3) == 0 { // an exchange is three events
			for i := range data {
				data[i] = byte(r.Uint32())
			}
			var id batch.ID
			binary.BigEndian.PutUint64(id[:], k)
			if err := order[a].Vote(batch.Append(batch.Begin(nil, batch.Salt(id[:8])), &id, batch.Ahead, data)); err != nil {
				t.Fatal(err)
			}
		}
		if err := order[a].Gossip(order[(a+1+r.IntN(3))%4].Identity()); err != nil {
			t.Fatal(err)
		}
		do(order[a])
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	return order[0]
}
