package fault

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"parsec/cmd/loadgen/internal/network/link"
	"parsec/core/node/attack"
)

// Limits of a schedule.
const (
	MaxFaults = 1000
	MaxTimes  = 1_000_000 // of one fault
	MaxTime   = 30 * 24 * time.Hour
)

// arity says what an action takes after its name.
type arity struct {
	node, share, links, groups, conditions, attack bool
	lasts                                          bool // may have "for"
	must                                           bool // must have it
	random                                         bool // may strike a random node
}

var actions = map[Action]arity{
	Kill:      {node: true, lasts: true, random: true},
	Restart:   {node: true},
	Pause:     {node: true, lasts: true, must: true, random: true},
	Slow:      {node: true, share: true, lasts: true, random: true},
	Cut:       {links: true, lasts: true},
	Heal:      {links: true},
	Partition: {groups: true, lasts: true},
	Link:      {links: true, conditions: true, lasts: true},
	Reset:     {links: true},
	Twin:      {node: true, lasts: true},
	Attack:    {attack: true, lasts: true},
	Relearn:   {node: true},
}

// Parse reads a schedule for a section of so many nodes, as [Syntax] tells.
func Parse(s string, nodes int) ([]Fault, error) {
	var faults []Fault
	for item := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ';' || r == '\n' }) {
		words := strings.Fields(item)
		if len(words) == 0 {
			continue
		}
		f, err := parse(words, nodes)
		if err != nil {
			return nil, fmt.Errorf("fault %q: %w", strings.Join(words, " "), err)
		}
		if len(faults) == MaxFaults {
			return nil, fmt.Errorf("more than %d faults", MaxFaults)
		}
		faults = append(faults, f)
	}
	return faults, nil
}

// parser takes words off.
type parser struct{ words []string }

func (p *parser) next() (string, bool) {
	if len(p.words) == 0 {
		return "", false
	}
	w := p.words[0]
	p.words = p.words[1:]
	return w, true
}

func parse(words []string, nodes int) (Fault, error) {
	f := Fault{Node: None, Times: 1}
	p := parser{words}
	when, _ := p.next()
	var err error
	if f.At, f.For, err = span(when); err != nil {
		return f, err
	}
	action, ok := p.next()
	takes, known := actions[Action(action)]
	if !ok || !known {
		return f, fmt.Errorf("want an action after the time: kill, restart, pause, slow, cut, heal, partition, link, " +
			"reset, twin, attack or relearn")
	}
	f.Action = Action(action)
	if takes.node {
		w, _ := p.next()
		if f.Node, err = node(w, nodes, takes.random); err != nil {
			return f, err
		}
	}
	if takes.share {
		w, _ := p.next()
		if f.Share, err = share(w); err != nil {
			return f, err
		}
	}
	if takes.links {
		w, ok := p.next()
		if !ok && f.Action == Heal {
			w = "*"
		}
		f.where = w
		if f.Links, err = link.ParsePairs(w, nodes); err != nil {
			return f, err
		}
	}
	if takes.groups {
		w, _ := p.next()
		f.where = w
		if f.Links, err = between(w, nodes); err != nil {
			return f, err
		}
	}
	if takes.attack {
		if err = p.attack(&f, nodes); err != nil {
			return f, err
		}
	}
	if takes.conditions {
		f.Conditions, _ = p.next()
		if _, err := link.Parse(f.Conditions, link.Conditions{}); err != nil {
			return f, err
		}
	}
	if err := p.times(&f); err != nil {
		return f, err
	}
	switch {
	case f.For > 0 && !takes.lasts:
		return f, fmt.Errorf("%s does not last: it takes no duration", f.Action)
	case f.For == 0 && takes.must:
		return f, fmt.Errorf("%s needs a duration: for 3s", f.Action)
	case f.Times > 1 && f.For == 0 && f.Action == Kill:
		return f, errors.New("a node that is killed several times has to be started in between: say for how long it is down")
	}
	return f, nil
}

// attack reads the kind of an attack, whose keys the attacker has, and how many frames a second it sends.
func (p *parser) attack(f *Fault, nodes int) error {
	w, _ := p.next()
	f.Attack = attack.Kind(w)
	if !slices.Contains(attack.Names(), w) {
		return fmt.Errorf("%q: want a kind of attack: %s", w, strings.Join(attack.Names(), ", "))
	}
	if f.Attack == attack.Stranger {
		return nil
	}
	if err := p.members(f, nodes); err != nil || len(p.words) == 0 {
		return err
	}
	rate, ok := strings.CutSuffix(p.words[0], "/s")
	if !ok {
		return nil
	}
	w, _ = p.next()
	n, err := strconv.ParseFloat(rate, 64)
	if err != nil || !(n > 0 && n <= maxFrames) {
		return fmt.Errorf("%q: want frames a second, such as 50/s", w)
	}
	f.Rate = n
	return nil
}

// maxFrames is how many frames a second an attacker may be asked for.
const maxFrames = 1_000_000

// members reads whose keys an attacker has.
func (p *parser) members(f *Fault, nodes int) error {
	f.where, _ = p.next()
	for m := range strings.SplitSeq(f.where, ",") {
		i, err := node(m, nodes, false)
		if err != nil {
			return err
		}
		if slices.Contains(f.Members, i) {
			return fmt.Errorf("node %d comes twice", i)
		}
		f.Members = append(f.Members, i)
	}
	if len(f.Members) == nodes {
		return errors.New("it leaves nobody to attack")
	}
	return nil
}

// times reads what says how long and how often.
func (p *parser) times(f *Fault) error {
	seen := map[string]bool{}
	for {
		w, ok := p.next()
		if !ok {
			break
		}
		key := w
		if strings.HasPrefix(w, "x") {
			key = "x"
		}
		if seen[key] {
			return fmt.Errorf("%q comes twice", key)
		}
		seen[key] = true
		switch key {
		case "for", "every":
			v, _ := p.next()
			d, err := duration(v)
			if err != nil || d == 0 {
				return fmt.Errorf("%q after %q is no duration, such as 500ms", v, key)
			}
			if key == "every" {
				f.Every = d
			} else if f.For > 0 {
				return errors.New("the time says already for how long: leave \"for\" out")
			} else {
				f.For = d
			}
		case "x":
			n, err := strconv.Atoi(w[1:])
			if err != nil || n < 1 || n > MaxTimes {
				return fmt.Errorf("%q: want x1 to x%d", w, MaxTimes)
			}
			f.Times = n
		default:
			return fmt.Errorf("%q is one too many: after what the action takes may follow: for D, every D xN", w)
		}
	}
	if seen["every"] != seen["x"] {
		return errors.New("say both how often and how many times: every 500ms x20")
	}
	if f.Times == 1 {
		f.Every = 0
	}
	return nil
}

func duration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err == nil && (d < 0 || d > MaxTime) {
		err = errors.New("out of range")
	}
	return d, err
}

// span reads 10s or 10s..15s.
func span(s string) (at, lasts time.Duration, err error) {
	from, to, two := strings.Cut(s, "..")
	at, err = duration(from)
	if err == nil && two {
		var end time.Duration
		if end, err = duration(to); err == nil && end <= at {
			err = errors.New("no time")
		}
		lasts = end - at
	}
	if err != nil {
		return 0, 0, fmt.Errorf("%q is no time, such as 10s or 10s..15s", s)
	}
	return at, lasts, nil
}

func node(s string, nodes int, random bool) (int, error) {
	switch {
	case s == "random" && random:
		return Random, nil
	case s == "random!" && random:
		return Beyond, nil
	}
	i, err := strconv.Atoi(s)
	if err != nil || i < 0 || i >= nodes {
		also := ""
		if random {
			also = ", random or random!"
		}
		return 0, fmt.Errorf("%q: want a node of 0 to %d%s", s, nodes-1, also)
	}
	return i, nil
}

func share(s string) (float64, error) {
	number, ok := strings.CutSuffix(s, "%")
	p, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil || !(p > 0 && p < 100) {
		return 0, fmt.Errorf("%q: want a share of the time, such as 50%%", s)
	}
	return p / 100, nil
}

// between returns the ways between nodes of different groups. Nodes that are in none keep all their links.
func between(s string, nodes int) ([]link.Pair, error) {
	group := map[int]int{}
	groups := strings.Split(s, "|")
	for g, members := range groups {
		for m := range strings.SplitSeq(members, ",") {
			i, err := node(m, nodes, false)
			if err != nil {
				return nil, fmt.Errorf("group %q: %w", members, err)
			}
			if _, ok := group[i]; ok {
				return nil, fmt.Errorf("node %d is in two groups", i)
			}
			group[i] = g
		}
	}
	if len(groups) < 2 {
		return nil, fmt.Errorf("%q: want two groups or more, such as 0,1|2,3", s)
	}
	var pairs []link.Pair
	for i := range nodes {
		for j := range nodes {
			a, ok := group[i]
			b, too := group[j]
			if ok && too && a != b {
				pairs = append(pairs, link.Pair{From: i, To: j})
			}
		}
	}
	return pairs, nil
}
