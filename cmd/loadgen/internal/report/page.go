package report

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
)

// The charts are drawn by uPlot 1.6.32, which is here as its package has it, under the licence beside it.
//
//go:embed assets
var assets embed.FS

func asset(name string) string {
	data, err := assets.ReadFile("assets/" + name)
	if err != nil {
		panic(err) // it was there when the program was built
	}
	return string(data)
}

var (
	pageTemplate = template.Must(template.New("page").Parse(asset("page.html")))
	pageStyle    = asset("uplot/uPlot.min.css") + asset("page.css")
	pageLibrary  = "/*\n" + asset("uplot/LICENSE") + "\n*/\n" + asset("uplot/uPlot.iife.min.js")
	pageScript   = asset("page.js")
)

// page is what the template shows.
type page struct {
	Title    string
	Verdict  []headline
	Tiles    []tile
	Command  string
	About    [][2]string
	Help     string
	Groups   []chartGroup
	Tables   []*table
	Evidence [][2]string

	Data, Library, Script template.JS
	Policy                string
	Style                 template.CSS
}

type tile struct{ Name, Value, Unit string }

// chartGroup is charts that stand side by side if Pair, and there is room.
type chartGroup struct {
	Pair   bool
	Charts []chart
}

type chart struct {
	ID, Title, Note string
	Label           string      // of the choices
	Choices         [][2]string // value and text
	Tables          []*table
}

// write writes the page with the data that its script draws. The page states which scripts may run, by their hashes:
// whatever a run's texts may hold, nothing else does, and nothing is requested.
func (p *page) write(w io.Writer, data any) error {
	text, err := json.Marshal(data) // which writes <, > and & as escapes, so that no text of a run ends the element
	if err != nil {
		return err
	}
	p.Data, p.Library, p.Script = template.JS(text), template.JS(pageLibrary), template.JS(pageScript)
	p.Policy = hashOf(pageLibrary) + " " + hashOf(pageScript)
	p.Style = template.CSS(pageStyle)
	var out bytes.Buffer
	if err := pageTemplate.Execute(&out, p); err != nil {
		return err
	}
	_, err = out.WriteTo(w)
	return err
}

func hashOf(script string) string {
	sum := sha256.Sum256([]byte(script))
	return fmt.Sprintf("'sha256-%s'", base64.StdEncoding.EncodeToString(sum[:]))
}
