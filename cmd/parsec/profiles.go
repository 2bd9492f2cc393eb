package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"runtime/pprof"

	"github.com/google/pprof/profile"

	"parsec/cmd/internal/program"
)

// Profiles keep only what the engine does: the stacks from these functions on. Reading files, and the
// garbage collections between measurements, would drown it.
var (
	replaying = regexp.MustCompile(`\.\(\*Recording\)\.Replay$`)
	allOfIt   = regexp.MustCompile(`\.\(\*Recording\)\.(Replay|Engine)$`)
)

// cpuProfile is a CPU profile being taken. The process can take one at a time.
type cpuProfile struct{ raw bytes.Buffer }

func startCPUProfile() (*cpuProfile, error) {
	c := &cpuProfile{}
	if err := pprof.StartCPUProfile(&c.raw); err != nil {
		return nil, err
	}
	return c, nil
}

// stop ends the profile, which takes up to 0.2 s, and returns it.
func (c *cpuProfile) stop() (*profile.Profile, error) {
	pprof.StopCPUProfile()
	p, err := profile.Parse(&c.raw)
	if err != nil {
		return nil, fmt.Errorf("the CPU profile: %w", err)
	}
	p.ShowFrom(replaying)
	return p.Compact(), nil
}

// profileAllocations has every allocation recorded until stop is called. Otherwise this process records
// none: see main.
func profileAllocations() (stop func()) {
	before := runtime.MemProfileRate
	runtime.MemProfileRate = 1
	return func() { runtime.MemProfileRate = before }
}

// allocations returns the profile of all allocations recorded so far.
func allocations() (*profile.Profile, error) {
	runtime.GC() // allocations get into the profile with the next garbage collection
	var raw bytes.Buffer
	err := pprof.Lookup("allocs").WriteTo(&raw, 0)
	if err != nil {
		return nil, err
	}
	p, err := profile.Parse(&raw)
	if err != nil {
		return nil, fmt.Errorf("the profile of allocations: %w", err)
	}
	p.Period = 1 // bytes per sample, while it was taken
	p.ShowFrom(allOfIt)
	return p.Compact(), nil
}

// profileFiles are the profiles that were asked for, and the files they go to.
type profileFiles struct {
	cpu          *cpuProfile
	cpuTo, allTo *program.Pending // nil if not asked for
}

// startProfiles begins to take the profiles with a file name. If a file cannot be written that is found
// out here, before the work.
func startProfiles(cpu, mem string) (*profileFiles, error) {
	f := &profileFiles{}
	var err error
	if mem != "" {
		f.allTo, err = newPendingFile(mem)
	}
	if cpu != "" && err == nil {
		f.cpuTo, err = newPendingFile(cpu)
	}
	if cpu != "" && err == nil {
		f.cpu, err = startCPUProfile()
	}
	if err != nil {
		f.discard()
		return nil, err
	}
	return f, nil
}

// errNoSamples is a profile of too little work.
var errNoSamples = errors.New("the CPU profile has no samples: the work took less than some 10 ms; -repeat makes it more")

// finish writes the profiles and gives the files their names. After [errNoSamples] they are there.
func (f *profileFiles) finish() error {
	var empty error
	if f.cpuTo != nil {
		p, err := f.cpu.stop()
		f.cpu = nil
		if err != nil {
			return err
		}
		if len(p.Sample) == 0 {
			empty = errNoSamples
		}
		if err := commit(f.cpuTo, p); err != nil {
			return err
		}
		f.cpuTo = nil
	}
	if f.allTo != nil {
		p, err := allocations()
		if err != nil {
			return err
		}
		if err := commit(f.allTo, p); err != nil {
			return err
		}
		f.allTo = nil
	}
	return empty
}

// discard removes what finish has not finished.
func (f *profileFiles) discard() {
	if f.cpu != nil {
		pprof.StopCPUProfile()
	}
	for _, p := range []*program.Pending{f.cpuTo, f.allTo} {
		if p != nil {
			p.Discard()
		}
	}
	*f = profileFiles{}
}

// newPendingFile is program.NewPending for a path that is no folder.
func newPendingFile(path string) (*program.Pending, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s: is a folder", path)
	}
	return program.NewPending(path)
}

// commit writes p, compressed as pprof has it, and gives the file its name.
func commit(f *program.Pending, p *profile.Profile) error {
	if err := p.Write(f); err != nil {
		return err
	}
	return f.Commit()
}
