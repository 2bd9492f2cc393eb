package node

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// A node that cannot look for the mark that it ran must not take it for missing: without its log it would start anew, and
// fork itself.
func TestMarkUnreadable(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs a link that leads nowhere")
	}
	net := newNetwork(t, 1, "single")
	if _, err := net.client(0).SubmitDecided(t.Context(), id(0), nil); err != nil {
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
