package report

import (
	"fmt"
	"strings"
)

// headline is a sentence that a rendering for people begins with.
type headline struct {
	Level string // bad, warn, good, note
	Text  string
	More  []string
}

// verdict says how the run went: what makes its figures worthless first.
func (r *Run) verdict() []headline {
	var all []headline
	add := func(level, text string, more ...string) { all = append(all, headline{level, text, more}) }
	if n := len(r.Invalid); n > 0 {
		add("bad", "INVALID LOAD: the figures are not those of the load that was asked for", r.Invalid...)
	}
	if n := len(r.Violations); n > 0 {
		var more []string
		for _, v := range r.Violations[:min(n, 20)] {
			more = append(more, fmt.Sprintf("at %s s, %s: %s: %s", seconds(v.At), v.Node, v.Kind, v.What))
		}
		if n > 20 {
			more = append(more, fmt.Sprintf("and %d more", n-20))
		}
		add("bad", fmt.Sprintf("SAFETY VIOLATED: %s", plural(n, "violation")), more...)
	}
	if r.Failed != "" {
		add("bad", "FAILED: the run ended before its time", r.Failed)
	}
	if r.Interrupted {
		add("warn", fmt.Sprintf("INTERRUPTED after %s s: the figures are of what was done till then", seconds(r.Duration)))
	}
	var missed []string
	for _, a := range r.Assertions {
		if !a.Held {
			missed = append(missed, a.Text+": it was "+a.Got)
		}
	}
	if len(missed) > 0 {
		add("bad", fmt.Sprintf("NOT REACHED: %d of %s", len(missed), plural(len(r.Assertions), "assertion")), missed...)
	}
	if len(all) == 0 {
		text := "valid load, no violation of safety"
		if n := len(r.Assertions); n > 0 {
			text += ", " + plural(n, "assertion") + " held"
		}
		if r.Totals.All == 0 {
			add("warn", "nothing was decided; else "+text)
		} else {
			add("good", text)
		}
	}
	for _, n := range r.Notes {
		add("note", n)
	}
	return all
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return count(n) + " " + what + "s"
}

// use is what the nodes took together for the submissions that were decided.
type use struct{ cpu, in, out, logged, syncs, events, received, duplicates float64 }

func (r *Run) nodesUse() use {
	var u use
	for i := range r.Nodes {
		t := &r.Nodes[i].Totals
		u.cpu += t.CPU
		u.in += float64(t.In)
		u.out += float64(t.Out)
		u.logged += float64(t.LogBytes)
		u.syncs += float64(t.Syncs)
		u.events += float64(t.Events)
		u.received += float64(t.Received)
		u.duplicates += float64(t.Duplicates)
	}
	return u
}

// perSubmission returns a total per submission decided at all nodes, 0 if none was.
func (r *Run) perSubmission(total float64) float64 {
	if r.Totals.All == 0 {
		return 0
	}
	return total / float64(r.Totals.All)
}

func (r *Run) maxResident() uint64 {
	var most uint64
	for i := range r.Nodes {
		most = max(most, r.Nodes[i].Totals.MaxResident)
	}
	return most
}

// about says what was run, in lines of a name and a text.
func (r *Run) about() [][2]string {
	p := &r.Parameters
	network := plural(p.Nodes, "node")
	if p.Down > 0 {
		network += fmt.Sprintf(", %d of them down", p.Down)
	}
	network += join(", ", p.Mode, p.Network, labelled(p.Profile, "", "links "))
	submission := count(p.Size) + " B"
	if p.Sizes != "" {
		submission += " on average: " + p.Sizes
	}
	load := strings.TrimPrefix(join(", ", labelled(p.Loop, " loop"), p.Arrivals, p.Schedule), ", ")
	if p.Rate > 0 {
		load += fmt.Sprintf(" (%s submissions/s)", significant(p.Rate))
	}
	load = strings.TrimPrefix(load+", each "+submission+", "+plural(p.Workers, "worker"), ", ")
	machine := fmt.Sprintf("%s, %s, %s/%s", r.Machine.CPU, plural(r.Machine.CPUs, "CPU"), r.Machine.OS, r.Machine.Arch)
	if r.Machine.Memory > 0 {
		machine += ", " + size(r.Machine.Memory) + " of memory"
	}
	build := strings.TrimPrefix(join(", ", r.Build.Module, labelled(r.Build.Commit, "", "commit "), r.Build.Go), ", ")
	if r.Build.Modified {
		build += ", with changes that are not committed"
	}
	lines := [][2]string{
		{"network", network},
		{"load", load},
		{"when", fmt.Sprintf("%s, for %s s, of them %s s measured", stamp(r.Start), seconds(r.Duration), seconds(r.Totals.Seconds))},
	}
	if r.Machine != (Machine{}) {
		lines = append(lines, [2]string{"machine", machine})
	}
	if build != "" {
		lines = append(lines, [2]string{"built", build})
	}
	lines = append(lines, [2]string{"seed", fmt.Sprint(p.Seed)})
	if len(p.Targets) > 0 {
		lines = append(lines, [2]string{"targets", strings.Join(p.Targets, ", ")})
	}
	if p.Faults != "" {
		lines = append(lines, [2]string{"faults", p.Faults})
	}
	for _, s := range p.Others {
		lines = append(lines, [2]string{s.Name, s.Value})
	}
	return lines
}

// join returns each text that is not empty, with the separator before it.
func join(separator string, texts ...string) string {
	var b strings.Builder
	for _, t := range texts {
		if t != "" {
			b.WriteString(separator + t)
		}
	}
	return b.String()
}

// labelled returns the text with what goes after and before it, or nothing if it is empty.
func labelled(text, after string, before ...string) string {
	if text == "" {
		return ""
	}
	return strings.Join(before, "") + text + after
}

// commandLine returns the command as a shell takes it.
func (r *Run) commandLine() string {
	words := make([]string, len(r.Command))
	for i, w := range r.Command {
		words[i] = w
		if w == "" || strings.ContainsFunc(w, func(c rune) bool { return !strings.ContainsRune(plainInShells, c) }) {
			words[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(words, " ")
}

const plainInShells = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+,./:@%"
