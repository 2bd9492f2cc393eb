package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The throwaway module's benchmarks: what they print comes from files, so that a commit can be given any
// figures, and faults of its own (file mode). They follow what the project's own do with the variables of
// package bench.
const fakeTests = `package bench

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

func TestMain(m *testing.M) {
	line, err := os.ReadFile("figures")
	if err != nil {
		panic(err)
	}
	read, _ := os.ReadFile("mode")
	mode := strings.TrimSpace(string(read))
	figures := string(line)
	factor := 1.0
	if s := os.Getenv("PARSEC_BENCH_SLOWDOWN"); s != "" && mode != "deaf" {
		if mode != "lame" {
			factor, _ = strconv.ParseFloat(s, 64)
		}
		fmt.Println("injected-slowdown: " + s)
	}
	if mode == "bare" && os.Getenv("PARSEC_BENCH_BARE") != "" {
		fmt.Println("\nbare: true")
	}
	if mode == "lapse" { // once one unit is missing
		if _, err := os.Stat("ran"); err != nil {
			os.WriteFile("ran", nil, 0o666)
			figures = "1 us/event 7 blocks/event"
		}
	}
	jitter := float64(os.Getpid()%97) / 97 * 0.01
	text := fmt.Sprintf("BenchmarkReplay/mode=single/peers=4-2 3 %f ns/op %s\n", 1e6*factor*(1+jitter), figures)
	pattern := ""
	for _, a := range os.Args {
		if p, ok := strings.CutPrefix(a, "-test.bench=^"); ok { // one benchmark, by its whole name
			pattern = strings.NewReplacer("^", "", "$", "", "\\", "").Replace(p)
		}
	}
	fmt.Println("Unit B/event better=lower")
	for one := range strings.Lines(text) {
		if pattern == "" || strings.HasPrefix(one, pattern+"-") {
			fmt.Print(one)
		}
	}
	fmt.Println("PASS")
	if figures == "crash" {
		os.Exit(3)
	}
}
`

// fakeValgrind counts what the file instructions says that an operation takes.
const fakeValgrind = `#!/bin/sh
while :; do
	case "$1" in
	--log-file=*) log=${1#--log-file=} ;;
	--*) ;;
	*) break ;;
	esac
	shift
done
for a in "$@"; do
	case "$a" in
	-test.benchtime=*) n=${a#-test.benchtime=} ;;
	esac
done
read -r each <instructions
echo "I refs: $((1000000 + ${n%x} * each))" >"$log"
exec "$@"
`

// commit is what a commit of the throwaway is made of: files of its folder bench.
type commit map[string]string

// inThrowaway changes into a clone of two commits whose benchmarks print these figures.
func inThrowaway(t *testing.T, base, head string) {
	t.Helper()
	inCommits(t, commit{"figures": base}, commit{"figures": head})
}

// inCommits changes into a clone of these commits.
func inCommits(t *testing.T, commits ...commit) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git")
	}
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("PATH", noValgrind(t))
	write := func(name, text string) {
		t.Helper()
		if err := writeFile(filepath.Join(dir, name), []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	git(t, "init", "--quiet")
	git(t, "config", "user.name", "tester")
	git(t, "config", "user.email", "tester@localhost")
	write("go.mod", "module throwaway\n\ngo 1.26\n")
	write(".gitignore", "/results/compare/\n")
	write("bench/bench_test.go", fakeTests)
	for _, c := range commits {
		for name, text := range c {
			write("bench/"+name, text)
		}
		git(t, "add", "-A")
		git(t, "commit", "--quiet", "--allow-empty", "-m", "figures")
	}
}

// withValgrind adds one that is made up to the search path that inCommits has set.
func withValgrind(t *testing.T) {
	t.Helper()
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip("no shell")
	}
	if err := os.WriteFile(filepath.Join(os.Getenv("PATH"), "valgrind"), []byte(fakeValgrind), 0o777); err != nil {
		t.Fatal(err)
	}
}

func git(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("git", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// noValgrind returns a search path with git and go but without valgrind, which could do nothing with the
// throwaway's benchmarks.
func noValgrind(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"git", "go"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Skip("no " + name)
		}
		if err := os.Symlink(path, filepath.Join(dir, name)); err != nil {
			t.Skip(err)
		}
	}
	return dir
}

func perf(ctx context.Context, args ...string) (status int, stdout, stderr string) {
	var out, err bytes.Buffer
	status = run(ctx, args, &out, &err)
	return status, out.String(), err.String()
}

const figures = "1 us/event 500 B/event 7 blocks/event"

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		args string
		want int
		says string
	}{
		{"", exitUsage, "usage: perf"},
		{"help", exitDone, "usage: perf"},
		{"help gate", exitDone, "usage: perf gate"},
		{"compare -h", exitDone, "usage: perf compare"},
		{"fly", exitUsage, "no such command"},
		{"compare", exitUsage, "name a commit"},
		{"compare a b c", exitUsage, "name a commit"},
		{"compare -samples 9 HEAD", exitUsage, "at least 10"},
		{"compare -alpha 2 HEAD", exitUsage, "-alpha"},
		{"compare -pkg nowhere HEAD", exitUsage, "want something like"},
		{"gate", exitUsage, "name a commit"},
		{"gate -fast HEAD", exitUsage, "-fast"},
		{"instr a b c", exitUsage, "two commits"},
		{"noise -slowdown 0.5", exitUsage, "more than 1"},
		{"noise -slowdown 2 -instructions 5", exitUsage, "one at a time"},
		{"noise -runs 0", exitUsage, "at least one"},
		{"track -check -last", exitUsage, "at most"},
	} {
		status, out, err := perf(t.Context(), strings.Fields(c.args)...)
		if status != c.want || !strings.Contains(out+err, c.says) {
			t.Errorf("perf %s: status %d, want %d and %q:\n%s%s", c.args, status, c.want, c.says, out, err)
		}
	}
}

func TestCompare(t *testing.T) {
	inThrowaway(t, figures, strings.Replace(figures, "500", "700", 1))
	status, out, err := perf(t.Context(), "compare", "-short", "-o", "out", "HEAD~1", "HEAD")
	if status != exitDone || !strings.Contains(out, "+40.00%") || !strings.Contains(out, "none above +") {
		t.Errorf("status %d\n%s%s", status, out, err)
	}
	status, out, err = perf(t.Context(), "compare", "-short", "-json", "HEAD~1", "HEAD")
	if status != exitDone {
		t.Fatalf("status %d\n%s", status, err)
	}
	differ := 0
	for line := range strings.Lines(out) {
		var row rowJSON
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		if row.Differs {
			differ++
		}
	}
	if differ != 1 {
		t.Errorf("%d rows differ, want one:\n%s", differ, out)
	}
	if left := git(t, "worktree", "list"); strings.Contains(left, "\n") {
		t.Errorf("worktrees are left:\n%s", left)
	}
	stat, e := exec.Command("git", "status", "--porcelain").Output()
	if e != nil || string(stat) != "?? out/\n" {
		t.Errorf("git status %q, %v", stat, e)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if status, _, err := perf(ctx, "compare", "-short", "HEAD~1"); status != exitInterrupted {
		t.Errorf("interrupted: status %d, %s", status, err)
	}
	if status, _, err := perf(t.Context(), "compare", "nowhere"); status != exitUsage || !strings.Contains(err, "no commit is called") {
		t.Errorf("no such commit: status %d, %s", status, err)
	}
}

func TestGate(t *testing.T) {
	for _, c := range []struct {
		name, base, head string
		want             int
		says             string
	}{
		{"equal", figures, figures, exitDone, "verdict: PASS"},
		{"more bytes", figures, strings.Replace(figures, "500", "600", 1), exitFail, "FAIL: Replay/mode=single/peers=4 B/event"},
		{"unit gone", figures, "1 us/event 500 B/event", exitUsage, "no longer reports"},
		{"crash", figures, "crash", exitUsage, "exit status 3"},
		{"syntax", figures, "fast us/event", exitUsage, "invalid syntax"},
		{"NaN", figures, "NaN us/event 500 B/event 7 blocks/event", exitUsage, "no measurement"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inThrowaway(t, c.base, c.head)
			status, out, err := perf(t.Context(), "gate", "-short", "HEAD~1", "HEAD")
			if status != c.want || !strings.Contains(out+err, c.says) {
				t.Errorf("status %d, want %d and %q:\n%s%s", status, c.want, c.says, out, err)
			}
		})
	}
}

func TestGateAccepts(t *testing.T) {
	inThrowaway(t, figures, strings.Replace(figures, "500", "600", 1))
	base := git(t, "rev-parse", "HEAD~1")
	entry := `{"base":"` + base + `","benchmark":"Replay/mode=single/peers=4","unit":"B/event","allowed":30,"reason":"it is meant"}`
	for _, c := range []struct {
		text string
		want int
		says string
	}{
		{entry, exitDone, "accepted by x.json: it is meant"},
		{strings.Replace(entry, "it is meant", "", 1), exitUsage, "gives no reason"},
		{strings.Replace(entry, base, strings.Repeat("0", 40), 1), exitUsage, "no commit is called"},
		{strings.Replace(entry, "B/event", "C/event", 1), exitUsage, "not among what was compared"},
		{"[" + entry + "," + strings.Replace(entry, "peers=4", "peers=64", 1) + "]", exitDone, "this run does not measure"},
	} {
		if err := writeFile("accept/x.json", []byte(c.text)); err != nil {
			t.Fatal(err)
		}
		status, out, err := perf(t.Context(), "gate", "-short", "-accept", "accept", "HEAD~1", "HEAD")
		if status != c.want || !strings.Contains(out+err, c.says) {
			t.Errorf("%s: status %d, want %d and %q:\n%s%s", c.text, status, c.want, c.says, out, err)
		}
	}
}

func TestTrack(t *testing.T) {
	inThrowaway(t, figures, figures)
	check := func(want int, says string) {
		t.Helper()
		status, out, err := perf(t.Context(), "track", "-check")
		if status != want || !strings.Contains(out+err, says) {
			t.Errorf("check: status %d, want %d and %q:\n%s%s", status, want, says, out, err)
		}
	}
	check(exitFail, "nothing is tracked")
	if err := writeFile("dirty", nil); err != nil {
		t.Fatal(err)
	}
	if status, _, err := perf(t.Context(), "track"); status != exitUsage || !strings.Contains(err, "uncommitted changes") {
		t.Errorf("a dirty tree: status %d, %s", status, err)
	}
	os.Remove("dirty")
	if status, _, err := perf(t.Context(), "track"); status != exitDone {
		t.Fatalf("status %d, %s", status, err)
	}
	head := git(t, "rev-parse", "HEAD")
	git(t, "add", "-A")
	git(t, "commit", "--quiet", "-m", "track")
	check(exitDone, "1 records verified")
	if _, out, _ := perf(t.Context(), "track", "-last"); strings.TrimSpace(out) != head {
		t.Errorf("the last tracked is %s, want %s", out, head)
	}
	if err := writeFile("bench/more.go", []byte("package bench\n")); err != nil {
		t.Fatal(err)
	}
	git(t, "add", "-A")
	git(t, "commit", "--quiet", "-m", "change")
	check(exitFail, "has changed")
	files, err := filepath.Glob("results/raw/*/bench.txt.zst")
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	if err := os.WriteFile(files[0], []byte("x"), 0o666); err != nil {
		t.Fatal(err)
	}
	check(exitUsage, "damaged")
}
