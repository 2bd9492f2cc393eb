package core_test

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"

	"parsec/core"
	"parsec/core/recording"
)

// trio is a valid configuration.
func trio() core.Config {
	return core.Config{
		Coin:    core.PredictableRoundParityCoin,
		Peers:   []core.Identity{{'a'}, {'b'}, {'c'}},
		Genesis: []core.PeerIndex{0, 1, 2},
	}
}

func TestConfigErrors(t *testing.T) {
	if _, err := core.NewEngine(trio()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(*core.Config)
		also   error // besides ErrConfig
	}{
		{"the zero value", func(c *core.Config) { *c = core.Config{} }, nil},
		{"mode", func(c *core.Config) { c.Mode = core.Single + 1 }, nil},
		{"rules", func(c *core.Config) { c.Rules = core.Crate073 + 1 }, nil},
		{"unknown coin", func(c *core.Config) { c.Coin = core.PredictableRoundParityCoin + 1 }, nil},
		{"no peers", func(c *core.Config) { c.Peers = nil }, core.ErrUnknownPeer},
		{"equal peers", func(c *core.Config) { c.Peers[2] = c.Peers[0] }, nil},
		{"too many peers", func(c *core.Config) { c.Peers = identities(core.MaxPeers + 1) }, core.ErrLimit},
		{"no genesis group", func(c *core.Config) { c.Genesis = nil }, nil},
		{"unknown in genesis group", func(c *core.Config) { c.Genesis[1] = 3 }, core.ErrUnknownPeer},
		{"twice in genesis group", func(c *core.Config) { c.Genesis[1] = 2 }, nil},
	} {
		cfg := trio()
		c.change(&cfg)
		e, err := core.NewEngine(cfg)
		if e != nil || !errors.Is(err, core.ErrConfig) || c.also != nil && !errors.Is(err, c.also) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func identities(n int) []core.Identity {
	ids := make([]core.Identity, n)
	for i := range ids {
		ids[i] = identity(i)
	}
	return ids
}

func newEngine(t *testing.T, cfg core.Config) *core.Engine {
	t.Helper()
	e, err := core.NewEngine(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestAddPeer(t *testing.T) {
	e := newEngine(t, trio())
	if _, err := e.AddPeer(core.Identity{'b'}); !errors.Is(err, core.ErrConfig) {
		t.Errorf("a peer known already: %v", err)
	}
	for want := core.PeerIndex(3); want < core.MaxPeers; want++ {
		if p, err := e.AddPeer(identity(int(want))); err != nil || p != want {
			t.Fatalf("peer %d has number %d; %v", want, p, err)
		}
	}
	if _, err := e.AddPeer(core.Identity{'z'}); !errors.Is(err, core.ErrLimit) {
		t.Errorf("one too many: %v", err)
	}
	// It goes on with those it knows.
	if _, err := e.Insert(core.Event{Creator: core.MaxPeers - 1, Cause: core.Initial}); err != nil {
		t.Error(err)
	}
	for p, want := range map[core.PeerIndex]bool{0: true, 2: true, 3: false, core.MaxPeers - 1: false, core.MaxPeers: false, math.MaxUint16: false} {
		if e.Voter(p) != want {
			t.Errorf("peer %d votes: %t", p, !want)
		}
	}
}

func TestAddObservation(t *testing.T) {
	e := newEngine(t, trio())
	want := core.ObservationIndex(0)
	for kind := core.Opaque; kind <= core.DKGMessage+1; kind++ {
		about := kind == core.Add || kind == core.Remove || kind == core.Accusation
		for _, p := range []core.PeerIndex{0, 3} {
			o, err := e.AddObservation(core.Observation{Hash: core.Hash{byte(kind), byte(p)}, Kind: kind, Peer: p})
			switch {
			case kind > core.DKGMessage:
				if !errors.Is(err, core.ErrUnknownObservation) {
					t.Errorf("%v: %v", kind, err)
				}
			case about && p == 3:
				if !errors.Is(err, core.ErrUnknownPeer) {
					t.Errorf("%v of peer %d: %v", kind, p, err)
				}
			case err != nil || o != want:
				t.Errorf("%v of peer %d: number %d, want %d; %v", kind, p, o, want, err)
			default:
				want++
			}
		}
	}
}

// wrong are events that the engine refuses, in a graph of known peers and events.
func wrong(peers, events, observations int) []struct {
	name string
	ev   core.Event
	want error
} {
	last := core.EventIndex(events - 1)
	return []struct {
		name string
		ev   core.Event
		want error
	}{
		{"creator", core.Event{Creator: core.PeerIndex(peers), Cause: core.Initial}, core.ErrUnknownPeer},
		{"creator far off", core.Event{Creator: math.MaxUint16, Cause: core.Initial}, core.ErrUnknownPeer},
		{"cause", core.Event{Cause: core.Response + 1}, core.ErrInvalidEvent},
		{"cause far off", core.Event{Cause: math.MaxUint8}, core.ErrInvalidEvent},
		{"self-parent", core.Event{Cause: core.Requesting, SelfParent: last + 1}, core.ErrUnknownSelfParent},
		{"self-parent far off", core.Event{Cause: core.Requesting, SelfParent: math.MaxUint32}, core.ErrUnknownSelfParent},
		{"self-parent near the end", core.Event{Cause: core.Requesting, SelfParent: math.MaxInt32}, core.ErrUnknownSelfParent},
		{"self-parent of a vote", core.Event{Cause: core.Observing, SelfParent: last + 1}, core.ErrUnknownSelfParent},
		{"self-parent by another", core.Event{Creator: 1, Cause: core.Requesting, SelfParent: 0}, core.ErrInvalidEvent},
		{"other-parent", core.Event{Cause: core.Request, SelfParent: 0, OtherParents: []core.EventIndex{last + 1}}, core.ErrUnknownOtherParent},
		{"other-parent far off", core.Event{Cause: core.Response, SelfParent: 0, OtherParents: []core.EventIndex{math.MaxUint32}}, core.ErrUnknownOtherParent},
		{"no other-parent", core.Event{Cause: core.Request, SelfParent: 0}, core.ErrUnknownOtherParent},
		{"several other-parents", core.Event{Cause: core.Response, SelfParent: 0, OtherParents: []core.EventIndex{0, last}}, core.ErrInvalidEvent},
		{"observation", core.Event{Cause: core.Observing, SelfParent: 0, Observation: core.ObservationIndex(observations)}, core.ErrUnknownObservation},
		{"observation far off", core.Event{Cause: core.Observing, SelfParent: 0, Observation: math.MaxUint32}, core.ErrUnknownObservation},
	}
}

// meeting returns a small section's graph that decides something: event 0 is by peer 0.
func meeting(m core.Mode) *recording.Recording {
	s := newScript(m, 4, 5)
	for _, kind := range []core.Kind{core.Opaque, core.Add, core.Opaque} {
		s.vote(s.observe(kind, 4), upTo(4)...)
		for range 8 {
			s.meet(upTo(5)...)
		}
	}
	return s.rec
}

// taken returns the blocks, as they can be kept.
func taken(e *core.Engine) (out []core.Block) {
	for _, b := range e.Blocks() {
		b.Voters = slices.Clone(b.Voters)
		out = append(out, b)
	}
	return out
}

// Whatever is refused leaves no trace: the engine goes on like one that was never asked.
func TestErrorsLeaveNoTrace(t *testing.T) {
	rec := meeting(core.Supermajority)
	asked, never := recEngine(t, rec), recEngine(t, rec)
	for i := range rec.Events {
		if i > 0 {
			for _, w := range wrong(len(rec.Peers), i, len(rec.Observations)) {
				if _, err := asked.Insert(w.ev); !errors.Is(err, w.want) {
					t.Fatalf("%s after %d events: %v", w.name, i, err)
				}
			}
		}
		if _, err := asked.AddPeer(identity(1)); err == nil {
			t.Fatal("a peer became known twice")
		}
		if _, err := asked.AddObservation(core.Observation{Kind: core.Add, Peer: 5}); err == nil {
			t.Fatal("an observation about nobody")
		}
		for _, e := range []*core.Engine{asked, never} {
			if x, err := rec.Insert(e, i); err != nil || int(x) != i {
				t.Fatalf("event %d: place %d, %v", i, x, err)
			}
		}
		if got, want := taken(asked), taken(never); !reflect.DeepEqual(got, want) {
			t.Fatalf("event %d: blocks %v, want %v", i, got, want)
		}
		if got, want := asked.Stats(), never.Stats(); got != want {
			t.Fatalf("event %d: stats %+v, want %+v", i, got, want)
		}
	}
	if never.Stats().Decisions < 3 {
		t.Errorf("%d elections ended", never.Stats().Decisions)
	}
}

func recEngine(t *testing.T, rec *recording.Recording) *core.Engine {
	t.Helper()
	e, err := rec.Engine()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// Fields that a cause has no use for are ignored, whatever they hold.
func TestUnusedFields(t *testing.T) {
	rec := meeting(core.Single)
	clean, dirty := recEngine(t, rec), recEngine(t, rec)
	for i := range rec.Events {
		ev := rec.Event(i)
		if ev.Cause == core.Initial {
			ev.SelfParent = 0
		}
		junk := ev
		if ev.Cause == core.Initial {
			junk.SelfParent = 12345
		}
		if ev.Cause < core.Request {
			ev.OtherParents, junk.OtherParents = nil, []core.EventIndex{core.EventIndex(i * 7919), 0, math.MaxUint32}[:i%4]
		}
		if ev.Cause != core.Observing {
			ev.Observation, junk.Observation = 0, math.MaxUint32
		}
		if _, err := clean.Insert(ev); err != nil {
			t.Fatal(err)
		}
		if _, err := dirty.Insert(junk); err != nil {
			t.Fatal(err)
		}
		if got, want := taken(dirty), taken(clean); !reflect.DeepEqual(got, want) {
			t.Fatalf("event %d: blocks %v, want %v", i, got, want)
		}
	}
}

// Blocks that are not taken wait; taken once, they are gone.
func TestBlocksWait(t *testing.T) {
	rec := meeting(core.Single)
	often, once := recEngine(t, rec), recEngine(t, rec)
	var want []core.Block
	for i := range rec.Events {
		for _, e := range []*core.Engine{often, once} {
			if _, err := rec.Insert(e, i); err != nil {
				t.Fatal(err)
			}
		}
		want = append(want, taken(often)...)
	}
	got := once.Blocks()
	if !reflect.DeepEqual(got, want) || len(want) < 9 {
		t.Errorf("%d blocks %v\nwant %d %v", len(got), got, len(want), want)
	}
	for i := range got {
		got[i].Voters = append(got[i].Voters, 99) // must not reach into the next block's
	}
	for i := range got {
		if n := len(got[i].Voters) - 1; !slices.Equal(got[i].Voters[:n], want[i].Voters) {
			t.Errorf("block %d is by %v, want %v", i, got[i].Voters[:n], want[i].Voters)
		}
	}
	if again := once.Blocks(); again != nil {
		t.Errorf("%d blocks again", len(again))
	}
}

// Two engines given the same do the same, counters included.
func TestDeterminism(t *testing.T) {
	for seed := range uint64(20) {
		tr, err := newTrial(seed)
		if err != nil {
			t.Fatal(err)
		}
		a, b := recEngine(t, tr.rec), recEngine(t, tr.rec)
		for i := range tr.rec.Events {
			x, err := tr.rec.Insert(a, i)
			y, err2 := tr.rec.Insert(b, i)
			if x != y || err != nil || err2 != nil || a.Stats() != b.Stats() || !reflect.DeepEqual(a.Blocks(), b.Blocks()) {
				t.Fatalf("seed %d: event %d of %d: %v, %v", seed, i, len(tr.rec.Events), err, err2)
			}
		}
	}
}

func TestNames(t *testing.T) {
	for want, s := range map[string]fmt.Stringer{
		"initial": core.Initial, "observation": core.Observing, "requesting": core.Requesting, "request": core.Request, "response": core.Response, "cause(5)": core.Cause(5),
		"opaque": core.Opaque, "genesis": core.Genesis, "add": core.Add, "remove": core.Remove, "accusation": core.Accusation,
		"start-dkg": core.StartDKG, "dkg-message": core.DKGMessage, "kind(7)": core.Kind(7),
		"supermajority": core.Supermajority, "single": core.Single, "mode(2)": core.Mode(2),
		"rfc-0049": core.RFC0049, "crate-0.7.3": core.Crate073, "rules(2)": core.Rules(2),
	} {
		if s.String() != want {
			t.Errorf("%T: %v, want %s", s, s, want)
		}
	}
}
