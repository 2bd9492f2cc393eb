package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"parsec/cmd/loadgen/internal/latency"
	"parsec/cmd/loadgen/internal/load"
	"parsec/cmd/loadgen/internal/network"
	"parsec/cmd/loadgen/internal/network/fault"
	"parsec/cmd/loadgen/internal/report"
	"parsec/cmd/loadgen/internal/schedule"
	"parsec/core/node/attack"
)

// siegeShare is the part of the highest rate that holds at which a section is attacked, where a search comes before.
const siegeShare = 0.6

// siege is what -siege says.
type siege struct {
	kinds   []attack.Kind
	hostile int // nodes, the last ones
	turns   int // loads without the attack, and as many with it
	frames  int // a second of each attack to each node; 0: as many as it takes
	after   schedule.Profile
}

// parseSiege reads kinds of attacks, separated by commas; all is all of them.
func parseSiege(text string) (kinds []attack.Kind, err error) {
	if text == "all" {
		text = strings.Join(attack.Names(), ",")
	}
	for name := range strings.SplitSeq(text, ",") {
		k := attack.Kind(name)
		switch {
		case !slices.Contains(attack.Names(), name):
			return nil, fmt.Errorf("%w: -siege: %q is none of %s, all", errUsage, name, strings.Join(attack.Names(), ", "))
		case slices.Contains(kinds, k):
			return nil, fmt.Errorf("%w: -siege has %s twice", errUsage, name)
		}
		kinds = append(kinds, k)
	}
	return kinds, nil
}

// checkSiege says what does not go together with a siege, and fills in how many nodes attack.
func (o *options) checkSiege(given func(...string) []string) error {
	if o.siege == nil {
		if bad := given("hostile", "turns", "after", "frames"); len(bad) > 0 {
			return fmt.Errorf("%w: %s is for -siege", errUsage, bad[0])
		}
		return nil
	}
	g := o.siege
	if bad := given("down", "targets", "faults", "crash", "stages", "trace", "closed", "curve", "plan", "dir"); len(bad) > 0 {
		return fmt.Errorf("%w: a siege is of sections of our own at a constant rate, without %s", errUsage, bad[0])
	}
	if o.allowed["assert"] && !o.search {
		return fmt.Errorf("%w: what a siege is to reach is known: -assert is for a -search before it", errUsage)
	}
	if !o.allowed["hostile"] {
		g.hostile = fault.Bears(o.nodes)
	}
	switch {
	case g.hostile < 1 || g.hostile > fault.Bears(o.nodes):
		return fmt.Errorf("%w: %d of %d nodes hostile: want 1 or more, and fewer than a third", errUsage, g.hostile, o.nodes)
	case g.frames < 0:
		return fmt.Errorf("%w: %d frames a second", errUsage, g.frames)
	case g.turns < 1 || g.turns > 100:
		return fmt.Errorf("%w: %d turns: want 1 to 100", errUsage, g.turns)
	}
	return g.after.Check()
}

// faults are those of a load: the attack, if there is one, and what it needs to have something to attack, in any case.
func (g *siege) faults(kind attack.Kind, o *options, attacked bool) (faults []fault.Fault, err error) {
	var all []string
	if attacked {
		var members []string
		for i := o.nodes - g.hostile; i < o.nodes; i++ {
			members = append(members, strconv.Itoa(i))
		}
		one := fmt.Sprintf("0s..%v attack %s", o.length(), kind)
		if kind != attack.Stranger {
			if one += " " + strings.Join(members, ","); g.frames > 0 {
				one += fmt.Sprintf(" %d/s", g.frames)
			}
		}
		all = append(all, one)
	}
	if kind == attack.Lesson {
		all = append(all, fmt.Sprintf("%v relearn 0", o.warmup+o.duration/4))
	}
	return fault.Parse(strings.Join(all, ";"), o.nodes)
}

// arm is one load of a siege on a section of its own.
type arm struct {
	*measured
	after *measured // of an attacked section: what came after
}

// searchAndBesiege finds the highest rate that holds with the hostile nodes down, and besieges at a part of it.
func (a *app) searchAndBesiege(ctx context.Context, o *options) (int, error) {
	one := *o
	one.down, one.out = o.siege.hostile, filepath.Join(o.out, "search")
	rate, status, err := a.search(ctx, &one)
	if err != nil || status != exitDone {
		return status, err
	}
	one = *o
	one.rate = siegeShare * rate
	return a.besiege(ctx, &one)
}

// besiege has each kind of attack in turn: loads without and with it by turns, each on a section of its own.
func (a *app) besiege(ctx context.Context, o *options) (int, error) {
	status := exitDone
	worse := func(s int) {
		ranks := []int{exitDone, exitInvalid, exitGoal, exitUnsafe}
		status = ranks[max(slices.Index(ranks, status), slices.Index(ranks, s))]
	}
	var text strings.Builder
	out := io.MultiWriter(a.stdout, &text)
	for _, kind := range o.siege.kinds {
		v := verdict{kind: kind, o: o, without: newSide(), with: newSide()}
		for turn := range 2 * o.siege.turns {
			attacked := turn%4 == 1 || turn%4 == 2 // without, with, with, without: what drifts is on both sides
			arm, err := a.arm(ctx, o, kind, attacked)
			if err != nil {
				return 0, fmt.Errorf("%s: %w", kind, err)
			}
			if arm.result.Interrupted {
				return exitInterrupted, nil
			}
			v.add(arm, attacked)
			if err := arm.writeFiles(filepath.Join(o.out, string(kind)), turn/2); err != nil {
				return 0, fmt.Errorf("the report: %w", err)
			}
		}
		a.say.Clear()
		worse(v.write(out))
		if err := report.WriteFile(filepath.Join(o.out, "siege.txt"), func(w io.Writer) error {
			_, err := io.WriteString(w, text.String())
			return err
		}); err != nil {
			return 0, fmt.Errorf("the report: %w", err)
		}
	}
	fmt.Fprintf(a.stdout, "\nwritten: siege.txt and the reports of all loads in %s\n", o.out)
	return status, nil
}

// writeFiles writes the reports of its loads to folders.
func (r *arm) writeFiles(dir string, turn int) error {
	reports := map[string]*report.Run{"without": r.report}
	if r.after != nil {
		reports = map[string]*report.Run{"with": r.report, "after": r.after.report}
	}
	for name, run := range reports {
		if _, err := run.WriteFiles(filepath.Join(dir, name+strconv.Itoa(turn))); err != nil {
			return err
		}
	}
	return nil
}

// arm runs one load, and after an attack the one that comes after it.
func (a *app) arm(ctx context.Context, o *options, kind attack.Kind, attacked bool) (*arm, error) {
	one := *o
	one.down = o.siege.hostile
	if kind == attack.Lesson && !attacked {
		one.down = 0 // who learns waits for answers by a quorum, which attackers give too
	}
	var err error
	if one.faults, err = o.siege.faults(kind, o, attacked); err != nil {
		return nil, err
	}
	s, err := a.open(ctx, &one)
	if err != nil {
		return nil, err
	}
	r, err := a.armOn(ctx, &one, s, attacked)
	if what := s.close(true, false); what != "" { // what an attack left may be more than gets done
		a.say.Clear()
		fmt.Fprintf(a.stderr, "loadgen: %s\n", what)
	}
	return r, err
}

func (a *app) armOn(ctx context.Context, o *options, s *section, attacked bool) (*arm, error) {
	m, err := a.measure(ctx, o, s)
	if err != nil {
		return nil, err
	}
	r := &arm{measured: m}
	if !attacked || m.result.Interrupted {
		return r, nil
	}
	later := *o
	later.stages, later.warmup, later.faults = o.siege.after, 0, nil
	r.after, err = a.measure(ctx, &later, s)
	return r, err
}

// side is what the loads without an attack, or those with it, come to.
type side struct {
	latency    *latency.Histogram
	undecided  uint64
	altered    uint64 // decided beside: other data with their ids
	refused    uint64 // messages and connections, by nodes
	memory     uint64 // the most of a node
	cpu        float64
	decided    uint64
	violations int
	invalid    []string
}

func newSide() *side { return &side{latency: latency.NewHistogram()} }

func (s *side) add(r *load.Result) {
	h := r.Latency[latency.Intended][latency.All]
	s.latency.Merge(h)
	s.undecided += r.Counts.Due - r.Counts.All
	s.altered += r.Verdict.Altered
	s.decided += r.Counts.All
	s.violations += len(r.Verdict.Violations)
	s.invalid = append(s.invalid, r.Invalid...)
	for _, samples := range r.Samples {
		var cpu float64
		for i := range samples {
			now := &samples[i].Status
			s.memory = max(s.memory, now.Resident)
			if i > 0 && now.CPU >= samples[i-1].Status.CPU { // else it was started again
				cpu += now.CPU - samples[i-1].Status.CPU
				s.refused += now.Refused - samples[i-1].Status.Refused
			}
		}
		s.cpu += cpu
	}
}

// verdict is what an attack comes to.
type verdict struct {
	kind          attack.Kind
	o             *options
	without, with *side
	attacks       []network.AttackReport
	after         *side
	afterDue      uint64
}

func (v *verdict) add(r *arm, attacked bool) {
	side := v.without
	if attacked {
		side = v.with
		v.attacks = append(v.attacks, r.attacks...)
		if v.after == nil {
			v.after = newSide()
		}
		v.after.add(r.after.result)
		v.afterDue += r.after.result.Counts.Due
	}
	side.add(r.result)
}
