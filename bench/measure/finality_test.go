package measure_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"parsec/bench/measure"
	"parsec/core"
	"parsec/core/recording"
	"parsec/workloads"
)

const none = recording.None

// drawn is a graph of two members, and a third who comes late. A vote is v, a requesting event is r:
//
//	a:  0 -- 3v -- 5r -- 8r ------- 10
//	                \              /
//	b:  1 -- 4r ---- 6 -- 7r -- 9v
//	                            \
//	c:  2v ---------------------- 11 -- 12r
func drawn() *recording.Recording {
	event := func(creator core.PeerIndex, cause core.Cause, self, other, observation int32) recording.Event {
		return recording.Event{Creator: creator, Cause: cause, SelfParent: self, OtherParent: other, Observation: observation, Recipient: none}
	}
	return &recording.Recording{
		Observations: make([]recording.Observation, 2),
		Events: []recording.Event{
			0:  event(0, core.Initial, none, none, none),
			1:  event(1, core.Initial, none, none, none),
			2:  event(2, core.Observing, none, none, 0),
			3:  event(0, core.Observing, 0, none, 0),
			4:  event(1, core.Requesting, 1, none, none),
			5:  event(0, core.Requesting, 3, none, none),
			6:  event(1, core.Request, 4, 5, none),
			7:  event(1, core.Requesting, 6, none, none),
			8:  event(0, core.Requesting, 5, none, none),
			9:  event(1, core.Observing, 7, none, 0),
			10: event(0, core.Response, 8, 9, none),
			11: event(2, core.Request, 2, 7, none),
			12: event(2, core.Requesting, 11, none, none),
		},
	}
}

func TestWaitsDrawn(t *testing.T) {
	voters := func(v ...core.PeerIndex) []core.PeerIndex { return v }
	for _, c := range []struct {
		name           string
		block          recording.Block
		events, rounds float64
		apart          int
	}{
		{"own chain all along", recording.Block{Voters: voters(0, 1), At: 10}, 7, 2, 0},
		{"what the decider requested before it knew is no round", recording.Block{Voters: voters(0), At: 7}, 4, 1, 0},
		{"on receipt", recording.Block{Voters: voters(0), At: 6}, 3, 0, 0},
		{"the vote decides", recording.Block{Voters: voters(1), At: 9}, 0, 0, 0},
		{"the first of the voters' votes", recording.Block{Voters: voters(0, 2), At: 12}, 10, 1, 0},
		{"votes of others do not count", recording.Block{Voters: voters(1), At: 10}, 1, 0, 0},
		{"no voters: anyone's", recording.Block{At: 12}, 10, 1, 0},
		{"not behind it", recording.Block{Voters: voters(2), At: 10}, 8, 0, 1},
	} {
		f, err := measure.Waits(drawn(), []recording.Block{c.block})
		want := measure.Finality{Events: measure.Percentiles{P50: c.events, P99: c.events}, Apart: c.apart}
		if c.apart == 0 {
			want.Rounds = measure.Percentiles{P50: c.rounds, P99: c.rounds}
		}
		if err != nil || f != want {
			t.Errorf("%s: %+v, %v, want %+v", c.name, f, err, want)
		}
	}
	if f, err := measure.Waits(drawn(), nil); err != nil || f != (measure.Finality{}) {
		t.Errorf("no blocks: %+v, %v", f, err)
	}
	for _, b := range []recording.Block{{Observation: 1, At: 12}, {Voters: voters(0), At: 2}, {Voters: voters(3), At: 12}} {
		if _, err := measure.Waits(drawn(), []recording.Block{b}); err == nil || !strings.Contains(err.Error(), "block 0: ") {
			t.Errorf("%+v has no vote, error %v", b, err)
		}
	}
}

// slowFinality is Finality word by word, one block at a time, by sets of ancestors.
func slowFinality(r *recording.Recording, blocks []recording.Block) (f measure.Finality) {
	behind := func(at int32) map[int32]bool {
		set, todo := map[int32]bool{}, []int32{at}
		for len(todo) > 0 {
			x := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			if x == none || set[x] {
				continue
			}
			set[x] = true
			todo = append(todo, r.Events[x].SelfParent, r.Events[x].OtherParent)
		}
		return set
	}
	var events, rounds []float64
	for _, b := range blocks {
		v := int32(slices.IndexFunc(r.Events, func(e recording.Event) bool {
			return e.Cause == core.Observing && e.Observation == int32(b.Observation) &&
				(len(b.Voters) == 0 || slices.Contains(b.Voters, e.Creator))
		}))
		events = append(events, float64(int32(b.At)-v))
		if !behind(int32(b.At))[v] {
			f.Apart++
			continue
		}
		n := 0
		for x := int32(b.At); x != none && x != v && behind(x)[v]; x = r.Events[x].SelfParent {
			if r.Events[x].Cause == core.Requesting {
				n++
			}
		}
		rounds = append(rounds, float64(n))
	}
	// The nearest rank: the least figure that so many percent of them do not exceed.
	rank := func(of []float64, percent int) float64 {
		slices.Sort(of)
		for i, x := range of {
			if 100*(i+1) >= percent*len(of) {
				return x
			}
		}
		return 0
	}
	f.Events = measure.Percentiles{P50: rank(events, 50), P99: rank(events, 99)}
	f.Rounds = measure.Percentiles{P50: rank(rounds, 50), P99: rank(rounds, 99)}
	return f
}

func TestFinalityIsSlowFinality(t *testing.T) {
	for _, w := range workloads.Named() {
		rec, err := w.Generate(workloads.Size{Peers: 5, Events: 800, Seed: 3})
		if err != nil {
			t.Fatal(err)
		}
		blocks := replay(t, rec)
		got, err := measure.Waits(rec, blocks)
		if want := slowFinality(rec, blocks); err != nil || got != want {
			t.Errorf("%s: %+v, %v, want %+v", w.Name, got, err, want)
		}
		o, err := measure.Decide(rec)
		if err != nil || o.Blocks != len(blocks) || o.Finality != got || o.Stats.Decisions == 0 && len(blocks) > 0 {
			t.Errorf("%s: %+v, %v", w.Name, o, err)
		}
	}
}

// replay returns the blocks of rec as an engine gives them.
func replay(t *testing.T, rec *recording.Recording) (blocks []recording.Block) {
	t.Helper()
	e, err := rec.Engine()
	if err != nil {
		t.Fatal(err)
	}
	for i := range rec.Events {
		if _, err := rec.Insert(e, i); err != nil {
			t.Fatal(err)
		}
		for _, b := range e.Blocks() {
			blocks = append(blocks, recording.Block{Observation: b.Observation, Voters: slices.Clone(b.Voters), At: b.At})
		}
	}
	return blocks
}

// The blocks of a recording come from another implementation.
func TestDecideRecorded(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "core", "recording", "testdata", "large", "*-n04-*"))
	if err != nil || len(files) != 2 {
		t.Fatalf("%d recordings, %v", len(files), err)
	}
	for _, name := range files {
		rec, err := recording.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		want, err := measure.Waits(rec, rec.Blocks)
		if err != nil {
			t.Fatal(err)
		}
		if o, err := measure.Decide(rec); err != nil || o.Finality != want || o.Blocks != len(rec.Blocks) {
			t.Errorf("%s: %+v, %v, want %+v", rec.Name, o, err, want)
		}
	}
}

func TestDecideRefused(t *testing.T) {
	rec, err := workloads.Large(core.Single, 4, 500, 1)
	if err != nil {
		t.Fatal(err)
	}
	rec.Events[9].SelfParent = 1 << 20
	if _, err := measure.Decide(rec); err == nil || !strings.Contains(err.Error(), "event 9") {
		t.Errorf("with a bad event 9: %v", err)
	}
	rec.Genesis = nil
	if _, err := measure.Decide(rec); err == nil {
		t.Error("no genesis group, and no error")
	}
}
