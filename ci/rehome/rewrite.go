package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// rewriteMod rewrites a go.mod, the root's or that of a module nested in the tree: there every word
// that is the old path, or is below it, names this module. Folders in replace lines start with a dot
// and so are no such words.
func rewriteMod(_ string, src []byte, from, to string) ([]byte, []string, error) {
	return []byte(replacePath(string(src), from, to)), nil, nil
}

// rewriteMarkdown rewrites the lines of a document that tell how to import or get the module.
func rewriteMarkdown(_ string, src []byte, from, to string) ([]byte, []string, error) {
	return []byte(rewriteText(string(src), from, to)), nil, nil
}

// rewriteGo rewrites the imports of a Go file and, in its comments, what rewriteText would and doc
// links. A file that changes is formatted again: the new path sorts elsewhere among the imports.
func rewriteGo(name string, src []byte, from, to string) (data []byte, notes []string, err error) {
	text := bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n")) // the parser's ends of comments count no \r
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, nil, err
	}
	type splice struct {
		at   int // offset of old in text
		old  string
		next string
	}
	var splices []splice
	imports := map[*ast.BasicLit]bool{}
	for _, spec := range f.Imports {
		imports[spec.Path] = true
		if path, err := strconv.Unquote(spec.Path.Value); err == nil && below(path, from) {
			next := strconv.Quote(to + path[len(from):])
			splices = append(splices, splice{fset.Position(spec.Path.Pos()).Offset, spec.Path.Value, next})
		}
	}
	for _, group := range f.Comments {
		for _, c := range group.List {
			if next := rewriteComment(c.Text, from, to); next != c.Text {
				splices = append(splices, splice{fset.Position(c.Pos()).Offset, c.Text, next})
			}
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && !imports[lit] {
			if s, err := strconv.Unquote(lit.Value); err == nil && strings.HasPrefix(s, from+"/") {
				notes = append(notes, fmt.Sprintf("%s: %s", fset.Position(lit.Pos()), lit.Value))
			}
		}
		return true
	})
	if len(splices) == 0 {
		return src, notes, nil
	}
	slices.SortFunc(splices, func(a, b splice) int { return a.at - b.at })
	var out bytes.Buffer
	done := 0
	for _, s := range splices {
		out.Write(text[done:s.at])
		out.WriteString(s.next)
		done = s.at + len(s.old)
	}
	out.Write(text[done:])
	data, err = format.Source(out.Bytes())
	return data, notes, err
}

var (
	// A command that takes packages of another module.
	commandLine = regexp.MustCompile(`\bgo\s+(get|install|doc|run)\s`)
	// An import declaration, or a line of one.
	importLine = regexp.MustCompile(`\bimport\s+([\w.]+\s+)?"|^\s*(//)?\s*([\w.]+\s+)?"[^"]+"\s*$`)
	// A line of a go.mod.
	modLine = regexp.MustCompile(`^\s*(//)?\s*(require\s+\S+\s+v\d|replace\s+\S+.*=>|module\s+\S+\s*$)`)
)

// rewriteText rewrites the lines of a text that import or get the module. The bare word in prose
// stays: a module may be called what its subject is called.
func rewriteText(text, from, to string) string {
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		bare := strings.TrimRight(line, "\r\n")
		if commandLine.MatchString(bare) || importLine.MatchString(bare) || modLine.MatchString(bare) {
			lines[i] = replacePath(line, from, to)
		}
	}
	return strings.Join(lines, "")
}

// rewriteComment is rewriteText for a comment of a Go file, where doc links name packages too.
func rewriteComment(text, from, to string) string {
	text = rewriteText(text, from, to)
	for _, open := range []string{"[", "[*"} {
		text = strings.ReplaceAll(text, open+from+"/", open+to+"/")
	}
	return text
}

// replacePath replaces from by to wherever it stands in s as a whole path or as the start of one.
func replacePath(s, from, to string) string {
	var out strings.Builder
	for at := 0; ; {
		i := strings.Index(s[at:], from)
		if i < 0 {
			out.WriteString(s[at:])
			return out.String()
		}
		start, end := at+i, at+i+len(from)
		out.WriteString(s[at:start])
		starts := start == 0 || strings.ContainsRune(" \t\r\n\"'`([*", rune(s[start-1]))
		ends := end == len(s) || strings.ContainsRune(" \t\r\n\"'`)]/@", rune(s[end]))
		if starts && ends {
			out.WriteString(to)
		} else {
			out.WriteString(from)
		}
		at = end
	}
}

// below reports whether path is root or lies below it.
func below(path, root string) bool {
	return path == root || strings.HasPrefix(path, root+"/")
}
