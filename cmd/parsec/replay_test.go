package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/pprof/profile"

	"parsec/core"
	"parsec/core/recording"
)

func TestReplayStatus(t *testing.T) {
	dir := t.TempDir()
	equal, differs, broken := bundledFile("super-n04"), differing(t, dir), damaged(t, dir)
	missing := filepath.Join(dir, "missing.json")
	for _, c := range []struct {
		files  []string
		status int
		stdout []string // in it, in this order
		stderr string
	}{
		{[]string{equal}, 0, []string{"super-n04 ", " equal ", "1 equal, 0 different, 0 unusable"}, ""},
		{[]string{differs, equal}, 1, []string{"changed ", " DIFFERS ", "  block 1: want observation", "super-n04", "1 equal, 1 different"}, ""},
		{[]string{broken, equal}, 2, []string{"super-n04", "1 equal, 0 different, 1 unusable"}, "damaged.json.zst: "},
		{[]string{differs, missing, equal}, 2, []string{"DIFFERS", "1 equal, 1 different, 1 unusable"}, "missing.json: "},
	} {
		status, stdout, stderr := call(append([]string{"replay", "-repeat", "1"}, c.files...)...)
		if status != c.status {
			t.Errorf("%v: status %d, want %d", c.files, status, c.status)
		}
		rest, found := stdout, true
		for _, want := range c.stdout {
			if _, rest, found = strings.Cut(rest, want); !found {
				t.Errorf("%v: %q is not in its place in\n%s", c.files, want, stdout)
				break
			}
		}
		if c.stderr == "" && stderr != "" || !strings.Contains(stderr, c.stderr) {
			t.Errorf("%v: stderr %q, want %q", c.files, stderr, c.stderr)
		}
	}
}

func TestReplayJSON(t *testing.T) {
	dir := t.TempDir()
	status, stdout, stderr := call("replay", "-json", bundledFile("super-n04"), differing(t, dir), damaged(t, dir))
	if status != exitUsage || !strings.Contains(stderr, "damaged.json.zst") {
		t.Errorf("status %d, stderr %q", status, stderr)
	}
	lines := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines, want 2:\n%s", len(lines), stdout)
	}
	keys := []string{"allocs_per_event", "blocks", "bytes_per_event", "events", "name", "ns_per_event", "ok", "retained_bytes_per_event"}
	for i, want := range []map[string]any{
		{"name": "super-n04", "events": 2238.0, "blocks": 41.0, "ok": true},
		{"name": "changed", "events": 2238.0, "blocks": 41.0, "ok": false},
	} {
		var got map[string]any
		if err := json.Unmarshal([]byte(lines[i]), &got); err != nil {
			t.Fatal(err)
		}
		for k, v := range want {
			if got[k] != v {
				t.Errorf("%s: %q is %v, want %v", lines[i], k, got[k], v)
			}
		}
		has := keys
		if want["ok"] == false {
			if has = append(slices.Clone(keys), "difference"); !strings.HasPrefix(fmt.Sprint(got["difference"]), "block 1: want ") {
				t.Errorf("%s: difference %v", lines[i], got["difference"])
			}
			slices.Sort(has)
		}
		if k := slices.Sorted(maps.Keys(got)); !slices.Equal(k, has) {
			t.Errorf("keys %v, want %v", k, has)
		}
		for _, k := range []string{"ns_per_event", "allocs_per_event", "bytes_per_event", "retained_bytes_per_event"} {
			if v, ok := got[k].(float64); !ok || v <= 0 {
				t.Errorf("%s: %q is %v", lines[i], k, got[k])
			}
		}
	}
}

func TestReplayBundled(t *testing.T) {
	t.Chdir(smallTree(t))
	if status, stdout, stderr := call("replay", "-repeat", "1"); status != 0 || !strings.Contains(stdout, "4 equal, 0 different") {
		t.Errorf("status %d\n%s%s", status, stdout, stderr)
	}
	holdAll(t, 0)
	t.Chdir("core") // below is inside, too
	if status, stdout, stderr := call("replay", "-meta-votes"); status != 0 || stdout != filepath.Join("..", "core", "recording", "testdata", "meta-votes.jsonl.zst")+": 2 of 2 meta-votes hold\n" {
		t.Errorf("status %d\n%s%s", status, stdout, stderr)
	}
}

func TestReplayRefused(t *testing.T) {
	rec, err := recording.ReadFile(bundledFile("super-n04"))
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(rec.Events, func(e recording.Event) bool { return e.Cause == core.Request })
	rec.Events[at].OtherParent = 1 << 20 // not valid; Validate would say so before an engine does
	r := fastest(rec, 3)
	if r.OK || !strings.HasPrefix(r.Difference, fmt.Sprintf("the engine refuses event %d: ", at)) || r.NsPerEvent != 0 {
		t.Errorf("%+v", r)
	}
}

func TestReplayMetaVotes(t *testing.T) {
	dir := t.TempDir()
	good := write(t, filepath.Join(dir, "good.jsonl"), twoCases)
	bad := write(t, filepath.Join(dir, "bad.jsonl"), twoCases+"{}\n")
	for _, c := range []struct {
		butOf  int
		files  []string
		status int
		stdout string
	}{
		{0, []string{good}, 0, good + ": 2 of 2 meta-votes hold\n"},
		{2, []string{good}, 1, good + ": 1 of 2 meta-votes hold\n  line 2: wrong\n"},
		{2, []string{bad, good}, 2, good + ": 1 of 2 meta-votes hold\n  line 2: wrong\n"},
	} {
		holdAll(t, c.butOf)
		status, stdout, stderr := call(append([]string{"replay", "-meta-votes"}, c.files...)...)
		if status != c.status || stdout != c.stdout || (status == 2) != strings.Contains(stderr, "bad.jsonl: line 3") {
			t.Errorf("%v: status %d, want %d; %q, want %q; %q", c.files, status, c.status, stdout, c.stdout, stderr)
		}
	}
	holdAll(t, 2)
	_, stdout, _ := call("replay", "-meta-votes", "-json", good)
	want := fmt.Sprintf(`{"name":%q,"cases":2,"hold":1,"ok":false,"difference":"line 2: wrong"}`+"\n", good)
	if stdout != want {
		t.Errorf("%s, want %s", stdout, want)
	}
}

func TestReplayProfiles(t *testing.T) {
	dir := t.TempDir()
	cpu, mem := filepath.Join(dir, "cpu.pprof"), filepath.Join(dir, "mem.pprof")
	write(t, cpu, "an older one")
	status, _, stderr := call("replay", "-repeat", "300", "-cpuprofile", cpu, "-memprofile", mem, bundledFile("super-n04"))
	if status != 0 {
		t.Errorf("status %d, %s", status, stderr)
	}
	if got := files(t, dir); !slices.Equal(got, []string{"cpu.pprof", "mem.pprof"}) {
		t.Errorf("files %v", got)
	}
	for _, file := range []string{cpu, mem} {
		p := readProfile(t, file)
		// Where the clock ticks every 4 ms, a profile can miss everything that is shorter.
		if len(p.Sample) == 0 && (file == mem || !strings.Contains(stderr, "no samples")) {
			t.Errorf("%s: no samples; stderr %q", file, stderr)
		}
		for _, s := range p.Sample {
			root := s.Location[len(s.Location)-1]
			name := root.Line[len(root.Line)-1].Function.Name
			if !strings.HasSuffix(name, "(*Recording).Replay") && (file == cpu || !strings.HasSuffix(name, "(*Recording).Engine")) {
				t.Errorf("%s: a stack begins with %s", file, name)
			}
		}
	}
}

func readProfile(t *testing.T, file string) *profile.Profile {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	p, err := profile.ParseData(data)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A profile of almost nothing is written, and said to be empty.
func TestReplayEmptyProfile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "cpu.pprof")
	status, _, stderr := call("replay", "-repeat", "1", "-cpuprofile", file, bundledFile("wild-003"))
	if n := len(readProfile(t, file).Sample); n == 0 && !strings.Contains(stderr, "warning: the CPU profile has no samples") || status != 0 {
		t.Errorf("status %d, %d samples, stderr %q", status, n, stderr)
	}
}

func TestReplayProfileCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "good.pprof")
	for _, bad := range []string{dir, filepath.Join(dir, "missing", "x.pprof")} {
		for _, args := range [][]string{{"-cpuprofile", bad, "-memprofile", good}, {"-cpuprofile", good, "-memprofile", bad}} {
			status, stdout, stderr := call(slices.Concat([]string{"replay"}, args, []string{bundledFile("super-n04")})...)
			if status != exitUsage || stdout != "" || !strings.Contains(stderr, bad+": ") {
				t.Errorf("%v: status %d, %q, %q", args, status, stdout, stderr)
			}
			if got := files(t, dir); len(got) > 0 {
				t.Errorf("%v: left behind: %v", args, got)
			}
		}
	}
}

func TestReplayInterrupted(t *testing.T) {
	dir := t.TempDir()
	cpu, mem := filepath.Join(dir, "cpu.pprof"), filepath.Join(dir, "mem.pprof")
	write(t, mem, "an older one")
	args := []string{"replay", "-cpuprofile", cpu, "-memprofile", mem, bundledFile("super-n04"), bundledFile("super-n03")}
	status, stdout, stderr := callAndInterrupt("super-n04", args...)
	if status != exitInterrupted || !strings.HasSuffix(stderr, "interrupted\n") || strings.Contains(stdout, "super-n03") {
		t.Errorf("status %d\n%s%s", status, stdout, stderr)
	}
	if got := files(t, dir); !slices.Equal(got, []string{"mem.pprof"}) {
		t.Errorf("left behind: %v", got)
	}
	if data, _ := os.ReadFile(mem); string(data) != "an older one" {
		t.Error("the older profile is gone")
	}
}

// An interrupt does not wait for the work under way.
func TestAwait(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	defer close(release)
	n, err := await(ctx, func() (int, error) {
		cancel()
		<-release
		return 1, nil
	})
	if n != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("%d, %v", n, err)
	}
	if n, err := await(t.Context(), func() (int, error) { return 2, errNoTree }); n != 2 || err != errNoTree {
		t.Errorf("%d, %v", n, err)
	}
}

// failing is a stream with nobody at the other end.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestReplayCannotPrint(t *testing.T) {
	var errs strings.Builder
	if status := run(t.Context(), []string{"replay", bundledFile("super-n04")}, failing{}, &errs); status != exitUsage {
		t.Errorf("status %d", status)
	}
	if got := errs.String(); got != "parsec replay: printing: no space left\n" {
		t.Errorf("%q", got)
	}
}

func TestPrintable(t *testing.T) {
	for _, c := range [][2]string{
		{"super-n04", "super-n04"},
		{"größer", "größer"},
		{"a\x1b[2Jb", `"a\x1b[2Jb"`},
		{"a\nb", `"a\nb"`},
	} {
		if got := printable(c[0]); got != c[1] {
			t.Errorf("%q: %s, want %s", c[0], got, c[1])
		}
	}
}
