package flame_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/pprof/profile"

	"parsec/profiles/flame"
)

// tree is a profile of main calling insert, which calls count, and blocks.
func tree() *profile.Profile {
	p := &profile.Profile{
		SampleType:    []*profile.ValueType{{Type: "samples", Unit: "count"}, {Type: "cpu", Unit: "nanoseconds"}},
		PeriodType:    &profile.ValueType{Type: "cpu", Unit: "nanoseconds"},
		Period:        1,
		TimeNanos:     1_600_000_000_000_000_000,
		DurationNanos: 5_000_000,
	}
	loc := func(name, file string) *profile.Location {
		id := uint64(len(p.Function) + 1)
		f := &profile.Function{ID: id, Name: name, Filename: file}
		l := &profile.Location{ID: id, Line: []profile.Line{{Function: f, Line: 7}}}
		p.Function, p.Location = append(p.Function, f), append(p.Location, l)
		return l
	}
	main := loc("main.main", "/home/someone/src/cmd/x/main.go")
	insert := loc("example.org/mod/core.(*Engine[go.shape.int/2]).Insert", "/home/someone/src/core/engine.go")
	count := loc("count_amd64", `C:\someone\count.s`)
	blocks := loc("example.org/mod/core.blocks", "/home/someone/src/core/blocks.go")
	p.Sample = []*profile.Sample{
		{Location: []*profile.Location{count, insert, main}, Value: []int64{3, 3_000_000}},
		{Location: []*profile.Location{blocks, main}, Value: []int64{2, 2_000_000}},
	}
	return p
}

func page(t *testing.T, p *profile.Profile) string {
	t.Helper()
	b, err := flame.Page(p, "cpu")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var (
	loads = regexp.MustCompile(`(?i)<(script|link|img|iframe|object|embed)\b[^>]*\s(src|href)\s*=|@import`)
	urls  = regexp.MustCompile(`(?i)\b(https?|wss?|ftp)://[^'"\s<)]*`)
	fonts = regexp.MustCompile(`\burl\(["']?([^)]{0,5})`)
)

func TestPageIsSelfContained(t *testing.T) {
	got := page(t, tree())
	if m := loads.FindString(got); m != "" {
		t.Errorf("the page loads something: %q", m)
	}
	for _, u := range urls.FindAllString(got, -1) {
		if u != "http://www.w3.org/2000/svg" { // the name of SVG, in a drawing that is part of the page
			t.Errorf("the page names %q", u)
		}
	}
	for _, m := range fonts.FindAllStringSubmatch(got, -1) {
		if m[1] != "data:" {
			t.Errorf("the style loads %q", m[0])
		}
	}
}

func TestPageShowsTheProfile(t *testing.T) {
	got := page(t, tree())
	const call = "stackViewer("
	data := got[strings.LastIndex(got, call)+len(call):]
	var stacks struct {
		Total   int64
		Unit    string
		Stacks  []struct{ Value int64 }
		Sources []struct{ FullName, FileName string }
	}
	if err := json.NewDecoder(strings.NewReader(data)).Decode(&stacks); err != nil {
		t.Fatal(err)
	}
	if stacks.Total != 5_000_000 || stacks.Unit != "s" || len(stacks.Stacks) != 2 {
		t.Errorf("total %d, unit %q, %d stacks; want 5000000, s, 2", stacks.Total, stacks.Unit, len(stacks.Stacks))
	}
	var sources []string
	for _, s := range stacks.Sources {
		sources = append(sources, s.FullName+" "+s.FileName)
	}
	want := []string{
		"root ",
		"main.main main/main.go",
		"example.org/mod/core.(*Engine[go.shape.int/2]).Insert example.org/mod/core/engine.go",
		"count_amd64 count.s",
		"example.org/mod/core.blocks example.org/mod/core/blocks.go",
	}
	if fmt.Sprint(sources) != fmt.Sprint(want) {
		t.Errorf("sources %q, want %q", sources, want)
	}
	for _, private := range []string{"someone", "2020-09-13"} {
		if strings.Contains(got, private) {
			t.Errorf("the page has %q in it", private)
		}
	}
}

func TestPageDependsOnTheProfileAlone(t *testing.T) {
	want := page(t, tree())
	p := tree()
	if got := page(t, p); got != want {
		t.Error("a second page differs")
	}
	if got := page(t, p); got != want {
		t.Error("making a page has changed the profile")
	}

	// As somebody else, who has saved a view for the pprof command.
	home := t.TempDir()
	for _, name := range []string{"HOME", "XDG_CONFIG_HOME", "AppData"} {
		t.Setenv(name, home)
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		t.Fatal(err)
	}
	settings := filepath.Join(dir, "pprof", "settings.json")
	if err := os.MkdirAll(filepath.Dir(settings), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(settings, []byte(`{"configs":[{"name":"my view","focus":"blocks"}]}`), 0o666); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TZ", "Pacific/Auckland")
	if got := page(t, tree()); got != want {
		t.Error("another user's page differs")
	}
	if os.Getenv("XDG_CONFIG_HOME") != home || os.Getenv("HOME") != home {
		t.Error("the environment is not what it was")
	}

	// As nobody, in a container.
	for _, name := range []string{"HOME", "XDG_CONFIG_HOME", "AppData"} {
		os.Unsetenv(name) // t.Setenv above puts it back
	}
	if got := page(t, tree()); got != want {
		t.Error("the page of a user without a home differs")
	}
}

func TestPageChoosesTheValue(t *testing.T) {
	cpu := page(t, tree())
	samples, err := flame.Page(tree(), "samples")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(samples), `"Total":5,`) || strings.Contains(cpu, `"Total":5,`) {
		t.Error("the page of samples does not count them, or that of cpu does")
	}
}

func TestPageRefuses(t *testing.T) {
	none, zero, invalid := tree(), tree(), tree()
	none.Sample = nil
	for _, s := range zero.Sample {
		s.Value[1] = 0
	}
	invalid.Sample[0].Location[0] = &profile.Location{ID: 99}
	for _, c := range []struct {
		name  string
		p     *profile.Profile
		value string
		want  error
	}{
		{"no samples", none, "cpu", flame.ErrNoSamples},
		{"only zeros", zero, "cpu", flame.ErrNoSamples},
		{"no such value", tree(), "alloc_space", flame.ErrValue},
		{"empty", &profile.Profile{}, "cpu", flame.ErrValue},
	} {
		if b, err := flame.Page(c.p, c.value); !errors.Is(err, c.want) || b != nil {
			t.Errorf("%s: %d bytes, error %v", c.name, len(b), err)
		}
	}
	if b, err := flame.Page(invalid, "cpu"); err == nil || b != nil {
		t.Errorf("a profile that is not valid: %d bytes, error %v", len(b), err)
	}
	if !bytes.Contains([]byte(page(t, tree())), []byte("count_amd64")) {
		t.Error("after these errors a good profile's page is not good")
	}
}
