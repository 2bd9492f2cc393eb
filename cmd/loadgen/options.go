package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"parsec/cmd/loadgen/internal/goal"
	"parsec/cmd/loadgen/internal/load"
	"parsec/cmd/loadgen/internal/network/fault"
	"parsec/cmd/loadgen/internal/network/link"
	"parsec/cmd/loadgen/internal/report"
	"parsec/cmd/loadgen/internal/schedule"
	"parsec/core"
	"parsec/core/node/client"
)

// errUsage is wrapped by errors of the command line.
var errUsage = errors.New("wrong usage")

const help = `
Loadgen loads a section of nodes and measures it: how many submissions it decides, and how long each takes.

  loadgen -nodes 4 -rate 20000 -duration 30s      start four nodes on this machine, and load them
  loadgen -targets 10.0.0.1:7200,10.0.0.2:7200    load nodes that run; name all, so that all are checked
  loadgen -stages 30s@5k,10s@5k..20k,1m@20k       rates that change, in steps or in straight lines
  loadgen -arrivals poisson -rate 5k              as many users make it who do not know of each other
  loadgen -trace arrivals.csv.zst                 a recorded sequence of arrivals: lines of SECONDS or SECONDS,BYTES
  loadgen -closed 100                             a hundred outstanding at any time; says nothing of latency under load
  loadgen -search -assert 'p99<800ms'             the highest rate at which 99 % are decided everywhere in 800 ms
  loadgen -curve 1k,5k,20k -curve 7-2:1k,5k       latency against throughput, at these rates; and of 7 nodes, 2 of them down
  loadgen -rate 5k -faults '10s kill random for 2s' -retry other
  loadgen -rate 1k -crash 100 -duration 10m       kill -9, and start again, 100 times; ends when that is done
  loadgen -nodes 7 -rate 1k -siege hidden,merged  two of seven nodes attack: what becomes of the others' submissions
  loadgen -rate 5k -assert 'p50<100ms,ack.p99<50ms,rate>=5k'

Submissions are due on a schedule that is made before, and latencies count from when they were due, also where a node
takes nothing or is away: what waits is late, and never left out. Beside that are latencies from when they were handed
over. Both end three times: acknowledged (on disk at the node it was handed to), decided (in a block) at that node,
decided at all live nodes.

The load does not count, and the exit status is 3, if less than 99.9 % of it was handed over in time, or if this program
itself was late, on average over all submissions, by more than 1 % of the median latency and 1 ms. If it was late by more
now and then only (99th percentile), the load counts and a note says so: latencies have that in them.

While it runs, the order that every node reports is checked: one order for all, nothing acknowledged lost, nothing
decided twice or invented, and no fork by a node whose key it has alone. A node whose key another has too, by a fault,
gets no load any more and is no live node.

Local nodes run at a lower priority (nice 10) than this program, so that it is in time on a machine with few processors;
with others, nothing else should run there. Nodes log to -dir.

Reports go to -out: report.txt, report.html, report.json, tables, histograms, Go benchmark format; of a
curve curve.txt, .md, .csv and .html, the same in short, and bench.txt.

exit status:  0 done   1 something could not be done   2 usage   3 the load was invalid   4 a promise was broken
              99 an assertion failed   130 interrupted; the report is of the part before
`

// options are what the command line says.
type options struct {
	args  []string // all that the program was given
	given []string // what was given, without -curve and -out: -name=value

	nodes    int
	down     int
	mode     string
	targets  []string
	dir      string
	keep     bool
	program  string
	profile  string
	faults   []fault.Fault
	faultsAs string
	crash    int
	siege    *siege // nil: none

	rate     float64
	stages   schedule.Profile
	trace    *schedule.Trace
	traceAs  string
	arrivals string
	closed   int
	duration time.Duration
	warmup   time.Duration
	drain    time.Duration
	size     schedule.Size
	seed     uint64
	away     load.Policy
	retry    load.Policy

	goals   []goal.Goal
	search  bool
	most    float64
	lines   []line // of a curve
	out     string
	plan    string
	quiet   bool
	allowed map[string]bool // flags that were given
}

func parse(args []string, stdout, stderr io.Writer) (o *options, status int, ok bool) {
	o = &options{args: args, allowed: map[string]bool{}}
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	var targets, rate, stages, trace, size, away, retry, assert, most, kinds, after string
	var besieged siege
	fs.IntVar(&o.nodes, "nodes", 4, "start so many `nodes` on this machine")
	fs.IntVar(&o.down, "down", 0, "of them, leave the last so `many` down")
	fs.StringVar(&o.mode, "mode", "single", "when a payload counts: `single` or supermajority")
	fs.StringVar(&targets, "targets", "", "load nodes that run instead: HTTP `addresses`, separated by commas")
	fs.StringVar(&o.dir, "dir", "", "`folder` of the nodes, which is kept; a new one that is removed if not given")
	fs.BoolVar(&o.keep, "keep", false, "keep the folder of the nodes in any case")
	fs.StringVar(&o.program, "program", "", "the `command` that has the subcommands init and node; this one if not given")
	fs.StringVar(&o.profile, "links", "none", "`profile` of the links between nodes: "+profiles()+";\nor conditions of all links, such as delay=20ms,loss=1%; or a file of lines of LINKS and conditions, such as\n  * delay=20ms jitter=2ms\n  0-1 rate=10Mbit\nLINKS:\n  "+indented(link.PairSyntax)+"\nconditions:\n  "+indented(link.Syntax)+"\nNodes are connected directly, at no cost, with none")
	fs.StringVar(&o.faultsAs, "faults", "", "`schedule` of faults. "+fault.Syntax)
	fs.IntVar(&o.crash, "crash", 0, "after the warm-up kill random nodes with kill -9, so `many` times, as many at a time as the section bears, and\nstart each again. Each has to decide with the others again before it can be killed again. When all is done the\nload ends, and at the latest after -duration")
	fs.StringVar(&kinds, "siege", "", "attack, by `kinds` in turn, or all; see -faults. Loads without and with the attack, each on a section of its own, and\none after it: is all decided, with its own data, and within twice the time? The last -hostile nodes are down without\nthe attack, and attackers with it. After -search: at 60 % of the rate that comes out")
	fs.IntVar(&besieged.hostile, "hostile", 0, "of a siege, how many `nodes` attack: as many as the section bears if not given")
	fs.IntVar(&besieged.turns, "turns", 1, "of a siege, `how many` loads without each attack, and as many with it")
	fs.IntVar(&besieged.frames, "frames", 0, "of a siege, how many `frames` a second attackers send to each node, of kinds that are made of distinct ones; 0: all\nthat it takes in")
	fs.StringVar(&after, "after", "10s@100", "of a siege, the load after the attack has ended: `LENGTH@RATE`")
	fs.StringVar(&rate, "rate", "1k", "submissions a second: `500`, 20k, 1.5M")
	fs.StringVar(&stages, "stages", "", "rates over time instead: `LENGTH@RATE` or LENGTH@FROM..TO, separated by commas")
	fs.StringVar(&trace, "trace", "", "`file` of recorded arrivals instead")
	fs.StringVar(&o.arrivals, "arrivals", "constant", "how submissions arrive at these rates: `constant` or poisson")
	fs.IntVar(&o.closed, "closed", 0, "closed loop: keep so `many` submissions outstanding")
	fs.DurationVar(&o.duration, "duration", 30*time.Second, "how `long` the load is measured")
	fs.DurationVar(&o.warmup, "warmup", 2*time.Second, "how `long` it is not, before that; of a trace, how much of it")
	fs.DurationVar(&o.drain, "drain", time.Minute, "how `long` to wait at the end for what is not decided")
	fs.StringVar(&size, "size", "128", "`bytes` of a submission, or jittered:, uniform:, exponential:, heavy-tailed: and their mean")
	fs.Uint64Var(&o.seed, "seed", 1, "`seed` of arrivals, sizes, data and random faults")
	fs.StringVar(&away, "away", "same", "where what is due for a node that is away goes: `same`, to wait for it, or other")
	fs.StringVar(&retry, "retry", "same", "where what it had not acknowledged goes: `same`, other, or none, which gives up")
	fs.StringVar(&assert, "assert", "", "what the run is to reach, `goals` separated by commas; else the status is 99."+goal.Syntax)
	fs.BoolVar(&o.search, "search", false, "search for the highest constant rate that meets -assert, from -rate on; a local section is begun anew each time")
	fs.StringVar(&most, "most", "10M", "of a search, the highest `rate` to try")
	var curves texts
	fs.Var(&curves, "curve", "measure a curve at the `rates` in turn, up to what is too much, each on a local section of its own:\n[NODES[-DOWN][/MODE]:]RATE,RATE,... Several times: several lines of one chart")
	fs.StringVar(&o.out, "out", "loadgen-report", "`folder` for the reports")
	fs.StringVar(&o.plan, "plan", "", "write the arrivals to this `file`, in the form that -trace reads, and do nothing else")
	fs.BoolVar(&o.quiet, "quiet", false, "do not show how far it is")
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	err := fs.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(stdout, "%s\n\n", strings.TrimSpace(help))
		fs.SetOutput(stdout)
		fs.PrintDefaults()
		return nil, exitDone, false
	}
	err = explain(fs, err)
	fs.Visit(func(f *flag.Flag) {
		o.allowed[f.Name] = true
		if err == nil && f.Name != "curve" && f.Value.String() == "" { // a variable that a script did not set, most likely
			err = fmt.Errorf("%w: -%s is empty", errUsage, f.Name)
		}
		if f.Name != "curve" && f.Name != "out" {
			o.given = append(o.given, fmt.Sprintf("-%s=%v", f.Name, f.Value))
		}
	})
	for _, c := range curves {
		if err == nil {
			err = o.addLine(c)
		}
	}
	if err == nil && kinds != "" {
		o.siege = &besieged
		if besieged.kinds, err = parseSiege(kinds); err == nil {
			besieged.after, err = schedule.ParseProfile(after)
		}
	}
	if err == nil {
		err = o.read(fs.Args(), targets, rate, stages, trace, size, away, retry, assert, most)
	}
	if err != nil {
		fmt.Fprintf(stderr, "loadgen: %v\nloadgen -h tells more\n", err)
		return nil, exitUsage, false
	}
	return o, 0, true
}

// explain says of a value that package flag did not take what it takes.
func explain(fs *flag.FlagSet, err error) error {
	if err == nil {
		return nil
	}
	before, rest, _ := strings.Cut(err.Error(), " for flag -")
	name, _, _ := strings.Cut(rest, ":")
	if f := fs.Lookup(name); f != nil {
		switch f.Value.(flag.Getter).Get().(type) {
		case time.Duration:
			return fmt.Errorf("%s for flag -%s: want a length of time, such as 30s or 500ms", before, name)
		case int, uint64:
			return fmt.Errorf("%s for flag -%s: want a whole number", before, name)
		}
	}
	return err
}

// read reads what is more than a number.
func (o *options) read(rest []string, targets, rate, stages, trace, size, away, retry, assert, most string) (err error) {
	set := func(to any, value string) {
		if err != nil {
			return
		}
		switch to := to.(type) {
		case *float64:
			*to, err = schedule.ParseRate(value)
		case *load.Policy:
			*to, err = load.ParsePolicy(value)
		case *schedule.Size:
			*to, err = schedule.ParseSize(value, client.MaxData)
		}
	}
	if strings.Contains(rate, "@") {
		return fmt.Errorf("%w: -rate is one rate; for %q say -stages", errUsage, rate)
	}
	set(&o.rate, rate)
	set(&o.most, most)
	set(&o.away, away)
	set(&o.retry, retry)
	set(&o.size, size)
	if err == nil && stages != "" {
		o.stages, err = schedule.ParseProfile(stages)
	}
	if err == nil && assert != "" {
		o.goals, err = goal.Parse(assert)
	}
	if err != nil {
		return err
	}
	if targets != "" {
		o.targets = strings.Split(targets, ",")
	}
	for i, t := range o.targets {
		host, port, err := net.SplitHostPort(t)
		if n, wrong := strconv.ParseUint(port, 10, 16); err != nil || host == "" || wrong != nil || n == 0 {
			return fmt.Errorf("%w: -targets: %q is not HOST:PORT, such as 127.0.0.1:7200", errUsage, t)
		}
		if slices.Contains(o.targets[:i], t) {
			return fmt.Errorf("%w: -targets has %s twice", errUsage, t)
		}
	}
	if o.traceAs = trace; trace != "" {
		if o.trace, err = readTrace(trace); err != nil {
			return err
		}
	}
	if err := o.check(rest); err != nil {
		return err
	}
	o.faults, err = fault.Parse(o.faultsAs, o.nodes)
	for _, f := range o.faults {
		if f.At >= o.length() {
			return fmt.Errorf("%w: -faults: %v at %v, when the load of %v is over", errUsage, f, f.At, o.length())
		}
	}
	return err
}

func indented(s string) string { return strings.ReplaceAll(s, "\n", "\n  ") }

func profiles() string {
	names := []string{"none"}
	for _, p := range link.Profiles() {
		if p.Name != names[0] {
			names = append(names, p.Name)
		}
	}
	return strings.Join(names, ", ")
}

func readTrace(path string) (*schedule.Trace, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return schedule.ReadTrace(f, client.MaxData)
}

// check says what does not go together.
func (o *options) check(rest []string) error {
	given := func(names ...string) (all []string) {
		for _, n := range names {
			if o.allowed[n] {
				all = append(all, "-"+n)
			}
		}
		return all
	}
	if len(rest) > 0 {
		return fmt.Errorf("%w: %q is no flag", errUsage, rest[0])
	}
	if loads := given("rate", "stages", "trace", "closed", "curve"); len(loads) > 1 {
		return fmt.Errorf("%w: %s are different loads", errUsage, strings.Join(loads, " and "))
	}
	if local := given("nodes", "down", "mode", "dir", "keep", "program", "links", "faults", "crash"); o.targets != nil && len(local) > 0 {
		return fmt.Errorf("%w: %s is for nodes of our own, not for -targets", errUsage, local[0])
	}
	if both := given("crash", "faults"); len(both) > 1 {
		return fmt.Errorf("%w: -crash is a schedule of faults of its own, without -faults", errUsage)
	}
	if bad := given("search", "assert", "faults", "crash", "plan", "dir"); o.lines != nil && len(bad) > 0 {
		return fmt.Errorf("%w: a curve is without %s", errUsage, bad[0])
	}
	if err := o.checkSiege(given); err != nil {
		return err
	}
	if o.search {
		if bad := given("stages", "trace", "closed", "faults", "crash"); len(bad) > 0 {
			return fmt.Errorf("%w: a search is for a constant rate, without %s", errUsage, bad[0])
		}
		if len(o.goals) == 0 {
			return fmt.Errorf("%w: a search needs -assert, to know what is too much", errUsage)
		}
		if o.most < o.rate {
			return fmt.Errorf("%w: a search from %s/s on with -most %s/s", errUsage, schedule.FormatRate(o.rate), schedule.FormatRate(o.most))
		}
	}
	for _, x := range []struct{ one, without string }{
		{"arrivals", "closed"}, {"arrivals", "trace"}, {"duration", "stages"}, {"duration", "trace"}, {"plan", "search"},
	} {
		if both := given(x.one, x.without); len(both) > 1 {
			return fmt.Errorf("%w: %s has no meaning with %s", errUsage, both[0], both[1])
		}
	}
	if o.allowed["most"] && !o.search {
		return fmt.Errorf("%w: -most is for -search", errUsage)
	}
	switch {
	case o.arrivals != "constant" && o.arrivals != "poisson":
		return fmt.Errorf("%w: arrivals are constant or poisson, not %q", errUsage, o.arrivals)
	case o.nodes < 1 || o.nodes > link.MaxNodes || o.down < 0 || o.down >= o.nodes:
		return fmt.Errorf("%w: %d nodes, %d of them down: want 1 to %d, and one at least that is not down", errUsage, o.nodes, o.down, link.MaxNodes)
	case len(o.targets) > 256:
		return fmt.Errorf("%w: %d targets, more than 256", errUsage, len(o.targets))
	case o.closed < 0 || o.closed > load.MaxClosed || o.closed == 0 && o.allowed["closed"]:
		return fmt.Errorf("%w: %d submissions outstanding: want 1 to %d", errUsage, o.closed, load.MaxClosed)
	case o.allowed["crash"] && (o.crash < 1 || o.crash > report.MaxRows):
		return fmt.Errorf("%w: %d kills: want 1 to %d", errUsage, o.crash, report.MaxRows)
	case o.crash > 0 && fault.Bears(o.nodes) <= o.down:
		return fmt.Errorf("%w: %d nodes with %d down bear no fault: -crash needs one that can fail", errUsage, o.nodes, o.down)
	case o.duration <= 0 || o.warmup < 0 || o.drain <= 0 || o.duration > schedule.MaxLength || o.warmup > schedule.MaxLength || o.drain > schedule.MaxLength:
		return fmt.Errorf("%w: times are above zero, and at most %v", errUsage, schedule.MaxLength)
	case o.away == load.None:
		return fmt.Errorf("%w: -away is same or other", errUsage)
	case o.rate == 0:
		return fmt.Errorf("%w: a rate of 0", errUsage)
	case o.out == "":
		return fmt.Errorf("%w: -out is empty", errUsage)
	case o.plan != "" && o.closed > 0:
		return fmt.Errorf("%w: a closed loop has no arrivals to write", errUsage)
	case o.trace != nil && o.trace.Length() <= o.warmup:
		return fmt.Errorf("%w: the trace is over after %v, within the warm-up of %v", errUsage, o.trace.Length(), o.warmup)
	}
	sizes := []int{o.nodes}
	for _, l := range o.lines {
		sizes = append(sizes, l.nodes)
	}
	for _, nodes := range sizes {
		if _, err := link.Choose(o.profile, nodes); err != nil {
			return fmt.Errorf("%w: -links: %v", errUsage, err)
		}
	}
	if _, err := core.ParseMode(o.mode); err != nil {
		return fmt.Errorf("%w: %v", errUsage, err)
	}
	return o.steady().Check()
}

// steady is the rates over time, without the warm-up.
func (o *options) steady() schedule.Profile {
	if o.stages != nil {
		return o.stages
	}
	return schedule.Profile{{Length: o.duration, From: o.rate, To: o.rate}}
}

// rates is the rates over time, with the warm-up: at the rate that they begin with.
func (o *options) rates() schedule.Profile {
	p := o.steady()
	if o.warmup > 0 {
		p = append(schedule.Profile{{Length: o.warmup, From: p[0].From, To: p[0].From}}, p...)
	}
	return p
}

// length is when the load ends, with the warm-up.
func (o *options) length() time.Duration {
	switch {
	case o.trace != nil:
		return o.trace.Length() + 1 // so that the last one is before the end
	case o.closed > 0:
		return o.warmup + o.duration
	}
	return o.rates().Length()
}

// open loop's arrivals; nil of a closed one.
func (o *options) process() schedule.Arrivals {
	switch {
	case o.closed > 0:
		return nil
	case o.trace != nil:
		return o.trace.Arrivals()
	case o.arrivals == "poisson":
		return schedule.Poisson(o.rates(), o.seed)
	}
	return schedule.Even(o.rates())
}

func (o *options) writePlan() error {
	return report.WriteFile(o.plan, func(w io.Writer) error { return schedule.WriteTrace(w, o.process()) })
}
