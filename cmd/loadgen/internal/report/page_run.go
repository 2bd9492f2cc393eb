package report

import (
	"fmt"
	"io"
	"math"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// runData is what the script draws of a run. Columns of one chart are of one length; latencies are milliseconds.
type runData struct {
	Kind        string                    `json:"kind"`
	End         float64                   `json:"end"`
	Series      [6]string                 `json:"series"`
	Time        []float64                 `json:"time"`
	Throughput  throughputData            `json:"throughput"`
	Waiting     []number                  `json:"waiting"`
	Lag         []number                  `json:"lag"`
	Latency     map[string]*quantilesData `json:"latency"`
	Percentiles curvesData                `json:"percentiles"`
	Names       []string                  `json:"names"` // of nodes, then of loadgen
	NodeTime    []float64                 `json:"nodeTime"`
	Nodes       map[string][][]number     `json:"nodes"`
	Faults      [][2]float64              `json:"faults"`
	Restarts    []float64                 `json:"restarts"`
}

type throughputData struct {
	Intended     []number `json:"intended"`
	Sent         []number `json:"sent"`
	Acknowledged []number `json:"acknowledged"`
	Contacted    []number `json:"contacted"`
	All          []number `json:"all"`
}

type quantilesData struct {
	P50  []number `json:"p50"`
	P90  []number `json:"p90"`
	P99  []number `json:"p99"`
	P999 []number `json:"p999"`
	Max  []number `json:"max"`
}

// curvesData has curves over one X; here X is 1/(1-percentile).
type curvesData struct {
	X []number   `json:"x"`
	Y [][]number `json:"y"`
}

// nodeMeasures are what pages have of nodes over time, in the order in which they are offered.
var nodeMeasures = []struct {
	key, text string
	greatest  bool
	value     func(*Sample) number
}{
	{"cpu", "CPU, cores", false, func(s *Sample) number { return number(s.CPU) }},
	{"memory", "resident memory, MiB", true, func(s *Sample) number { return number(s.Resident) / (1 << 20) }},
	{"out", "sent to peers, bytes/s", false, func(s *Sample) number { return number(s.Out) }},
	{"in", "received from peers, bytes/s", false, func(s *Sample) number { return number(s.In) }},
	{"syncs", "syncs of the log, 1/s", false, func(s *Sample) number { return number(s.Syncs) }},
	{"events", "events, 1/s", false, func(s *Sample) number { return number(s.Events) }},
	{"duplicates", "share of received events that were duplicates", false, func(s *Sample) number { return number(s.Duplicates) }},
	{"blocks", "blocks decided, 1/s", false, func(s *Sample) number { return number(s.Blocks) }},
	{"undecided", "undecided votes", true, func(s *Sample) number { return number(s.Undecided) }},
	{"goroutines", "goroutines", true, func(s *Sample) number { return number(s.Goroutines) }},
	{"files", "open files", true, func(s *Sample) number { return number(s.Files) }},
}

// chartedNodes is how many nodes the charts have; tables have all.
const chartedNodes = 64

// WriteHTML writes the run as one page that needs nothing else: charts of throughput, latency and the nodes over time
// with the faults marked, the percentiles, and a table behind each.
func (r *Run) WriteHTML(w io.Writer) error {
	tables, err := r.tables()
	if err != nil {
		return err
	}
	data := r.pageData(maxPoints)
	var all []*Histogram
	var decoded []*hdrhistogram.Histogram
	for name, h := range r.Latency.Each() {
		d, err := h.HDR.Decode()
		if err != nil {
			return fmt.Errorf("latency %s: %w", name, err)
		}
		all, decoded = append(all, h), append(decoded, d)
	}
	data.Percentiles = percentileCurves(all, decoded)
	tiles, err := r.tiles()
	if err != nil {
		return err
	}
	p := &page{
		Title:   fmt.Sprintf("Load test of %s, %s", plural(r.Parameters.Nodes, "node"), stamp(r.Start)),
		Verdict: r.verdict(),
		Tiles:   tiles,
		Command: r.commandLine(),
		About:   r.about(),
		Help: "In charts over time the shaded spans are faults, with their number in the table of faults, and the dashed lines are where " +
			"restarted nodes had caught up. Drag to zoom in; double-click to zoom out.",
		Groups: r.charts(data, all, decoded),
	}
	for _, t := range tables {
		t.limit(200)
		if t.Title == "Faults" {
			t.Head = append([]string{"number"}, t.Head...)
			t.Words++
			for i := range t.Rows {
				t.Rows[i] = append([]string{fmt.Sprint(i + 1)}, t.Rows[i]...)
			}
		}
		p.Tables = append(p.Tables, t)
	}
	for _, v := range r.Violations[:min(len(r.Violations), 5)] {
		p.Evidence = append(p.Evidence, [2]string{fmt.Sprintf("Evidence of %s at %s s, %s", v.Kind, seconds(v.At), v.Node), v.Evidence})
	}
	return p.write(w, data)
}

func (r *Run) tiles() ([]tile, error) {
	q, err := r.Latency.Intended.All.quantiles()
	tiles := []tile{
		{"decided at all nodes", significant(r.Totals.AllRate), "submissions/s"},
		{"intended", significant(r.Totals.IntendedRate), "submissions/s"},
	}
	if q.Count > 0 {
		tiles = append(tiles, tile{"latency p50", ms(q.P50), "ms"}, tile{"latency p99", ms(q.P99), "ms"}, tile{"latency p99.9", ms(q.P999), "ms"})
	}
	if len(r.Nodes) > 0 && r.Totals.All > 0 {
		tiles = append(tiles, tile{"CPU of all nodes", significant(r.perSubmission(r.nodesUse().cpu) * 1e6), "µs/submission"})
	}
	return tiles, err
}

// pageData returns what is drawn over time, in at most most points.
func (r *Run) pageData(most int) *runData {
	d := &runData{Kind: "run", End: round4(r.Duration), Series: SeriesNames, Latency: map[string]*quantilesData{}, Nodes: map[string][][]number{},
		Faults: [][2]float64{}, Restarts: []float64{}, Names: []string{}}
	end := 0.0
	if n := len(r.Intervals); n > 0 {
		end = r.Intervals[n-1].At
	}
	s := slotsOf(r.Step, end, most)
	d.Time = s.times()
	column := func(greatest bool, value func(*Interval) number) []number {
		return joined(s, r.Intervals, (*Interval).end, greatest, value)
	}
	d.Throughput = throughputData{
		column(false, func(v *Interval) number { return number(v.Intended) }),
		column(false, func(v *Interval) number { return number(v.Sent) }),
		column(false, func(v *Interval) number { return number(v.Acknowledged) }),
		column(false, func(v *Interval) number { return number(v.Contacted) }),
		column(false, func(v *Interval) number { return number(v.All) }),
	}
	d.Waiting = column(true, func(v *Interval) number { return number(v.Waiting) })
	d.Lag = column(true, func(v *Interval) number { return number(v.Lag) / 1e6 })
	for i, name := range SeriesNames {
		quantile := func(of func(*Quantiles) int64) []number {
			return column(true, func(v *Interval) number {
				q := v.Latency.at(i)
				if q.Count == 0 {
					return none
				}
				return number(of(q)) / 1e6
			})
		}
		d.Latency[name] = &quantilesData{
			quantile(func(q *Quantiles) int64 { return q.P50 }),
			quantile(func(q *Quantiles) int64 { return q.P90 }),
			quantile(func(q *Quantiles) int64 { return q.P99 }),
			quantile(func(q *Quantiles) int64 { return q.P999 }),
			quantile(func(q *Quantiles) int64 { return q.Max }),
		}
	}
	r.nodeData(d, most)
	for _, f := range r.Faults {
		d.Faults = append(d.Faults, [2]float64{f.From, f.To})
	}
	for _, s := range r.Restarts {
		if s.CaughtUp > 0 {
			d.Restarts = append(d.Restarts, s.At+s.CaughtUp)
		}
	}
	return d
}

func (r *Run) nodeData(d *runData, most int) {
	nodes := r.Nodes[:min(len(r.Nodes), chartedNodes)]
	end := 0.0
	for i := range nodes {
		d.Names = append(d.Names, nodes[i].Name)
		if n := len(nodes[i].Samples); n > 0 {
			end = max(end, nodes[i].Samples[n-1].At)
		}
	}
	if n := len(r.Loadgen); n > 0 {
		end = max(end, r.Loadgen[n-1].At)
	}
	most = min(most, maxNodeValues/(len(nodeMeasures)*(len(nodes)+1)))
	s := slotsOf(r.Step, end, most)
	d.NodeTime = s.times()
	for _, m := range nodeMeasures {
		columns := [][]number{}
		for i := range nodes {
			columns = append(columns, joined(s, nodes[i].Samples, (*Sample).end, m.greatest, m.value))
		}
		d.Nodes[m.key] = columns
	}
	if len(r.Loadgen) > 0 {
		d.Names = append(d.Names, "loadgen")
		own := func(greatest bool, value func(*Own) number) []number {
			return joined(s, r.Loadgen, (*Own).end, greatest, value)
		}
		d.Nodes["cpu"] = append(d.Nodes["cpu"], own(false, func(o *Own) number { return number(o.CPU) }))
		d.Nodes["memory"] = append(d.Nodes["memory"], own(true, func(o *Own) number { return number(o.Resident) / (1 << 20) }))
	}
}

// at returns the T of the latency of that number in SeriesNames.
func (c *Clocks[T]) at(i int) *T {
	k := 0
	for _, t := range c.Each() {
		if k == i {
			return t
		}
		k++
	}
	panic("no such series")
}

// percentileCurves returns the value at ten percentiles for each nine, up to the one that only the greatest value is
// above.
func percentileCurves(all []*Histogram, decoded []*hdrhistogram.Histogram) curvesData {
	var most int64
	for _, d := range decoded {
		most = max(most, d.TotalCount())
	}
	c := curvesData{X: []number{}}
	var grid []float64
	for i := 0; most > 0; i++ {
		x := math.Pow(10, float64(i)/10)
		grid = append(grid, x)
		c.X = append(c.X, number(x))
		if x >= float64(most) {
			break
		}
	}
	for k, d := range decoded {
		column := make([]number, len(grid))
		done := d.TotalCount() == 0
		for i, x := range grid {
			if done {
				column[i] = none
				continue
			}
			v := all[k].at(d, 100-100/x)
			column[i] = drawn(v)
			done = v == never || x >= float64(d.TotalCount())
		}
		c.Y = append(c.Y, column)
	}
	return c
}
