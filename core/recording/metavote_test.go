package recording_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"parsec/core/recording"
)

// caseLine writes a case as a line of a file, by way of encoding/json.
func caseLine(t testing.TB, c *recording.MetaVoteCase) []byte {
	t.Helper()
	sequence := func(votes []recording.MetaVote) []any {
		list := []any{}
		for _, v := range votes {
			list = append(list, []any{v.Round, v.Step, v.Estimates.String(), v.BinValues.String(), v.Aux.String(), v.Decision.String()})
		}
		return list
	}
	others := []any{}
	for _, o := range c.Others {
		others = append(others, sequence(o))
	}
	initial, ok := map[recording.Tri]any{recording.Absent: nil, recording.True: true, recording.False: false}[c.Initial]
	if !ok {
		t.Fatalf("initial is %d", c.Initial)
	}
	line, err := json.Marshal(map[string]any{
		"n": c.N, "initial": initial, "parent": sequence(c.Parent), "others": others, "next": sequence(c.Next),
	})
	if err != nil {
		t.Fatal(err)
	}
	return append(line, '\n')
}

// All bundled cases are read, in order, as a JSON decoder that knows nothing of this package sees them.
func TestBundledMetaVotes(t *testing.T) {
	const path = "testdata/meta-votes.jsonl.zst"
	lines := bytes.SplitAfter(decompressed(t, path), []byte("\n"))
	n := 0
	err := recording.ReadMetaVotesFile(path, func(line int, c *recording.MetaVoteCase) error {
		if n++; line != n {
			return fmt.Errorf("line %d after %d", line, n-1)
		}
		if n%10 == 0 && !reflect.DeepEqual(document(t, caseLine(t, c)), document(t, lines[n-1])) {
			t.Errorf("line %d read as %+v", n, c)
		}
		return nil
	})
	if err != nil || n != 2920 {
		t.Errorf("%d cases, want 2920; %v", n, err)
	}
}

const smallCases = `{"n":3,"initial":true,"parent":[],"others":[[[0,0,"f","","",""],[0,1,"t","t","t","t"],[0,2,"","tf","f",""],[1,0,"t","","",""]]],"next":[[0,0,"tf","t","t",""]]}
{"next":[[0,0,"f","f","f","f"]],"others":[],"parent":[[0,0,"tf","","",""]],"initial":null,"n":1}` + "\r\n"

func TestReadMetaVotesFields(t *testing.T) {
	const (
		T, F   = recording.OnlyTrue, recording.OnlyFalse
		yes, _ = recording.True, recording.Absent
		no     = recording.False
	)
	want := []recording.MetaVoteCase{
		{N: 3, Initial: yes,
			Others: [][]recording.MetaVote{{
				{0, 0, F, 0, 0, 0}, {0, 1, T, T, yes, yes}, {0, 2, 0, recording.Both, no, 0}, {1, 0, T, 0, 0, 0},
			}},
			Next: []recording.MetaVote{{0, 0, recording.Both, T, yes, 0}}},
		{N: 1,
			Parent: []recording.MetaVote{{0, 0, recording.Both, 0, 0, 0}},
			Next:   []recording.MetaVote{{0, 0, F, F, no, no}}},
	}
	for form, text := range map[string][]byte{"plain": []byte(smallCases), "zstd": compress(t, []byte(smallCases))} {
		got, err := readCases(text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v", form, got, err)
		}
	}
}

func readCases(text []byte) (cases []recording.MetaVoteCase, err error) {
	err = recording.ReadMetaVotes(bytes.NewReader(text), "x", func(line int, c *recording.MetaVoteCase) error {
		cases = append(cases, *c)
		return nil
	})
	return cases, err
}

func TestBoolSet(t *testing.T) {
	for s, want := range map[recording.BoolSet]string{0: "", recording.OnlyTrue: "t", recording.OnlyFalse: "f", recording.Both: "tf", 4: "set(4)"} {
		if s.String() != want {
			t.Errorf("%d is %s", s, s)
		}
		if s <= recording.Both && (s.Has(true) != strings.Contains(want, "t") || s.Has(false) != strings.Contains(want, "f")) {
			t.Errorf("%s has true: %t, false: %t", s, s.Has(true), s.Has(false))
		}
	}
}

func TestDamagedMetaVotes(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"not JSON", `{"next"`, `next`, `line 2: a literal where a case is expected`},
		{"empty line", `{"next"`, "\n" + `{"next"`, `line 2: the end of the input where a case is expected`},
		{"object over two lines", `,"others":[],`, `,` + "\n" + `"others":[],`, `line 2: a key is the end of the input, not a string`},
		{"two objects in a line", `"n":1}`, `"n":1}{}`, `line 2: data after its end, at byte 96`},
		{"key twice", `"n":1`, `"n":1,"n":1`, `line 2: key "n" comes twice in a case`},
		{"key unknown", `"n":1`, `"m":1`, `line 2: unknown key "m" in a case`},
		{"key missing", `,"n":1`, ``, `line 2: key "n" is missing in a case`},
		{"n zero", `"n":1`, `"n":0`, `line 2: n is 0, and has to be from 1 to 4096`},
		{"n large", `"n":1`, `"n":4097`, `line 2: n is more than 4096`},
		{"n a string", `"n":1`, `"n":"1"`, `line 2: n is a string, not a whole number`},
		{"initial a number", `"initial":true`, `"initial":1`, `line 1: initial is a number, not true, false or null`},
		{"initial misspelt", `"initial":true`, `"initial":trux`, `line 1: initial is not true, false or null`},
		{"initial cut", `"initial":true`, `"initial":tru`, `line 1: initial is not true, false or null`},
		{"initial with a parent", `"initial":null`, `"initial":false`, `line 2: there has to be either an initial estimate or a parent`},
		{"neither", `"initial":true`, `"initial":null`, `line 1: there has to be either an initial estimate or a parent`},
		{"others too many", `"n":3`, `"n":1`, `line 1: 1 others, and there are 1 voters`},
		{"others empty", `"others":[[`, `"others":[[],[`, `line 1: others 0 is empty`},
		{"next empty", `"next":[[0,0,"f","f","f","f"]]`, `"next":[]`, `line 2: next is empty`},
		{"first step", `[0,0,"tf","","",""]`, `[0,1,"tf","","",""]`, `line 2: parent: meta-vote 0 is of round 0, step 1, not of round 0, step 0`},
		{"a step left out", `[0,1,"t","t","t","t"],`, ``, `line 1: others 0: meta-vote 1 is of round 0, step 2, not of round 0, step 1`},
		{"a step too high", `[1,0,"t"`, `[0,3,"t"`, `line 1: the step is more than 2`},
		{"round a fraction", `[1,0,"t"`, `[1.5,0,"t"`, `line 1: the round has a fraction or an exponent`},
		{"round large", `[1,0,"t"`, `[4294967297,0,"t"`, `line 1: the round is more than 1048576`},
		{"set in another order", `[0,0,"tf","","",""]`, `[0,0,"ft","","",""]`, `line 2: estimates cannot be "ft"`},
		{"set a literal", `[0,0,"tf","","",""]`, `[0,0,true,"","",""]`, `line 2: estimates is a literal, not a string`},
		{"two auxiliary values", `[0,0,"tf","","",""]`, `[0,0,"tf","","tf",""]`, `line 2: the auxiliary value cannot be "tf"`},
		{"two decisions", `[0,0,"tf","","",""]`, `[0,0,"tf","","","tf"]`, `line 2: the decision cannot be "tf"`},
		{"decided otherwise", `"f","f","f","f"`, `"f","f","f","t"`, `line 2: next: meta-vote 0 is decided, and not "t" in all four places`},
		{"decided with more", `"f","f","f","f"`, `"tf","f","f","f"`, `line 2: next: meta-vote 0 is decided, and not "f" in all four places`},
		{"too few elements", `[0,0,"tf","","",""]`, `[0,0,"tf","",""]`, `line 2: a meta-vote of only 5 elements`},
		{"too many elements", `[0,0,"tf","","",""]`, `[0,0,"tf","","","",""]`, `line 2: a meta-vote of more than 6 items`},
		{"long line", `"n":1}`, `"n":1}` + strings.Repeat(" ", recording.MaxLine), `line 2: longer than 1048576 bytes`},
		{"nothing", smallCases, ``, `is empty`},
	} {
		text := strings.Replace(smallCases, c.old, c.new, 1)
		if text == smallCases {
			t.Fatalf("%s: nothing to replace", c.name)
		}
		_, err := readCases([]byte(text))
		if wantInvalid(t, err); err == nil || err.Error() != "x: "+c.want {
			t.Errorf("%s: got  %v\nwant x: %s", c.name, err, c.want)
		}
	}
}

// A file cut off inside a line is refused. Between lines only zstd can tell.
func TestMetaVotesCutOff(t *testing.T) {
	packed := compress(t, []byte(smallCases))
	for n := range packed {
		_, err := readCases(packed[:n])
		if wantInvalid(t, err); err == nil {
			t.Fatalf("the first %d of %d bytes of zstd were read", n, len(packed))
		}
	}
	first := strings.Index(smallCases, "\n")
	for n := range len(strings.TrimRight(smallCases, "\r\n")) {
		if _, err := readCases([]byte(smallCases[:n])); (err == nil) != (n == first || n == first+1) {
			t.Fatalf("the first %d bytes: %v", n, err)
		}
	}
}

func TestMetaVotesFailures(t *testing.T) {
	stop := errors.New("enough")
	lines := 0
	err := recording.ReadMetaVotes(strings.NewReader(smallCases), "x", func(int, *recording.MetaVoteCase) error {
		lines++
		return stop
	})
	if err != stop || lines != 1 {
		t.Errorf("yield's error after %d lines came back as %v", lines, err)
	}
	broken := errors.New("broken disk")
	for _, n := range []int64{0, 100, 250} {
		r := iotest.DataErrReader(&failing{strings.NewReader(smallCases), n, broken})
		err := recording.ReadMetaVotes(r, "x", func(int, *recording.MetaVoteCase) error { return nil })
		if !errors.Is(err, broken) || errors.Is(err, recording.ErrInvalid) || !strings.Contains(err.Error(), "cannot be read: broken disk") {
			t.Errorf("failing after %d bytes: %v", n, err)
		}
	}
	if err := recording.ReadMetaVotesFile(t.TempDir()+"/missing", nil); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("a missing file: %v", err)
	}
}

// failing reads from r and fails after left bytes.
type failing struct {
	r    *strings.Reader
	left int64
	err  error
}

func (f *failing) Read(p []byte) (int, error) {
	if f.left == 0 {
		return 0, f.err
	}
	n, err := f.r.Read(p[:min(int64(len(p)), f.left)])
	f.left -= int64(n)
	return n, err
}

func TestMetaVotesHostile(t *testing.T) {
	for _, c := range []struct {
		name, head, unit, want string
	}{
		{"endless line", `{`, " ", "line 1: longer than 1048576 bytes"},
		{"endless sequence", `{"parent":[[0,0,"","","",""]`, `,[0,0,"","","",""]`, "line 1: longer than 1048576 bytes"},
		{"endless blank lines", "", "\n", "line 1: the end of the input where a case is expected"},
	} {
		var err error
		got := allocated(func() {
			err = recording.ReadMetaVotes(repeated(c.head, c.unit), "x", func(int, *recording.MetaVoteCase) error { return nil })
		})
		if wantInvalid(t, err); err == nil || err.Error() != "x: "+c.want {
			t.Errorf("%s: %v", c.name, err)
		}
		if got > 8*recording.MaxLine {
			t.Errorf("%s: allocated %d bytes", c.name, got)
		}
	}
}
