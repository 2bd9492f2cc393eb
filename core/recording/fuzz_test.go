package recording_test

import (
	"bytes"
	"reflect"
	"testing"

	"parsec/core/recording"
)

// Whatever is read can be written, and is read again as the same; whatever is not read is refused with
// an error that says why. The seeds are in testdata/fuzz.
func FuzzRead(f *testing.F) {
	f.Fuzz(func(t *testing.T, input []byte) {
		r, err := recording.Read(bytes.NewReader(input), "fuzz")
		if err != nil {
			wantInvalid(t, err)
			return
		}
		if err := r.Validate(); err != nil {
			t.Fatalf("read, but not valid: %v", err)
		}
		text := encode(t, r)
		document(t, text) // is JSON to others too
		again, err := recording.Read(bytes.NewReader(text), "again")
		if err != nil {
			t.Fatalf("written, but not read: %v", err)
		}
		if !reflect.DeepEqual(r, again) {
			t.Fatalf("read as %+v, then as %+v", r, again)
		}
		if !bytes.Equal(text, encode(t, again)) {
			t.Fatal("written differently the second time")
		}
	})
}

func FuzzReadMetaVotes(f *testing.F) {
	f.Fuzz(func(t *testing.T, input []byte) {
		cases, err := readCases(input)
		if err != nil {
			wantInvalid(t, err)
			return
		}
		var text []byte
		for i := range cases {
			text = append(text, caseLine(t, &cases[i])...)
		}
		again, err := readCases(text)
		if err != nil {
			t.Fatalf("written, but not read: %v", err)
		}
		if !reflect.DeepEqual(cases, again) {
			t.Fatalf("read as %+v, then as %+v", cases, again)
		}
	})
}
