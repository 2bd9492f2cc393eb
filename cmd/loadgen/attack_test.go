package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parsec/cmd/loadgen/internal/report"
)

// Real nodes go on to decide while all kinds of attackers are at them for some seconds, and keep their promises.
func TestAttack(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes ten seconds")
	}
	dir := t.TempDir()
	var out, wrong bytes.Buffer
	status := run(t.Context(), []string{
		"-nodes", "7", "-down", "2", "-rate", "500", "-warmup", "1s", "-duration", "5s", "-drain", "30s", "-quiet", "-out", dir,
		"-faults", "0s..6s attack stranger; 0s..6s attack member 5; 0s..6s attack greedy 6", "-assert", "lost=0,duplicates=0,violations=0,missing=0",
	}, &out, &wrong)
	// An invalid load (3) is one of a busy machine: what was to be decided was.
	if status != 0 && status != 3 {
		t.Errorf("status %d:\n%s%s", status, out.String(), wrong.String())
	}
	if n := strings.Count(out.String(), "attack: "); n != 3 {
		t.Errorf("%d attackers said what they did:\n%s", n, out.String())
	}
	f, err := os.Open(filepath.Join(dir, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := report.ReadJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	if x := r.Totals; x.Intended == 0 || x.All != x.Intended || x.Lost+x.Duplicates != 0 || len(r.Violations) > 0 {
		t.Errorf("%+v, %d violations", x, len(r.Violations))
	}
}
