package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"parsec/core/recording"
)

// bundledDir has the bundled recordings. It is absolute, since tests change the folder.
var bundledDir, _ = filepath.Abs(filepath.Join("..", "..", "core", "recording", "testdata", "recordings"))

func bundledFile(name string) string { return filepath.Join(bundledDir, name+".json.zst") }

// call runs the program.
func call(args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = run(context.Background(), args, &out, &errs)
	return status, out.String(), errs.String()
}

// files lists what is in a folder, hidden files too.
func files(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func write(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// differing writes a recording with one voter less in block 1 than the engine finds, and returns the
// path.
func differing(t *testing.T, dir string) string {
	t.Helper()
	rec, err := recording.ReadFile(bundledFile("super-n04"))
	if err != nil {
		t.Fatal(err)
	}
	rec.Name = "changed"
	rec.Blocks[1].Voters = slices.Clone(rec.Blocks[1].Voters[1:])
	path := filepath.Join(dir, "changed.json")
	if err := rec.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// damaged writes the first half of a recording.
func damaged(t *testing.T, dir string) string {
	t.Helper()
	data, err := os.ReadFile(bundledFile("super-n04"))
	if err != nil {
		t.Fatal(err)
	}
	return write(t, filepath.Join(dir, "damaged.json.zst"), string(data[:len(data)/2]))
}

// holdAll has every meta-vote hold but those of n voters, until the test ends.
func holdAll(t *testing.T, butOf int) {
	old := checkMetaVotes
	t.Cleanup(func() { checkMetaVotes = old })
	checkMetaVotes = func(c *recording.MetaVoteCase) error {
		if c.N == butOf {
			return errors.New("wrong")
		}
		return nil
	}
}

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		args           string
		status         int
		stdout, stderr string // in them; "" for nothing at all
	}{
		{"", 2, "", "usage: parsec"},
		{"help", 0, "usage: parsec", ""},
		{"-h", 0, "usage: parsec", ""},
		{"--help", 0, "  replay ", ""},
		{"help replay", 0, "usage: parsec replay", ""},
		{"replay -h", 0, "-cpuprofile file", ""},
		{"run -h", 0, "usage: parsec run", ""},
		{"help nothing", 2, "", `no such command: "nothing"`},
		{"nothing", 2, "", "parsec help lists them"},
		{"replay -nothing", 2, "", "-nothing"},
		{"replay -repeat 0 x", 2, "", "-repeat 0: want at least 1"},
		{"replay -repeat many x", 2, "", "parsec replay -h tells more"},
		{"replay -cpuprofile x -memprofile x y", 2, "", "both profiles"},
		{"replay -meta-votes -cpuprofile x y", 2, "", "no profiles"},
		{"run now", 2, "", `what is "now"?`},
		{"run -time 0s", 2, "", "-time 0s"},
	} {
		status, stdout, stderr := call(strings.Fields(c.args)...)
		if status != c.status {
			t.Errorf("parsec %s: status %d, want %d", c.args, status, c.status)
		}
		for _, s := range []struct{ name, got, want string }{{"stdout", stdout, c.stdout}, {"stderr", stderr, c.stderr}} {
			if s.want == "" && s.got != "" || !strings.Contains(s.got, s.want) {
				t.Errorf("parsec %s: %s is %q, want %q in it", c.args, s.name, s.got, s.want)
			}
		}
	}
}

func TestOutsideOfTheTree(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, args := range [][]string{{"replay"}, {"replay", "-meta-votes"}, {"run"}} {
		if status, stdout, stderr := call(args...); status != exitUsage || stdout != "" || !strings.Contains(stderr, "not inside the module's tree") {
			t.Errorf("%v: status %d, %q, %q", args, status, stdout, stderr)
		}
	}
}

// cancelling cancels a context when a certain text is written to it.
type cancelling struct {
	text   bytes.Buffer
	at     string
	cancel context.CancelFunc
}

func (c *cancelling) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(c.at)) {
		c.cancel()
	}
	return c.text.Write(p)
}

// callAndInterrupt runs the program and interrupts it when it writes at, to either stream.
func callAndInterrupt(at string, args ...string) (status int, stdout, stderr string) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	out, errs := &cancelling{at: at, cancel: cancel}, &cancelling{at: at, cancel: cancel}
	status = run(ctx, args, out, errs)
	return status, out.text.String(), errs.text.String()
}
