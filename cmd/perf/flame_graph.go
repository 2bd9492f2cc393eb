package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/pprof/profile"

	"parsec/cmd/internal/program"
	"parsec/profiles/flame"
)

// flameGraph is what is to be drawn.
type flameGraph struct {
	profile *profile.Profile
	view    flame.View
}

// notes says what to know about a profile, p, before reading it. where says whose it is, or is "".
func (j *flameJob) notes(p *profile.Profile, where string) []string {
	var notes []string
	if from := j.cutFrom(); from != nil {
		notes = append(notes, fmt.Sprintf("only stacks from functions on that match %s", from))
	}
	if j.kind.name == "cpu" {
		notes = append(notes, fmt.Sprintf("%d samples%s; a function that has n of them is known to about 2 sqrt(n)", total(p, "samples"), where))
	}
	return notes
}

func valueIndex(p *profile.Profile, value string) int {
	return slices.IndexFunc(p.SampleType, func(t *profile.ValueType) bool { return t.Type == value })
}

// total returns the sum of one of p's values, 0 if it has none of that name.
func total(p *profile.Profile, value string) (sum int64) {
	k := valueIndex(p, value)
	if k < 0 {
		return 0
	}
	for _, s := range p.Sample {
		sum += s.Value[k]
	}
	return sum
}

// amount writes a value in the unit of a profile.
func amount(v int64, unit string) string {
	switch unit {
	case "nanoseconds":
		return fmt.Sprintf("%.2f s", float64(v)/1e9)
	case "bytes":
		return fmt.Sprintf("%d B", v)
	}
	return fmt.Sprint(v)
}

// flameFormat returns "html" or "pprof", by what a file's name ends in, or "".
func flameFormat(name string) string {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".html":
		return "html"
	case ".pprof":
		return "pprof"
	}
	return ""
}

// newFlameFile begins the file at path, which is not to be a folder or the like.
func newFlameFile(path string) (*program.Pending, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("-o %s: is not a file", path)
	}
	f, err := program.NewPending(path)
	if err != nil {
		return nil, fmt.Errorf("-o %w", err)
	}
	return f, nil
}

// write writes g to f, in the format that the file's name asks for.
func (g *flameGraph) write(f *program.Pending) error {
	if flameFormat(f.Path) == "pprof" {
		p := g.profile.Copy()
		p.Comments = slices.Concat(p.Comments, []string{g.view.Title}, g.view.Notes)
		return p.Write(f)
	}
	page, err := g.view.Page(g.profile)
	if err != nil {
		return err
	}
	_, err = f.Write(page)
	return err
}
