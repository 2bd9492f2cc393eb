package wal

import (
	"errors"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// TestLives draws whole lives of a log: sessions of any records, each of which ends well, by a failure of the file
// system or by the end of the process, after which the machine crashes or does not. The model is a list of records and
// how many of them were called durable.
func TestLives(t *testing.T) {
	for range 10 { // of a hundred lives each, or as many as -rapid.checks says
		rapid.Check(t, life)
	}
}

func life(t *rapid.T) {
	m, h := newMemFS(), &history{}
	for range rapid.IntRange(1, 8).Draw(t, "sessions") {
		sizes := rapid.SliceOfN(rapid.IntRange(0, 2000), 0, 4)
		groups := rapid.SliceOfN(sizes, 0, 8).Draw(t, "groups")
		m.failAt = rapid.IntRange(-1, 80).Draw(t, "failing operation")
		m.how = failure(rapid.IntRange(0, int(failures)-1).Draw(t, "failure"))
		m.err = errInjected
		seed := rapid.Uint64().Draw(t, "seed")
		m.rng = rand.New(rand.NewPCG(seed, 0))
		err := h.session(m, groups, rapid.Bool().Draw(t, "closes"))
		failed := m.failAt >= 0 && m.ops > m.failAt
		if err != nil && (!failed || !errors.Is(err, errInjected) && !errors.Is(err, errDead)) {
			t.Fatal(err)
		}
		if rapid.Bool().Draw(t, "crash") {
			rng := rand.New(rand.NewPCG(seed, 1))
			share := rapid.IntRange(0, 4).Draw(t, "quarters kept")
			m = m.crash(func(int) bool { return rng.IntN(4) < share })
		} else {
			m = m.copy()
		}
	}
	if err := h.session(m, nil, true); err != nil {
		t.Fatal(err)
	}
}
