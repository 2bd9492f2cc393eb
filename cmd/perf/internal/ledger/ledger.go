// Package ledger keeps what was tracked: for each tracked commit a folder with the raw output of its
// benchmarks (compressed with zstd), the environment, and a manifest of BLAKE3 hashes, in the format of
// b3sum; and a line of history.ndjson. Figures in it are for plots and for the record. They are not compared
// with: a comparison builds the commit again.
package ledger

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
	"github.com/zeebo/blake3"
)

// Entry is a line of history.ndjson.
type Entry struct {
	Commit   string             `json:"commit"`
	Recorded string             `json:"recorded"` // RFC 3339
	Machine  string             `json:"machine"`
	Folder   string             `json:"folder"`   // below results, with slashes
	Manifest string             `json:"manifest"` // BLAKE3 of the folder's manifest
	Medians  map[string]float64 `json:"medians"`  // microseconds an event, or seconds an operation, by benchmark
}

// Ledger is the folder results.
type Ledger struct{ Dir string }

// Names of files.
const (
	history     = "history.ndjson"
	manifest    = "MANIFEST.blake3"
	benchmarks  = "bench.txt.zst"
	environment = "environment.json"
)

// Add writes a folder for a commit and a line of history. The line comes last: without it the folder is
// not part of the ledger.
func (l Ledger) Add(e Entry, raw []byte, env map[string]string) error {
	entries, err := l.Entries()
	if err != nil {
		return err
	}
	if slices.ContainsFunc(entries, func(o Entry) bool { return o.Folder == e.Folder }) {
		return fmt.Errorf("%s is tracked already", e.Folder)
	}
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	about, err := json.MarshalIndent(env, "", "  ")
	if err != nil {
		return err
	}
	files := map[string][]byte{benchmarks: encoder.EncodeAll(raw, nil), environment: append(about, '\n')}
	var list bytes.Buffer
	for _, name := range []string{benchmarks, environment} {
		fmt.Fprintf(&list, "%s  %s\n", sum(files[name]), name)
	}
	files[manifest] = list.Bytes()
	e.Manifest = sum(list.Bytes())

	final := filepath.Join(l.Dir, filepath.FromSlash(e.Folder))
	if err := os.MkdirAll(filepath.Dir(final), 0o777); err != nil {
		return err
	}
	temp, err := os.MkdirTemp(filepath.Dir(final), ".track-*.tmp")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	if err := os.Chmod(temp, 0o755); err != nil {
		return err
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(temp, name), data, 0o644); err != nil {
			return err
		}
	}
	if err := os.RemoveAll(final); err != nil { // left by a run that was killed before its line was written
		return err
	}
	if err := os.Rename(temp, final); err != nil {
		return err
	}
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return l.append(line)
}

// append adds a line to the history: a copy with it takes the history's place, so that a run that is killed
// leaves the one or the other, and no half of a line.
func (l Ledger) append(line []byte) (err error) {
	name := filepath.Join(l.Dir, history)
	old, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(old) > 0 && old[len(old)-1] != '\n' {
		old = append(old, '\n') // an editor may have left it out
	}
	f, err := os.CreateTemp(l.Dir, "."+history+"-*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	_, err = f.Write(slices.Concat(old, line, []byte("\n")))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Chmod(f.Name(), 0o644); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

func sum(data []byte) string {
	h := blake3.Sum256(data)
	return hex.EncodeToString(h[:])
}

var fullHash = regexp.MustCompile(`^[0-9a-f]{40,64}$`)

// Entries reads the history; nothing if there is none.
func (l Ledger) Entries() ([]Entry, error) {
	data, err := os.ReadFile(filepath.Join(l.Dir, history))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []Entry
	in := bufio.NewScanner(bytes.NewReader(data))
	in.Buffer(nil, 1<<20)
	for line := 1; in.Scan(); line++ {
		var e Entry
		err := json.Unmarshal(in.Bytes(), &e)
		if err == nil && !fullHash.MatchString(e.Commit) {
			err = fmt.Errorf("%q is no commit", e.Commit)
		}
		if err == nil && !filepath.IsLocal(filepath.FromSlash(e.Folder)) {
			err = fmt.Errorf("%q is not below results", e.Folder)
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", history, line, err)
		}
		all = append(all, e)
	}
	return all, in.Err()
}

// Verify checks the manifest of an entry and every file in it, and that the folder has no other.
func (l Ledger) Verify(e Entry) error {
	dir := filepath.Join(l.Dir, filepath.FromSlash(e.Folder))
	list, err := os.ReadFile(filepath.Join(dir, manifest))
	if err != nil {
		return err
	}
	if sum(list) != e.Manifest {
		return fmt.Errorf("%s: not the manifest that was recorded", filepath.Join(dir, manifest))
	}
	listed := []string{manifest}
	for line := range strings.Lines(string(list)) {
		want, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if !ok || name != filepath.Base(name) {
			return fmt.Errorf("%s: what is %q?", filepath.Join(dir, manifest), line)
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		if sum(data) != want {
			return fmt.Errorf("%s: damaged: its hash is not the recorded one", filepath.Join(dir, name))
		}
		listed = append(listed, name)
	}
	found, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, f := range found {
		if !slices.Contains(listed, f.Name()) {
			return fmt.Errorf("%s: not in the manifest", filepath.Join(dir, f.Name()))
		}
	}
	return nil
}
