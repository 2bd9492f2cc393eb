package wire

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"testing"
)

// same reports whether two messages say the same: buffers and memory that is kept do not count.
func same(x, y *Message) bool {
	return x.Kind == y.Kind && x.Known == y.Known &&
		slices.Equal(x.Creators, y.Creators) && slices.Equal(x.Parents, y.Parents) &&
		x.Has == y.Has && slices.Equal(x.Wants, y.Wants) && slices.EqualFunc(x.Events, y.Events, sameEvent) && slices.Equal(x.Votes, y.Votes) &&
		slices.EqualFunc(x.Observations, y.Observations, func(a, b Observation) bool {
			return a.Hash == b.Hash && bytes.Equal(a.Body, b.Body) && (a.Body == nil) == (b.Body == nil)
		})
}

// sameEvent is same for events.
func sameEvent(a, b Event) bool {
	others := slices.Equal(a.Others, b.Others)
	a.Others, b.Others = nil, nil
	return others && reflect.DeepEqual(a, b)
}

func TestRoundTrip(t *testing.T) {
	r := random(1)
	reused := new(Message)
	kinds := map[MessageKind]int{}
	for range rounds(2000) {
		m := randomMessage(r)
		kinds[m.Kind]++
		raw := Append(nil, m)
		if got := decode(t, raw); !same(m, got) {
			t.Fatalf("%+v\nread as\n%+v", m, got)
		}
		if err := Decode(raw, section, reused); err != nil || !same(m, reused) {
			t.Fatalf("%+v\nread into used memory as\n%+v (%v)", m, reused, err)
		}
		if again := Append(nil, reused); !bytes.Equal(raw, again) {
			t.Fatalf("%x\nwritten again as\n%x", raw, again)
		}
	}
	if len(kinds) != 8 {
		t.Errorf("kinds tried: %v", kinds)
	}
}

func TestTruncated(t *testing.T) {
	r := random(2)
	m := new(Message)
	for range rounds(50) {
		raw := Append(nil, randomMessage(r))
		for n := range raw {
			wantError(t, Decode(raw[:n], section, m), ErrMalformed)
		}
		wantError(t, Decode(append(raw, 0), section, m), ErrMalformed)
	}
}

// Whatever is decoded is the one encoding of what it says.
func TestMutated(t *testing.T) {
	r := random(3)
	m := new(Message)
	accepted := 0
	for range rounds(300) {
		raw := Append(nil, randomMessage(r))
		for range 100 {
			bad := bytes.Clone(raw)
			for range 1 + r.IntN(3) {
				switch at := r.IntN(min(len(bad), 1+r.IntN(len(bad)))); r.IntN(4) {
				case 0:
					bad[at] = byte(r.Uint32())
				case 1:
					bad[at]++
				case 2:
					bad = slices.Insert(bad, at, byte(r.Uint32()))
				default:
					bad = append(bad[:at], bad[at+1:]...)
				}
				if len(bad) == 0 {
					bad = []byte{1}
				}
			}
			if err := Decode(bad, section, m); err != nil {
				wantTyped(t, err)
				continue
			}
			accepted++
			if again := Append(nil, m); !bytes.Equal(bad, again) {
				t.Fatalf("%x\nwritten again as\n%x", bad, again)
			}
		}
	}
	if accepted < rounds(1000) {
		t.Errorf("only %d of the changed messages were accepted: the test says little", accepted)
	}
}

func TestRef(t *testing.T) {
	for _, n := range []int{0, 1, 2, MaxEvents - 1, MaxParents - 1} {
		if i, ok := InMessage(n).Event(); !ok || i != n {
			t.Errorf("InMessage(%d).Event() = %d, %v", n, i, ok)
		}
		if _, ok := InMessage(n).Parent(); ok {
			t.Errorf("InMessage(%d) is outside", n)
		}
		if p, ok := Outside(n).Parent(); !ok || p != n {
			t.Errorf("Outside(%d).Parent() = %d, %v", n, p, ok)
		}
		if _, ok := Outside(n).Event(); ok {
			t.Errorf("Outside(%d) is in the message", n)
		}
	}
	var none Ref
	if _, ok := none.Event(); ok {
		t.Error("the zero Ref is an event")
	}
	if _, ok := none.Parent(); ok {
		t.Error("the zero Ref is a parent")
	}
}

func TestCause(t *testing.T) {
	var sync, receive, valid []bool
	for c := Initial; c <= Response+1; c++ {
		sync, receive, valid = append(sync, c.Sync()), append(receive, c.Receive()), append(valid, c.Valid())
	}
	if want := []bool{true, true, true, true, true, false}; !reflect.DeepEqual(valid, want) {
		t.Errorf("Valid: %v", valid)
	}
	if want := []bool{false, false, true, true, true}; !reflect.DeepEqual(sync[:5], want) {
		t.Errorf("Sync: %v", sync)
	}
	if want := []bool{false, false, false, true, true}; !reflect.DeepEqual(receive[:5], want) {
		t.Errorf("Receive: %v", receive)
	}
}

func wantError(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %v", err, want)
	}
	wantTyped(t, err)
}

// wantTyped checks what every error of this package has.
func wantTyped(t testing.TB, err error) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.What == "" || e.Offset < 0 || len(err.Error()) > 200 {
		t.Fatalf("%v: not an Error with a place", err)
	}
}
