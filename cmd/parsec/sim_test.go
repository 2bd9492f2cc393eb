package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"parsec/core/sim"
)

func TestSim(t *testing.T) {
	t.Chdir(t.TempDir())
	args := []string{"sim", "-seeds", "3..8", "-steps", "300"}
	status, stdout, stderr := call(args...)
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	if status != 0 || stderr != "" || len(lines) != 8 || lines[0]+"\n" != simColumns {
		t.Fatalf("status %d, %s%s", status, stdout, stderr)
	}
	for i, line := range lines[1:7] {
		if f := strings.Fields(line); len(f) != 11 || f[1] != fmt.Sprint(3+i) || f[10] != "fine" {
			t.Errorf("line %d: %s", i, line)
		}
	}
	if lines[7] != "6 fine, 0 stuck, 0 cut off, 0 safety; 0 coin tosses" {
		t.Errorf("the end: %s", lines[7])
	}
	if _, again, _ := call(args...); again != stdout {
		t.Errorf("the second time:\n%s", again)
	}
	if left := files(t, "."); len(left) > 0 {
		t.Errorf("it leaves %v", left)
	}
}

// Of a failure there is the command that repeats it, and a recording that replay reads.
func TestSimFailure(t *testing.T) {
	t.Chdir(t.TempDir())
	status, stdout, stderr := call("sim", "-scenario", "calm", "-seed", "4", "-peers", "4", "-twins", "2", "-beyond", "-steps", "300")
	if status != exitStuck || stderr != "" {
		t.Fatalf("status %d, %s", status, stderr)
	}
	command := ""
	for line := range strings.Lines(stdout) {
		if _, after, ok := strings.Cut(strings.TrimSpace(line), "to repeat it: parsec "); ok {
			command = after
		}
	}
	if status, again, _ := call(strings.Fields(command)...); status != exitStuck || again != stdout {
		t.Errorf("%q: status %d, and\n%snot\n%s", command, status, again, stdout)
	}
	for _, line := range []string{"    0 twin    ", "    2 honest  ", "    4 twin    "} {
		if !strings.Contains(stdout, line) {
			t.Errorf("no line %q about a member: %s", line, stdout)
		}
	}
	const file = "sim-calm-4.json.zst"
	if !strings.Contains(stdout, "parsec replay "+file) {
		t.Errorf("no word of the recording: %s", stdout)
	}
	if status, stdout, stderr := call("replay", "-repeat", "1", file); status != 0 || !strings.Contains(stdout, "1 equal") {
		t.Errorf("replay: status %d, %s%s", status, stdout, stderr)
	}
	if status, _, stderr := call("sim", "-scenario", "calm", "-peers", "4", "-out", filepath.Join(file, "folder")); status != exitUsage ||
		!strings.Contains(stderr, "-out") {
		t.Errorf("a folder that cannot be made: status %d, %s", status, stderr)
	}
}

func TestSimJSON(t *testing.T) {
	status, stdout, stderr := call("sim", "-scenario", "twins", "-seed", "2", "-steps", "300", "-json", "-signatures", "-mode", "single")
	var got struct {
		Scenario, Mode, Trace, Verdict string
		Seed                           uint64
		Peers, Events, Messages        int
		Seconds                        float64
	}
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || status != 0 {
		t.Fatalf("status %d, %v: %s%s", status, err, stdout, stderr)
	}
	if got.Scenario != "twins" || got.Mode != "single" || len(got.Trace) != 64 || got.Verdict != "fine" || got.Seed != 2 ||
		got.Peers < 4 || got.Events == 0 || got.Messages == 0 || got.Seconds == 0 {
		t.Errorf("%+v", got)
	}
}

func TestSimList(t *testing.T) {
	status, stdout, _ := call("sim", "-list")
	for _, s := range sim.Scenarios() {
		if !strings.Contains(stdout, s.Name) || !strings.Contains(stdout, s.Does) {
			t.Errorf("%s is not listed", s.Name)
		}
	}
	if status != 0 {
		t.Errorf("status %d", status)
	}
}

func TestSimUsage(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"-seeds 7", "want A..B"},
		{"-seeds 7..3", "want A..B"},
		{"-seeds a..b", "want A..B"},
		{"-seed 1 -seeds 1..2", "cannot go together"},
		{"-scenario none", "no scenario"},
		{"-mode double", "want single or supermajority"},
		{"-peers 300", "up to 256"},
		{"-scenario twins -peers 2", "takes at least 4"},
		{"-seeds 0..100 -peers 2", "takes at least"},
		{"-scenario calm -peers 4 -twins 2", "fewer than a third"},
		{"-scenario calm -peers 7 -twins 1 -hostile 2", "1 twins and 2 hostile of 7"},
		{"-steps -2", "-2 steps"},
		{"more", "what is"},
		{"-bug majority", "bug"},
	} {
		if len(sim.Bugs()) > 0 && strings.HasPrefix(c.args, "-bug") {
			continue
		}
		status, stdout, stderr := call(append([]string{"sim"}, strings.Fields(c.args)...)...)
		if status != exitUsage || stdout != "" || !strings.Contains(stderr, c.want) {
			t.Errorf("%s: status %d, %s%s", c.args, status, stdout, stderr)
		}
	}
}

func TestSimInterrupted(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	var stdout strings.Builder
	if status := run(ctx, []string{"sim", "-seeds", "0..1000"}, &stdout, io.Discard); status != exitInterrupted ||
		!strings.Contains(stdout.String(), "interrupted after 0 of 1001 seeds") {
		t.Errorf("status %d, %s", status, &stdout)
	}
}
