//go:build bugs

package main

import (
	"strings"
	"testing"

	"parsec/core/sim"
)

// With a deliberate bug the command ends with the status of its verdict.
func TestBugs(t *testing.T) {
	defer func() { _ = sim.SetBug("") }()
	t.Chdir(t.TempDir())
	status, stdout, stderr := call("sim", "-scenario", "leave", "-seeds", "0..3", "-bug", "refuse-removed")
	if status != exitCutOff || stderr != "" || !strings.Contains(stdout, "CUT OFF") || !strings.Contains(stdout, "refuses a message of") {
		t.Errorf("status %d, %s%s", status, stdout, stderr)
	}
	if left := files(t, "."); len(left) == 0 {
		t.Error("no recording is left")
	}
	if status, _, stderr := call("sim", "-bug", "none"); status != exitUsage || !strings.Contains(stderr, "no bug") {
		t.Errorf("an unknown bug: status %d, %s", status, stderr)
	}
}
