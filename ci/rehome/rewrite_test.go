package main

import "testing"

// Every case goes from parsec to example.com/owner/parsec.
func TestRewrite(t *testing.T) {
	type rewriter = func(name string, src []byte, from, to string) ([]byte, []string, error)
	for _, c := range []struct {
		name      string
		rewrite   rewriter
		src, want string
		notes     []string
	}{
		{"one import", rewriteGo,
			"package a\n\nimport \"parsec/core\"\n\nvar _ = core.X\n",
			"package a\n\nimport \"example.com/owner/parsec/core\"\n\nvar _ = core.X\n", nil},
		{"imports are sorted again", rewriteGo,
			"package a\n\nimport (\n\t\"github.com/x/y\"\n\tp \"parsec\"\n\t\"parsec/core\" // why\n)\n",
			"package a\n\nimport (\n\tp \"example.com/owner/parsec\"\n\t\"example.com/owner/parsec/core\" // why\n\t\"github.com/x/y\"\n)\n", nil},
		{"other modules stay", rewriteGo,
			"package a\n\nimport (\n\t\"github.com/x/parsec/core\"\n\t\"parsecs/core\"\n)\n",
			"package a\n\nimport (\n\t\"github.com/x/parsec/core\"\n\t\"parsecs/core\"\n)\n", nil},
		{"string literals stay and are named", rewriteGo,
			"package a\n\nconst (\n\ta = \"parsec/core.F\"\n\tb = \"parsec\"\n\tc = \"parsec-recording/1\"\n)\n",
			"package a\n\nconst (\n\ta = \"parsec/core.F\"\n\tb = \"parsec\"\n\tc = \"parsec-recording/1\"\n)\n",
			[]string{`a.go:4:6: "parsec/core.F"`}},
		{"comments", rewriteGo,
			"// Package a has parsec in prose, a link [parsec/core.Engine], another [*parsec/core.Engine]:\n//\n//\timport \"parsec/core\"\n//\n// and parsec/core as a folder.\npackage a\n\n//go:generate go run parsec/cmd/gen\n",
			"// Package a has parsec in prose, a link [example.com/owner/parsec/core.Engine], another [*example.com/owner/parsec/core.Engine]:\n//\n//\timport \"example.com/owner/parsec/core\"\n//\n// and parsec/core as a folder.\npackage a\n\n//go:generate go run example.com/owner/parsec/cmd/gen\n", nil},
		{"a file with carriage returns", rewriteGo,
			"package a\r\n\r\n/* one\r\ntwo */\r\nimport \"parsec/core\"\r\n",
			"package a\n\n/* one\ntwo */\nimport \"example.com/owner/parsec/core\"\n", nil},

		{"markdown imports", rewriteMarkdown,
			"```go\nimport (\n\t\"fmt\"\n\n\t\"parsec/core\"\n\trec \"parsec/core/recording\"\n)\n```\nwrite `import \"parsec/core\"`\n",
			"```go\nimport (\n\t\"fmt\"\n\n\t\"example.com/owner/parsec/core\"\n\trec \"example.com/owner/parsec/core/recording\"\n)\n```\nwrite `import \"example.com/owner/parsec/core\"`\n", nil},
		{"markdown commands", rewriteMarkdown,
			"Use `go get parsec@latest`.\n\n    go install parsec/cmd/parsec@latest\n    go run ./cmd/parsec run\n    go build -o parsec ./cmd/parsec\n",
			"Use `go get example.com/owner/parsec@latest`.\n\n    go install example.com/owner/parsec/cmd/parsec@latest\n    go run ./cmd/parsec run\n    go build -o parsec ./cmd/parsec\n", nil},
		{"markdown go.mod lines", rewriteMarkdown,
			"require parsec v0.0.0\nreplace parsec => ../parsec\nmodule parsec\nWe replace parsec by hand.\n",
			"require example.com/owner/parsec v0.0.0\nreplace example.com/owner/parsec => ../parsec\nmodule example.com/owner/parsec\nWe replace parsec by hand.\n", nil},
		{"markdown prose", rewriteMarkdown,
			"# parsec\n\nparsec/core is a folder, {\"name\": \"parsec\"} is JSON.\n",
			"# parsec\n\nparsec/core is a folder, {\"name\": \"parsec\"} is JSON.\n", nil},

		{"go.mod", rewriteMod,
			"module parsec\n\ngo 1.26.0\n\ntool parsec/cmd/gen\n\nrequire github.com/x/parsec v1.0.0\n",
			"module example.com/owner/parsec\n\ngo 1.26.0\n\ntool example.com/owner/parsec/cmd/gen\n\nrequire github.com/x/parsec v1.0.0\n", nil},
		{"nested go.mod", rewriteMod,
			"module parsec/bench/peers\n\nrequire (\n\tparsec v0.0.0\n\tparsecs v1.0.0\n)\n\nreplace parsec => ../../parsec\n",
			"module example.com/owner/parsec/bench/peers\n\nrequire (\n\texample.com/owner/parsec v0.0.0\n\tparsecs v1.0.0\n)\n\nreplace example.com/owner/parsec => ../../parsec\n", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, notes, err := c.rewrite("a.go", []byte(c.src), "parsec", "example.com/owner/parsec")
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			if len(notes) != len(c.notes) || len(notes) > 0 && notes[0] != c.notes[0] {
				t.Errorf("notes %q, want %q", notes, c.notes)
			}
		})
	}
}
