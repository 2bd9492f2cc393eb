package flame

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"

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

// View is what a page shows of a profile, and what it says about it. Value must be set.
type View struct {
	// Value is the name of a sample type, such as "cpu" or "alloc_space".
	Value string
	// Title is the heading, and the title of the window: what was profiled, or compared with what. ""
	// is "pprof".
	Title string
	// Notes are lines for the box that opens at a click on the profile's name, at the right of the page.
	Notes []string
}

// Page returns the flame graph of one of p's values under pprof's own heading: it is [View.Page] without
// a title or notes.
func Page(p *profile.Profile, value string) ([]byte, error) { return View{Value: value}.Page(p) }

// Page returns the flame graph of p, as HTML in UTF-8. p is not changed. The errors are [ErrNoSamples],
// [ErrValue] and those of a profile that is not valid.
//
// The time is linear in the samples: 20 ms for a profile of 1,000 stacks. Only one page is made at a
// time, since pprof's driver keeps its settings in variables.
func (v View) Page(p *profile.Profile) ([]byte, error) {
	if err := v.check(p); err != nil {
		return nil, err
	}
	page, err := render(v.noted(Portable(p)), v.Value)
	if err != nil {
		return nil, err
	}
	return trim(page, v.Title)
}

// check returns an error if there is nothing to show.
func (v View) check(p *profile.Profile) error {
	k := slices.IndexFunc(p.SampleType, func(t *profile.ValueType) bool { return t.Type == v.Value })
	if k < 0 {
		return fmt.Errorf("%w: %q", ErrValue, v.Value)
	}
	if !slices.ContainsFunc(p.Sample, func(s *profile.Sample) bool { return s.Value[k] != 0 }) {
		return fmt.Errorf("%w of %s", ErrNoSamples, v.Value)
	}
	return nil
}

// noted adds the notes to p, which must be a copy.
func (v View) noted(p *profile.Profile) *profile.Profile {
	p.Comments = slices.Concat(p.Comments, v.Notes)
	return p
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

// titled is the style of a title of the caller's, which is longer than the one that the page is made for.
const titled = `<style type="text/css">.header .title h1 { font-size: 1.1em; } .header .title { min-width: 40%; }</style>
`

// trim hides those menus, takes out the link around the title, and puts in the caller's.
func trim(page []byte, title string) ([]byte, error) {
	style, h1 := hidden, "pprof"
	if title != "" {
		style, h1 = hidden+titled, html.EscapeString(title)
		open, end := []byte("<title>"), []byte("</title>")
		i, j := bytes.Index(page, open), bytes.Index(page, end)
		if i < 0 || j < i {
			return nil, errors.New("making the flame graph: pprof's page has no title")
		}
		page = slices.Concat(page[:i+len(open)], []byte(h1), page[j:])
	}
	for _, change := range [][2]string{
		{"</head>", style + "</head>"},
		{`<h1><a href="./">pprof</a></h1>`, "<h1>" + h1 + "</h1>"},
	} {
		if bytes.Count(page, []byte(change[0])) != 1 {
			return nil, fmt.Errorf("making the flame graph: pprof's page does not have %q once", change[0])
		}
		page = bytes.Replace(page, []byte(change[0]), []byte(change[1]), 1)
	}
	return page, nil
}
