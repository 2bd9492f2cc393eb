package recording_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"parsec/core/recording"
)

// Each case changes small in one place; the error has to say where and what.
var damage = []struct {
	name     string
	old, new string // the first old becomes new
	want     string // the error after the name of the input
}{
	// The object.
	{"not an object", `{"blocks"`, `["blocks"`, `an array where a recording is expected`},
	{"not JSON", `{"blocks"`, `hello`, `"h" at byte 0 where a recording is expected`},
	{"byte order mark", `{"blocks"`, "\ufeff" + `{"blocks"`, `"\xef" at byte 0 where a recording is expected`},
	{"trailing data", "3,4]]}\n", "3,4]]}\n{}", `data after its end, at byte 941`},
	{"trailing NUL", "3,4]]}\n", "3,4]]}\n\x00", `data after its end, at byte 941`},
	{"key twice", `"mode":"single"`, `"mode":"single","mode":"single"`, `key "mode" comes twice in a recording`},
	{"key twice, once escaped", `"mode":"single"`, `"mode":"single","m\u006fde":"single"`, `key "mode" comes twice in a recording`},
	{"unknown key", `"mode":"single"`, `"mode":"single","extra":[[[[`, `unknown key "extra" in a recording`},
	{"key in capitals", `"mode"`, `"Mode"`, `unknown key "Mode" in a recording`},
	{"long unknown key", `"mode"`, `"` + strings.Repeat("k", 99) + `"`, `unknown key "` + strings.Repeat("k", 40) + `"... in a recording`},
	{"key missing", `"mode":"single",`, ``, `key "mode" is missing in a recording`},
	{"key not a string", `"mode":`, `mode:`, `a key is "m" at byte`},
	{"no colon", `"mode":`, `"mode"`, `a string where a colon is expected`},
	{"no comma", `"mode":"single",`, `"mode":"single"`, `a string where a comma or '}' is expected in a recording`},
	{"comma at the end", "]]}\n", "]],}\n", `a key is "}" at byte`},
	{"format", `recording/1`, `recording/3`, `its format is "parsec-recording/3", not "parsec-recording/1" or "parsec-recording/2"`},
	{"format a number", `"parsec-recording/1"`, `1`, `format is a number, not a string`},
	{"mode", `"single"`, `"double"`, `unknown mode "double"`},
	{"rules", `"rfc-0049"`, `"rfc-0050"`, `unknown rules "rfc-0050"`},
	{"coin", `"round-parity"`, `"threshold"`, `unknown coin "threshold"`},
	{"name empty", `small \u00e9\ud83d\ude00\n\"`, ``, `its name is empty`},
	{"name long", `small \u00e9`, strings.Repeat("n", recording.MaxName+1), `name is longer than 256 bytes`},
	{"name long in escapes", `small \u00e9`, strings.Repeat(`\u00e9`, recording.MaxName/2+1), `name is longer than 256 bytes`},
	{"name not UTF-8", `small \u00e9`, "\xff", `name is not UTF-8`},
	{"name with half a pair", `\ud83d\ude00`, `\ud83d`, `name has half of a surrogate pair in it`},
	{"name with the wrong half", `\ud83d\ude00`, `\ude00\ud83d`, `name has half of a surrogate pair in it`},
	{"name with a control character", `small \u00e9`, "\n", `name has a control character in it, at byte`},
	{"name with a bad escape", `\u00e9`, `\x`, `name has an unknown escape in it, at byte`},
	{"name with a bad hex escape", `\u00e9`, `\u00g9`, `name has an unknown escape in it, at byte`},
	{"name null", `"small \u00e9\ud83d\ude00\n\""`, `null`, `name is a literal, not a string`},

	// Peers.
	{"peer twice", `"a","b"`, `"a","a"`, `peer 1: has the name of peer 0, "a"`},
	{"peer empty", `"a","b"`, `"a",""`, `peer 1: the name is empty`},
	{"peer a number", `"a","b"`, `"a",7`, `peer 1: the name is a number, not a string`},
	{"no peers", `["a","b","c"]`, `[]`, `genesis has peer 0, and there are 0`},
	{"peers too many", `["a","b","c"]`, manyPeers(recording.MaxPeers + 1), `peer 4095: peers of more than 4096 items`},
	{"peers an object", `["a","b","c"]`, `{}`, `an object where peers is expected`},
	{"genesis empty", `"genesis":[0,1]`, `"genesis":[]`, `genesis is empty`},
	{"genesis descending", `"genesis":[0,1]`, `"genesis":[1,0]`, `genesis is not ascending: 0 comes after 1`},
	{"genesis repeated", `"genesis":[0,1]`, `"genesis":[0,0]`, `genesis is not ascending: 0 comes after 0`},
	{"genesis unknown", `"genesis":[0,1]`, `"genesis":[0,3]`, `genesis has peer 3, and there are 3`},
	{"genesis far off", `"genesis":[0,1]`, `"genesis":[0,65536]`, `a number in genesis is more than 4095`},
	{"genesis wraps round", `"genesis":[0,1]`, `"genesis":[0,18446744073709551617]`, `a number in genesis is more than 4095`},
	{"genesis nested", `"genesis":[0,1]`, `"genesis":[[0,1]]`, `a number in genesis is an array, not a whole number`},
	{"genesis open", `"genesis":[0,1]`, `"genesis":[0,1`, `a number in genesis is a string, not a whole number`},

	// Observations.
	{"id short", `b01"`, `b0"`, `observation 1: id of 63 characters, not 64 hex digits`},
	{"id not hex", `b01"`, `b0x"`, `observation 1: id is not 64 hex digits`},
	{"id empty", `"id":"ab`, `"id":"","id":"ab`, `observation 1: id of 0 characters, not 64 hex digits`},
	{"id twice", `b02"`, `b01"`, `observation 2: has the id of observation 1`},
	{"id missing", `"kind":"add","peer":2,"id":"` + strings.Repeat("ab", 31) + `01"`, `"kind":"add","peer":2`, `observation 1: key "id" is missing in add`},
	{"kind unknown", `"kind":"add"`, `"kind":"addd"`, `observation 1: unknown kind "addd"`},
	{"kind not for recordings", `"kind":"add"`, `"kind":"start-dkg"`, `observation 1: unknown kind "start-dkg"`},
	{"kind missing", `"kind":"add",`, ``, `observation 1: key "kind" is missing in an observation`},
	{"key of another kind", `"kind":"add"`, `"payload":"","kind":"add"`, `observation 1: key "payload" has no place in add`},
	{"payload missing", `,"payload":"\u0070"`, ``, `observation 4: key "payload" is missing in opaque`},
	{"payload long", `"payload":"`, `"payload":"` + strings.Repeat("p", recording.MaxPayload), `observation 4: payload is longer than 65536 bytes`},
	{"payload a number", `"payload":"\u0070"`, `"payload":1`, `observation 4: payload is a number, not a string`},
	{"malice empty", `"Fork"`, `""`, `observation 3: the malice is empty`},
	{"offender unknown", `"peer":1,"malice"`, `"peer":3,"malice"`, `observation 3: peer 3 does not exist: there are 3`},
	{"added peer unknown", `"peer":2`, `"peer":4000`, `observation 1: peer 4000 does not exist: there are 3`},
	{"two geneses", `"kind":"add","peer":2`, `"kind":"genesis","group":[0,1]`, `observation 1: is genesis, and so is observation 0`},
	{"another group", `"group":[0,1]`, `"group":[0,2]`, `observation 0: its group is not the recording's genesis`},
	{"a smaller group", `"group":[0,1]`, `"group":[0]`, `observation 0: its group is not the recording's genesis`},

	// Events. The place of the first [1,"initial"] is 1; that of [0,"observation",0,4] is 2, and so on.
	{"event an object", `[1,"initial"]`, `{"creator":1}`, `event 1: an object where an event is expected`},
	{"event empty", `[1,"initial"]`, `[]`, `event 1: the creator is "]" at byte`},
	{"creator unknown", `[1,"initial"]`, `[3,"initial"]`, `event 1: creator 3 does not exist: there are 3 peers`},
	{"creator far off", `[1,"initial"]`, `[70000,"initial"]`, `event 1: the creator is more than 4095`},
	{"creator negative", `[1,"initial"]`, `[-1,"initial"]`, `event 1: the creator is negative`},
	{"creator minus zero", `[1,"initial"]`, `[-0,"initial"]`, `event 1: the creator is negative`},
	{"creator a fraction", `[1,"initial"]`, `[1.0,"initial"]`, `event 1: the creator has a fraction or an exponent`},
	{"creator an exponent", `[1,"initial"]`, `[1e0,"initial"]`, `event 1: the creator has a fraction or an exponent`},
	{"creator a string", `[1,"initial"]`, `["1","initial"]`, `event 1: the creator is a string, not a whole number`},
	{"creator null", `[1,"initial"]`, `[null,"initial"]`, `event 1: the creator is a literal, not a whole number`},
	{"creator NaN", `[1,"initial"]`, `[NaN,"initial"]`, `event 1: the creator is "N" at byte`},
	{"creator with a zero", `[1,"initial"]`, `[01,"initial"]`, `event 1: the creator is written with a leading zero`},
	{"creator and letters", `[1,"initial"]`, `[1x,"initial"]`, `event 1: "x" at byte`},
	{"cause unknown", `[1,"initial"]`, `[1,"init"]`, `event 1: unknown cause "init"`},
	{"cause a number", `[1,"initial"]`, `[1,0]`, `event 1: cause is a number, not a string`},
	{"cause missing", `[1,"initial"]`, `[1]`, `event 1: has only 1 elements`},
	{"initial with a parent", `[1,"initial"]`, `[1,"initial",0]`, `event 1: has more than the 2 elements of cause "initial"`},
	{"too few", `[0,"requesting",2,1]`, `[0,"requesting",2]`, `event 3: has only 3 elements`},
	{"too many", `[0,"requesting",2,1]`, `[0,"requesting",2,1,0]`, `event 3: has more than the 4 elements of cause "requesting"`},
	{"not closed", `[0,"requesting",2,1]`, `[0,"requesting",2,1`, `event 3: has more than the 4 elements of cause "requesting"`},
	{"self-parent ahead", `[0,"requesting",2,1]`, `[0,"requesting",5,1]`, `event 3: self-parent 5 does not come before it`},
	{"self-parent itself", `[0,"requesting",2,1]`, `[0,"requesting",3,1]`, `event 3: self-parent 3 does not come before it`},
	{"self-parent none", `[0,"requesting",2,1]`, `[0,"requesting",null,1]`, `event 3: the self-parent is a literal, not a whole number`},
	{"self-parent of another", `[0,"requesting",2,1]`, `[0,"requesting",1,1]`, `event 3: self-parent 1 is by peer 1, not by the creator 0`},
	{"self-parent far off", `[0,"requesting",2,1]`, `[0,"requesting",4294967296,1]`, `event 3: the self-parent is more than 16777215`},
	{"other-parent ahead", `[1,"request",1,3]`, `[1,"request",1,4]`, `event 4: other-parent 4 does not come before it`},
	{"vote for nothing", `[0,"observation",0,4]`, `[0,"observation",0,5]`, `event 2: observation 5 does not exist: there are 5`},
	{"recipient unknown", `[0,"requesting",2,1]`, `[0,"requesting",2,3]`, `event 3: recipient 3 does not exist: there are 3 peers`},

	// Blocks.
	{"block an array", `{"at":4,"observation":4,"voters":[0]}`, `[4,4,[0]]`, `block 0: an array where a block is expected`},
	{"block of nothing", `"observation":4`, `"observation":5`, `block 0: observation 5 does not exist: there are 5`},
	{"block with a voter twice", `"voters":[0,1]`, `"voters":[0,0]`, `block 1: voters is not ascending: 0 comes after 0`},
	{"block with an unknown voter", `"voters":[0,1]`, `"voters":[0,3]`, `block 1: voters has peer 3, and there are 3`},
	{"block before the last", `"at":4}]`, `"at":3}]`, `block 1: at 3 comes before 4, that of the block before`},
	{"block after the end", `"at":4}]`, `"at":6}]`, `block 1: at 6 is no event: there are 6`},
	{"block key missing", `"at":4,`, ``, `block 0: key "at" is missing in a block`},
	{"block key unknown", `"at":4,`, `"at":4,"by":1,`, `block 0: unknown key "by" in a block`},
}

func manyPeers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"%d"`, i)
	}
	return "[" + b.String()[1:] + "]"
}

func TestDamaged(t *testing.T) {
	for _, c := range damage {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(small, c.old, c.new, 1)
			if text == small {
				t.Fatalf("nothing to replace: %s", c.old)
			}
			for form, input := range map[string][]byte{"plain": []byte(text), "zstd": compress(t, []byte(text))} {
				_, err := recording.Read(bytes.NewReader(input), "x.json")
				wantInvalid(t, err)
				if got := fmt.Sprint(err); !strings.HasPrefix(got, "x.json: "+c.want) {
					t.Errorf("%s: got  %s\nwant x.json: %s", form, got, c.want)
				}
			}
		})
	}
}

// wantInvalid checks that the content is blamed, in the type that is promised.
func wantInvalid(t testing.TB, err error) {
	t.Helper()
	var e *recording.Error
	if !errors.As(err, &e) || !errors.Is(err, recording.ErrInvalid) || e.Reason == "" {
		t.Errorf("not an error of invalid content: %#v", err)
	}
}

// A file that is cut off anywhere is refused, and so is one with a byte more.
func TestCutOff(t *testing.T) {
	const path = "testdata/recordings/wild-004.json.zst"
	packed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	plain := decompressed(t, path)
	for form, whole := range map[string][]byte{"plain": plain, "zstd": packed, "small window": compress(t, plain)} {
		for n := range whole {
			_, err := recording.Read(bytes.NewReader(whole[:n]), "cut")
			if wantInvalid(t, err); err == nil {
				t.Fatalf("%s: the first %d of %d bytes were read as a recording", form, n, len(whole))
			}
		}
		for _, more := range []string{"\x00", "x", "}", "\x28", "\x28\xb5\x2f\xfd", "\x50\x2a\x4d\x18"} {
			_, err := recording.Read(strings.NewReader(string(whole)+more), "more")
			if wantInvalid(t, err); err == nil {
				t.Errorf("%s: %q after the end was overlooked", form, more)
			}
		}
	}
}

// A flipped bit never makes the reader panic. In a compressed file the checksum finds it: what is read,
// if anything, is what was written (some bits of the frame header do not matter).
func TestFlippedBits(t *testing.T) {
	const path = "testdata/recordings/wild-004.json.zst"
	plain := decompressed(t, path)
	want, err := recording.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for form, whole := range map[string][]byte{"plain": plain, "zstd": compress(t, plain)} {
		for bit := range 8 * len(whole) {
			flipped := bytes.Clone(whole)
			flipped[bit/8] ^= 1 << (bit % 8)
			r, err := recording.Read(bytes.NewReader(flipped), "flipped")
			if err != nil {
				wantInvalid(t, err)
			} else if form == "zstd" && !reflect.DeepEqual(r, want) {
				t.Errorf("bit %d flipped in zstd, and another recording read", bit)
			} else if err := r.Validate(); err != nil {
				t.Errorf("bit %d: read, but %v", bit, err)
			}
		}
	}
}

// Failures to read are told from bad content, wherever they strike and whatever lies between.
func TestReadFailures(t *testing.T) {
	broken := errors.New("broken disk")
	for form, whole := range map[string][]byte{"plain": []byte(small), "zstd": compress(t, []byte(small))} {
		for n := 0; n < len(whole); n += 7 {
			_, err := recording.Read(io.MultiReader(bytes.NewReader(whole[:n]), iotest.ErrReader(broken)), "x")
			if !errors.Is(err, broken) || errors.Is(err, recording.ErrInvalid) || !strings.Contains(err.Error(), "cannot be read: broken disk") {
				t.Fatalf("%s, failing at byte %d: %v", form, n, err)
			}
		}
		if _, err := recording.Read(iotest.OneByteReader(bytes.NewReader(whole)), "x"); err != nil {
			t.Errorf("%s, byte by byte: %v", form, err)
		}
		if _, err := recording.Read(iotest.DataErrReader(bytes.NewReader(whole)), "x"); err != nil {
			t.Errorf("%s, with the end told early: %v", form, err)
		}
	}
	if _, err := recording.Read(idle{}, "x"); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a reader that gives nothing: %v", err)
	}
	missing := filepath.Join(t.TempDir(), "missing.json")
	if _, err := recording.ReadFile(missing); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), missing) {
		t.Errorf("a missing file: %v", err)
	}
}

type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }
