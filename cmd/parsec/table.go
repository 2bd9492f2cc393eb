package main

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
)

// writeTable writes what a person wants to know: every recording, then the benchmarks.
func (j *job) writeTable(w io.Writer) {
	fmt.Fprint(w, columns)
	for _, r := range j.results {
		r.writeText(w)
	}
	fmt.Fprintf(w, "\nTimes above are the fastest of %d replays. The large ones, as medians of %d samples taken in turns:\n\n", repeat, samples)
	fmt.Fprintf(w, "%-44s %9s %-20s %10s\n", "benchmark", "us/event", " (95 % sure)", "events/s")
	var notes []string
	for _, b := range j.benchmarks {
		s := b.summary()
		fmt.Fprintf(w, "%-44s %9.3f %-20s %10.0f\n",
			fmt.Sprintf("Replay/mode=%v/peers=%d", b.rec.Mode, len(b.rec.Peers)),
			s.Center, fmt.Sprintf(" (%.3f to %.3f)", s.Lo, s.Hi), 1e6/s.Center)
		for _, err := range s.Warnings {
			notes = append(notes, err.Error())
		}
	}
	slices.Sort(notes)
	for _, note := range slices.Compact(notes) {
		fmt.Fprintf(w, "note: %s\n", note)
	}
	fmt.Fprintln(w)
}

// writeEnd writes how it went and what was written where.
func (j *job) writeEnd(w io.Writer, dir string) {
	equal := 0
	for _, r := range j.results {
		if r.OK {
			equal++
		}
	}
	fmt.Fprintf(w, "recordings: %d equal, %d different, %d unusable\n", equal, len(j.results)-equal, j.unusable)
	if j.metaVotes != nil {
		j.metaVotes.writeText(w)
	}
	if j.load != nil {
		j.load.writeText(w)
	}
	fmt.Fprint(w, "\nwritten:\n")
	for _, f := range resultFiles {
		if f == loadFolder {
			if j.load == nil {
				continue
			}
			f = filepath.Join(f, "report.html") + ", and the same in other forms"
		}
		fmt.Fprintf(w, "  %s\n", filepath.Join(dir, f))
	}
}
