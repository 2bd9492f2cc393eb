package recording_test

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"parsec/core"
	"parsec/core/recording"
)

// bundled returns the paths of all recordings in testdata.
func bundled(t testing.TB) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"testdata/recordings/*", "testdata/large/*"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, paths...)
	}
	if len(all) != 118 {
		t.Fatalf("%d bundled recordings, want 118", len(all))
	}
	return all
}

// decompressed returns the content of a zstd file.
func decompressed(t testing.TB, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func encode(t testing.TB, r *recording.Recording) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// cutEvents takes the events out of a recording in compact form, leaving an empty list. They are nine
// tenths of it and have no keys to stand in another order: comparing bytes saves seconds.
func cutEvents(t testing.TB, text []byte) (events, rest []byte) {
	t.Helper()
	const start, end = `"events":[[`, `]]` // an event has no list in it
	i := bytes.Index(text, []byte(start))
	if i < 0 {
		t.Fatal("no events")
	}
	i += len(start) - 1
	j := bytes.Index(text[i:], []byte(end))
	if j < 0 {
		t.Fatal("events without an end")
	}
	j += i + 1
	return text[i:j], append(bytes.Clone(text[:i]), text[j:]...)
}

// document decodes JSON without any knowledge of the format.
func document(t testing.TB, text []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// Every bundled recording is read, written and read again to the same value, and what is written is the
// document that was read, as a JSON decoder that knows nothing of this package sees it.
func TestBundledRoundTrip(t *testing.T) {
	for _, path := range bundled(t) {
		r, err := recording.ReadFile(path)
		if err != nil {
			t.Error(err)
			continue
		}
		if want := strings.TrimSuffix(filepath.Base(path), ".json.zst"); r.Name != want {
			t.Errorf("%s: name %q", path, r.Name)
		}
		text := encode(t, r)
		again, err := recording.Read(bytes.NewReader(text), r.Name)
		if err != nil {
			t.Error(err)
			continue
		}
		if !reflect.DeepEqual(r, again) {
			t.Errorf("%s: changed by writing and reading", path)
		}
		if !bytes.Equal(text, encode(t, again)) {
			t.Errorf("%s: written differently the second time", path)
		}
		original := decompressed(t, path)
		if len(text) != len(original) {
			t.Errorf("%s: written in %d bytes, was %d", path, len(text), len(original))
		}
		events, rest := cutEvents(t, text)
		wantEvents, wantRest := cutEvents(t, original)
		if !bytes.Equal(events, wantEvents) || !reflect.DeepEqual(document(t, rest), document(t, wantRest)) {
			t.Errorf("%s: written as another document", path)
		}
	}
}

// The fields come from where the format says: one small recording, spelt out.
func TestReadFields(t *testing.T) {
	r, err := recording.Read(strings.NewReader(small), "small")
	if err != nil {
		t.Fatal(err)
	}
	const none = recording.None
	id := func(last byte) (h core.Hash) {
		for i := range h {
			h[i] = 0xab
		}
		h[31] = last
		return h
	}
	want := &recording.Recording{
		Name:    "small \u00e9\U0001f600\n\"",
		Mode:    core.Single,
		Rules:   core.RFC0049,
		Coin:    recording.RoundParity,
		Peers:   []string{"a", "b", "c"},
		Genesis: []core.PeerIndex{0, 1},
		Observations: []recording.Observation{
			{ID: id(0), Kind: core.Genesis, Group: []core.PeerIndex{0, 1}},
			{ID: id(1), Kind: core.Add, Peer: 2},
			{ID: id(2), Kind: core.Remove, Peer: 1},
			{ID: id(3), Kind: core.Accusation, Peer: 1, Malice: "Fork"},
			{ID: id(4), Kind: core.Opaque, Payload: "p"},
		},
		Events: []recording.Event{
			{0, core.Initial, false, none, none, none, none},
			{1, core.Initial, false, none, none, none, none},
			{0, core.Observing, false, 0, none, 4, none},
			{0, core.Requesting, false, 2, none, none, 1},
			{1, core.Request, false, 1, 3, none, none},
			{0, core.Response, false, 3, 4, none, none},
		},
		Blocks: []recording.Block{
			{Observation: 4, Voters: []core.PeerIndex{0}, At: 4},
			{Observation: 0, Voters: []core.PeerIndex{0, 1}, At: 4},
		},
	}
	if !reflect.DeepEqual(r, want) {
		t.Errorf("got  %+v\nwant %+v", r, want)
	}
	if again, err := recording.Read(bytes.NewReader(encode(t, r)), "small"); err != nil || !reflect.DeepEqual(again, want) {
		t.Errorf("written and read: %+v, %v", again, err)
	}
}

// Lists share arrays; appending to one must not write into the next.
func TestListsDoNotOverlap(t *testing.T) {
	r, err := recording.Read(strings.NewReader(small), "small")
	if err != nil {
		t.Fatal(err)
	}
	_ = append(r.Blocks[0].Voters, 77)
	if r.Blocks[1].Voters[0] != 0 {
		t.Error("appending to a block's voters changed the next block's")
	}
}

// The content says how it is to be read, not the name: plain JSON with white space, and zstd.
func TestPlainOrCompressed(t *testing.T) {
	dir := t.TempDir()
	want, err := recording.Read(strings.NewReader(small), "small")
	if err != nil {
		t.Fatal(err)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, []byte(small), "\r", "\t"); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{
		"plain.json":      []byte(small),
		"plain.json.zst":  []byte(small),
		"indented":        append(indented.Bytes(), " \n\n"...),
		"compressed.json": compress(t, []byte(small)),
		"two-frames.zst":  append(compress(t, []byte(small[:500])), compress(t, []byte(small[500:]))...),
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, text, 0o666); err != nil {
			t.Fatal(err)
		}
		if r, err := recording.ReadFile(path); err != nil {
			t.Error(err)
		} else if !reflect.DeepEqual(r, want) {
			t.Errorf("%s: read as something else", name)
		}
	}
}

// compress makes one zstd frame with a checksum.
func compress(t testing.TB, text []byte) []byte {
	t.Helper()
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	return z.EncodeAll(text, nil)
}

func BenchmarkRead(b *testing.B) {
	for _, name := range []string{"super-n04", "perf-supermajority-n08-obs1024"} {
		path := "testdata/recordings/" + name + ".json.zst"
		if strings.HasPrefix(name, "perf") {
			path = "testdata/large/" + name + ".json.zst"
		}
		packed, err := os.ReadFile(path)
		if err != nil {
			b.Fatal(err)
		}
		plain := decompressed(b, path)
		for _, form := range []struct {
			name  string
			bytes []byte
		}{{"plain", plain}, {"zstd", packed}} {
			b.Run("recording="+name+"/form="+form.name, func(b *testing.B) {
				b.SetBytes(int64(len(plain)))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := recording.Read(bytes.NewReader(form.bytes), name); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
