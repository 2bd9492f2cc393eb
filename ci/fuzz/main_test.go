package main

import (
	"slices"
	"testing"
)

func TestParseList(t *testing.T) {
	out := "?   \tm/a\t[no test files]\n" +
		"FuzzOne\nFuzzTwo\nok  \tm/b\t0.003s\n" +
		"ok  \tm/c\t0.002s\n" +
		"FuzzThree\nok  \tm/d\t(cached)\n"
	want := []target{{"m/b", "FuzzOne"}, {"m/b", "FuzzTwo"}, {"m/d", "FuzzThree"}}
	if got := parseList(out); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestOnlyDeadline(t *testing.T) {
	for _, c := range []struct {
		name, out string
		want      bool
	}{
		{"the race at the end",
			"fuzz: elapsed: 10s, execs: 123 (0/sec), new interesting: 1 (total: 3)\n--- FAIL: FuzzX (10.21s)\n    context deadline exceeded\nFAIL\nexit status 1\nFAIL\tm/b\t10.2s\n", true},
		{"an error of the target that reads the same",
			"--- FAIL: FuzzX (0.03s)\n    --- FAIL: FuzzX (0.00s)\n        x_test.go:9: context deadline exceeded\n    \n    Failing input written to testdata/fuzz/FuzzX/582528ddfad69eb5\n    To re-run:\n    go test -run=FuzzX/582528ddfad69eb5\nFAIL\n", false},
		{"a seed that fails", "--- FAIL: FuzzX (0.03s)\n    --- FAIL: FuzzX/seed#0 (0.00s)\n        x_test.go:9: no\nFAIL\n", false},
		{"does not build", "# m/b\nb.go:3:1: syntax error\nFAIL\tm/b [build failed]\n", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := onlyDeadline(c.out); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}
