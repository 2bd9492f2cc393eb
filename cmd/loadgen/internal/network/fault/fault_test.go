package fault

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestParse(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"10s kill 2", "10s kill 2"},
		{"10s..15s  kill 2", "10s kill 2 for 5s"},
		{"1m kill random for 300ms every 500ms x20", "1m0s kill random for 300ms every 500ms x20"},
		{"1m kill random! x20 every 500ms for 300ms", "1m0s kill random! for 300ms every 500ms x20"},
		{"0s restart 0", "0s restart 0"},
		{"20s pause 1 for 3s", "20s pause 1 for 3s"},
		{"30s..35s slow random 29%", "30s slow random 29% for 5s"},
		{"40s cut 0-1,2>3", "40s cut 0-1,2>3"},
		{"45s heal", "45s heal *"},
		{"45s heal 0-1", "45s heal 0-1"},
		{"5s partition 0,1|2,3 for 2s", "5s partition 0,1|2,3 for 2s"},
		{"5s link * delay=5ms,loss=1% for 2s", "5s link * delay=5ms,loss=1% for 2s"},
		{"5s reset 1 every 1s x3", "5s reset 1 every 1s x3"},
		{"5s twin 3", "5s twin 3"},
		{"10s..40s attack stranger", "10s attack stranger for 30s"},
		{"10s..40s attack greedy 3", "10s attack greedy 3 for 30s"},
		{"10s attack merged 2,3", "10s attack merged 2,3"},
		{"10s attack hidden 2 50/s for 3s", "10s attack hidden 2 50/s for 3s"},
		{"10s relearn 1 every 5s x3", "10s relearn 1 every 5s x3"},
		{";\n 1s kill 0; \n2s restart 0;", "1s kill 0; 2s restart 0"},
		{"", ""},

		{"kill 2", `error: fault "kill 2": "kill" is no time, such as 10s or 10s..15s`},
		{"10s..5s kill 2", `error: fault "10s..5s kill 2": "10s..5s" is no time, such as 10s or 10s..15s`},
		{"-1s kill 2", `error: fault "-1s kill 2": "-1s" is no time, such as 10s or 10s..15s`},
		{"1s", `error: fault "1s": want an action after the time: kill, restart, pause, slow, cut, heal, partition, link, ` +
			`reset, twin, attack or relearn`},
		{"1s attack loud", `error: fault "1s attack loud": "loud": want a kind of attack: stranger, member, greedy, hidden, merged, ` +
			`nested, branches, lesson, questions, withheld, replaced, slow`},
		{"1s attack hidden", `error: fault "1s attack hidden": "": want a node of 0 to 3`},
		{"1s attack hidden 3 0/s", `error: fault "1s attack hidden 3 0/s": "0/s": want frames a second, such as 50/s`},
		{"1s attack hidden 3,3", `error: fault "1s attack hidden 3,3": node 3 comes twice`},
		{"1s attack hidden 0,1,2,3", `error: fault "1s attack hidden 0,1,2,3": it leaves nobody to attack`},
		{"1s kill", `error: fault "1s kill": "": want a node of 0 to 3, random or random!`},
		{"1s kill 4", `error: fault "1s kill 4": "4": want a node of 0 to 3, random or random!`},
		{"1s twin random", `error: fault "1s twin random": "random": want a node of 0 to 3`},
		{"1s pause 1", `error: fault "1s pause 1": pause needs a duration: for 3s`},
		{"1s restart 1 for 2s", `error: fault "1s restart 1 for 2s": restart does not last: it takes no duration`},
		{"1s..2s kill 1 for 2s", `error: fault "1s..2s kill 1 for 2s": the time says already for how long: leave "for" out`},
		{"1s kill 1 for 0s", `error: fault "1s kill 1 for 0s": "0s" after "for" is no duration, such as 500ms`},
		{"1s kill 1 x2", `error: fault "1s kill 1 x2": say both how often and how many times: every 500ms x20`},
		{"1s kill 1 every 1s x2", `error: fault "1s kill 1 every 1s x2": a node that is killed several times has to be ` +
			`started in between: say for how long it is down`},
		{"1s kill 1 now", `error: fault "1s kill 1 now": "now" is one too many: after what the action takes may follow: ` +
			`for D, every D xN`},
		{"1s kill 1 for 1s for 2s", `error: fault "1s kill 1 for 1s for 2s": "for" comes twice`},
		{"1s kill 1 x0 every 1s", `error: fault "1s kill 1 x0 every 1s": "x0": want x1 to x1000000`},
		{"1s slow 1 100%", `error: fault "1s slow 1 100%": "100%": want a share of the time, such as 50%`},
		{"1s cut", `error: fault "1s cut": link "": "" is no node of 0 to 3, and not *`},
		{"1s partition 0,1", `error: fault "1s partition 0,1": "0,1": want two groups or more, such as 0,1|2,3`},
		{"1s partition 0|0", `error: fault "1s partition 0|0": node 0 is in two groups`},
		{"1s link 0-1 fast", `error: fault "1s link 0-1 fast": "fast" is none of delay=, jitter=, spread=, loss=, rate=, cut, clear`},
		{strings.Repeat("1s heal;", MaxFaults+1), "error: more than 1000 faults"},
	} {
		faults, err := Parse(c.text, 4)
		got := text(faults)
		if err != nil {
			got = "error: " + err.Error()
		}
		if got != c.want {
			t.Errorf("%q:\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}

func text(faults []Fault) string {
	var items []string
	for _, f := range faults {
		items = append(items, f.Text())
	}
	return strings.Join(items, "; ")
}

// The examples of the help text are true.
func TestSyntax(t *testing.T) {
	_, examples, _ := strings.Cut(Syntax, "For example:\n")
	faults, err := Parse(examples, 4)
	if err != nil || len(faults) != 8 {
		t.Errorf("%d faults, %v", len(faults), err)
	}
	for action := range actions {
		if !strings.Contains(Syntax, "\n  "+string(action)+" ") {
			t.Errorf("the help text leaves %s out", action)
		}
	}
}

func TestPartition(t *testing.T) {
	faults, err := Parse("1s partition 0,1|2; 1s heal 0", 4)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(faults[0].Links); got != "[{0 2} {1 2} {2 0} {2 1}]" {
		t.Errorf("partition cuts %s", got)
	}
	if !NeedsLinks(faults) {
		t.Error("no links needed")
	}
	if faults, _ := Parse("1s kill 1; 2s attack stranger", 4); NeedsLinks(faults) {
		t.Error("links needed")
	}
}

// stub is a target: struck nodes are not sound until their fault has ended.
type stub struct {
	nodes int
	slow  time.Duration // of what ends a fault
	fail  error

	mu     sync.Mutex
	struck map[int]bool
	most   int // struck at a time
	steps  []string
}

func (s *stub) Apply(ctx context.Context, step Step) error {
	if step.Ends {
		time.Sleep(s.slow)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	what := step.String()
	if step.Ends {
		what = "end " + what
	}
	s.steps = append(s.steps, what)
	if s.struck == nil {
		s.struck = map[int]bool{}
	}
	if step.Node >= 0 {
		if s.struck[step.Node] = !step.Ends; step.Ends {
			delete(s.struck, step.Node)
		}
	}
	s.most = max(s.most, len(s.struck))
	return s.fail
}

func (s *stub) Sound() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	var sound []int
	for i := range s.nodes {
		if !s.struck[i] {
			sound = append(sound, i)
		}
	}
	return sound
}

func run(t *testing.T, on *stub, schedule string, seed uint64) []Record {
	t.Helper()
	faults, err := Parse(schedule, on.nodes)
	if err != nil {
		t.Fatal(err)
	}
	return Run(t.Context(), faults, on, Options{Nodes: on.nodes, Seed: seed})
}

func TestRun(t *testing.T) {
	on := &stub{nodes: 4}
	noted := 0
	faults, err := Parse("300ms restart 2; 100ms..200ms pause 1; 0s kill 2", 4)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	records := Run(t.Context(), faults, on, Options{Nodes: 4, Start: start, Noted: func(Record) { noted++ }})
	if took := time.Since(start); took < 300*time.Millisecond {
		t.Errorf("took %v", took)
	}
	if slices.Index(on.steps, "pause 1") > slices.Index(on.steps, "end pause 1") {
		t.Errorf("did %q", on.steps)
	}
	// A busy machine may change the order of the others.
	if got, want := slices.Sorted(slices.Values(on.steps)), []string{"end pause 1", "kill 2", "pause 1", "restart 2"}; !slices.Equal(got, want) {
		t.Errorf("did %q, want %q", got, want)
	}
	if len(records) != 3 || noted != 4 {
		t.Fatalf("%+v", records)
	}
	for i, what := range []string{"kill 2", "pause 1", "restart 2"} {
		r := records[i]
		if r.What != what || r.Begun < r.Asked || r.Err != "" || i == 1 && r.Until < r.Begun+100*time.Millisecond || i != 1 && r.Until != 0 {
			t.Errorf("%+v", r)
		}
	}
}

// Random faults of several items together never strike more than f nodes, and all are done.
func TestRandomKeepsToWhatASectionBears(t *testing.T) {
	on := &stub{nodes: 7, slow: 2 * time.Millisecond}
	records := run(t, on, "0s kill random for 1ms every 1ms x30; 0s pause random for 3ms every 2ms x20; 0s slow random 50% for 1ms every 1ms x20", 1)
	if on.most > 2 {
		t.Errorf("%d nodes were struck at a time", on.most)
	}
	if len(records) != 70 || len(on.steps) != 140 || len(on.struck) != 0 {
		t.Errorf("%d records, %d steps, struck at the end: %v", len(records), len(on.steps), on.struck)
	}
	if !slices.IsSortedFunc(records, func(a, b Record) int { return int(a.Asked - b.Asked) }) {
		t.Error("records are not in order")
	}
}

func TestRandomIsSeeded(t *testing.T) {
	const schedule = "0s kill random for 1us every 1us x40"
	drawn := func(seed uint64) string {
		on := &stub{nodes: 16}
		run(t, on, schedule, seed)
		return strings.Join(on.steps, " ")
	}
	if a, b := drawn(1), drawn(1); a != b {
		t.Errorf("one seed:\n%s\n%s", a, b)
	}
	if drawn(1) == drawn(2) {
		t.Error("two seeds draw the same")
	}
}

func TestBeyond(t *testing.T) {
	on := &stub{nodes: 4}
	if records := run(t, on, "0s kill random!; 0s kill random!; 0s kill random!; 0s kill random!", 1); len(on.struck) != 4 {
		t.Errorf("struck %v: %+v", on.struck, records)
	}
	on = &stub{nodes: 3}
	if records := run(t, on, "0s kill random", 1); len(on.struck) != 0 || records[0].Err == "" || records[0].Node != None {
		t.Errorf("a section of 3 bears no fault: %+v", records)
	}
}

func TestErrorsAreRecorded(t *testing.T) {
	on := &stub{nodes: 4, fail: errors.New("no such process")}
	records := run(t, on, "0s pause 1 for 1ms", 1)
	if len(records) != 1 || records[0].Err != "no such process" || len(on.steps) != 1 {
		t.Errorf("%+v, did %q", records, on.steps)
	}
}

// When the run ends, faults that last are left, those that wait do not happen.
func TestEnd(t *testing.T) {
	on := &stub{nodes: 4}
	faults, err := Parse("0s kill random for 1h; 0s pause random for 1h; 1h kill 3", 4)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	records := Run(ctx, faults, on, Options{Nodes: 4, Noted: func(Record) { cancel() }})
	if len(records) != 1 || len(on.steps) != 1 || records[0].Until != 0 || records[0].Node < 0 {
		t.Errorf("%+v, did %q", records, on.steps)
	}
}

func FuzzParse(f *testing.F) {
	f.Fuzz(func(t *testing.T, s string) {
		faults, err := Parse(s, 4)
		if err != nil {
			return
		}
		first := text(faults)
		again, err := Parse(first, 4)
		if err != nil || text(again) != first {
			t.Fatalf("%q is written as %q and read as %q, %v", s, first, text(again), err)
		}
	})
}
