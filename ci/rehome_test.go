package ci

import (
	"bytes"
	"crypto/sha256"
	"go/format"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const movedTo = "example.com/owner/parsec"

// userProgram is what somebody else's module does with ours, as far as the compiler can tell. It
// prints what it got so that nothing is unused.
const userProgram = `package main

import (
	"fmt"

	"` + movedTo + `/core"
	"` + movedTo + `/core/recording"
)

func main() {
	engine, err := core.NewEngine(core.Config{
		Peers:   []core.Identity{{1}},
		Genesis: []core.PeerIndex{0},
	})
	fmt.Println(recording.Format, engine, err)
}
`

// The module can be moved to another path, by its own program and without git, and then be used from
// another module, offline. The user's module finds the moved copy by a replace line, as users do
// before a first release.
func TestRehome(t *testing.T) {
	if from := modulePath(t); from == movedTo {
		t.Fatalf("the module is at %s, where this test wants to move it", from)
	}
	top := t.TempDir()
	moved := filepath.Join(top, "moved")
	walk(t, root, func(name string) {
		copyFile(t, filepath.Join(root, name), filepath.Join(moved, name))
	})

	goCommand(t, moved, nil, "run", "./ci/rehome", movedTo)
	once := hashTree(t, moved)
	said := goCommand(t, moved, nil, "run", "./ci/rehome", movedTo)
	if !strings.Contains(said, "already") {
		t.Errorf("the second run says %q, want it to say that nothing is left to do", said)
	}
	if hashTree(t, moved) != once {
		t.Error("the second run changed the tree")
	}
	if got := strings.TrimSpace(goCommand(t, moved, nil, "list", "-m")); got != movedTo {
		t.Errorf("the copy's module is %s, want %s", got, movedTo)
	}
	walk(t, moved, func(name string) {
		if !strings.HasSuffix(name, ".go") || strings.Contains(name, "testdata/") {
			return
		}
		src := readFile(t, filepath.Join(moved, name))
		if bytes.Equal(src, readFile(t, filepath.Join(root, name))) {
			return
		}
		if want, err := format.Source(src); err != nil || !bytes.Equal(src, want) {
			t.Errorf("%s: moved, but not as gofmt would have it (%v)", name, err)
		}
	})
	// Vet builds every package and reads every test: an import left behind fails here. It also fetches
	// what the offline build below needs. Not with -trimpath: it would let the build cache serve the
	// copy of the run before, and save 2 s, but builds the standard library once more, for 40 s.
	goCommand(t, moved, nil, "vet", "./...")

	user := filepath.Join(top, "user")
	write(t, filepath.Join(user, "main.go"), []byte(userProgram))
	write(t, filepath.Join(user, "go.mod"), []byte("module example.com/user\n\ngo 1.26\n\n"+
		"require "+movedTo+" v0.0.0\n\nreplace "+movedTo+" => ../moved\n"))
	copyFile(t, filepath.Join(moved, "go.sum"), filepath.Join(user, "go.sum"))
	offline := []string{"GOFLAGS=-mod=mod", "GOPROXY=off"}
	goCommand(t, user, offline, "build", "-o", filepath.Join(top, "user.exe"), ".")
	goCommand(t, user, offline, "vet", ".")
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	write(t, to, readFile(t, from))
}

// hashTree is a hash over the names and contents of all files below dir.
func hashTree(t *testing.T, dir string) [sha256.Size]byte {
	t.Helper()
	h := sha256.New()
	walk(t, dir, func(name string) {
		sum := sha256.Sum256(readFile(t, filepath.Join(dir, name)))
		h.Write([]byte(name))
		h.Write(sum[:])
	})
	return [sha256.Size]byte(h.Sum(nil))
}
