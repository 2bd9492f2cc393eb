package flame

import (
	"path"
	"strings"

	"github.com/google/pprof/profile"
)

// Portable returns a copy of p without what is of one machine or moment: the time it was taken, which a
// page would show in the zone of whoever makes it; the folders of source files and binaries; and the
// addresses of code. Samples that differ in nothing else become one, so the copy is also smaller.
// Functions and lines stay, and with them what profile-guided optimization reads.
//
// Source files are named by package and file, as `go build -trimpath` has them.
func Portable(p *profile.Profile) *profile.Profile {
	p = p.Copy()
	p.TimeNanos = 0
	p.DocURL = "" // a link
	for _, f := range p.Function {
		f.Filename = sourceFile(f)
	}
	for _, m := range p.Mapping {
		m.File = path.Base(strings.ReplaceAll(m.File, `\`, "/"))
		if m.File == "." {
			m.File = ""
		}
		m.BuildID = ""
		m.Start, m.Limit, m.Offset = 0, 0, 0
	}
	for _, l := range p.Location {
		if len(l.Line) > 0 { // an address is all that the others have
			l.Address = 0
		}
	}
	if p.CheckValid() != nil {
		return p // Page says what is wrong with it
	}
	return p.Compact()
}

// sourceFile returns the function's file as its package's path and the file's name.
func sourceFile(f *profile.Function) string {
	file := path.Base(strings.ReplaceAll(f.Filename, `\`, "/"))
	if f.Filename == "" {
		return ""
	}
	// A package's path ends with the first dot after its last slash. Type parameters come later and may
	// have slashes of their own.
	name, _, _ := strings.Cut(f.Name, "[")
	dir, last := path.Split(name)
	last, _, ok := strings.Cut(last, ".")
	if !ok {
		return file // no Go function
	}
	return dir + last + "/" + file
}
