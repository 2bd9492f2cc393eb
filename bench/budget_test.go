package bench

import (
	"fmt"
	"path/filepath"
	"testing"

	"parsec/bench/measure"
	"parsec/core/recording"
)

// Memory that an engine may take: so many heap objects a run and an event, and so many bytes an event that
// stay. Of the bytes an event's row takes four for each peer.
const (
	allocsRun, allocsEvent      = 200, 0.005
	retainedEvent, retainedPeer = 64, 5
)

// An engine stays within its budget of memory, on the large recordings and on graphs like them.
func TestMemoryBudget(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(large, "*.zst"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d recordings, %v", len(files), err)
	}
	for _, f := range files {
		rec, err := recording.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		withinBudget(t, rec.Name, rec)
	}
	for _, mode := range modes {
		for _, g := range generated {
			if testing.Short() && g.peers > 64 {
				continue
			}
			withinBudget(t, fmt.Sprintf("generated, mode=%v/peers=%d", mode, g.peers), graph(t, size{mode, g.peers, g.events}))
		}
	}
}

func withinBudget(t *testing.T, name string, rec *recording.Recording) {
	t.Helper()
	probe := measure.Begin()
	e, err := rec.Engine()
	if err == nil {
		_, err = measure.Feed(e, rec)
	}
	m := probe.End(e)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	events, peers := float64(len(rec.Events)), float64(len(rec.Peers))
	if most := allocsRun + allocsEvent*events; float64(m.Allocs) > most {
		t.Errorf("%s: %d allocations for %.0f events, want at most %.0f", name, m.Allocs, events, most)
	}
	if most := retainedEvent + retainedPeer*peers; float64(m.Retained)/events > most {
		t.Errorf("%s: %.1f bytes an event retained, want at most %.0f", name, float64(m.Retained)/events, most)
	}
}
