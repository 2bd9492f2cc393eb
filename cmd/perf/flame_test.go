package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/pprof/profile"
)

// What the benchmarks of the throwaway module do: before the first commit, and in the second.
const flameWork = `package work

import (
	"os"
	"sync"
	"testing"
	"time"
)

func init() {
	if os.Getenv("PARSEC_BENCH_SLOWDOWN") != "" {
		panic("slowed down")
	}
}

var sink []byte
var mu sync.Mutex

//go:noinline
func spin() {
	for end := time.Now().Add(5 * time.Millisecond); time.Now().Before(end); {
	}
}

//go:noinline
func keep(n int) {
	for range n {
		sink = make([]byte, 1024)
	}
}

//go:noinline
func hold() {
	mu.Lock()
	time.Sleep(2 * time.Millisecond)
	mu.Unlock()
}

func BenchmarkSpin(b *testing.B) {
	for b.Loop() {
		spin()
	}
}

func BenchmarkKeep(b *testing.B) {
	b.Run("size=1", func(b *testing.B) {
		for b.Loop() {
			keep(ONE)
		}
	})
	b.Run("size=10", func(b *testing.B) {
		for b.Loop() {
			keep(5)
		}
	})
}

// One iteration has EVENTS events, of an object each.
func BenchmarkEvents(b *testing.B) {
	for b.Loop() {
		keep(EVENTS)
	}
	b.ReportMetric(EVENTS*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

func BenchmarkLock(b *testing.B) {
	for b.Loop() {
		var both sync.WaitGroup
		both.Go(hold)
		both.Go(hold)
		both.Wait()
	}
}

func BenchmarkIdle(b *testing.B) {
	for b.Loop() {
	}
}

func BenchmarkBroken(b *testing.B) { b.Fatal("broken on purpose") }
`

// flameModule makes a repository of two commits and goes there. In the second, Keep/size=1 allocates two
// objects more, an iteration of Events has twice the events, and Late is new.
func flameModule(t *testing.T) {
	t.Helper()
	t.Setenv("PARSEC_BENCH_SLOWDOWN", "3") // of the user's: it must not reach the benchmarks
	if testing.Short() {
		t.Skip("builds and runs test binaries")
	}
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git")
	}
	dir := t.TempDir()
	put := func(name, text string) {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	git("init", "--quiet")
	git("config", "user.name", "tester")
	git("config", "user.email", "tester@localhost")
	put("go.mod", "module throwaway\n\ngo 1.26\n")
	late := "\nfunc BenchmarkLate(b *testing.B) {\n\tfor b.Loop() {\n\t\tspin()\n\t}\n}\n"
	for _, c := range [][3]string{{"1", "10", ""}, {"3", "20", late}} {
		put("work/work_test.go", strings.NewReplacer("ONE", c[0], "EVENTS", c[1]).Replace(flameWork)+c[2])
		put("bench/bench_test.go", "package bench\n\nimport \"testing\"\n\nfunc BenchmarkElse(b *testing.B) { for b.Loop() {} }\n")
		git("add", "-A")
		git("commit", "--quiet", "-m", c[0])
	}
	t.Chdir(dir)
}

// flameIn runs the command on the throwaway module's benchmarks.
func flameIn(ctx context.Context, args ...string) (status int, stdout, stderr string) {
	var out, err strings.Builder
	status = flameCommand(ctx, args, &out, &err)
	return status, out.String(), err.String()
}

func readPprof(t *testing.T, name string) *profile.Profile {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := profile.ParseData(data)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// leaves sums one of p's values by the function that it is spent in.
func leaves(p *profile.Profile, value string) map[string]int64 {
	sum := map[string]int64{}
	k := valueIndex(p, value)
	for _, s := range p.Sample {
		sum[s.Location[0].Line[0].Function.Name] += s.Value[k]
	}
	return sum
}

func noFiles(t *testing.T) {
	t.Helper()
	for _, pattern := range []string{"*.html*", "*.pprof*", ".*.tmp"} {
		if left, _ := filepath.Glob(pattern); len(left) > 0 {
			t.Errorf("files are left: %v", left)
		}
	}
	temp, _ := filepath.Glob(filepath.Join(os.TempDir(), "parsec-*"))
	if len(temp) > 0 {
		t.Errorf("trees are left: %v", temp)
	}
}

// ownTemp gives the test a folder for temporary files that nobody else uses.
func ownTemp(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir)
	t.Setenv("TEMP", dir)
}

func TestFlameCPU(t *testing.T) {
	flameModule(t)
	ownTemp(t)
	status, stdout, stderr := flameIn(t.Context(), "-bench", "Spin", "-pkg", "work", "-time", "60x", "-o", "x.html", "-o", "x.pprof")
	if status != 0 {
		t.Fatalf("status %d\n%s%s", status, stdout, stderr)
	}
	// The tree is as it was committed; the files to write are no part of it.
	title := regexp.MustCompile(`cpu of Spin at HEAD \([0-9a-f]{7,}\)`)
	page, err := os.ReadFile("x.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, got := range []string{string(page), stdout} {
		if !title.MatchString(got) || !strings.Contains(got, "Spin: iterations: 60") {
			t.Errorf("no title, or no note, in %.200q", got)
		}
	}
	if !strings.Contains(string(page), "throwaway/work.spin") || strings.Contains(string(page), os.TempDir()) {
		t.Error("the page does not have spin in it, or has a folder of this machine")
	}
	p := readPprof(t, "x.pprof")
	// 60 spins of 5 ms are 30 samples, on a machine that has nothing else to do.
	if got := total(p, "samples"); got < 5 || valueIndex(p, "cpu") < 0 {
		t.Errorf("%d samples", got)
	}
	os.Remove("x.html")
	os.Remove("x.pprof")
	noFiles(t)
}

// Allocations are counted exactly, so a difference of them is.
func TestFlameDifference(t *testing.T) {
	flameModule(t)
	run := func(args ...string) (map[string]int64, string) {
		t.Helper()
		args = append([]string{"-type", "alloc_objects", "-pkg", "./work", "-time", "40x", "-o", "d.pprof", "-o", "d.html", "-from", `\.keep$`}, args...)
		status, stdout, stderr := flameIn(t.Context(), args...)
		if status != 0 {
			t.Fatalf("status %d\n%s%s", status, stdout, stderr)
		}
		return leaves(readPprof(t, "d.pprof"), "alloc_objects"), stdout
	}
	// Four runs of 20 iterations, two a side.
	got, said := run("-bench", "Keep", "-diff", "HEAD~1", "HEAD")
	if got["throwaway/work.keep"] != 2*20*2 {
		t.Errorf("%v, want 80 objects more", got)
	}
	title := regexp.MustCompile(`alloc_objects of 2 benchmarks that match Keep: HEAD~1 \([0-9a-f]+\) → HEAD \([0-9a-f]+\)`)
	page, err := os.ReadFile("d.html")
	if err != nil {
		t.Fatal(err)
	}
	if !title.MatchString(said) || !title.Match(page) {
		t.Errorf("the title does not say what is compared: %s", said)
	}
	if !strings.Contains(said, "base 240, head 320") {
		t.Errorf("the sums are not 40 (1 + 5) and 40 (3 + 5): %s", said)
	}
	if got, _ := run("-bench", "Keep", "-diff", "HEAD", "HEAD"); got["throwaway/work.keep"] != 0 {
		t.Errorf("a commit less itself: %v", got)
	}
	// Twice the objects, for twice the events.
	got, said = run("-bench", "Events", "-diff", "HEAD~1")
	if d := got["throwaway/work.keep"]; d < -8 || d > 8 || !strings.Contains(said, "of 20 events, in the base 10: the base is scaled by 2.0") {
		t.Errorf("%d objects more, want about none\n%s", d, said)
	}
	status, stdout, stderr := flameIn(t.Context(), "-bench", "Late", "-pkg", "./work", "-time", "1x", "-diff", "HEAD~1", "-o", "l.html")
	if status != exitUsage || !strings.Contains(stderr, "there is no benchmark Late at HEAD~1") {
		t.Errorf("a benchmark that the base does not have: status %d\n%s%s", status, stdout, stderr)
	}
}

func TestFlameWaiting(t *testing.T) {
	flameModule(t)
	for kind, leaf := range map[string]string{"block": "sync.(*WaitGroup).Wait", "mutex": "sync.(*Mutex).Unlock"} {
		status, stdout, stderr := flameIn(t.Context(), "-bench", "Lock", "-type", kind, "-pkg", "./work", "-time", "20x", "-o", "w.pprof")
		if status != 0 {
			t.Fatalf("%s: status %d\n%s%s", kind, status, stdout, stderr)
		}
		p := readPprof(t, "w.pprof")
		if got := leaves(p, "delay"); got[leaf] < int64(time.Millisecond) {
			t.Errorf("%s: %v, want some in %s", kind, got, leaf)
		}
		for _, f := range p.Function {
			if f.Name == "testing.(*B).run1" {
				t.Errorf("%s: the waiting of package testing is in it", kind)
			}
		}
	}
}

func TestFlameFails(t *testing.T) {
	flameModule(t)
	ownTemp(t)
	write := "-o x.html"
	for _, c := range []struct{ name, args, want string }{
		{"unknown benchmark", "-bench Nope -pkg ./work " + write, `matches "Nope": it has BenchmarkSpin, BenchmarkKeep`},
		{"unknown, difference", "-bench Nope -pkg ./work -diff HEAD~1 " + write, `matches "Nope"`},
		{"no samples", "-bench Idle -pkg ./work -time 1x -from nothing " + write, "no samples: it ran for less than some 10 ms, or no function matches nothing (-from names others); a longer -time than 1x"},
		{"nobody waited", "-bench Idle -pkg ./work -time 1x -from nothing -type mutex " + write, "no goroutine of it waited for a lock, or no function matches nothing"},
		{"nobody blocked", "-bench Idle -pkg ./work -time 1x -from nothing -type block " + write, "no goroutine of it waited, or no function matches nothing"},
		{"nothing that is measured", "-bench Else -time 1x " + write, "measure"},
		{"no samples, difference", "-bench Idle -pkg ./work -time 2x -from nothing -type alloc_space -diff HEAD~1 " + write, "allocated nothing"},
		{"benchmark fails", "-bench Broken -pkg ./work " + write, "broken on purpose"},
		{"no such commit", "-bench Spin -pkg ./work " + write + " nowhere", `no commit is called "nowhere"`},
		{"no such base", "-bench Spin -pkg ./work -diff nowhere " + write, `no commit is called "nowhere"`},
		{"no such package", "-bench Spin -pkg ./nowhere " + write, "no tests"},
		{"no such folder", "-bench Spin -pkg ./work -o nowhere/x.html", "-o nowhere/x.html: "},
		{"a folder", "-bench Spin -pkg ./work -o work/../dir.html", "is not a file"},
		{"address in use, or none", "-bench Spin -pkg ./work -web nowhere", "-web nowhere: "},
	} {
		os.Mkdir("dir.html", 0o777)
		status, stdout, stderr := flameIn(t.Context(), strings.Fields(c.args)...)
		os.Remove("dir.html")
		if status != exitUsage || !strings.Contains(stderr, c.want) || stdout != "" {
			t.Errorf("%s: status %d, want %q\n%s%s", c.name, status, c.want, stdout, stderr)
		}
		noFiles(t)
	}
}

func TestFlameUsage(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"", "-bench: say which"},
		{"-bench X", "-o FILE.html"},
		{"-bench ( -o x.html", "missing closing )"},
		{"-bench X -o x.txt", "ends in .html or .pprof"},
		{"-bench X -type heap -o x.html", `-type "heap": want one of cpu, alloc_space, alloc_objects, block, mutex`},
		{"-bench X -time 0s -o x.html", "want a time above 0"},
		{"-bench X -time 0x -o x.html", "iterations above 0"},
		{"-bench X -time 3 -o x.html", "want a time above 0"},
		{"-bench X -from ( -o x.html", "-from: "},
		{"-bench X -pkg ../x -o x.html", "want a folder of the module"},
		{"-bench X -pkg /x -o x.html", "want a folder of the module"},
		{"-bench X -diff= -o x.html", "-diff: say which commit"},
		{"-bench X -o x.html HEAD -type", "one REV at most"},
		{"-frobnicate", "flag provided but not defined"},
	} {
		status, stdout, stderr := flameIn(t.Context(), strings.Fields(c.args)...)
		if status != exitUsage || !strings.Contains(stderr, c.want) || !strings.Contains(stderr, "perf flame -h") || stdout != "" {
			t.Errorf("%s: status %d, want %q\n%s%s", c.args, status, c.want, stdout, stderr)
		}
	}
	status, stdout, stderr := flameIn(t.Context(), "-h")
	if status != exitDone || !strings.Contains(stdout, "usage: perf flame") || stderr != "" {
		t.Errorf("-h: status %d\n%s%s", status, stdout, stderr)
	}
}

// trigger calls then, once, when what is written has a text in it.
type trigger struct {
	sync.Mutex
	on   string
	then func(said string)
	said bytes.Buffer
	once sync.Once
}

func (w *trigger) Write(b []byte) (int, error) {
	w.Lock()
	defer w.Unlock()
	w.said.Write(b)
	if strings.Contains(w.said.String(), w.on) {
		said := w.said.String()
		w.once.Do(func() { go w.then(said) })
	}
	return len(b), nil
}

// An interrupt leaves what was there as it was, and nothing half-written.
func TestFlameInterrupted(t *testing.T) {
	flameModule(t)
	ownTemp(t)
	for _, c := range []struct{ on, args string }{
		{"profiling", "-bench Spin -pkg ./work -time 1h -o x.txt.html -o x.pprof"},
		{"run 1 of 4", "-bench Spin -pkg ./work -time 100000x -diff HEAD~1 -o x.txt.html"},
		{"building", "-bench Spin -pkg ./work -o x.txt.html"},
	} {
		if err := os.WriteFile("x.txt.html", []byte("old"), 0o666); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		w := &trigger{on: c.on, then: func(string) { cancel() }}
		status := flameCommand(ctx, strings.Fields(c.args), io.Discard, w)
		cancel()
		if status != exitInterrupted || !strings.Contains(w.said.String(), "interrupted") {
			t.Errorf("%s: status %d\n%s", c.on, status, &w.said)
		}
		if old, err := os.ReadFile("x.txt.html"); err != nil || string(old) != "old" {
			t.Errorf("%s: the old file is %q, %v", c.on, old, err)
		}
		os.Remove("x.txt.html")
		noFiles(t)
	}
}

func TestFlameWeb(t *testing.T) {
	flameModule(t)
	ownTemp(t)
	for _, name := range []string{"XDG_CONFIG_HOME", "AppData"} {
		t.Setenv(name, t.TempDir())
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	at := regexp.MustCompile(`http://\S+`)
	var body []byte
	var err error
	w := &trigger{on: "until interrupted", then: func(said string) {
		defer cancel()
		var resp *http.Response
		if resp, err = http.Get(at.FindString(said) + "/source?f=spin"); err == nil {
			body, err = io.ReadAll(resp.Body)
			resp.Body.Close()
		}
	}}
	args := []string{"-bench", "Spin", "-pkg", "./work", "-time", "60x", "-web", ":0"}
	if status := flameCommand(ctx, args, io.Discard, w); status != exitDone {
		t.Errorf("status %d\n%s", status, &w.said)
	}
	if err != nil || !bytes.Contains(body, []byte("func spin() {")) {
		t.Errorf("the source is not shown: %v\n%.300s", err, body)
	}
	if got := at.FindString(w.said.String()); !strings.HasPrefix(got, "http://127.0.0.1:") && !strings.HasPrefix(got, "http://[::1]:") {
		t.Errorf("served at %s, want this machine alone", got)
	}
	noFiles(t)
}
