package journal

import (
	"errors"
	"testing"

	"parsec/core/internal/coin"
	"parsec/core/internal/history"
	"parsec/core/internal/reason"
	"parsec/core/internal/sign"
)

// readDamaged reads one record that may be anything, and reports whether it was taken. If it was, what is written of it
// gives the same again.
func readDamaged(t *testing.T, h *history.History, record []byte) bool {
	fork, err := read(h, record)
	if err != nil {
		if !errors.Is(err, reason.ErrRecord) {
			t.Fatal(err)
		}
		return false
	}
	if h.Staged() != h.Len() {
		t.Fatal("events are left staged")
	}
	if h.Len() == 0 {
		return fork != nil
	}
	again, err := history.New(history.Config{
		Section: h.Section, Founders: h.Members.Founders(), Genesis: h.Genesis(), Self: h.Members.Self().ID,
		Verifier: sign.NewVerifier([32]byte{2}), Coin: coin.PredictableRoundParity{}, Seeds: [2]uint64{1, 2}, Single: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := read(again, New(h).Append(nil)); err != nil {
		t.Fatalf("what was read cannot be read when it is written again: %v", err)
	}
	same(t, h, again)
	return true
}

// FuzzRead reads records that may be anything.
func FuzzRead(f *testing.F) {
	s, h, records := grown(f, 2, 60)
	whole := New(h)
	f.Add(whole.AppendFork(whole.Append(nil), evidence(s)))
	f.Add(records[0])
	f.Fuzz(func(t *testing.T, record []byte) { readDamaged(t, s.History(0), record) })
}
