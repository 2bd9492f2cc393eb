package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/perf/benchfmt"
)

const twoCases = `{"n":1,"initial":true,"parent":[],"others":[],"next":[[0,0,"t","t","t","t"]]}
{"n":2,"initial":false,"parent":[],"others":[],"next":[[0,0,"f","","",""]]}
`

// standIn takes loadgen's place: it writes what it is told to, and ends with the status that it is told.
const standIn = `package main

import (
	"fmt"
	"os"
	"strconv"
)

func main() {
	fmt.Println("stand-in:", os.Args[1:])
	out := os.Args[len(os.Args)-1]
	os.Mkdir(out, 0o777)
	os.WriteFile(out+"/report.html", nil, 0o666)
	os.WriteFile(out+"/bench.txt", []byte(os.Getenv("STAND_IN_SAMPLE")), 0o666)
	status, _ := strconv.Atoi(os.Getenv("STAND_IN_STATUS"))
	os.Exit(status)
}
`

// goodSample is what loadgen writes of a load that is valid.
const goodSample = "BenchmarkLoad/nodes=4 50000 12.25 p50-ms 45.5 p99-ms 4999.6 submissions/s 3 cpu-us/submission\n"

// smallTree makes a module's tree with four small recordings, two of them as the large ones, and two
// meta-votes. Its loadgen is a stand-in that
// says that all went well.
func smallTree(t *testing.T) string {
	t.Helper()
	t.Setenv("STAND_IN_SAMPLE", goodSample)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "go.mod"), "module x\n")
	write(t, filepath.Join(dir, "cmd", "loadgen", "main.go"), standIn)
	testdata := filepath.Join(dir, "core", "recording", "testdata")
	write(t, filepath.Join(testdata, "meta-votes.jsonl.zst"), twoCases)
	for _, f := range [][2]string{
		{"recordings", "coin-n04-2-1"},
		{"recordings", "wild-forks-n04-023"},
		{"large", "super-n04"},
		{"large", "single-n07"},
	} {
		data, err := os.ReadFile(bundledFile(f[1]))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(testdata, f[0], f[1]+".json.zst"), string(data))
	}
	return dir
}

func TestRun(t *testing.T) {
	t.Chdir(smallTree(t))
	holdAll(t, 0)
	for range 2 { // the second time, what the first wrote is replaced
		status, stdout, stderr := call("run", "-time", "50ms")
		if status != 0 {
			t.Fatalf("status %d\n%s%s", status, stdout, stderr)
		}
		for _, want := range []string{
			"coin-n04-2-1 ", "wild-forks-n04-023 ", "super-n04 ", "single-n07 ",
			"Replay/mode=supermajority/peers=4 ",
			"recordings: 4 equal, 0 different, 0 unusable",
			": 2 of 2 meta-votes hold",
			filepath.Join("results", "latest", "cpu.html"),
			"load: 4 nodes with TLS and disk, 5000 submissions/s asked for: valid, 5000 submissions/s decided at all, p50 12.2 ms, p99 45.5 ms\n",
			filepath.Join("results", "latest", "load", "report.html"),
		} {
			if !strings.Contains(stdout, want) {
				t.Errorf("%q is not in the table:\n%s", want, stdout)
			}
		}
	}
	if got := files(t, "results"); !slices.Equal(got, []string{"latest"}) {
		t.Errorf("results: %v", got)
	}
	latest := filepath.Join("results", "latest")
	if got, want := files(t, latest), slices.Sorted(slices.Values(resultFiles)); !slices.Equal(got, want) {
		t.Errorf("written: %v, want %v", got, want)
	}
	for _, name := range []string{"cpu", "allocs"} {
		page, err := os.ReadFile(filepath.Join(latest, name+".html"))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(page, []byte("(*Engine).Insert")) || bytes.Contains(page, []byte("<script src")) {
			t.Errorf("%s.html does not have Insert in it, or loads scripts", name)
		}
		if p := readProfile(t, filepath.Join(latest, name+".pprof")); len(p.Sample) == 0 {
			t.Errorf("%s.pprof: no samples", name)
		}
	}
	checkBenchmarks(t, filepath.Join(latest, "bench.txt"))
}

// checkBenchmarks has benchstat's reader read the file.
func checkBenchmarks(t *testing.T, file string) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	name := regexp.MustCompile(`^Replay/mode=(single|supermajority)/peers=[47](-[0-9]+)?$`)
	count := map[string]int{}
	r := benchfmt.NewReader(f, file)
	for r.Scan() {
		switch rec := r.Result().(type) {
		case *benchfmt.Result:
			count[rec.Name.String()]++
			if !name.Match(rec.Name) || rec.Iters < 1 {
				t.Errorf("%s: %d iterations", rec.Name, rec.Iters)
			}
			if _, parts := rec.Name.Parts(); (len(parts) == 3) != (runtime.GOMAXPROCS(0) > 1) {
				t.Errorf("%s: %d parts", rec.Name, len(parts))
			}
			for _, unit := range []string{"sec/op", "us/event", "events/s", "B/event", "allocs/event", "retained-B/event"} {
				if v, ok := rec.Value(unit); !ok || v <= 0 {
					t.Errorf("%s: %v %s", rec.Name, v, unit)
				}
			}
			if got := rec.GetConfig("goos"); got != runtime.GOOS {
				t.Errorf("goos: %s", got)
			}
			if got := rec.GetConfig("pkg"); !strings.HasSuffix(got, "/bench") {
				t.Errorf("pkg: %s", got)
			}
		case *benchfmt.SyntaxError:
			t.Error(rec)
		}
	}
	if r.Err() != nil || len(count) != 2 {
		t.Errorf("benchmarks %v, %v", count, r.Err())
	}
	for name, n := range count {
		if n != samples {
			t.Errorf("%s: %d samples, want %d", name, n, samples)
		}
	}
	for unit, want := range map[string]int{"us/event": -1, "events/s": 1, "allocs/event": -1, "retained-B/event": -1} {
		if got := r.Units().GetBetter(unit); got != want {
			t.Errorf("%s: direction %d, want %d", unit, got, want)
		}
	}
}

// What is wrong is told, and what is right is measured all the same.
func TestRunGoesOn(t *testing.T) {
	tree := smallTree(t)
	t.Chdir(tree)
	testdata := filepath.Join("core", "recording", "testdata")
	differing(t, filepath.Join(testdata, "large"))
	holdAll(t, 0)
	status, stdout, stderr := call("run", "-time", "1ms", "-out", "here")
	if status != exitDiffers || !strings.Contains(stdout, "recordings: 4 equal, 1 different, 0 unusable") {
		t.Errorf("a difference: status %d\n%s%s", status, stdout, stderr)
	}
	if strings.Contains(stdout, "peers=4-") {
		t.Error("what differs was benchmarked")
	}
	damaged(t, filepath.Join(testdata, "recordings"))
	status, stdout, stderr = call("run", "-time", "1ms", "-out", "here")
	if status != exitUsage || !strings.Contains(stdout, "recordings: 4 equal, 1 different, 1 unusable") || !strings.Contains(stderr, "damaged") {
		t.Errorf("damage: status %d\n%s%s", status, stdout, stderr)
	}
	if got := files(t, "here"); len(got) != len(resultFiles) {
		t.Errorf("written: %v", got)
	}
	if _, err := os.Stat("results"); !os.IsNotExist(err) {
		t.Errorf("-out was given, and results is there (%v)", err)
	}
}

// Interrupted anywhere, it leaves what was there before.
func TestRunInterrupted(t *testing.T) {
	t.Chdir(smallTree(t))
	holdAll(t, 0)
	write(t, filepath.Join("results", "latest", "bench.txt"), "an older one")
	for _, at := range []string{"replaying 4 recordings", "checking the meta-votes", "benchmarking", "profiling the CPU", "profiling allocations", "loading four nodes", "writing"} {
		status, stdout, stderr := callAndInterrupt(at, "run", "-time", "1ms")
		if status != exitInterrupted || stdout != "" || !strings.HasSuffix(stderr, "interrupted\n") {
			t.Errorf("at %q: status %d\n%s%s", at, status, stdout, stderr)
		}
		if got := files(t, "results"); !slices.Equal(got, []string{"latest"}) {
			t.Errorf("at %q: results: %v", at, got)
		}
		if got := files(t, filepath.Join("results", "latest")); !slices.Equal(got, []string{"bench.txt"}) {
			t.Errorf("at %q: latest: %v", at, got)
		}
	}
	if status, _, stderr := callAndInterrupt("benchmarking", "run", "-time", "1ms", "-out", "other"); status != exitInterrupted {
		t.Errorf("status %d, %s", status, stderr)
	}
	if got := files(t, "."); slices.Contains(got, "other") {
		t.Errorf("left behind: %v", got)
	}
}

func TestRunDoesNotReplaceOthers(t *testing.T) {
	t.Chdir(smallTree(t))
	write(t, filepath.Join("mine", "bench.txt"), "")
	write(t, filepath.Join("mine", "thesis.txt"), "")
	write(t, "file", "")
	for _, c := range [][2]string{{"mine", "thesis.txt"}, {".", "cmd"}, {"file", "file"}, {filepath.Join("file", "x"), "file"}} {
		status, stdout, stderr := call("run", "-time", "1ms", "-out", c[0])
		if status != exitUsage || stdout != "" || !strings.Contains(stderr, c[1]) {
			t.Errorf("-out %s: status %d, %q, %q", c[0], status, stdout, stderr)
		}
	}
	if got := files(t, "mine"); len(got) != 2 {
		t.Errorf("mine: %v", got)
	}
}

// TestRunLoad is about loads that are not well.
func TestRunLoad(t *testing.T) {
	t.Chdir(smallTree(t))
	holdAll(t, 0)
	for _, c := range []struct {
		name, sample, says string
		loadgen, status    int
		folder             bool
	}{
		{"unsafe", "without-sample: safety violated\n", "A PROMISE WAS BROKEN", 4, exitSafety, true},
		{"failed", goodSample, "loadgen: status 1\nstand-in: [-nodes 4", 1, exitUsage, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("STAND_IN_SAMPLE", c.sample)
			t.Setenv("STAND_IN_STATUS", fmt.Sprint(c.loadgen))
			status, stdout, stderr := call("run", "-time", "1ms")
			if status != c.status || !strings.Contains(stdout+stderr, c.says) || !strings.Contains(stdout, "recordings: 4 equal") {
				t.Errorf("status %d, want %d with %q:\n%s%s", status, c.status, c.says, stdout, stderr)
			}
			if link := strings.Contains(stdout, filepath.Join("load", "report.html")); link != c.folder {
				t.Errorf("it names the report: %v\n%s", link, stdout)
			}
			if there := slices.Contains(files(t, filepath.Join("results", "latest")), loadFolder); there != c.folder {
				t.Errorf("there is a report: %v", there)
			}
		})
	}
}

func TestReadLoad(t *testing.T) {
	for _, c := range []struct {
		sample string
		status int
		says   string // what is printed, or the error
	}{
		{goodSample, 0, "valid, 5000 submissions/s decided at all, p50 12.2 ms, p99 45.5 ms\n"},
		{"without-sample: invalid load: too slow\n", 3, "NOT VALID, the machine was too busy or is too slow: invalid load: too slow\n"},
		{"without-sample: \x1b\n", 3, `too slow: "\x1b"`},
		{"", 0, "there is no sample"},
		{"BenchmarkLoad 1 2 p50-ms\n", 0, "its sample has no"},
		{"BenchmarkLoad x y\n", 0, "bench.txt:1"},
	} {
		var out strings.Builder
		l, err := readLoad([]byte(c.sample), c.status)
		if err != nil {
			out.WriteString(err.Error())
		} else {
			l.writeText(&out)
		}
		if !strings.Contains(out.String(), c.says) {
			t.Errorf("%q, status %d: %q, not %q", c.sample, c.status, out.String(), c.says)
		}
	}
}

func TestRunWithoutLarge(t *testing.T) {
	t.Chdir(smallTree(t))
	large := filepath.Join("core", "recording", "testdata", "large")
	if err := os.RemoveAll(large); err != nil {
		t.Fatal(err)
	}
	if status, _, stderr := call("run", "-time", "1ms"); status != exitUsage || !strings.Contains(stderr, large) {
		t.Errorf("none: status %d, %s", status, stderr)
	}
	differing(t, write(t, filepath.Join(large, "x"), "")[:len(large)])
	if status, _, stderr := call("run", "-time", "1ms"); status != exitUsage || !strings.Contains(stderr, "nothing to benchmark") {
		t.Errorf("only wrong ones: status %d, %s", status, stderr)
	}
	if _, err := os.Stat(filepath.Join("results", "latest")); !os.IsNotExist(err) {
		t.Errorf("results/latest is there (%v)", err)
	}
}
