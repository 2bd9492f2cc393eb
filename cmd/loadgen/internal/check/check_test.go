package check

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"parsec/core/node/client"
)

var nonce = [5]byte{1, 2, 3}

// until is that of all submissions here.
const until = 5000

// item is a submission of a run.
func item(c *Checker, seq uint64) client.Item {
	data := binary.BigEndian.AppendUint64(nil, seq)
	return client.Item{ID: c.ID(seq, until, data), Until: until, Data: data}
}

// blocks cuts submissions into blocks, some of them empty.
func blocks(r *rand.Rand, number, first uint64, items []client.Item) (all []client.Block) {
	for len(items) > 0 {
		n := r.IntN(min(len(items), 700) + 1)
		b := client.Block{Number: number, First: first, Kind: "submissions", By: fmt.Sprint(n), Items: items[:n:n]}
		all, items, number, first = append(all, b), items[n:], number+1, first+uint64(n)
	}
	return all
}

func copies(all []client.Block) []client.Block {
	c := append([]client.Block(nil), all...)
	for i := range c {
		c[i].Items = append([]client.Item(nil), c[i].Items...)
	}
	return c
}

// section is an order with everything submitted and acknowledged, and the blocks of each node.
func section(seed uint64, nodes, submissions int, window uint64) (*Checker, [][]client.Block, *rand.Rand) {
	r := rand.New(rand.NewPCG(seed, 2))
	c := New(Config{Nodes: nodes, Nonce: nonce, Window: window})
	var items []client.Item
	for seq := range uint64(submissions) {
		c.Submitted(seq, until)
		c.Acknowledged(seq, int(seq)%nodes)
		items = append(items, item(c, seq))
		if r.IntN(10) == 0 {
			items = append(items, client.Item{ID: client.ID{9, byte(seq), byte(seq >> 8), byte(seq >> 16)}})
		}
	}
	r.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
	one := blocks(r, 17, 12345, items)
	all := make([][]client.Block, nodes)
	for i := range all {
		all[i] = copies(one)
	}
	return c, all, r
}

// feed gives the checker the nodes' blocks in a random interleaving, and returns what was decided everywhere.
func feed(c *Checker, all [][]client.Block, r *rand.Rand) (everywhere []uint64) {
	left := make([][]client.Block, len(all))
	copy(left, all)
	for {
		var some []int
		for i := range left {
			if len(left[i]) > 0 {
				some = append(some, i)
			}
		}
		if len(some) == 0 {
			return everywhere
		}
		i := some[r.IntN(len(some))]
		for range 1 + r.IntN(5) {
			if len(left[i]) > 0 {
				c.Block(i, &left[i][0])
				left[i] = left[i][1:]
			}
		}
		c.Everywhere(func(seq uint64) { everywhere = append(everywhere, seq) })
	}
}

func TestAllIsWell(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		nodes, n := rapid.IntRange(1, 7).Draw(t, "nodes"), rapid.IntRange(1, 20_000).Draw(t, "submissions")
		c, all, r := section(rapid.Uint64().Draw(t, "seed"), nodes, n, 0)
		everywhere := feed(c, all, r)
		v := c.Finish(true)
		if !v.Safe() || v.Decided != uint64(n) || v.Acknowledged != uint64(n) || v.Submitted != uint64(n) || v.Unfinished+v.Stranded > 0 || v.Behind != nil {
			t.Fatalf("%+v", v)
		}
		seen := map[uint64]bool{}
		for _, seq := range everywhere {
			if seen[seq] {
				t.Fatalf("submission %d was decided everywhere twice", seq)
			}
			seen[seq] = true
		}
		if len(seen) != n {
			t.Fatalf("%d of %d were decided everywhere", len(seen), n)
		}
	})
}

// find returns some block of a node with at least n submissions of the run.
func find(r *rand.Rand, all []client.Block, n int) *client.Block {
	for {
		if b := &all[r.IntN(len(all))]; len(b.Items) >= n {
			return b
		}
	}
}

// TestViolations breaks one promise at a time.
func TestViolations(t *testing.T) {
	for _, c := range []struct {
		name     string
		do       func(c *Checker, all [][]client.Block, r *rand.Rand)
		kind     Kind
		evidence string // what it says, or some of it
	}{
		{"two swapped at one node", func(c *Checker, all [][]client.Block, r *rand.Rand) {
			b := find(r, all[1], 2)
			i := r.IntN(len(b.Items) - 1)
			b.Items[i], b.Items[i+1] = b.Items[i+1], b.Items[i]
		}, Order, "another node has"},
		{"one other at one node", func(c *Checker, all [][]client.Block, r *rand.Rand) {
			b := find(r, all[2], 1)
			b.Items[r.IntN(len(b.Items))].ID = client.ID{77}
		}, Order, "another node has"},
		{"a block left out", func(c *Checker, all [][]client.Block, r *rand.Rand) {
			i := 1 + r.IntN(len(all[0])-2)
			all[0] = append(all[0][:i:i], all[0][i+1:]...)
		}, Order, "should"},
		{"a block twice", func(c *Checker, all [][]client.Block, r *rand.Rand) {
			i := 1 + r.IntN(len(all[0])-2)
			all[0] = append(all[0][:i:i], all[0][i-1:]...)
		}, Order, "should"},
		{"a block by another", func(c *Checker, all [][]client.Block, r *rand.Rand) { all[1][3].By = "x" }, Order, "another block of that number"},
		{"one that begins elsewhere", func(c *Checker, all [][]client.Block, r *rand.Rand) {
			for i := range all[1] {
				all[1][i].First++
			}
		}, Order, "should"},
		{"one decided twice everywhere", func(c *Checker, all [][]client.Block, r *rand.Rand) {
			last := all[0][len(all[0])-1]
			again := client.Block{Number: last.Number + 1, First: last.First + uint64(len(last.Items)), Kind: "submissions", Items: []client.Item{item(c, uint64(r.IntN(5000)))}}
			for i := range all {
				all[i] = append(all[i], again)
			}
		}, Duplicate, "decided before"},
		{"one that was never submitted", func(c *Checker, all [][]client.Block, r *rand.Rand) {
			last := all[0][len(all[0])-1]
			more := client.Block{Number: last.Number + 1, First: last.First + uint64(len(last.Items)), Kind: "submissions", Items: []client.Item{item(c, 1<<39)}}
			for i := range all {
				all[i] = append(all[i], more)
			}
		}, Invented, "never handed"},
		{"one with an id of the run and other data, beside its own", func(c *Checker, all [][]client.Block, r *rand.Rand) {
			last := all[0][len(all[0])-1]
			other := item(c, uint64(r.IntN(5000)))
			other.Data = append([]byte("not "), other.Data...)
			more := client.Block{Number: last.Number + 1, First: last.First + uint64(len(last.Items)), Kind: "submissions", Items: []client.Item{other}}
			for i := range all {
				all[i] = append(all[i], more)
			}
		}, Invented, "no such data"},
		{"one with an id of the run and another until, beside its own", func(c *Checker, all [][]client.Block, r *rand.Rand) {
			last := all[0][len(all[0])-1]
			other := item(c, uint64(r.IntN(5000)))
			other.Until++
			more := client.Block{Number: last.Number + 1, First: last.First + uint64(len(last.Items)), Kind: "submissions", Items: []client.Item{other}}
			for i := range all {
				all[i] = append(all[i], more)
			}
		}, Invented, "no such data"},
		{"other data at one node, among hostile members", func(c *Checker, all [][]client.Block, r *rand.Rand) {
			c.cfg.Hostile = true
			b := find(r, all[2], 1)
			b.Items[0].Data = []byte("other")
		}, Order, "another node has"},
		{"another until at one node, among hostile members", func(c *Checker, all [][]client.Block, r *rand.Rand) {
			c.cfg.Hostile = true
			b := find(r, all[2], 1)
			b.Items[0].Until++
		}, Order, "another node has"},
		{"other data everywhere in place of one, among hostile members", func(c *Checker, all [][]client.Block, r *rand.Rand) {
			c.cfg.Hostile = true
			k := r.IntN(len(all[0]))
			for len(all[0][k].Items) == 0 || c.entry(&all[0][k].Items[0])&foreignBit != 0 {
				k = r.IntN(len(all[0]))
			}
			for i := range all {
				all[i][k].Items[0].Data = []byte("other")
			}
		}, Lost, "acknowledged"},
		{"one acknowledged and never decided", func(c *Checker, all [][]client.Block, r *rand.Rand) {
			c.Submitted(5000, until)
			c.Acknowledged(5000, 2)
		}, Lost, "submission 5000"},
		{"one acknowledged by a node that crashed, came back and has it no more", func(c *Checker, all [][]client.Block, r *rand.Rand) {
			c.Submitted(70_000, until)
			c.Acknowledged(70_000, 1)
			c.Away(1)
			c.Back(1)
		}, Lost, "submission 70000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for seed := range uint64(10) {
				checker, all, r := section(seed, 3, 5000, 0)
				c.do(checker, all, r)
				feed(checker, all, r)
				v := checker.Finish(true)
				most := 1
				if c.kind == Order {
					most = 2 // if the one that is wrong came first, both others differ from it
				}
				if n := v.Counts[c.kind]; n < 1 || int(n) > most || len(v.Violations) != int(n) || !strings.Contains(v.Violations[0].Error(), c.evidence) ||
					!strings.HasPrefix(v.Violations[0].Error(), c.kind.String()) {
					t.Fatalf("seed %d: %v %v", seed, v.Counts, v.Violations)
				}
			}
		})
	}
}

// TestLateNode: a node that is away until the window is past is compared by hashes, and an error of its is found.
func TestLateNode(t *testing.T) {
	for _, wrong := range []bool{false, true} {
		for seed := range uint64(5) {
			c, all, r := section(seed, 3, 30_000, 1000)
			late := all[2]
			for i := range late {
				if late[i].Number == 20 && wrong {
					b := find(r, late[:len(late)/2], 2)
					b.Items[0], b.Items[1] = b.Items[1], b.Items[0]
				}
			}
			c.Away(2)
			n := len(feed(c, all[:2], r))
			if c.order.head-c.order.base > 1000 || n != 30_000 {
				t.Fatalf("%d positions are kept, %d were decided at all live nodes", c.order.head-c.order.base, n)
			}
			c.Back(2)
			if c.Live(2) {
				t.Fatal("it lives before it has anything")
			}
			for i := range late {
				c.Block(2, &late[i])
			}
			v := c.Finish(true)
			if !wrong && (!v.Safe() || !c.Live(2)) || wrong && (v.Counts != [Kinds]uint64{Order: 1} || !strings.Contains(v.Violations[0].Evidence, "hash")) {
				t.Fatalf("wrong is %v: %v", wrong, v)
			}
		}
	}
}

// TestBack: what is decided everywhere does not wait for a node that is away, and waits again once it has caught up.
func TestBack(t *testing.T) {
	c, all, _ := section(1, 2, 5000, 0)
	count := 0
	feed := func(node int, some []client.Block) int {
		for i := range some {
			c.Block(node, &some[i])
		}
		count = 0
		c.Everywhere(func(uint64) { count++ })
		return count
	}
	if n := feed(0, all[0][:2]); n != 0 {
		t.Errorf("%d everywhere before the second node has anything", n)
	}
	if n := feed(1, all[1][:1]); n == 0 && len(all[1][0].Items) > 1 {
		t.Error("nothing everywhere")
	}
	c.Away(1)
	if n := feed(0, all[0][2:4]); n == 0 {
		t.Error("it waits for a node that is away")
	}
	c.Back(1)
	if n := feed(0, all[0][4:5]); n == 0 || c.Live(1) {
		t.Error("it waits for a node that has not caught up")
	}
	feed(1, all[1][1:4])
	if !c.Live(1) {
		t.Error("it has caught up and does not live")
	}
	if n := feed(0, all[0][5:]); n != 0 {
		t.Errorf("%d are everywhere before the node that lives again has them", n)
	}
	c.Away(0)
	c.Away(1)
	if n := feed(0, nil); n != 0 {
		t.Error("decided everywhere where nobody lives")
	}
}

func TestNotLost(t *testing.T) {
	for _, quiet := range []bool{true, false} {
		c, all, r := section(1, 3, 100, 0)
		c.Submitted(100, until)
		c.Acknowledged(100, 1)
		c.Submitted(101, until) // and never acknowledged
		feed(c, all, r)
		if quiet {
			c.Away(1)
		}
		v := c.Finish(quiet)
		if !v.Safe() || quiet && (v.Stranded != 1 || v.Unfinished != 0) || !quiet && (v.Stranded != 0 || v.Unfinished != 1) {
			t.Errorf("quiet is %v: %+v", quiet, v)
		}
	}
}

// TestExpired: what is in no block up to its until is not lost, and not merely unfinished.
func TestExpired(t *testing.T) {
	c, all, r := section(1, 3, 100, 0)
	head := all[0][len(all[0])-1].Number + 1
	for i, u := range []uint64{head - 1, head} {
		c.Submitted(uint64(100+i), u)
		c.Acknowledged(uint64(100+i), 1)
	}
	feed(c, all, r)
	if v := c.Finish(true); v.Expired != 1 || v.Counts != [Kinds]uint64{Lost: 1} {
		t.Errorf("%+v", v)
	}
}

// TestAltered: hostile members may use ids of the run; it is counted, and takes nothing from what the run submitted, also
// where that came to its end long before.
func TestAltered(t *testing.T) {
	c := New(Config{Nodes: 2, Nonce: nonce, Hostile: true})
	var all []client.Item
	for seq := range uint64(chunkSize) {
		c.Submitted(seq, until)
		c.Acknowledged(seq, 0)
		all = append(all, item(c, seq))
	}
	other := all[7]
	other.Data = []byte("other")
	for i := range 2 {
		c.Block(i, &client.Block{Items: append([]client.Item{other}, all...)})
		other.Until = 9
		c.Block(i, &client.Block{Number: 1, First: chunkSize + 1, Items: []client.Item{other}})
		other.Until = until
	}
	if c.submissions.chunks[0] != nil {
		t.Fatal("the chunk is kept")
	}
	if v := c.Finish(true); !v.Safe() || v.Altered != 2 || v.Foreign != 2 || v.Decided != chunkSize {
		t.Errorf("%+v", v)
	}
}

func TestHistories(t *testing.T) {
	c := New(Config{Nodes: 4})
	c.Histories([]*client.Status{{Decided: 5, Order: "a"}, nil, {Decided: 6, Order: "b"}, {Decided: 5, Order: "a"}})
	if v := c.Finish(true); !v.Safe() {
		t.Error(v.Violations)
	}
	c.Histories([]*client.Status{{Decided: 5, Order: "a"}, nil, {Decided: 6, Order: "b"}, {Decided: 5, Order: "c"}})
	if v := c.Finish(true); v.Counts[Order] != 1 {
		t.Error(v.Violations)
	}
}

// TestManyViolations: evidence has a limit, counting has none.
func TestManyViolations(t *testing.T) {
	c := New(Config{Nodes: 1, Nonce: nonce})
	for i := range uint64(1000) {
		c.Block(0, &client.Block{Number: i, First: i, Items: []client.Item{item(c, i)}})
	}
	if v := c.Finish(true); v.Counts[Invented] != 1000 || len(v.Violations) != MaxViolations {
		t.Errorf("%d of %d", len(v.Violations), v.Counts[Invented])
	}
}

// TestMemory: chunks of submissions that ended are freed.
func TestMemory(t *testing.T) {
	c := New(Config{Nodes: 1, Nonce: nonce})
	var b client.Block
	for seq := uint64(0); seq < 20*chunkSize; {
		b.Number, b.First, b.Items = b.Number+1, seq, b.Items[:0]
		for range 1000 {
			c.Submitted(seq, until)
			c.Acknowledged(seq, 0)
			b.Items = append(b.Items, item(c, seq))
			seq++
		}
		c.Block(0, &b)
		c.Everywhere(func(uint64) {})
	}
	kept := 0
	for _, x := range c.submissions.chunks {
		if x != nil {
			kept++
		}
	}
	if _, n := c.Violations(); kept > 1 || len(c.order.b) > 4096 || n != [Kinds]uint64{} {
		t.Errorf("%d chunks, %d positions, %v", kept, len(c.order.b), n)
	}
	// What ended is known to have ended.
	b.Number, b.First, b.Items = b.Number+1, b.First+1000, []client.Item{item(c, 3)}
	c.Block(0, &b)
	if _, n := c.Violations(); n[Duplicate] != 1 {
		t.Error(n)
	}
}

// BenchmarkBlock is the cost of an id at one of four nodes, with all else that a submission costs here.
func BenchmarkBlock(b *testing.B) {
	const nodes, size = 4, 200
	c := New(Config{Nodes: nodes, Nonce: nonce})
	block := client.Block{Items: make([]client.Item, size)}
	data := make([]byte, 128)
	b.ReportAllocs()
	var seq uint64
	for b.Loop() {
		block.First = seq
		for i := range block.Items {
			c.Submitted(seq, until)
			c.Acknowledged(seq, 0)
			block.Items[i] = client.Item{ID: c.ID(seq, until, data), Until: until, Data: data}
			seq++
		}
		for i := range nodes {
			c.Block(i, &block)
		}
		c.Everywhere(func(uint64) {})
		block.Number++
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(seq), "ns/submission")
}
