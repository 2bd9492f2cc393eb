package nodecmd

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Hosts each get one node, and what cannot be is refused before a folder is made.
func TestInitHosts(t *testing.T) {
	for hosts, want := range map[string]string{
		"a.example, b.example": "",
		"a.example,a.example":  "twice",
		"a.example, a.example": "twice",
		"a.example,":           "want a host",
	} {
		dir := filepath.Join(t.TempDir(), "net")
		var out, errs bytes.Buffer
		status := commands("parsec").init(t.Context(), []string{"-dir", dir, "-hosts", hosts}, &out, &errs)
		if (status == exitDone) != (want == "") || !strings.Contains(errs.String(), want) {
			t.Errorf("%q: status %d, %s", hosts, status, errs.String())
		}
		if _, err := os.Stat(dir); (err == nil) != (want == "") {
			t.Errorf("%q: the folder: %v", hosts, err)
		}
	}
}
