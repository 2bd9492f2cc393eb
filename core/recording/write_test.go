package recording_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"parsec/core"
	"parsec/core/recording"
)

func readSmall(t testing.TB) *recording.Recording {
	t.Helper()
	r, err := recording.Read(strings.NewReader(small), "small")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A file is written whole, by either name, over an older one too, and nothing is left beside it. The
// bytes are the same each time.
func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	r, err := recording.ReadFile("testdata/recordings/super-n04.json.zst")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"r.json", "r.json.zst"} {
		path := filepath.Join(dir, name)
		var first []byte
		for range 2 {
			if err := r.WriteFile(path); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if first != nil && !bytes.Equal(text, first) {
				t.Errorf("%s: other bytes the second time", name)
			}
			first = text
		}
		if again, err := recording.ReadFile(path); err != nil || !reflect.DeepEqual(again, r) {
			t.Errorf("%s: not what was written: %v", name, err)
		}
		if compressed := bytes.HasPrefix(first, []byte("\x28\xb5\x2f\xfd")); compressed != (name == "r.json.zst") {
			t.Errorf("%s: compressed: %t", name, compressed)
		}
	}
	wantFiles(t, dir, "r.json", "r.json.zst")
}

func wantFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	got := []string{}
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if !reflect.DeepEqual(got, append([]string{}, want...)) {
		t.Errorf("files %q, want %q", got, want)
	}
}

// A failure leaves the old file as it was, and nothing else.
func TestWriteFileFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "old.json.zst")
	if err := os.WriteFile(path, []byte("old"), 0o666); err != nil {
		t.Fatal(err)
	}
	r := readSmall(t)
	r.Coin = "tossed"
	err := r.WriteFile(path)
	wantInvalid(t, err)
	if err == nil || err.Error() != path+`: unknown coin "tossed"` {
		t.Error(err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "old" {
		t.Errorf("the old file now has %q, %v", text, err)
	}
	wantFiles(t, dir, "old.json.zst")

	if err := os.Mkdir(filepath.Join(dir, "taken.json"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := readSmall(t).WriteFile(filepath.Join(dir, "taken.json")); err == nil {
		t.Error("written over a folder")
	}
	wantFiles(t, dir, "old.json.zst", "taken.json")
	if err := readSmall(t).WriteFile(filepath.Join(dir, "missing", "r.json")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("written to a folder that does not exist: %v", err)
	}
}

// The writer's error comes back, wherever it strikes.
func TestWriteFailures(t *testing.T) {
	full := errors.New("disk full")
	r, err := recording.ReadFile("testdata/recordings/super-n08.json.zst")
	if err != nil {
		t.Fatal(err)
	}
	size := len(encode(t, r))
	for n := 0; n < size; n += size/5 + 1 {
		if err := r.Write(&limited{left: n, err: full}); !errors.Is(err, full) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
}

type limited struct {
	left int
	err  error
}

func (l *limited) Write(p []byte) (int, error) {
	if l.left -= len(p); l.left < 0 {
		return 0, l.err
	}
	return len(p), nil
}

// What only a recording in memory can have wrong; the rest is in TestDamaged. Nothing is written of it.
func TestNotValid(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(r *recording.Recording)
		want   string
	}{
		{"mode", func(r *recording.Recording) { r.Mode = 2 }, "unknown mode mode(2)"},
		{"rules", func(r *recording.Recording) { r.Rules = 2 }, "unknown rules rules(2)"},
		{"name", func(r *recording.Recording) { r.Name = "\xff" }, "its name is not UTF-8"},
		{"long name", func(r *recording.Recording) { r.Name = strings.Repeat("x", 257) }, "its name is longer than 256 bytes"},
		{"peer", func(r *recording.Recording) { r.Peers[2] = "\xff" }, "peer 2: the name is not UTF-8"},
		{"peers", func(r *recording.Recording) { r.Peers = make([]string, 4097) }, "4097 peers, and 4096 is the most there may be"},
		{"observations", func(r *recording.Recording) { r.Observations = make([]recording.Observation, 1<<20+1) }, "1048577 observations, and 1048576 is the most there may be"},
		{"kind", func(r *recording.Recording) { r.Observations[4].Kind = core.DKGMessage }, "observation 4: unknown kind dkg-message"},
		{"kind out of range", func(r *recording.Recording) { r.Observations[4].Kind = 99 }, "observation 4: unknown kind kind(99)"},
		{"stray group", func(r *recording.Recording) { r.Observations[1].Group = []core.PeerIndex{0} }, "observation 1: has a field that kind add has no use for"},
		{"stray peer", func(r *recording.Recording) { r.Observations[4].Peer = 1 }, "observation 4: has a field that kind opaque has no use for"},
		{"stray payload", func(r *recording.Recording) { r.Observations[3].Payload = "p" }, "observation 3: has a field that kind accusation has no use for"},
		{"stray malice", func(r *recording.Recording) { r.Observations[2].Malice = "Fork" }, "observation 2: has a field that kind remove has no use for"},
		{"payload", func(r *recording.Recording) { r.Observations[4].Payload = "\xff" }, "observation 4: the payload is not UTF-8"},
		{"long payload", func(r *recording.Recording) { r.Observations[4].Payload = strings.Repeat("p", 65537) }, "observation 4: the payload is longer than 65536 bytes"},
		{"long malice", func(r *recording.Recording) { r.Observations[3].Malice = strings.Repeat("m", 257) }, "observation 3: the malice is longer than 256 bytes"},
		{"cause", func(r *recording.Recording) { r.Events[5].Cause = 5 }, "event 5: unknown cause cause(5)"},
		{"zero event", func(r *recording.Recording) { r.Events[1] = recording.Event{Creator: 1} }, `event 1: has a field that cause "initial" has no use for`},
		{"stray recipient", func(r *recording.Recording) { r.Events[5].Recipient = 0 }, `event 5: has a field that cause "response" has no use for`},
		{"stray other-parent", func(r *recording.Recording) { r.Events[3].OtherParent = 1 }, `event 3: has a field that cause "requesting" has no use for`},
		{"stray observation", func(r *recording.Recording) { r.Events[4].Observation = 0 }, `event 4: has a field that cause "request" has no use for`},
		{"no self-parent", func(r *recording.Recording) { r.Events[5].SelfParent = recording.None }, "event 5: self-parent -1 does not come before it"},
		{"no other-parent", func(r *recording.Recording) { r.Events[5].OtherParent = recording.None }, "event 5: other-parent -1 does not come before it"},
		{"no observation", func(r *recording.Recording) { r.Events[2].Observation = recording.None }, "event 2: observation -1 does not exist: there are 5"},
		{"no recipient", func(r *recording.Recording) { r.Events[3].Recipient = recording.None }, "event 3: recipient -1 does not exist: there are 3 peers"},
		{"block", func(r *recording.Recording) { r.Blocks[1].Observation = 1<<32 - 1 }, "block 1: observation 4294967295 does not exist: there are 5"},
		{"at", func(r *recording.Recording) { r.Blocks[1].At = 1<<32 - 1 }, "block 1: at 4294967295 is no event: there are 6"},
		{"zero", func(r *recording.Recording) { *r = recording.Recording{} }, "its name is empty"},
	} {
		r := readSmall(t)
		c.change(r)
		err := r.Validate()
		wantInvalid(t, err)
		if err == nil || err.Error() != "recording: "+c.want {
			t.Errorf("%s: got  %v\nwant recording: %s", c.name, err, c.want)
		}
		var b bytes.Buffer
		if err := r.Write(&b); err == nil || b.Len() > 0 {
			t.Errorf("%s: written: %v, %d bytes", c.name, err, b.Len())
		}
	}
	if err := readSmall(t).Validate(); err != nil {
		t.Errorf("a valid recording: %#v", err)
	}
}
