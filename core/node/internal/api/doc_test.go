package api_test

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"parsec/core/node/internal/api"
)

// documentation returns the lines of the package's documentation.
func documentation(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(b)) {
		line = strings.TrimRight(line, "\r\n")
		lines = append(lines, strings.TrimPrefix(strings.TrimPrefix(line, "//"), " "))
	}
	return lines
}

// TestDocumentedRoutes: the table has what is served, and nothing else.
func TestDocumentedRoutes(t *testing.T) {
	var documented []string
	for _, line := range documentation(t) {
		f := strings.Fields(line)
		if strings.HasPrefix(line, "\t") && len(f) > 2 && strings.HasPrefix(f[1], "/v1/") {
			documented = append(documented, f[0]+" "+f[1])
		}
	}
	if served := api.Routes(); !slices.Equal(documented, served) {
		t.Errorf("documented %q\nserved %q", documented, served)
	}
}

// TestDocumentedCodes: the table of errors has the statuses and codes that are given, and nothing else.
func TestDocumentedCodes(t *testing.T) {
	documented := map[string]bool{}
	for _, line := range documentation(t) {
		f := strings.Fields(line)
		if strings.HasPrefix(line, "\t") && len(f) > 2 && len(f[0]) == 3 && f[0] >= "400" && f[0] < "600" {
			documented[f[0]+" "+f[1]] = true
		}
	}
	given := map[string]bool{}
	for _, name := range []string{"refusal.go", "handler.go", "stream.go", "members.go", "submissions.go", "blocks.go"} {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			_, after, ok := strings.Cut(line, "refusal{http.Status")
			if !ok {
				continue
			}
			status, after, _ := strings.Cut(after, ", ")
			code, _, _ := strings.Cut(strings.TrimPrefix(after, `"`), `"`)
			number, ok := statuses[status]
			if !ok {
				t.Errorf("%s: status %s", name, status)
			}
			given[fmt.Sprint(number, " ", code)] = true
		}
	}
	for s := range documented {
		if !given[s] {
			t.Errorf("documented and not given: %s", s)
		}
	}
	for s := range given {
		if !documented[s] {
			t.Errorf("given and not documented: %s", s)
		}
	}
}

var statuses = map[string]int{"BadRequest": 400, "Forbidden": 403, "NotFound": 404, "MethodNotAllowed": 405, "RequestTimeout": 408,
	"Conflict": 409, "Gone": 410, "UnprocessableEntity": 422, "RequestEntityTooLarge": 413, "UnsupportedMediaType": 415, "TooManyRequests": 429,
	"InternalServerError": 500, "ServiceUnavailable": 503}

// TestDocumentedCommands runs the commands of the documentation in their order, and compares what they print.
func TestDocumentedCommands(t *testing.T) {
	for _, program := range []string{"sh", "curl", "od", "tr", "printf"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("no %s here", program)
		}
	}
	_, _, address := serve(t, api.Options{})
	lines := documentation(t)
	ran := 0
	for i := 0; i < len(lines); i++ {
		command, ok := strings.CutPrefix(lines[i], "\t$ ")
		if !ok {
			continue
		}
		var want strings.Builder
		for ; i+1 < len(lines) && strings.HasPrefix(lines[i+1], "\t") && !strings.HasPrefix(lines[i+1], "\t$ "); i++ {
			want.WriteString(lines[i+1][1:] + "\n")
		}
		run := exec.CommandContext(t.Context(), "sh", "-c", strings.ReplaceAll(command, "127.0.0.1:7000", address))
		run.Env = append(os.Environ(), "no_proxy=*")
		got, err := run.CombinedOutput()
		if err != nil || string(got) != want.String() {
			t.Errorf("%s\nprints %s\n%v, and not\n%s", command, got, err, want.String())
		}
		ran++
	}
	if ran < 8 {
		t.Errorf("%d commands", ran)
	}
}
