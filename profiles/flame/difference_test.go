package flame_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/pprof/profile"

	"parsec/profiles/flame"
)

var update = flag.Bool("update", false, "write the golden files anew")

// stacks is what a page draws: see pprof's report.StackSet.
type stacks struct {
	Total  int64
	Unit   string
	Stacks []struct {
		Value   int64
		Sources []int
	}
	Sources []struct {
		FullName, FileName string
		Inlined            bool
	}
}

func drawn(t *testing.T, page string) stacks {
	t.Helper()
	const call = "stackViewer("
	var s stacks
	if err := json.NewDecoder(strings.NewReader(page[strings.LastIndex(page, call)+len(call):])).Decode(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

// changes returns, for each function's self cost, the sum of what the page shows.
func (s stacks) changes() map[string]int64 {
	sum := map[string]int64{}
	for _, k := range s.Stacks {
		sum[s.Sources[k.Sources[len(k.Sources)-1]].FullName] += k.Value
	}
	return sum
}

// moved is the profile of tree after somebody has edited the code: count is now inlined into insert,
// which moved down by a line and costs 1 ms more; blocks is gone, and there is a new function.
func moved() *profile.Profile {
	p := tree()
	count, insert, main := p.Location[2], p.Location[1], p.Location[0]
	insert.Line[0].Line++
	insert.Line[0].Function.StartLine = 3
	inlined := &profile.Location{ID: 9, Line: []profile.Line{count.Line[0], insert.Line[0]}}
	added := &profile.Function{ID: 9, Name: "example.org/mod/core.added", Filename: "core/added.go"}
	at := &profile.Location{ID: 10, Line: []profile.Line{{Function: added, Line: 1}}}
	p.Function, p.Location = append(p.Function, added), append(p.Location, inlined, at)
	p.Sample = []*profile.Sample{
		{Location: []*profile.Location{inlined, main}, Value: []int64{4, 4_000_000}},
		{Location: []*profile.Location{at, main}, Value: []int64{1, 1_000_000}},
	}
	return p
}

func TestDifference(t *testing.T) {
	base, p := tree(), moved()
	wasBase, was := base.String(), p.String()
	d, err := flame.Difference(base, p)
	if err != nil {
		t.Fatal(err)
	}
	if base.String() != wasBase || p.String() != was {
		t.Error("a profile was changed")
	}
	s := drawn(t, page(t, d))
	want := map[string]int64{"count_amd64": 1_000_000, "example.org/mod/core.blocks": -2_000_000, "example.org/mod/core.added": 1_000_000}
	if got := s.changes(); !maps.Equal(got, want) {
		t.Errorf("changes %v, want %v", got, want)
	}
	if s.Total != 5_000_000 {
		t.Errorf("100 %% are %d, want the base's 5,000,000", s.Total)
	}
	for i, a := range s.Sources {
		for _, b := range s.Sources[:i] {
			if a == b || a.FullName == b.FullName {
				t.Errorf("%s is in the page twice", a.FullName)
			}
		}
	}
}

func TestDifferenceWithItselfIsZero(t *testing.T) {
	d, err := flame.Difference(moved(), moved())
	if err != nil {
		t.Fatal(err)
	}
	s := drawn(t, page(t, d))
	for f, v := range s.changes() {
		if v != 0 {
			t.Errorf("%s: %d", f, v)
		}
	}
	if len(s.Stacks) != 4 {
		t.Errorf("%d stacks, want the two of each side, to be seen as unchanged", len(s.Stacks))
	}
}

func TestDifferenceRefuses(t *testing.T) {
	other := tree()
	other.SampleType = []*profile.ValueType{{Type: "alloc_objects", Unit: "count"}, {Type: "alloc_space", Unit: "bytes"}}
	if _, err := flame.Difference(tree(), other); err == nil {
		t.Error("bytes less seconds: no error")
	}
}

// A page is the same, byte for byte, as when the golden file was written; a new pprof may change it, and
// then -update writes it anew.
func TestGoldenPage(t *testing.T) {
	d, err := flame.Difference(tree(), moved())
	if err != nil {
		t.Fatal(err)
	}
	view := flame.View{Value: "cpu", Title: `Replay: main → working tree <&>`, Notes: []string{"a note <&>"}}
	got, err := view.Page(d)
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "difference.html")
	if *update {
		if err := os.WriteFile(golden, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the page differs from %s: %d bytes, want %d", golden, len(got), len(want))
	}
	for _, part := range []string{
		"<title>Replay: main → working tree &lt;&amp;&gt;</title>",
		"<h1>Replay: main → working tree &lt;&amp;&gt;</h1>",
		"<div>a note &lt;&amp;&gt;</div>",
	} {
		if strings.Count(string(got), part) != 1 {
			t.Errorf("%q is not in the page once", part)
		}
	}
}
