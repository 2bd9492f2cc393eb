package ci

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Where there is nothing to compare with, the gate is skipped; but not in continuous integration, where a pass
// would say that it had judged.
func TestGateSkip(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash")
	}
	script, err := os.ReadFile(filepath.Join(root, "ci", "gate.sh"))
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "ci", "gate.sh")
	if err := os.Mkdir(filepath.Dir(copied), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(copied, script, 0o777); err != nil {
		t.Fatal(err)
	}
	for ci, want := range map[string]struct {
		status int
		says   string
	}{"": {0, "skipped"}, "true": {2, "FAILED"}} {
		cmd := exec.Command(bash, copied)
		cmd.Env = append(os.Environ(), "CI="+ci)
		out, _ := cmd.CombinedOutput()
		if got := cmd.ProcessState.ExitCode(); got != want.status || !strings.Contains(string(out), want.says) {
			t.Errorf("CI=%s: status %d, want %d and %q:\n%s", ci, got, want.status, want.says, out)
		}
	}
}
