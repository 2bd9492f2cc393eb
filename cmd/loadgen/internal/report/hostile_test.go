package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// hostile is a text that tries to leave every place that a rendering may put it in.
const hostile = "=cmd() \x1b[2J\"'`|*_</title></style></script></pre><script>alert(1)</script><img src=x onerror=alert(2)><!--\r\nBenchmarkFake 1 1 ns/op\nTag=x,1,2,3,\u2028{{.}} ${x} \x00 %s \\"

// poison puts the text in every string of v, but for the format and histograms.
func poison(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() {
			v.SetString(hostile)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			poison(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				poison(v.Field(i))
			}
		}
	}
}

func poisoned(t *testing.T) *Run {
	t.Helper()
	r := sample(t)
	r.Invalid = []string{""}
	r.Violations = make([]Violation, 2)
	poison(reflect.ValueOf(r).Elem())
	r.Format, r.Failed = Format, hostile
	if err := r.Validate(); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestHostileText(t *testing.T) {
	text := string(render(t, poisoned(t).WriteText))
	for _, bad := range []string{"\x1b", "\r", "\x00", "\u2028"} {
		if strings.Contains(text, bad) {
			t.Errorf("%q reaches the terminal", bad)
		}
	}
}

// TestHostilePages checks that texts of a run add no element to a page: its tags are those of a page of harmless texts.
func TestHostilePages(t *testing.T) {
	r := poisoned(t)
	c := &Curve{Title: hostile, Points: []Point{{Nodes: 4, Mode: hostile, Profile: hostile, Achieved: 1, P50: 1, Why: hostile}, {Nodes: 7, Mode: "x"}}}
	for what, text := range map[string][]byte{"run": render(t, r.WriteHTML), "curve": render(t, c.WriteHTML)} {
		for tag, want := range map[string]int{"<script": 3, "</script": 3, "<img": 0, "<!--": 0, "<style": 1, "</style": 1, "<title": 1} {
			if n := bytes.Count(withoutAssets(t, text), []byte(tag)); n != want {
				t.Errorf("%s: %d times %q, not %d", what, n, tag, want)
			}
		}
		_, data, _ := strings.Cut(string(text), `id="data">`)
		data, _, _ = strings.Cut(data, "</script>")
		var into map[string]any
		if err := json.Unmarshal([]byte(data), &into); err != nil {
			t.Errorf("%s: the data: %v", what, err)
		}
	}
}

func TestHostileJSON(t *testing.T) {
	r := poisoned(t)
	back, err := ReadJSON(bytes.NewReader(render(t, r.WriteJSON)))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(r, back) {
		t.Error("it came back as another")
	}
}

func TestHostileCSV(t *testing.T) {
	rows, err := csv.NewReader(bytes.NewReader(render(t, poisoned(t).WriteNodes))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		if strings.HasPrefix(row[0], "=") {
			t.Fatalf("a spreadsheet would compute %.10s", row[0])
		}
	}
	if want := 1 + 11*5 - 2; len(rows) != want {
		t.Errorf("%d rows, not %d", len(rows), want)
	}
}

func TestHostileBenchmark(t *testing.T) {
	r := poisoned(t)
	if results, _ := readBenchmarks(t, render(t, r.WriteBenchmark)); len(results) != 0 {
		t.Errorf("an invalid run has %d results", len(results))
	}
	r.Invalid, r.Violations, r.Failed = nil, nil, ""
	results, _ := readBenchmarks(t, render(t, r.WriteBenchmark))
	if len(results) != 1 {
		t.Fatalf("%d results", len(results))
	}
	_, parts := results[0].Name.Parts()
	var keys []string
	for _, p := range parts {
		key, _, _ := strings.Cut(string(p), "=")
		keys = append(keys, key)
	}
	if got, want := strings.Join(keys, ""), "/nodes/down/mode/links/loop/arrivals/rate/size-2"; got != want {
		t.Errorf("the name's keys are %s, not %s", got, want)
	}
}

func TestHostileLog(t *testing.T) {
	r := poisoned(t)
	in := hdrhistogram.NewHistogramLogReader(bytes.NewReader(render(t, r.WriteLog)))
	n := 0
	for ; ; n++ {
		h, err := in.NextIntervalHistogram()
		if err != nil {
			t.Fatal(err)
		}
		if h == nil {
			break
		}
	}
	if n != len(r.Windows)*6 {
		t.Errorf("%d histograms, not %d", n, len(r.Windows)*6)
	}
}

func TestHostileMarkdown(t *testing.T) {
	c := &Curve{Points: []Point{{Nodes: 4, Mode: hostile, Why: hostile}, {Nodes: 7, Mode: "x", Valid: true}}}
	text := string(render(t, c.WriteMarkdown))
	if strings.Contains(text, "<") || strings.Count(text, "\n") != 2+2+1+2+1 {
		t.Errorf("the table is\n%s", text)
	}
}
