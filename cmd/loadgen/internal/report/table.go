package report

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// table is what the renderings show in rows. Its first columns, as many as Words says, are words, the others numbers.
type table struct {
	Title string
	Note  string // what is to be known to read it
	Head  []string
	Words int
	Rows  [][]string
}

func (t *table) add(cells ...string) { t.Rows = append(t.Rows, cells) }

// limit cuts the table to at most n rows, and says so.
func (t *table) limit(n int) {
	if len(t.Rows) > n {
		t.Note = strings.TrimSpace(fmt.Sprintf("%s The first %d of %d; report.json has all.", t.Note, n, len(t.Rows)))
		t.Rows = t.Rows[:n]
	}
}

// writeText writes the table in columns that are as wide as they have to be.
func (t *table) writeText(w io.Writer) {
	if t.Title != "" {
		fmt.Fprintf(w, "%s\n", t.Title)
	}
	widths := make([]int, len(t.Head))
	for _, row := range append([][]string{t.Head}, t.Rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(printable(cell)))
		}
	}
	for _, row := range append([][]string{t.Head}, t.Rows...) {
		var line strings.Builder
		for i, cell := range row {
			cell = printable(cell)
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i < t.Words {
				line.WriteString("  " + cell + pad)
			} else {
				line.WriteString("  " + pad + cell)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
	if t.Note != "" {
		fmt.Fprintf(w, "  (%s)\n", t.Note)
	}
	fmt.Fprintln(w)
}

// writeMarkdown writes the table as GitHub shows one.
func (t *table) writeMarkdown(w io.Writer) {
	line := func(cells []string) {
		for _, cell := range cells {
			fmt.Fprintf(w, "| %s ", markdownEscaper.Replace(printable(cell)))
		}
		fmt.Fprintln(w, "|")
	}
	line(t.Head)
	for i := range t.Head {
		if i < t.Words {
			fmt.Fprint(w, "|---")
		} else {
			fmt.Fprint(w, "|--:")
		}
	}
	fmt.Fprintln(w, "|")
	for _, row := range t.Rows {
		line(row)
	}
}

var markdownEscaper = strings.NewReplacer(`\`, `\\`, `|`, `\|`, `<`, `&lt;`, `&`, `&amp;`, "`", "\\`", `*`, `\*`, `_`, `\_`, `[`, `\[`)

// printable returns a text as it may be shown on a terminal, in one line.
func printable(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}

// ms returns nanoseconds as milliseconds, with three significant digits or to the whole.
func ms(ns int64) string {
	if ns == never {
		return "never"
	}
	return significant(float64(ns) / 1e6)
}

// significant returns v with three significant digits or to the whole, and with a comma between groups of three digits before
// the point.
func significant(v float64) string {
	switch {
	case v == 0:
		return "0"
	case v < 0.0005:
		return strconv.FormatFloat(v, 'g', 2, 64)
	case v < 9.995:
		return strconv.FormatFloat(v, 'f', 3-int(math.Max(1, math.Floor(math.Log10(v))+1)), 64)
	case v < 99.95:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case v < 1e15:
		return count(uint64(math.Round(v)))
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// count returns a number in groups of three digits.
func count[T ~int | ~int64 | ~uint64](n T) string {
	s := strconv.FormatUint(uint64(n), 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// size returns bytes with a binary prefix.
func size[T ~float64 | ~uint64](bytes T) string {
	v, unit := float64(bytes), 0
	for v >= 1024 && unit < 4 {
		v /= 1024
		unit++
	}
	return significant(v) + [...]string{" B", " KiB", " MiB", " GiB", " TiB"}[unit]
}

// seconds returns a point or a length in time.
func seconds(s float64) string { return strconv.FormatFloat(math.Round(s*1e3)/1e3, 'f', -1, 64) }

func percent(share float64) string { return significant(100*share) + " %" }

// stamp returns a point in time for people.
func stamp(t time.Time) string { return t.Format("2006-01-02 15:04:05 MST") }
