package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"parsec/core/node/client"
	"parsec/core/node/internal/wal"
)

// A log that lost its end is not started from: an older node would say again what it has said, differently. What it lost,
// and how long it should be, is in the error, with what to do; and doing that helps.
func TestDamagedLog(t *testing.T) {
	net := newNetwork(t, 4, "single")
	for k := range 3 {
		if _, err := net.client(3).SubmitDecided(t.Context(), submission(id(k), nil)); err != nil {
			t.Fatal(err)
		}
	}
	net.decided(3)
	folder := filepath.Join(net.folder(3), logFolder)
	path, reached := filepath.Join(folder, "0000000000000001.wal"), filepath.Join(folder, "reached")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	size := info.Size()
	used := func() []byte { // what is written of the segment
		b := make([]byte, 1<<20)
		f, err := os.Open(path)
		if err == nil {
			_, err = f.ReadAt(b, 0)
			err = errors.Join(err, f.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	as := func(used []byte, size int64) error {
		return errors.Join(os.WriteFile(path, used, 0o600), os.Truncate(path, size))
	}
	older := used() // of a node that runs
	for k := range 3 {
		if _, err := net.client(3).SubmitDecided(t.Context(), submission(id(3+k), nil)); err != nil {
			t.Fatal(err)
		}
	}
	net.stop(3)
	newer := used()
	said, err := os.ReadFile(reached)
	if err != nil {
		t.Fatal(err)
	}
	whole := fmt.Sprintf("a file of %d bytes", size)
	for _, c := range []struct {
		name string
		do   func() error
		says []string
	}{
		{"cut", func() error { return as(newer, 20<<10) }, []string{path, "one of 20480 bytes", whole}},
		{"cut where nothing was written", func() error { return as(newer, size-1) }, []string{path, fmt.Sprintf("one of %d bytes", size-1), whole}},
		{"zeros at the end", func() error { return as(newer[:4<<10], size) }, []string{path, "that were durable"}},
		{"an older segment", func() error { return as(older, size) }, []string{path, "that were durable"}},
		{"damaged inside", func() error { return as(append(slices.Clip(newer[:700]), newer[701:]...), size) }, []string{path, "at byte 512"}},
		{"no segment", func() error { return os.Remove(path) }, []string{path, "no such file"}},
		{"nothing that says how far it has come", func() error { return os.Remove(reached) }, []string{reached, "no such file"}},
	} {
		if err := errors.Join(as(newer, size), os.WriteFile(reached, said, 0o600), c.do()); err != nil {
			t.Fatal(err)
		}
		for _, restored := range []bool{false, true} {
			err := net.tryStart(3, func(cfg *Config) { cfg.Restored = restored })
			if damage := (*wal.DamageError)(nil); !errors.As(err, &damage) {
				t.Fatalf("%s: started with %v", c.name, err)
			}
			for _, says := range append(c.says, "move "+folder+" away and start with -restored") {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("%s: %q does not say %q", c.name, err, says)
				}
			}
		}
	}
	if err := os.Rename(folder, folder+".away"); err != nil {
		t.Fatal(err)
	}
	net.start(3, func(cfg *Config) { cfg.Restored = true })
	net.wait("it knows its own events", func() bool { return net.nodes[3].Status().State == client.StateVoting })
	if _, err := net.client(3).SubmitDecided(t.Context(), submission(id(6), nil)); err != nil {
		t.Fatal(err)
	}
	net.decided(7)
}

// A node that cannot look for the mark that it ran must not take it for missing: without its log it would start anew, and
// fork itself.
func TestMarkUnreadable(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs a link that leads nowhere")
	}
	net := newNetwork(t, 1, "single")
	if _, err := net.client(0).SubmitDecided(t.Context(), submission(id(0), nil)); err != nil {
		t.Fatal(err)
	}
	net.stop(0)
	mark := filepath.Join(net.folder(0), startedFile)
	if err := errors.Join(os.RemoveAll(filepath.Join(net.folder(0), logFolder)), os.Remove(mark), os.Symlink(startedFile, mark)); err != nil {
		t.Fatal(err)
	}
	err := net.tryStart(0, nil)
	if path := (*fs.PathError)(nil); !errors.As(err, &path) || path.Path != mark {
		t.Errorf("started with %v", err)
	}
}
