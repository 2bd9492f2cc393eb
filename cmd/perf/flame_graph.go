package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/pprof/profile"

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

// flameFile is a file that gets its name when everything is done.
type flameFile struct {
	*os.File
	path string
	done bool
}

// newFlameFile prepares to write path. If that cannot be done it is found out here, before the work.
func newFlameFile(path string) (*flameFile, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("-o %s: is not a file", path)
	}
	// os.CreateTemp would make a file that only its owner can read.
	f, err := os.OpenFile(fmt.Sprintf("%s.%016x.tmp", path, rand.Uint64()), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, fmt.Errorf("-o %s: %w", path, errors.Unwrap(err)) // without the name of the moment
	}
	return &flameFile{File: f, path: path}, nil
}

// write writes g in the format that the file's name asks for.
func (f *flameFile) write(g *flameGraph) error {
	if flameFormat(f.path) == "pprof" {
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

// commit gives the file its name.
func (f *flameFile) commit() error {
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), f.path); err != nil {
		return err
	}
	f.done = true
	return nil
}

// discard removes what has not been committed.
func (f *flameFile) discard() {
	if !f.done {
		f.Close()
		os.Remove(f.Name())
	}
}
