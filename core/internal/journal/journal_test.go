package journal

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"parsec/core/internal/reason"
)

// Records that are fed back give the history that they were written of, and what is written of that is the same again.
func TestReadBack(t *testing.T) {
	blocks, branches, added := uint64(0), 0, 0
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			s, h, records := grown(t, seed, 300)
			again := s.History(0)
			if fork, err := read(again, records...); err != nil || fork != nil {
				t.Fatal(fork, err)
			}
			same(t, h, again)
			whole := New(h).Append(nil)
			if got := New(again).Append(nil); !bytes.Equal(got, whole) {
				t.Error("written again it differs")
			}
			once := s.History(0)
			if _, err := read(once, whole); err != nil {
				t.Fatal(err)
			}
			same(t, h, once)
			// The first so many of the records give the history of then, to go on with.
			k := len(records) / 2
			part := s.History(0)
			j := New(part)
			_ = part.Trusting(func() error {
				for _, r := range records[:k] {
					if _, err := j.Read(r); err != nil {
						t.Fatal(err)
					}
				}
				if j.Append(nil) != nil {
					t.Error("what was read is written again")
				}
				for _, r := range records[k:] {
					if _, err := j.Read(r); err != nil {
						t.Fatal(err)
					}
				}
				return nil
			})
			same(t, h, part)
			blocks += h.Height()
			branches += h.Graph().Branches()
			added += len(h.Members.Numbers()) - 4
		})
	}
	if blocks == 0 || branches == 0 || added == 0 {
		t.Errorf("%d blocks, %d branches, %d added: the test shows little", blocks, branches, added)
	}
}

// A record that does not continue is refused: of another version, section or key, one twice, one too few, or another order.
func TestNotContinued(t *testing.T) {
	s, _, records := grown(t, 0, 120)
	change := func(at int, to byte) []byte {
		r := slices.Clone(records[0])
		r[at] ^= to
		return r
	}
	for _, c := range []struct {
		what    string
		records [][]byte
	}{
		{"version", [][]byte{change(0, 1)}},
		{"section", [][]byte{change(1, 1)}},
		{"owner", [][]byte{change(9, 1)}},
		{"place", [][]byte{change(17, 1)}},
		{"twice", [][]byte{records[0], records[0]}},
		{"one too few", [][]byte{records[0], records[2]}},
		{"the second first", [][]byte{records[1]}},
		{"cut short in its head", [][]byte{records[0][:10]}},
		{"empty", [][]byte{{}}},
	} {
		if _, err := read(s.History(0), c.records...); !errors.Is(err, reason.ErrRecord) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	if _, err := read(s.History(1), records[0]); !errors.Is(err, reason.ErrRecord) {
		t.Errorf("by another member: %v", err)
	}
}

// The evidence of a fork is kept as it is: alone, and after events. What comes after it is read too.
func TestForkRecord(t *testing.T) {
	s, h, records := grown(t, 1, 60)
	f := evidence(s)
	for n, at := range map[string]int{"first": 0, "last": len(records), "between": len(records) / 2} {
		j := New(s.History(0))
		_ = j.h.Trusting(func() error {
			for i, r := range records {
				if i == at {
					if got, err := j.Read(j.AppendFork(nil, f)); err != nil || !reflect.DeepEqual(got, f) {
						t.Errorf("%s: %+v, %v", n, got, err)
					}
				}
				if _, err := j.Read(r); err != nil {
					t.Fatal(n, err)
				}
			}
			return nil
		})
		same(t, h, j.h)
	}
	whole := New(h)
	both := whole.AppendFork(whole.Append(nil), f)
	again := s.History(0)
	if got, err := read(again, both); err != nil || !reflect.DeepEqual(got, f) {
		t.Fatalf("%+v, %v", got, err)
	}
	same(t, h, again)
	tag := len(both) - len(New(s.History(0)).AppendFork(nil, f)) + len(New(s.History(0)).head(nil, 1))
	for cut := tag + 1; cut < len(both); cut++ {
		if _, err := read(s.History(0), both[:cut]); !errors.Is(err, reason.ErrRecord) {
			t.Fatalf("cut to %d bytes of %d: %v", cut, len(both), err)
		}
	}
	both[tag+1] = 9
	if _, err := read(s.History(0), both); !errors.Is(err, reason.ErrRecord) {
		t.Errorf("an unknown cause: %v", err)
	}
}

// A record that is cut or changed anywhere is refused, or is another record: reading it never panics, and what comes in of it
// is whole.
func TestDamaged(t *testing.T) {
	s, h, _ := grown(t, 2, 60)
	whole := New(h).Append(nil)
	ends := 0
	for cut := 0; cut < len(whole); cut += 7 {
		again := s.History(0)
		if _, err := read(again, whole[:cut]); err == nil {
			ends++
			if got := New(again).Append(nil); again.Len() > 0 && !bytes.Equal(got, whole[:cut]) {
				t.Fatalf("cut to %d bytes it says something else", cut)
			}
		} else if !errors.Is(err, reason.ErrRecord) {
			t.Fatal(cut, err)
		}
	}
	if ends == 0 || ends > int(h.Len()) {
		t.Errorf("%d records of %d events", ends, h.Len())
	}
	r := rand.New(rand.NewPCG(1, 1))
	taken := 0
	changes := 1500
	if testing.Short() {
		changes = 300
	}
	for range changes {
		b := slices.Clone(whole)
		for range 1 + r.IntN(3) {
			b[r.IntN(len(b))] = byte(r.IntN(256)) >> r.IntN(8)
		}
		if readDamaged(t, s.History(0), b) {
			taken++
		}
	}
	if taken == 0 {
		t.Error("no change was taken: signatures are not checked")
	}
}
