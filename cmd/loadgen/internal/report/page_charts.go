package report

import (
	"fmt"
	"math"
	"strings"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// charts returns the charts with the tables behind them, which are of fewer points.
func (r *Run) charts(d *runData, all []*Histogram, decoded []*hdrhistogram.Histogram) []chartGroup {
	few := r.pageData(maxTableRows)
	var series [][2]string
	for _, name := range SeriesNames {
		series = append(series, [2]string{name, strings.Replace(name, "-", " time to ", 1)})
	}
	var others [][2]string
	for _, m := range nodeMeasures[2:] {
		others = append(others, [2]string{m.key, m.text})
	}
	each := joinedNote(d.Time)
	eachNode := joinedNote(d.NodeTime)
	if len(r.Nodes) > chartedNodes {
		eachNode += fmt.Sprintf(" Only the first %d of %d nodes are drawn.", chartedNodes, len(r.Nodes))
	}
	return []chartGroup{
		{Charts: []chart{{ID: "throughput", Title: "Throughput over time", Note: strings.TrimSpace("Submissions per second that the schedule had, that were sent, and that reached each stage. " + each),
			Tables: []*table{timeTable("Throughput", "submissions/s", few.Time, []string{"intended", "sent", "acknowledged", "decided at contacted", "decided at all"},
				few.Throughput.Intended, few.Throughput.Sent, few.Throughput.Acknowledged, few.Throughput.Contacted, few.Throughput.All)}}}},
		{Charts: []chart{{ID: "latency", Title: "Latency over time", Label: "from", Choices: series,
			Note:   strings.TrimSpace("Percentiles of the submissions whose latency ended in the interval. Latencies from the intended time have the time in them that a stall kept submissions from being sent. " + each),
			Tables: []*table{latencyOverTime("intended-all", few), latencyOverTime("actual-all", few)}}}},
		{Charts: []chart{{ID: "percentiles", Title: "Latency by percentile", Note: "Of the measured phases as a whole. Each step to the right is a tenth of the submissions that remain. Dashed: from the actual time of sending.",
			Tables: []*table{percentileTable(all, decoded)}}}},
		{Pair: true, Charts: []chart{
			{ID: "cpu", Title: "CPU over time", Note: strings.TrimSpace("Cores in use: 1 is the whole of one. " + eachNode),
				Tables: []*table{timeTable("CPU", "cores", few.NodeTime, few.Names, few.Nodes["cpu"]...)}},
			{ID: "memory", Title: "Memory over time", Note: strings.TrimSpace("Resident memory, MiB. " + eachNode),
				Tables: []*table{timeTable("Memory", "MiB", few.NodeTime, few.Names, few.Nodes["memory"]...)}},
		}},
		{Pair: true, Charts: []chart{
			{ID: "waiting", Title: "Waiting submissions over time", Note: strings.TrimSpace("Sent and not yet decided at all nodes. " + each),
				Tables: []*table{timeTable("Waiting", "submissions", few.Time, []string{"waiting"}, few.Waiting)}},
			{ID: "lag", Title: "Lag of loadgen over time", Note: strings.TrimSpace("How much later than intended loadgen itself sent, at most. " + each),
				Tables: []*table{timeTable("Lag", "ms", few.Time, []string{"lag"}, few.Lag)}},
		}},
		{Charts: []chart{{ID: "other", Title: "Nodes over time", Label: "what", Choices: others, Note: eachNode, Tables: otherTables(few)}}},
	}
}

// joinedNote says what joining did, if it did.
func joinedNote(times []float64) string {
	if len(times) == 0 || times[0] <= 1 {
		return ""
	}
	return fmt.Sprintf("Each point is %s s: rates and CPU are means, latencies, memory and counts the greatest.", seconds(times[0]))
}

func timeTable(title, unit string, times []float64, names []string, columns ...[]number) *table {
	t := &table{Title: title, Note: "In " + unit + ". " + joinedNote(times), Head: []string{"until s"}}
	t.Head = append(t.Head, names[:len(columns)]...)
	for i, at := range times {
		row := []string{seconds(at)}
		for _, c := range columns {
			row = append(row, cell(c[i]))
		}
		t.add(row...)
	}
	return t
}

func cell(n number) string {
	if math.IsNaN(float64(n)) {
		return "-"
	}
	return significant(float64(n))
}

func latencyOverTime(name string, d *runData) *table {
	q := d.Latency[name]
	return timeTable("Latency "+strings.Replace(name, "-", " time to ", 1), "ms", d.Time, []string{"p50", "p90", "p99", "p99.9", "max"}, q.P50, q.P90, q.P99, q.P999, q.Max)
}

func otherTables(d *runData) []*table {
	var all []*table
	for _, m := range nodeMeasures[2:] {
		columns := d.Nodes[m.key]
		title, unit, ok := strings.Cut(m.text, ", ")
		if !ok {
			unit = "numbers"
		}
		all = append(all, timeTable(strings.ToUpper(title[:1])+title[1:], unit, d.NodeTime, d.Names, columns...))
	}
	return all
}

func percentileTable(all []*Histogram, decoded []*hdrhistogram.Histogram) *table {
	t := &table{Title: "Percentiles", Note: "In ms.", Head: append([]string{"percentile"}, SeriesNames[:]...)}
	for _, p := range []float64{0, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 99.99, 99.999, 100} {
		row := []string{fmt.Sprint(p)}
		for k, d := range decoded {
			if d.TotalCount() == 0 && all[k].beyond() == 0 {
				row = append(row, "-")
			} else {
				row = append(row, ms(all[k].at(d, p)))
			}
		}
		t.add(row...)
	}
	return t
}
