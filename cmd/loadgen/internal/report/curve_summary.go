package report

import (
	"fmt"
	"io"
	"slices"
)

// keptUp is the share of the rate that was asked for which a network decides that keeps up with it.
const keptUp = 0.99

// WriteSummary writes the curve as one Markdown table: a row per network, a column per rate that was asked for, in them
// the median and the 99th percentile in milliseconds. They are in brackets if all was decided, but the load was not as it
// should have been: loadgen was late, or something else had the machine. Where the network did not keep up, what it
// decided a second stands in their place, and nothing where it was not asked.
func (c *Curve) WriteSummary(w io.Writer) error {
	return written(w, func(w io.Writer) { c.summary().writeMarkdown(w) })
}

func (c *Curve) summary() *table {
	var rates []float64
	for _, p := range c.Points {
		rates = append(rates, p.Rate)
	}
	slices.Sort(rates)
	rates = slices.Compact(rates)
	t := &table{Words: 1, Head: []string{"network"}}
	for _, rate := range rates {
		t.Head = append(t.Head, significant(rate)+"/s")
	}
	for _, points := range c.lines() {
		row := make([]string, len(t.Head))
		row[0] = c.name(points[0])
		for _, p := range points {
			cell := &row[1+slices.Index(rates, p.Rate)]
			if *cell != "" {
				*cell += ", " // asked for twice
			}
			switch {
			case p.Valid && p.Beyond == 0:
				*cell += ms(p.P50) + " / " + ms(p.P99)
			case p.Beyond == 0 && p.Achieved >= keptUp*p.Rate:
				*cell += "(" + ms(p.P50) + " / " + ms(p.P99) + ")"
			default:
				*cell += fmt.Sprintf("no: %s/s", significant(p.Achieved))
			}
		}
		t.add(row...)
	}
	return t
}
