package ci

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCurves checks that the table of curves in README is the one that was measured: nobody types figures.
func TestCurves(t *testing.T) {
	readme := string(readFile(t, filepath.Join(root, "README.md")))
	_, rest, begins := strings.Cut(readme, "\n<!-- curves:")
	_, rest, _ = strings.Cut(rest, "\n")
	table, _, ends := strings.Cut(rest, "<!-- /curves -->\n")
	if !begins || !ends {
		t.Fatal("README has no lines <!-- curves: ... --> and <!-- /curves -->, each of its own")
	}
	summary := filepath.Join(root, "results", "load", "summary.md")
	if _, err := os.Stat(summary); os.IsNotExist(err) && table == "" {
		return // none was measured, and none is told
	}
	if want := string(readFile(t, summary)); table != want || strings.Count(want, "\n") < 3 {
		t.Error("README's table of curves is not that of results/load/summary.md; bash results/load/measure.sh -summary puts it there")
	}
}
