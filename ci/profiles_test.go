package ci

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/pprof/profile"
)

// What is kept in profiles/ is small, says what it is of, and has nothing of a machine in it. default.pgo
// has what the compiler reads: time, functions, and the lines at which they start.
func TestProfiles(t *testing.T) {
	const most, mostOfAll = 60_000, 1_000_000 // bytes
	var all int
	cpu, allocs := map[string]bool{}, map[string]bool{}
	pgo := false
	walk(t, filepath.Join(root, "profiles"), func(name string) {
		base, isCPU := strings.CutSuffix(name, ".cpu.pprof")
		base, isAllocs := strings.CutSuffix(base, ".allocs.pprof")
		isPGO := name == "default.pgo"
		if !isCPU && !isAllocs && !isPGO {
			if strings.HasSuffix(name, ".pprof") {
				t.Errorf("%s: neither .cpu.pprof nor .allocs.pprof", name)
			}
			return
		}
		data := readFile(t, filepath.Join(root, "profiles", name))
		if all += len(data); len(data) > most {
			t.Errorf("%s: %d bytes, more than %d", name, len(data), most)
		}
		p, err := profile.Parse(bytes.NewReader(data))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		value := "cpu"
		if isAllocs {
			value = "alloc_space"
		}
		if k, err := p.SampleIndexByName(value); err != nil || len(p.Sample) == 0 || p.SampleType[k].Type != value {
			t.Errorf("%s: %d samples, %v", name, len(p.Sample), err)
		}
		switch {
		case isPGO:
			pgo = true
		case len(p.Comments) == 0 || !strings.Contains(p.Comments[0], "at HEAD ("):
			t.Errorf("%s: its comments do not say what it is of, and at which commit: %q", name, p.Comments)
		case isCPU:
			cpu[base] = true
		default:
			allocs[base] = true
		}
		started := 0
		for _, f := range p.Function {
			if filepath.IsAbs(f.Filename) || strings.Contains(f.Filename, `:\`) {
				t.Errorf("%s: names the file %s", name, f.Filename)
			}
			if f.StartLine > 0 {
				started++
			}
		}
		if isPGO && started == 0 {
			t.Errorf("%s: no function has a line at which it starts", name)
		}
	})
	if all > mostOfAll {
		t.Errorf("%d bytes, more than %d", all, mostOfAll)
	}
	if !pgo || len(cpu) == 0 {
		t.Errorf("default.pgo is there: %t; %d CPU profiles", pgo, len(cpu))
	}
	for name := range cpu {
		if !allocs[name] {
			t.Errorf("%s: a CPU profile and none of allocations", name)
		}
	}
	for name := range allocs {
		if !cpu[name] {
			t.Errorf("%s: a profile of allocations and none of the CPU", name)
		}
	}
}
