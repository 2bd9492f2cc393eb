package recording_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"parsec/core"
	"parsec/core/recording"
)

// concrete is a recording in the second format.
func concrete() *recording.Recording {
	const none = recording.None
	return &recording.Recording{
		Name: "two", Coin: recording.Concrete,
		Peers:   []string{strings.Repeat("0a", 32), strings.Repeat("b1", 32)},
		Genesis: []core.PeerIndex{0, 1},
		Events: []recording.Event{
			{Creator: 0, SelfParent: none, OtherParent: none, Observation: none, Recipient: none, Odd: true},
			{Creator: 1, SelfParent: none, OtherParent: none, Observation: none, Recipient: none},
			{Creator: 0, Cause: core.Requesting, SelfParent: 0, OtherParent: none, Observation: none, Recipient: 1, Odd: true},
			{Creator: 1, Cause: core.Request, SelfParent: 1, OtherParent: 2, Observation: none, Recipient: none},
		},
	}
}

// What was written in the second format is read as it was, and its engine has its identities, coin and bits.
func TestConcrete(t *testing.T) {
	r := concrete()
	text := encode(t, r)
	again, err := recording.Read(bytes.NewReader(text), "again")
	if err != nil {
		t.Fatal(err)
	}
	again.Observations, again.Blocks = nil, nil // empty ones are read as such
	if !reflect.DeepEqual(r, again) {
		t.Errorf("read as\n%+v, not\n%+v", again, r)
	}
	e, err := r.Engine()
	if err != nil {
		t.Fatal(err)
	}
	if id := e.Identity(1); id[0] != 0xb1 || id[31] != 0xb1 {
		t.Errorf("peer 1 is %x", id)
	}
	for i, odd := range []byte{1, 0, 1, 0} {
		if got := r.Event(i).Hash[31]; got != odd {
			t.Errorf("event %d has bit %d, want %d", i, got, odd)
		}
	}
}

// Each case changes the text in one place. What is refused in one format may be right in the other.
func TestDamagedConcrete(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"bit missing", `[1,"initial",0]`, `[1,"initial"]`, `event 1: has only 2 elements`},
		{"bit large", `[1,"initial",0]`, `[1,"initial",2]`, `event 1: the bit of its id is more than 1`},
		{"bit twice", `[1,"initial",0]`, `[1,"initial",0,0]`, `event 1: has more than the 3 elements of cause "initial"`},
		{"bit in the first format", `recording/2`, `recording/1`, `event 0: has more than the 2 elements of cause "initial"`},
		{"another coin", `"concrete"`, `"round-parity"`, `its coin is "round-parity", which is not that of its format`},
		{"unknown coin", `"concrete"`, `"threshold"`, `its coin is "threshold", which is not that of its format`},
		{"names", `"` + strings.Repeat("b1", 32), `"` + strings.Repeat("B1", 32), `peer 1: the name is not 64 lower-case hex digits`},
		{"short names", `b1b1"`, `b1"`, `peer 1: the name is not 64 lower-case hex digits`},
		{"order", `"` + strings.Repeat("b1", 32), `"` + strings.Repeat("01", 32), `peer 1: its identity comes before that of peer 0`},
		{"no format", `{"format":"parsec-recording/2",`, `{`, `event 0: has more than the 2 elements of cause "initial"`},
	} {
		text := string(encode(t, concrete()))
		if !strings.Contains(text, c.old) {
			t.Fatalf("%s: %q is not in %s", c.name, c.old, text)
		}
		_, err := recording.Read(strings.NewReader(strings.Replace(text, c.old, c.new, 1)), "x")
		wantInvalid(t, err)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
	}
	text := string(encode(t, concrete()))
	last := strings.Replace(strings.Replace(text, `"format":"parsec-recording/2",`, ``, 1), `"blocks":[]}`, `"blocks":[],"format":"parsec-recording/2"}`, 1)
	if _, err := recording.Read(strings.NewReader(last), "x"); err == nil {
		t.Error("a format after the events is read")
	}
	r := concrete()
	r.Coin = recording.RoundParity
	if err := r.Validate(); err == nil || !strings.Contains(err.Error(), "which coin \"round-parity\" has no use for") {
		t.Errorf("bits without the coin: %v", err)
	}
}
