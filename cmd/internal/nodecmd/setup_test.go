package nodecmd

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// call runs a subcommand.
func call(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	for _, c := range Commands("program") {
		if c.Name == args[0] {
			status = c.Run(context.Background(), args[1:], &out, &errs)
			return status, out.String(), errs.String()
		}
	}
	t.Fatalf("no command %s", args[0])
	return 0, "", ""
}

func TestInit(t *testing.T) {
	t.Chdir(t.TempDir())
	status, stdout, stderr := call(t, "init", "-dir", "net", "-hosts", "a.example, 10.0.0.2,::1", "-mode", "supermajority", "-port", "9000")
	if status != 0 || strings.Count(stdout, "\n") != 3 || !strings.HasPrefix(stdout, filepath.Join("net", "node0")+" ") || !strings.Contains(stdout, " peers=[::1]:9000 http=127.0.0.1:7200 ") {
		t.Errorf("status %d\n%s%s", status, stdout, stderr)
	}
	section, err := os.ReadFile(filepath.Join("net", "node1", "section.json"))
	if err != nil || !strings.Contains(string(section), "supermajority") || !strings.Contains(string(section), "10.0.0.2:9000") {
		t.Errorf("%v: %s", err, section)
	}
	if status, _, stderr = call(t, "init", "-dir", "net", "-nodes", "3"); status != exitUsage || !strings.Contains(stderr, "node0") {
		t.Errorf("a second time: status %d, %s", status, stderr)
	}
}

func TestKeygen(t *testing.T) {
	t.Chdir(t.TempDir())
	status, identity, stderr := call(t, "keygen", "-out", "key")
	if status != 0 || len(identity) != 65 || stderr != "" {
		t.Errorf("status %d, %q, %q", status, identity, stderr)
	}
	info, err := os.Stat("key")
	if err != nil || info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
		t.Errorf("%v, %v", info, err)
	}
	if status, _, _ = call(t, "keygen", "-out", "key"); status != exitUsage {
		t.Errorf("a key that is there: status %d", status)
	}
}

// TestUsage: whoever asks for what cannot be is told what can, and nothing is made.
func TestUsage(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, c := range [][2]string{
		{"init", "-dir: say where"},
		{"init -dir x rest", `unexpected "rest"`},
		{"init -dir x -nodes 0", "want 1 to"},
		{"init -dir x -nodes 3 -hosts a,b", "give one"},
		{"init -dir x -hosts a,,b", "a host and a port"},
		{"init -dir x -hosts " + strings.Join(slices.Repeat([]string{"a"}, 257), ","), "want at most 256"},
		{"init -dir x -port 0", "port 0: want"},
		{"init -dir x -port 65534", "port 65536: want"},
		{"init -dir x -mode both", "both"},
		{"keygen", "-out: say which file"},
		{"keygen -out x y", `unexpected "y"`},
		{"node", "-dir: say which folder"},
		{"node -dir x y", `unexpected "y"`},
		{"node -dir x -peer y", "want IDENTITY=ADDR"},
		{"node -dir x -log-level loud", "want debug"},
	} {
		status, stdout, stderr := call(t, strings.Fields(c[0])...)
		if status != exitUsage || stdout != "" || !strings.Contains(stderr, c[1]) {
			t.Errorf("%s: status %d, %q, %q, not %q", c[0], status, stdout, stderr, c[1])
		}
	}
	for _, name := range []string{"keygen", "init", "node"} {
		if status, stdout, _ := call(t, name, "-h"); status != 0 || !strings.Contains(stdout, "usage: program "+name) || strings.Contains(stdout, "%!") {
			t.Errorf("%s -h: status %d\n%s", name, status, stdout)
		}
	}
	if left, _ := filepath.Glob("*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
