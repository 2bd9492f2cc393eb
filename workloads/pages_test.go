package workloads

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// pageSize is the size for which pages state parameters.
var pageSize = Size{Peers: 16, Events: 8000, Seed: 1}

// pageSections are what every page has, in this order, each with text.
var pageSections = []string{"What it models", "What it is hard on", "Real traffic like it", "Limits", "Parameters"}

// parameters renders what w sets, as its page states it: the fields of Params or WildParams that are not
// zero, but for the size itself.
func parameters(t *testing.T, w Workload) string {
	t.Helper()
	var p any
	switch {
	case w.large:
		l, err := LargeParams(w.mode, pageSize.Peers, pageSize.Events, pageSize.Seed)
		if err != nil {
			t.Fatal(err)
		}
		p = l
	case w.wild != nil:
		p = w.wild(pageSize)
	default:
		p = w.params(pageSize)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "| parameter | at %d peers and %d events |\n|---|---|\n| least peers | %d |\n", pageSize.Peers, pageSize.Events, w.MinPeers)
	v := reflect.ValueOf(p)
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		if name == "Mode" || !v.Field(i).IsZero() && !slices.Contains([]string{"Name", "Seed", "Peers", "Events"}, name) {
			fmt.Fprintf(&b, "| `%s` | %s |\n", name, value(v.Field(i).Interface()))
		}
	}
	return b.String()
}

func value(x any) string {
	var parts []string
	short := func(d time.Duration) string { return d.Round(time.Microsecond).String() }
	switch x := x.(type) {
	case Delay:
		return fmt.Sprintf("%v, mean %s", x.Shape, short(x.Mean))
	case time.Duration:
		return short(x)
	case []Partition:
		for _, p := range x {
			parts = append(parts, fmt.Sprintf("%v and the rest, %s to %s", p.Groups, short(p.From), short(p.Until)))
		}
	case []Change:
		for _, c := range x {
			parts = append(parts, fmt.Sprintf("%v at %s, in effect %s later", c.Kind, short(c.At), short(c.Lag)))
		}
	default:
		return fmt.Sprint(x)
	}
	return strings.Join(parts, "; ")
}

// checkPage returns what is wrong with a workload's page.
func checkPage(name, page, table string) (wrong []string) {
	text, ok := strings.CutPrefix(page, "# `"+name+"`\n")
	if !ok {
		wrong = append(wrong, "does not begin with its name")
	}
	var titles []string
	for _, section := range strings.Split(text, "\n## ")[1:] {
		title, body, _ := strings.Cut(section, "\n")
		titles = append(titles, title)
		if len(strings.TrimSpace(body)) < 40 {
			wrong = append(wrong, title+": says nothing")
		}
	}
	if !slices.Equal(titles, pageSections) {
		wrong = append(wrong, fmt.Sprintf("has the sections %q, want %q", titles, pageSections))
	}
	if _, got, _ := strings.Cut(text, "\n## Parameters\n\n"); got != table {
		wrong = append(wrong, "states other parameters than the code, which has:\n"+table)
	}
	return wrong
}

// Whoever adds a workload writes its page, and whoever changes one mends it.
func TestPages(t *testing.T) {
	pages := map[string]bool{}
	for _, w := range Named() {
		name := filepath.Join("pages", w.Name+".md")
		pages[name] = true
		page, err := os.ReadFile(name)
		if err != nil {
			t.Errorf("%s has no page: %v; its parameters are\n%s", w.Name, err, parameters(t, w))
			continue
		}
		for _, wrong := range checkPage(w.Name, string(page), parameters(t, w)) {
			t.Errorf("%s: %s", name, wrong)
		}
	}
	files, err := filepath.Glob(filepath.Join("pages", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !pages[f] {
			t.Errorf("%s is of no workload", f)
		}
	}
}

func TestCheckPage(t *testing.T) {
	const table = "| parameter | at 16 peers and 8000 events |\n|---|---|\n"
	text := "# `x`\n"
	for _, s := range pageSections[:4] {
		text += "\n## " + s + "\n\n" + strings.Repeat("word ", 10) + "\n"
	}
	good := text + "\n## Parameters\n\n" + table
	for name, c := range map[string]struct {
		page string
		ok   bool
	}{
		"good":             {good, true},
		"other name":       {strings.Replace(good, "`x`", "`y`", 1), false},
		"empty section":    {strings.Replace(good, strings.Repeat("word ", 10), "", 1), false},
		"section missing":  {strings.Replace(good, "## Limits\n", "", 1), false},
		"other parameters": {strings.Replace(good, "8000", "9000", 1), false},
		"no table":         {text, false},
		"empty":            {"", false},
	} {
		if wrong := checkPage("x", c.page, table); (len(wrong) == 0) != c.ok {
			t.Errorf("%s: %q", name, wrong)
		}
	}
}
