package wal

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

var writeCorpus = flag.Bool("wal.corpus", false, "TestCorpus writes the corpus of FuzzRecover anew")

const corpusDir = "testdata/fuzz/FuzzRecover"

// seeds are inputs of FuzzRecover that reach what recovery tells apart.
func seeds(t testing.TB) map[string][]byte {
	closed, _ := small(t, true)
	killed, _ := small(t, false)
	join := func(files map[string][]byte) (all []byte) {
		for _, name := range slices.Sorted(maps.Keys(files)) {
			all = append(all, files[name]...)
		}
		return all
	}
	batches := batchesOf(t, killed)
	at := func(x batchAt) int { // in the joined files
		number, _ := segmentNumber(x.file)
		return int(number-1)*(4<<10) + x.off
	}
	first, last := at(batches[0]), at(batches[len(batches)-1])
	before := at(batches[len(batches)-2])
	change := func(b []byte, at int) []byte {
		b[at] ^= 0x10
		return b
	}
	return map[string][]byte{
		"empty":            {},
		"closed":           join(closed),
		"killed":           join(killed),
		"header-only":      join(killed)[:sector],
		"short":            join(killed)[:sector-1],
		"torn-header":      change(join(killed), last+20),
		"torn-payload":     change(join(killed), last+headerSize+1),
		"damaged-batch":    change(join(killed), before+headerSize+1),
		"damaged-header":   change(join(killed), before+40),
		"damaged-first":    change(join(killed), first+headerSize+1),
		"damaged-segment":  change(join(killed), 4<<10+40),
		"unknown-version":  change(join(killed), 8),
		"missing-segment":  join(killed)[4<<10:],
		"odd-size":         join(killed)[:len(join(killed))-100],
		"repeated-segment": append(join(killed), join(killed)...),
	}
}

// TestCorpus checks that the committed corpus has an input for each case of seeds. Ids and tags are drawn at random, so inputs written anew differ.
func TestCorpus(t *testing.T) {
	for name, data := range seeds(t) {
		path := filepath.Join(corpusDir, name)
		if *writeCorpus {
			if err := os.MkdirAll(corpusDir, 0o755); err != nil {
				t.Fatal(err)
			}
			text := fmt.Sprintf("go test fuzz v1\n[]byte(%s)\nuint32(4096)\n", strconv.Quote(string(data)))
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}
