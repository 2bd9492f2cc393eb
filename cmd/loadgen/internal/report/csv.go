package report

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
)

// WriteIntervals writes a row for each interval, in CSV: its end in seconds, rates in submissions a second, and of each
// latency the count of values, their mean and percentiles in milliseconds, all with their full precision. The first row has names.
func (r *Run) WriteIntervals(w io.Writer) error {
	out := csv.NewWriter(w)
	head := []string{"at_s", "intended_per_s", "sent_per_s", "acknowledged_per_s", "decided_contacted_per_s", "decided_all_per_s", "waiting", "lag_ms"}
	for _, name := range SeriesNames {
		for _, q := range []string{"count", "mean_ms", "p50_ms", "p90_ms", "p99_ms", "p99.9_ms", "max_ms"} {
			head = append(head, name+"_"+q)
		}
	}
	out.Write(head)
	for i := range r.Intervals {
		v := &r.Intervals[i]
		row := append(exactly(v.At, v.Intended, v.Sent, v.Acknowledged, v.Contacted, v.All, float64(v.Waiting)), exactMs(v.Lag))
		for _, q := range v.Latency.Each() {
			row = append(row, strconv.FormatUint(q.Count, 10))
			if q.Count == 0 {
				row = append(row, "", "", "", "", "", "")
				continue
			}
			row = append(row, exactMs(q.Mean), exactMs(q.P50), exactMs(q.P90), exactMs(q.P99), exactMs(q.P999), exactMs(q.Max))
		}
		out.Write(row)
	}
	out.Flush()
	return out.Error()
}

// WriteNodes writes a row for each sample of each node and of loadgen itself, in CSV. The first row has names.
func (r *Run) WriteNodes(w io.Writer) error {
	out := csv.NewWriter(w)
	out.Write([]string{"node", "at_s", "cpu_cores", "resident_bytes", "in_bytes_per_s", "out_bytes_per_s", "syncs_per_s", "events_per_s",
		"duplicate_share", "blocks_per_s", "goroutines", "open_files", "undecided_votes"})
	for i := range r.Nodes {
		for _, s := range r.Nodes[i].Samples {
			out.Write(append([]string{unformulated(r.Nodes[i].Name)}, exactly(s.At, s.CPU, float64(s.Resident), s.In, s.Out, s.Syncs, s.Events,
				s.Duplicates, s.Blocks, float64(s.Goroutines), float64(s.Files), float64(s.Undecided))...))
		}
	}
	for _, o := range r.Loadgen {
		row := append([]string{"loadgen"}, exactly(o.At, o.CPU, float64(o.Resident))...)
		out.Write(append(row, "", "", "", "", "", "", strconv.FormatUint(o.Goroutines, 10), "", ""))
	}
	out.Flush()
	return out.Error()
}

// exactly returns numbers in the shortest form that reads back as the same.
func exactly(numbers ...float64) []string {
	all := make([]string, len(numbers), len(numbers)+1)
	for i, n := range numbers {
		all[i] = strconv.FormatFloat(n, 'f', -1, 64)
	}
	return all
}

// exactMs returns nanoseconds as milliseconds; of what never came to its end, "inf".
func exactMs(ns int64) string {
	if ns == never {
		return "inf"
	}
	return strconv.FormatFloat(float64(ns)/1e6, 'f', -1, 64)
}

// unformulated returns a text that no spreadsheet takes for a formula.
func unformulated(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
