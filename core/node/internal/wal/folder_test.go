package wal

import (
	"bytes"
	"maps"
	"path/filepath"
	"slices"
	"testing"
)

// disk is the durable content of a log's folder, by base name.
func (m *memFS) disk() map[string][]byte {
	files := map[string][]byte{}
	for name, i := range m.durable {
		files[filepath.Base(name)] = i.disk
	}
	return files
}

// seen is the content of a log's folder as processes see it, by base name: what is left when one is killed.
func (m *memFS) seen() map[string][]byte {
	files := map[string][]byte{}
	for name, i := range m.names {
		files[filepath.Base(name)] = i.cache
	}
	return files
}

// left is the content of a log's folder as an ending leaves it. What was closed is on the disk.
func (m *memFS) left(e ending) map[string][]byte {
	if e == killed {
		return m.seen()
	}
	return m.disk()
}

// fromDisk makes a file system with these files. It keeps no reference to their bytes.
func fromDisk(files map[string][]byte) *memFS {
	m := newMemFS()
	for name, b := range files {
		i := &inode{cache: bytes.Clone(b), disk: bytes.Clone(b)}
		m.names[filepath.Join(memDir, name)] = i
		m.durable[filepath.Join(memDir, name)] = i
	}
	return m
}

// copied copies files.
func copied(files map[string][]byte) map[string][]byte {
	c := maps.Clone(files)
	for name, b := range c {
		c[name] = bytes.Clone(b)
	}
	return c
}

// batchAt is where a batch stands.
type batchAt struct {
	file     string
	off, end int
	records  int // in it
	before   int // records before it
}

// segmentsOf lists the names of a log's segments.
func segmentsOf(files map[string][]byte) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if _, ok := segmentNumber(name); ok {
			names = append(names, name)
		}
	}
	return names
}

// batchesOf lists the batches of a log.
func batchesOf(t testing.TB, files map[string][]byte) (all []batchAt) {
	t.Helper()
	for _, name := range segmentsOf(files) {
		b := files[name]
		h, wrong, err := decodeSegment(b)
		if wrong != "" || err != nil {
			t.Fatal(name, wrong, err)
		}
		for off := sector; off < len(b); {
			bh, wrong := decodeBatch(b[off:], h.tag)
			if wrong != "" {
				break
			}
			end := off + int(bh.size())
			all = append(all, batchAt{name, off, end, int(bh.records), int(bh.before)})
			off = end
		}
	}
	return all
}

// ending is how a log was left.
type ending int

const (
	closed  ending = iota
	killed         // its process was
	crashed        // the machine, of which the disk has nothing but what was synced
	endings
)

func (e ending) String() string { return [...]string{"closed", "killed", "crashed"}[e] }

// small makes a log of a few segments and batches.
func small(t testing.TB, e ending) (map[string][]byte, *history) {
	t.Helper()
	m, h := newMemFS(), &history{}
	if err := h.session(m, [][]int{{10, 20}, {600}, {1100}, {1, 1, 1}, {900}, {5}, {1400}, {800}, {7}}, e == closed); err != nil {
		t.Fatal(err)
	}
	return m.left(e), h
}
