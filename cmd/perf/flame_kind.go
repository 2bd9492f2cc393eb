package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// flameKind is a value of -type.
type flameKind struct {
	name  string   // of -type
	value string   // name of the sample type in the profile
	file  string   // flag of a test binary that has it write the profile
	args  []string // flags that have it leave nothing out
	// measured are the functions of ./bench that do what is measured; nil for the whole process.
	measured *regexp.Regexp
	// others are functions whose samples are not of the program that is measured; nil for none.
	others *regexp.Regexp
	what   string // what has not happened if there are no samples
}

const fed = `/bench/measure\.Feed$|/bench\.\(\*player\)\.feed$`

var (
	timed     = regexp.MustCompile(fed)
	allocated = regexp.MustCompile(fed + `|/core/recording\.\(\*Recording\)\.Engine$`)
	// Package testing waits for the benchmarks that it runs, and the runtime has locks of its own.
	waiting = regexp.MustCompile(`^testing\.\(\*B\)\.(run1|doBench)$|^testing\.\(\*[MT]\)\.Run$|` +
		`^runtime\.(unlock|unlock2|unlockWithRank|_LostContendedRuntimeLock)$`)
)

var flameKinds = []flameKind{
	{name: "cpu", value: "cpu", file: "-test.cpuprofile", measured: timed,
		what: "it ran for less than some 10 ms"},
	{name: "alloc_space", value: "alloc_space", file: "-test.memprofile", args: []string{"-test.memprofilerate=1"},
		measured: allocated, what: "it allocated nothing"},
	{name: "alloc_objects", value: "alloc_objects", file: "-test.memprofile", args: []string{"-test.memprofilerate=1"},
		measured: allocated, what: "it allocated nothing"},
	{name: "block", value: "delay", file: "-test.blockprofile", args: []string{"-test.blockprofilerate=1"},
		others: waiting, what: "no goroutine of it waited"},
	{name: "mutex", value: "delay", file: "-test.mutexprofile", args: []string{"-test.mutexprofilefraction=1"},
		others: waiting, what: "no goroutine of it waited for a lock"},
}

func flameKindOf(name string) (flameKind, bool) {
	for _, k := range flameKinds {
		if k.name == name {
			return k, true
		}
	}
	return flameKind{}, false
}

func flameKindNames() []string {
	var names []string
	for _, k := range flameKinds {
		names = append(names, k.name)
	}
	return names
}

// benchtime is how long to run a benchmark, or, if n is not 0, how often. It is a flag.Value.
type benchtime struct {
	d time.Duration
	n int
}

func (b *benchtime) String() string {
	if b.n > 0 {
		return fmt.Sprintf("%dx", b.n)
	}
	return b.d.String()
}

func (b *benchtime) Set(s string) error {
	if times, ok := strings.CutSuffix(s, "x"); ok {
		n, err := strconv.Atoi(times)
		if err != nil || n < 1 {
			return fmt.Errorf("want a number of iterations above 0, such as 100x")
		}
		*b = benchtime{n: n}
		return nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return fmt.Errorf("want a time above 0, such as 10s, or a number of iterations, such as 100x")
	}
	*b = benchtime{d: d}
	return nil
}
