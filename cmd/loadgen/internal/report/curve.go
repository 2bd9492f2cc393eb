package report

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
)

// Curve is latency against throughput: points of several runs, sorted into lines. Those of one line are of networks of
// one kind, in the order of the rates that were asked for.
type Curve struct {
	Title  string
	About  [][2]string // names and texts: what everything ran on
	Points []Point
}

// Point is what one run came to. Latencies are from the intended time to decided at all nodes, in nanoseconds;
// [math.MaxInt64] where they are among those that never came to their end.
type Point struct {
	Nodes, Down int
	Mode        string
	Profile     string  // of the links
	Size        int     // bytes of a submission
	Rate        float64 // asked for, submissions a second
	Achieved    float64 // decided at all nodes, submissions a second
	P50         int64
	P99         int64
	P999        int64
	CPU         float64 // of all nodes, microseconds per submission
	Resident    uint64  // of the node that had most, bytes
	Valid       bool    // the load was as asked for, the run went to its end, and nothing was violated
	Why         string  // it is not
	Beyond      uint64  // submissions that never came to their end, or took too long for the histogram
}

// PointOf returns what the run came to.
func PointOf(r *Run) (Point, error) {
	q, err := r.Latency.Intended.All.quantiles()
	if err != nil {
		return Point{}, err
	}
	p := Point{Nodes: r.Parameters.Nodes, Down: r.Parameters.Down, Mode: r.Parameters.Mode, Profile: r.Parameters.Profile, Size: r.Parameters.Size,
		Rate: r.Parameters.Rate, Achieved: r.Totals.AllRate, P50: q.P50, P99: q.P99, P999: q.P999, CPU: r.perSubmission(r.nodesUse().cpu) * 1e6,
		Resident: r.maxResident(), Why: r.unusable(), Beyond: r.Latency.Intended.All.beyond()}
	p.Valid = p.Why == ""
	return p, nil
}

// NewCurve returns the curve of the runs. What it says about machine, build, lengths and
// size is of the first.
func NewCurve(title string, runs []*Run) (*Curve, error) {
	c := &Curve{Title: title}
	for i, r := range runs {
		p, err := PointOf(r)
		if err != nil {
			return nil, fmt.Errorf("run %d: %w", i, err)
		}
		c.Points = append(c.Points, p)
		if i > 0 {
			continue
		}
		for _, line := range r.about() {
			switch line[0] {
			case "machine", "built":
				c.About = append(c.About, line)
			case "when":
				c.About = append(c.About, [2]string{"begun", stamp(r.Start)})
			}
		}
		if t := r.Totals.Seconds; t > 0 {
			c.About = append(c.About, [2]string{"each point", fmt.Sprintf("%s s measured after %s s of warm-up, each submission %s B", seconds(t), seconds(r.Parameters.Warmup), count(r.Parameters.Size))})
		}
	}
	slices.SortStableFunc(c.Points, func(a, b Point) int {
		return cmp.Or(compareLines(a, b), cmp.Compare(a.Rate, b.Rate), cmp.Compare(a.Achieved, b.Achieved))
	})
	return c, nil
}

func compareLines(a, b Point) int {
	return cmp.Or(cmp.Compare(a.Mode, b.Mode), cmp.Compare(a.Profile, b.Profile), cmp.Compare(a.Size, b.Size), cmp.Compare(a.Nodes, b.Nodes), cmp.Compare(a.Down, b.Down))
}

func sameButDown(a, b Point) bool {
	a.Down = b.Down
	return compareLines(a, b) == 0
}

// lines returns the points of each line.
func (c *Curve) lines() [][]Point {
	var all [][]Point
	for i, p := range c.Points {
		if i == 0 || compareLines(c.Points[i-1], p) != 0 {
			all = append(all, nil)
		}
		all[len(all)-1] = append(all[len(all)-1], p)
	}
	return all
}

// name returns what tells the line of p from the others.
func (c *Curve) name(p Point) string {
	name := plural(p.Nodes, "node")
	if p.Down > 0 {
		name += fmt.Sprintf(", %d down", p.Down)
	}
	vary := func(of func(Point) string) string {
		for _, other := range c.Points {
			if of(other) != of(p) {
				return of(p)
			}
		}
		return ""
	}
	return name + join(", ", vary(func(p Point) string { return p.Mode }), vary(func(p Point) string { return p.Profile }),
		vary(func(p Point) string { return count(p.Size) + " B" }))
}

// tables returns a row per point, and why those that are not valid are not. The figures of invalid runs stand too: they
// are what came of asking for too much.
func (c *Curve) tables() (points, reasons *table) {
	points = &table{Title: "Points", Words: 2, Head: []string{"network", "valid", "asked for, /s", "decided, /s", "p50, ms", "p99, ms", "p99.9, ms", "CPU, us/submission", "memory"}}
	reasons = &table{Title: "Not valid", Words: 3, Head: []string{"network", "asked for, /s", "why"}}
	for _, p := range c.Points {
		valid := "yes"
		if !p.Valid {
			valid = "NO"
			reasons.add(c.name(p), significant(p.Rate), p.Why)
		}
		if p.Beyond > 0 {
			reasons.add(c.name(p), significant(p.Rate), fmt.Sprintf("%s submissions never came to their end, or took longer than the histogram tracks", count(p.Beyond)))
		}
		points.add(c.name(p), valid, significant(p.Rate), significant(p.Achieved), ms(p.P50), ms(p.P99), ms(p.P999), significant(p.CPU), size(p.Resident))
	}
	return points, reasons
}

// WriteText writes a row per point, in columns.
func (c *Curve) WriteText(w io.Writer) error {
	return written(w, func(w io.Writer) {
		fmt.Fprintf(w, "%s\n\n", printable(c.Title))
		for _, line := range c.About {
			fmt.Fprintf(w, "  %-11s %s\n", line[0], printable(line[1]))
		}
		if len(c.About) > 0 {
			fmt.Fprintln(w)
		}
		points, reasons := c.tables()
		points.writeText(w)
		if len(reasons.Rows) > 0 {
			reasons.writeText(w)
		}
	})
}

// WriteMarkdown writes a row per point as a Markdown table, and after it one of why points are not valid, if some are
// not; without the title.
func (c *Curve) WriteMarkdown(w io.Writer) error {
	return written(w, func(w io.Writer) {
		points, reasons := c.tables()
		points.writeMarkdown(w)
		if len(reasons.Rows) > 0 {
			fmt.Fprintln(w)
			reasons.writeMarkdown(w)
		}
	})
}

// WriteCSV writes a row per point, with full precision; the first row has names.
func (c *Curve) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	out.Write([]string{"nodes", "down", "mode", "links", "size_bytes", "rate_per_s", "decided_per_s", "p50_ms", "p99_ms", "p99.9_ms", "cpu_us_per_submission",
		"max_resident_bytes", "beyond", "valid", "why"})
	for _, p := range c.Points {
		out.Write([]string{strconv.Itoa(p.Nodes), strconv.Itoa(p.Down), unformulated(p.Mode), unformulated(p.Profile), strconv.Itoa(p.Size), exactly(p.Rate)[0],
			exactly(p.Achieved)[0], exactMs(p.P50), exactMs(p.P99), exactMs(p.P999), exactly(p.CPU)[0], strconv.FormatUint(p.Resident, 10),
			strconv.FormatUint(p.Beyond, 10), strconv.FormatBool(p.Valid), unformulated(p.Why)})
	}
	out.Flush()
	return out.Error()
}

// curveData is what the script draws of a curve: a line for each kind of network, latencies in milliseconds.
type curveData struct {
	Kind   string      `json:"kind"`
	Lines  []curveLine `json:"lines"`
	Colors int         `json:"colors"`
}

type curveLine struct {
	Name  string   `json:"name"`
	Color int      `json:"color"` // one for networks that differ only in how many nodes are down
	Dash  bool     `json:"dash"`
	X     []number `json:"x"`
	P50   []number `json:"p50"`
	P99   []number `json:"p99"`
	P999  []number `json:"p99.9"`
	Valid []bool   `json:"valid"`
}

// drawn returns nanoseconds as milliseconds that a chart has; none of what never came to its end.
func drawn(ns int64) number {
	if ns == never {
		return none
	}
	return number(ns) / 1e6
}

// WriteHTML writes one page that needs nothing else, with a line per network in a chart, and all points in a table.
func (c *Curve) WriteHTML(w io.Writer) error {
	data := curveData{Kind: "curve", Lines: []curveLine{}}
	lines := c.lines()
	for i, points := range lines {
		if i == 0 || !sameButDown(lines[i-1][0], points[0]) {
			data.Colors++
		}
		l := curveLine{Name: c.name(points[0]), Color: data.Colors - 1, Dash: points[0].Down > 0, X: []number{}}
		for _, p := range points {
			if p.Achieved <= 0 || p.P50 <= 0 || p.P50 == never {
				continue // has no place on logarithmic axes; the table has it
			}
			l.X = append(l.X, number(p.Achieved))
			l.P50 = append(l.P50, drawn(p.P50))
			l.P99 = append(l.P99, drawn(p.P99))
			l.P999 = append(l.P999, drawn(p.P999))
			l.Valid = append(l.Valid, p.Valid)
		}
		if len(l.X) > 0 {
			data.Lines = append(data.Lines, l)
		}
	}
	points, reasons := c.tables()
	p := &page{
		Title: c.Title,
		About: c.About,
		Help:  "Each point is a run. Hollow points are of runs whose load was not as asked for: the network could not take it.",
		Groups: []chartGroup{{Charts: []chart{{ID: "curve", Title: "Latency against throughput", Label: "percentile",
			Choices: [][2]string{{"p99", "p99"}, {"p50", "p50"}, {"p99.9", "p99.9"}},
			Note:    "Latency from the intended time of sending to decided at all nodes that were up. Both axes are logarithmic. Dashed: with nodes down."}}}},
		Tables: []*table{points},
	}
	if len(reasons.Rows) > 0 {
		p.Tables = append(p.Tables, reasons)
	}
	return p.write(w, data)
}
