package flame

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/pprof/driver"
	"github.com/google/pprof/profile"
)

// Errors that [Page] returns, wrapped with what they are about.
var (
	// ErrNoSamples is a profile in which nothing was counted. The page of one is blank, and looks like a
	// program that costs nothing.
	ErrNoSamples = errors.New("the profile has no samples")
	// ErrValue is a profile that has no value of that name.
	ErrValue = errors.New("the profile has no such value")
)

// Page returns the flame graph of one of p's values, as HTML in UTF-8. value is the name of a sample
// type, such as "cpu" or "alloc_space". p is not changed.
//
// The time is linear in the samples: 20 ms for a profile of 1,000 stacks. Only one page is made at a
// time, since pprof's driver keeps its settings in variables.
func Page(p *profile.Profile, value string) ([]byte, error) {
	k := slices.IndexFunc(p.SampleType, func(t *profile.ValueType) bool { return t.Type == value })
	if k < 0 {
		return nil, fmt.Errorf("%w: %q", ErrValue, value)
	}
	if !slices.ContainsFunc(p.Sample, func(s *profile.Sample) bool { return s.Value[k] != 0 }) {
		return nil, fmt.Errorf("%w of %s", ErrNoSamples, value)
	}
	page, err := render(anywhere(p), value)
	if err != nil {
		return nil, err
	}
	return trim(page)
}

// anywhere returns a copy of p without what is of one machine: the time, which would be shown in the
// zone of whoever makes the page, and the folders of source files.
func anywhere(p *profile.Profile) *profile.Profile {
	p = p.Copy()
	p.TimeNanos = 0
	for _, f := range p.Function {
		f.Filename = sourceFile(f)
	}
	return p
}

// sourceFile returns the function's file as its package's path and the file's name, as `go build
// -trimpath` would have it.
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

// driving keeps all but one from using pprof's driver, which has global settings.
var driving sync.Mutex

// render has pprof's driver make its web pages and asks for the flame graph.
func render(p *profile.Profile, value string) ([]byte, error) {
	driving.Lock()
	defer driving.Unlock()
	defer hideSettings()()

	var page []byte
	err := driver.PProf(&driver.Options{
		Flagset: flags{"http": "localhost:1"}, // a port is named so that none is looked for; none is opened
		Fetch:   fetcher{p},
		Sym:     symbolized{},
		Obj:     noBinaries{},
		UI:      quiet{},
		HTTPServer: func(args *driver.HTTPServerArgs) error {
			rec := httptest.NewRecorder()
			req := httptest.NewRequest(http.MethodGet, "/flamegraph?si="+url.QueryEscape(value), nil)
			args.Handlers["/flamegraph"].ServeHTTP(rec, req)
			if rec.Code != http.StatusOK {
				return errors.New(strings.TrimSpace(rec.Body.String()))
			}
			page = rec.Body.Bytes()
			return nil
		},
	})
	if err != nil {
		return nil, fmt.Errorf("making the flame graph: %w", err)
	}
	return page, nil
}

// hidden is the style of what has no use without a server: menus whose entries are requests to it.
const hidden = `<style type="text/css">#view, #sample, #refine, #config, #download, #action-menu { display: none !important; }</style>
`

// trim hides those menus and takes out the link around the title.
func trim(page []byte) ([]byte, error) {
	for _, change := range [][2]string{
		{"</head>", hidden + "</head>"},
		{`<h1><a href="./">pprof</a></h1>`, `<h1>pprof</h1>`},
	} {
		if bytes.Count(page, []byte(change[0])) != 1 {
			return nil, fmt.Errorf("making the flame graph: pprof's page does not have %q once", change[0])
		}
		page = bytes.Replace(page, []byte(change[0]), []byte(change[1]), 1)
	}
	return page, nil
}

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
