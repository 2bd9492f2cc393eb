package ledger

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

const commit = "0123456789abcdef0123456789abcdef01234567"

func TestLedger(t *testing.T) {
	l := Ledger{t.TempDir()}
	if all, err := l.Entries(); err != nil || len(all) != 0 {
		t.Fatalf("an empty ledger: %v, %v", all, err)
	}
	raw := bytes.Repeat([]byte("BenchmarkX 1 100 ns/op\n"), 100)
	for _, folder := range []string{"raw/a", "raw/b"} {
		if err := l.Add(Entry{Commit: commit, Folder: folder}, raw, map[string]string{"go": "x"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Add(Entry{Commit: commit, Folder: "raw/a"}, raw, nil); err == nil || !strings.Contains(err.Error(), "tracked already") {
		t.Errorf("twice: %v", err)
	}
	all, err := l.Entries()
	if err != nil || len(all) != 2 || all[1].Folder != "raw/b" {
		t.Fatalf("%v, %v", all, err)
	}
	for _, e := range all {
		if err := l.Verify(e); err != nil {
			t.Error(err)
		}
		if got, err := unpack(filepath.Join(l.Dir, filepath.FromSlash(e.Folder), benchmarks)); err != nil || !bytes.Equal(got, raw) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	}
	for _, c := range []struct {
		name   string
		damage func(dir string) error
		want   string
	}{
		{"changed", func(dir string) error { return os.WriteFile(filepath.Join(dir, benchmarks), []byte("x"), 0o666) }, "damaged"},
		{"gone", func(dir string) error { return os.Remove(filepath.Join(dir, benchmarks)) }, benchmarks},
		{"more", func(dir string) error { return os.WriteFile(filepath.Join(dir, "more"), nil, 0o666) }, "not in the manifest"},
		{"manifest changed", func(dir string) error { return os.WriteFile(filepath.Join(dir, manifest), nil, 0o666) }, "not the manifest"},
		{"manifest gone", func(dir string) error { return os.Remove(filepath.Join(dir, manifest)) }, manifest},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := Ledger{t.TempDir()}
			if err := l.Add(Entry{Commit: commit, Folder: "raw/a"}, raw, nil); err != nil {
				t.Fatal(err)
			}
			all, err := l.Entries()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.damage(filepath.Join(l.Dir, "raw", "a")); err != nil {
				t.Fatal(err)
			}
			if err := l.Verify(all[0]); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func unpack(name string) ([]byte, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	d, err := zstd.NewReader(nil)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.DecodeAll(data, nil)
}

// A line is added whole or not at all, and never glued to one without an end.
func TestAppend(t *testing.T) {
	l := Ledger{t.TempDir()}
	add := func(folder string) error { return l.Add(Entry{Commit: commit, Folder: folder}, []byte("x"), nil) }
	if err := add("raw/a"); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(l.Dir, history)
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, bytes.TrimSuffix(whole, []byte("\n")), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := add("raw/b"); err != nil {
		t.Fatal(err)
	}
	if all, err := l.Entries(); err != nil || len(all) != 2 {
		t.Errorf("%d entries, %v; want 2", len(all), err)
	}
	// What cannot be put in place leaves the history as it was, and nothing beside it.
	before, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(name, name+".kept"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(name, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := l.append([]byte("{}")); err == nil {
		t.Error("a folder is appended to")
	}
	if left, err := filepath.Glob(filepath.Join(l.Dir, ".*")); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	if after, err := os.ReadFile(name + ".kept"); err != nil || !bytes.Equal(after, before) {
		t.Errorf("the history has changed, %v", err)
	}
}

func TestHistoryErrors(t *testing.T) {
	for _, line := range []string{"{", `{"commit":"HEAD","folder":"raw/a"}`, `{"commit":"` + commit + `","folder":"../a"}`, `{"commit":"` + commit + `","folder":"/etc"}`} {
		l := Ledger{t.TempDir()}
		if err := os.WriteFile(filepath.Join(l.Dir, history), []byte(line+"\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		if all, err := l.Entries(); err == nil || !strings.Contains(err.Error(), "history.ndjson:1") {
			t.Errorf("%s: %v, %v", line, all, err)
		}
	}
}
