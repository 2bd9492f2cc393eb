package flame

import (
	"errors"
	"time"

	"github.com/google/pprof/driver"
	"github.com/google/pprof/profile"
)

// What pprof's driver asks of its caller: a command line, profiles, names, binaries, a terminal.

// flags is what the driver takes for its command line: strings by name, and the defaults for the rest.
type flags map[string]string

func (flags) Bool(_ string, def bool, _ string) *bool          { return &def }
func (flags) Int(_ string, def int, _ string) *int             { return &def }
func (flags) Float64(_ string, def float64, _ string) *float64 { return &def }
func (f flags) String(name, def, _ string) *string {
	if v, ok := f[name]; ok {
		return &v
	}
	return &def
}
func (flags) StringList(_, def, _ string) *[]*string { return &[]*string{&def} }
func (flags) ExtraUsage() string                     { return "" }
func (flags) AddExtraUsage(string)                   {}
func (flags) Parse(func()) []string                  { return []string{"profile"} }

// fetcher has the one profile. No source is named: that would make the driver keep a copy of it in the
// user's folder.
type fetcher struct{ p *profile.Profile }

func (f fetcher) Fetch(string, time.Duration, time.Duration) (*profile.Profile, string, error) {
	return f.p, "", nil
}

// symbolized leaves a profile as it is: the Go runtime writes names into it.
type symbolized struct{}

func (symbolized) Symbolize(string, driver.MappingSources, *profile.Profile) error { return nil }

// noBinaries keeps the driver from looking for the program on this machine.
type noBinaries struct{}

func (noBinaries) Open(string, uint64, uint64, uint64, string) (driver.ObjFile, error) {
	return nil, errors.New("binaries are not read")
}

func (noBinaries) Disasm(string, uint64, uint64, bool) ([]driver.Inst, error) {
	return nil, errors.New("binaries are not read")
}

// quiet drops what the driver says: its warnings are in the page too, and errors are returned.
type quiet struct{}

func (quiet) ReadLine(string) (string, error)     { return "", errors.New("not interactive") }
func (quiet) Print(...any)                        {}
func (quiet) PrintErr(...any)                     {}
func (quiet) IsTerminal() bool                    { return false }
func (quiet) WantBrowser() bool                   { return false }
func (quiet) SetAutoComplete(func(string) string) {}
