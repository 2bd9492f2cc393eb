package wal

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

var writeCorpus = flag.Bool("wal.corpus", false, "TestCorpus writes the corpus of FuzzRecover anew")

const corpusDir = "testdata/fuzz/FuzzRecover"

// seed is an input of FuzzRecover: segments, and what is said of how far the log has come.
type seed struct{ data, said []byte }

// seeds are inputs of FuzzRecover that reach what recovery tells apart.
func seeds(t testing.TB) map[string]seed {
	ended, _ := small(t, closed)
	lost, _ := small(t, crashed)
	join := func(files map[string][]byte) (all []byte) {
		for _, name := range segmentsOf(files) {
			all = append(all, files[name]...)
		}
		return all
	}
	slots := func(files map[string][]byte) []byte {
		b := files[reachedName]
		return slices.Concat(b[:sector], b[slotSize:][:sector])
	}
	said := slots(lost)
	batches := batchesOf(t, lost)
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
	zeroed := func(b []byte, from int) []byte {
		clear(b[from:])
		return b
	}
	return map[string]seed{
		"empty":            {},
		"closed":           {join(ended), slots(ended)},
		"killed":           {join(lost), said},
		"header-only":      {join(lost)[:sector], said},
		"short":            {join(lost)[:sector-1], said},
		"torn-header":      {change(join(lost), last+20), said},
		"torn-payload":     {change(join(lost), last+headerSize+1), said},
		"damaged-batch":    {change(join(lost), before+headerSize+1), said},
		"damaged-header":   {change(join(lost), before+40), said},
		"damaged-first":    {change(join(lost), first+headerSize+1), said},
		"damaged-segment":  {change(join(lost), 4<<10+40), said},
		"unknown-version":  {change(join(lost), 8), said},
		"missing-segment":  {join(lost)[4<<10:], said},
		"odd-size":         {join(lost)[:len(join(lost))-100], said},
		"repeated-segment": {append(join(lost), join(lost)...), said},
		"zeroed-end":       {zeroed(join(ended), last), slots(ended)},
		"torn-slot":        {join(lost), change(bytes.Clone(said), 60)},
		"torn-slots":       {join(lost), change(change(bytes.Clone(said), 60), sector+60)},
		"nothing-said":     {join(lost), nil},
		"no-segments":      {nil, said},
		"other-log":        {join(ended), said},
	}
}

// TestCorpus checks that the committed corpus has an input for each case of seeds. Ids and tags are drawn at random, so inputs written anew differ.
func TestCorpus(t *testing.T) {
	for name, s := range seeds(t) {
		path := filepath.Join(corpusDir, name)
		if *writeCorpus {
			if err := os.MkdirAll(corpusDir, 0o755); err != nil {
				t.Fatal(err)
			}
			text := fmt.Sprintf("go test fuzz v1\n[]byte(%s)\n[]byte(%s)\nuint32(4096)\nbool(true)\n", strconv.Quote(string(s.data)), strconv.Quote(string(s.said)))
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}
