package report

import (
	"bytes"
	"fmt"
	"io"
)

// percentiles are those that tables show, beside the least and the greatest.
var percentiles = []float64{50, 90, 99, 99.9, 99.99}

// WriteText writes the run for reading on a terminal: the verdict first, then tables.
func (r *Run) WriteText(w io.Writer) error {
	var b bytes.Buffer
	for _, h := range r.verdict() {
		switch h.Level {
		case "good":
			fmt.Fprintf(&b, "%s\n", h.Text)
		case "note":
			fmt.Fprintf(&b, "note: %s\n", printable(h.Text))
		default:
			fmt.Fprintf(&b, "*** %s ***\n", h.Text)
		}
		for _, m := range h.More {
			fmt.Fprintf(&b, "    %s\n", printable(m))
		}
	}
	fmt.Fprintln(&b)
	if len(r.Command) > 0 {
		fmt.Fprintf(&b, "  %s\n\n", printable(r.commandLine()))
	}
	for _, l := range r.about() {
		fmt.Fprintf(&b, "  %-9s %s\n", printable(l[0]), printable(l[1]))
	}
	fmt.Fprintln(&b)
	tables, err := r.tables()
	if err != nil {
		return err
	}
	for _, t := range tables {
		t.limit(40)
		t.writeText(&b)
	}
	for _, v := range r.Violations[:min(len(r.Violations), 5)] {
		fmt.Fprintf(&b, "evidence of %s at %s s, %s\n", printable(v.Kind), seconds(v.At), printable(v.Node))
		for line := range bytes.Lines([]byte(v.Evidence)) {
			fmt.Fprintf(&b, "    %s\n", printable(string(bytes.TrimSuffix(line, []byte("\n")))))
		}
	}
	_, err = b.WriteTo(w)
	return err
}

// tables returns the tables that have rows.
func (r *Run) tables() ([]*table, error) {
	latency, err := r.latencyTable()
	if err != nil {
		return nil, err
	}
	var all []*table
	for _, t := range []*table{r.submissionTable(), latency, r.costTable(), r.nodeTable(), r.phaseTable(), r.assertionTable(), r.faultTable(), r.restartTable()} {
		if len(t.Rows) > 0 {
			all = append(all, t)
		}
	}
	return all, nil
}

func (r *Run) submissionTable() *table {
	t := &table{Title: "Submissions", Head: []string{"", "count", "a second"}, Words: 1}
	n := &r.Totals
	t.add("intended", count(n.Intended), significant(n.IntendedRate))
	t.add("sent", count(n.Sent), significant(n.SentRate))
	if n.Refused > 0 {
		t.add("refused", count(n.Refused), "")
	}
	t.add("acknowledged: on disk at the contacted node", count(n.Acknowledged), significant(n.AcknowledgedRate))
	t.add("decided at the contacted node", count(n.Contacted), significant(n.ContactedRate))
	t.add("decided at all nodes that were up", count(n.All), significant(n.AllRate))
	if n.All < n.Intended && !r.Interrupted {
		t.add("not decided at all of them", count(n.Intended-n.All), "")
	}
	t.add("lost: acknowledged, but gone for good", count(n.Lost), "")
	t.add("decided twice", count(n.Duplicates), "")
	if q := r.Pacing; q.Count > 0 {
		t.Note = fmt.Sprintf("lag, by which loadgen itself sent late: %s ms on average, p50 %s, p99 %s, at most %s", ms(q.Mean), ms(q.P50), ms(q.P99), ms(q.Max))
	}
	return t
}

func (r *Run) latencyTable() (*table, error) {
	t := &table{Title: "Latency, ms", Head: []string{"from - to", "min"}, Words: 1}
	for _, p := range percentiles {
		t.Head = append(t.Head, fmt.Sprintf("p%v", p))
	}
	t.Head = append(t.Head, "max", "mean", "values")
	beyond := false
	for _, h := range r.Latency.Each() {
		beyond = beyond || h.beyond() > 0
	}
	if beyond {
		t.Head = append(t.Head, "beyond")
		t.Note = fmt.Sprintf("beyond: never came to their end, or took longer than what the histogram tracks, at most %v", MaxLatency)
	}
	for name, h := range r.Latency.Each() {
		d, err := h.HDR.Decode()
		if err != nil {
			return nil, fmt.Errorf("latency %s: %w", name, err)
		}
		row := []string{name}
		if d.TotalCount() == 0 && h.beyond() == 0 {
			for range len(percentiles) + 3 {
				row = append(row, "-")
			}
		} else {
			row = append(row, ms(h.at(d, 0)))
			for _, p := range percentiles {
				row = append(row, ms(h.at(d, p)))
			}
			row = append(row, ms(h.at(d, 100)), ms(h.mean(d)))
		}
		row = append(row, count(d.TotalCount()))
		if beyond {
			row = append(row, count(h.beyond()))
		}
		t.add(row...)
	}
	return t, nil
}

// costTable says what a submission cost.
func (r *Run) costTable() *table {
	t := &table{Title: "Cost of a submission that was decided at all nodes", Head: []string{"", "amount", "unit"}, Words: 1}
	if r.Totals.All == 0 {
		return t
	}
	u := r.nodesUse()
	if len(r.Nodes) > 0 {
		t.add("CPU of all nodes", significant(r.perSubmission(u.cpu)*1e6), "us")
	}
	t.add("CPU of loadgen", significant(r.perSubmission(r.Totals.CPU)*1e6), "us")
	if len(r.Nodes) > 0 {
		t.add("sent between nodes", significant(r.perSubmission(u.out)), "B")
		t.add("written to logs", significant(r.perSubmission(u.logged)), "B")
		t.add("syncs", significant(r.perSubmission(u.syncs)), "1")
		t.add("events", significant(r.perSubmission(u.events)), "1")
	}
	return t
}

func (r *Run) nodeTable() *table {
	t := &table{Title: "Nodes", Words: 2, Head: []string{"node", "role", "CPU s", "cores", "max memory", "in", "out", "log", "syncs", "events", "duplicate", "blocks", "restarts"}}
	over := r.Totals.Seconds
	cores := func(cpu float64) string {
		if over == 0 {
			return "-"
		}
		return significant(cpu / over)
	}
	for i := range r.Nodes {
		n := &r.Nodes[i]
		u := &n.Totals
		t.add(n.Name, n.Role, significant(u.CPU), cores(u.CPU), size(u.MaxResident), size(u.In), size(u.Out), size(u.LogBytes),
			count(u.Syncs), count(u.Events), percent(u.DuplicateShare()), count(u.Blocks), count(u.Restarts))
	}
	if len(r.Loadgen) > 0 || r.Totals.CPU > 0 {
		var most uint64
		for _, o := range r.Loadgen {
			most = max(most, o.Resident)
		}
		t.add("loadgen", "", significant(r.Totals.CPU), cores(r.Totals.CPU), size(most), "", "", "", "", "", "", "", "")
	}
	return t
}

func (r *Run) phaseTable() *table {
	t := &table{Title: "Phases", Head: []string{"phase", "measured", "from s", "to s", "submissions/s"}, Words: 2}
	for _, p := range r.Phases {
		measured := "no"
		if p.Measured {
			measured = "yes"
		}
		t.add(p.Name, measured, seconds(p.From), seconds(p.To), significant(p.Rate))
	}
	return t
}

func (r *Run) assertionTable() *table {
	t := &table{Title: "Assertions", Head: []string{"assertion", "held", "was"}, Words: 2}
	for _, a := range r.Assertions {
		held := "NO"
		if a.Held {
			held = "yes"
		}
		t.add(a.Text, held, a.Got)
	}
	return t
}

func (r *Run) faultTable() *table {
	t := &table{Title: "Faults", Head: []string{"fault", "node", "what", "from s", "to s"}, Words: 3}
	for _, f := range r.Faults {
		t.add(f.Kind, f.Node, f.What, seconds(f.From), seconds(f.To))
	}
	return t
}

func (r *Run) restartTable() *table {
	t := &table{Title: "Restarts", Head: []string{"node", "at s", "events read", "serving after s", "caught up after s"}, Words: 1}
	or := func(s float64) string {
		if s == 0 {
			return "never"
		}
		return seconds(s)
	}
	for _, s := range r.Restarts {
		t.add(s.Node, seconds(s.At), count(s.Events), or(s.Serving), or(s.CaughtUp))
	}
	return t
}
