package core_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"parsec/core"
	"parsec/core/recording"
	"parsec/workloads"
)

// What a graph decides is a function of the graph. The tests here check it in its strongest form: all
// orders of one graph give the same sequence of keys, to the last one, and a part of the graph that
// somebody might have (all ancestors of some events) gives a prefix of that sequence. It holds while there
// are no more forkers than tolerance allows. The votes in a block, and the event it comes out at, do
// depend on the order; At is always the event being inserted.

// decision is what all orders agree on of a block: the observation and, if its key is a Single one, the
// voter.
type decision struct {
	observation int
	voter       int // -1 unless the key is Single; -2 if its voter is a member no more
}

func decisionOf(rec *recording.Recording, observation int, voters []int) decision {
	d := decision{observation, -1}
	if rec.Observations[observation].Kind == core.Opaque && rec.Mode == core.Single {
		if d.voter = -2; len(voters) > 0 {
			d.voter = voters[0]
		}
	}
	return d
}

// decide runs the engine over a graph, with the coin of the recordings, and returns what it decides.
func decide(rec *recording.Recording) ([]decision, error) { return decideBy(nil)(rec) }

// decideBy is decide with another coin. What depends on the place of events may not be asked for.
func decideBy(coin tossing) func(*recording.Recording) ([]decision, error) {
	return func(rec *recording.Recording) ([]decision, error) {
		p, err := newPair(rec, nil, coin, variant{})
		if err != nil {
			return nil, err
		}
		return decideOn(p.engine, rec, p.ids)
	}
}

func decideOn(e *core.Engine, rec *recording.Recording, ids []core.Hash) ([]decision, error) {
	var out []decision
	for i := range rec.Events {
		n := 0
		for p := range rec.Peers {
			if e.Voter(core.PeerIndex(p)) {
				n++
			}
		}
		ev := rec.Event(i)
		ev.Hash = ids[i]
		if _, err := e.Insert(ev); err != nil {
			return nil, fmt.Errorf("event %d: %w", i, err)
		}
		for k, b := range e.Blocks() {
			var voters []int
			for _, p := range b.Voters {
				voters = append(voters, int(p))
			}
			d := decisionOf(rec, int(b.Observation), voters)
			switch {
			case int(b.At) != i:
				return nil, fmt.Errorf("event %d: a block at event %d", i, b.At)
			case !slices.IsSorted(voters) || len(slices.Compact(slices.Clone(voters))) < len(voters):
				return nil, fmt.Errorf("event %d: a block by voters %v", i, voters)
			case k == 0 && d.voter == -1 && 3*len(voters) <= 2*n: // later blocks may be of later voters
				return nil, fmt.Errorf("event %d: a block with votes by %v of %d voters", i, voters, n)
			case d.voter >= 0 && len(voters) > 1:
				return nil, fmt.Errorf("event %d: a Single block by voters %v", i, voters)
			}
			out = append(out, d)
		}
	}
	return out, nil
}

// plainly is decide by the oracle.
func plainly(rec *recording.Recording, coin tossing) []decision {
	g, ids := newOracle(rec, coin), ids(coin, rec)
	for i, e := range rec.Events {
		g.Insert(plainEvent(e, ids[i]))
	}
	var out []decision
	for _, b := range g.Blocks {
		out = append(out, decisionOf(rec, b.Observation, b.Voters))
	}
	return out
}

// tolerates reports whether agreement is promised for the whole graph.
func tolerates(rec *recording.Recording, decided []decision) bool {
	t := newTolerance(rec)
	for i := range rec.Events {
		t.insert(rec, i, nil)
	}
	t.check()
	for _, d := range decided {
		t.decide(rec, d.observation)
	}
	return t.tolerated()
}

// reorder returns a graph in one of the orders that package workloads knows.
func reorder(rec *recording.Recording, rng *rand.Rand) (*recording.Recording, string) {
	who := core.PeerIndex(rng.IntN(len(rec.Peers)))
	switch seed := rng.Uint64(); rng.IntN(4) {
	case 0:
		return workloads.Early(rec, who), fmt.Sprintf("peer %d early", who)
	case 1:
		return workloads.Late(rec, who), fmt.Sprintf("peer %d late", who)
	default:
		return workloads.Shuffle(rec, seed), fmt.Sprintf("shuffled by %d", seed)
	}
}

// known returns what somebody has of a graph who knows one or two random events.
func known(rec *recording.Recording, rng *rand.Rand) *recording.Recording {
	keep := make([]bool, len(rec.Events))
	for range min(1+rng.IntN(2), len(keep)) {
		keep[rng.IntN(len(keep))] = true
	}
	for i := len(keep) - 1; i >= 0; i-- {
		for _, p := range []int32{rec.Events[i].SelfParent, rec.Events[i].OtherParent} {
			if keep[i] && p != recording.None {
				keep[p] = true
			}
		}
	}
	out := *rec
	out.Events = nil
	place := make([]int32, len(keep))
	for i, e := range rec.Events {
		if !keep[i] {
			continue
		}
		place[i] = int32(len(out.Events))
		if e.SelfParent != recording.None {
			e.SelfParent = place[e.SelfParent]
		}
		if e.OtherParent != recording.None {
			e.OtherParent = place[e.OtherParent]
		}
		out.Events = append(out.Events, e)
	}
	return &out
}

// errIntolerable says that the order of a graph may matter.
var errIntolerable = errors.New("too many forkers")

// checkOrder compares some orders and some parts of a graph, decided by run, with the graph as it is.
func checkOrder(rec *recording.Recording, rng *rand.Rand, orders, parts int, run func(*recording.Recording) ([]decision, error)) error {
	want, err := run(rec)
	if err != nil {
		return err
	}
	if !tolerates(rec, want) {
		return errIntolerable
	}
	for range orders {
		other, how := reorder(rec, rng)
		got, err := run(other)
		if err != nil {
			return fmt.Errorf("%s: %w", how, err)
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("%s, it decides\n%v and not\n%v", how, got, want)
		}
	}
	for range parts {
		part := known(rec, rng)
		got, err := run(part)
		if err != nil {
			return fmt.Errorf("a part of %d events: %w", len(part.Events), err)
		}
		if len(got) > len(want) || !slices.Equal(got, want[:len(got)]) {
			return fmt.Errorf("a part of %d events decides\n%v, which is no prefix of\n%v", len(part.Events), got, want)
		}
	}
	return nil
}

// The bundled recordings, but for those by the rules of the crate that have forks: those rules do depend
// on the order then.
func TestOrderOfRecordings(t *testing.T) {
	orders, most := 3, 1<<20
	if testing.Short() {
		orders, most = 1, 600
	}
	checked, left := 0, 0
	bundled(t, func(i int, rec *recording.Recording) {
		if len(rec.Events) > most {
			return
		}
		rng := rand.New(rand.NewPCG(uint64(i), 2))
		switch err := checkOrder(rec, rng, orders, orders, decide); {
		case err == errIntolerable && rec.Rules == core.Crate073:
			left++
		case err != nil:
			t.Errorf("%s: %v", rec.Name, err)
		default:
			checked++
		}
	})
	t.Logf("%d recordings in other orders, %d left out", checked, left)
}

// The oracle depends on the order no more than the engine does.
func TestOrderOfOracle(t *testing.T) {
	seeds := uint64(40)
	if testing.Short() {
		seeds = 5
	}
	for seed := range seeds {
		tr, err := newTrial(seed)
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(seed, 3))
		coin := placeless(tr.coin)
		err = checkOrder(tr.rec, rng, 1, 1, func(rec *recording.Recording) ([]decision, error) {
			return plainly(rec, coin), nil
		})
		if err != nil && err != errIntolerable {
			t.Errorf("seed %d: %s: %v", seed, tr.what, err)
		}
	}
}
