package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheckPath(t *testing.T) {
	for _, path := range []string{
		"example.com/owner/parsec", "github.com/Some-Owner/parsec_go", "go.example.org/parsec",
		"example.com/owner/parsec/v2", "example.com/owner/parsec/v12",
	} {
		if err := checkPath(path); err != nil {
			t.Error(err)
		}
	}
	for path, want := range map[string]string{
		"":                                 "empty",
		"https://example.com/owner/parsec": "scheme",
		"example.com/owner/parsec@v1.2.3":  "version",
		"git@example.com:owner/parsec":     "user",
		"parsec":                           "host name",
		"owner/parsec":                     "host name",
		"/example.com/owner/parsec":        "empty element",
		"example.com/owner/parsec/":        "empty element",
		"example.com//parsec":              "empty element",
		"Example.com/owner/parsec":         "host name in lower case",
		"example..com/owner/parsec":        "host name",
		"example.com":                      "host only",
		"example.com/owner/par sec":        "path element",
		"example.com/owner/.parsec":        "path element",
		"example.com/owner/parsec.":        "path element",
		"example.com/../parsec":            "path element",
		`example.com/owner\parsec`:         "path element",
		"example.com/owner/parsec/v1":      "major version",
		"example.com/owner/parsec/v02":     "major version",
	} {
		err := checkPath(path)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want an error with %q", path, err, want)
		}
	}
}

func TestModulePath(t *testing.T) {
	for src, want := range map[string]string{
		"module parsec\n": "parsec",
		"// about\n\nmodule \"example.com/a/b\" // c": "example.com/a/b",
	} {
		if got, err := modulePath([]byte(src)); err != nil || got != want {
			t.Errorf("%q: got %q, %v", src, got, err)
		}
	}
	if _, err := modulePath([]byte("go 1.26\n")); err == nil {
		t.Error("no module line: want an error")
	}
}

// A file that does not parse stops the move before anything is written; with it mended the move
// goes through, go.mod last, and a second one finds nothing to do.
func TestRehome(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	read := func(name string) string {
		t.Helper()
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	const to = "example.com/owner/parsec"
	write("go.mod", "module parsec\n")
	write("a/a.go", "package a\n\nimport _ \"parsec/b\"\n")
	write("a/testdata/x.go", "package x\n\nimport _ \"parsec/b\"\n")
	write(".hidden/x.go", "not Go")
	write("z/z.go", "package z\n\nimport _ \"parsec/b\"\n\nfunc {\n")

	if err := rehome(io.Discard, dir, to); err == nil || !strings.Contains(err.Error(), "z.go") {
		t.Fatalf("got %v, want an error that names z.go", err)
	}
	if got := read("a/a.go"); strings.Contains(got, to) {
		t.Fatalf("a failed move wrote a file:\n%s", got)
	}

	write("z/z.go", "package z\n")
	if err := rehome(io.Discard, dir, to); err != nil {
		t.Fatal(err)
	}
	if got, want := read("go.mod"), "module "+to+"\n"; got != want {
		t.Errorf("go.mod: got %q, want %q", got, want)
	}
	if got := read("a/a.go"); !strings.Contains(got, `"`+to+`/b"`) {
		t.Errorf("a.go:\n%s", got)
	}
	if got := read("a/testdata/x.go"); strings.Contains(got, to) {
		t.Errorf("testdata changed:\n%s", got)
	}

	var said strings.Builder
	if err := rehome(&said, dir, to); err != nil || !strings.Contains(said.String(), "already") {
		t.Errorf("second run: %v, %q", err, said.String())
	}
	changed, _, err := rewriteTree(dir, "parsec", to)
	if err != nil || len(changed) != 0 {
		t.Errorf("second rewrite: %v, %d files", err, len(changed))
	}
	changed, _, err = rewriteTree(dir, to, "example.org/p")
	if err != nil || len(changed) != 2 || changed[1].name != "go.mod" {
		t.Errorf("got %v, %v: want two files, go.mod last", changed, err)
	}
}
