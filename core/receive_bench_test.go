package core_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"parsec/core"
	"parsec/core/internal/sign"
	"parsec/core/internal/wire"
)

// traffic is what one node of a section is sent: frames in order, from the second node.
type traffic struct {
	cfg    core.NodeConfig // of the node that is sent to
	from   core.Identity
	frames [][]byte
	asks   []bool // by frame: the node makes a request first, which the frame answers
	events int    // in all frames together
	blocks int    // that come out
}

// newTraffic lets a section of peers gossip, each voting for payloads of 128 bytes now and then, and one of its nodes
// be sent what it lacks whenever that is batch events; so many frames of it.
func newTraffic(tb testing.TB, mode core.Mode, peers, batch, frames int) *traffic {
	w := newNetwork(tb, mode, peers, uint64(peers*1000+batch))
	w.section.Name = "traffic"
	target, source := w.order[0], w.order[1]
	rest := w.order[1:]
	tr := &traffic{cfg: target.cfg, from: source.Identity()}
	r := rand.New(rand.NewPCG(9, uint64(peers)))
	payload := make([]byte, 128)
	exchange := func(a, b *member) { // a asks b
		if err := a.Gossip(b.Identity()); err != nil {
			tb.Fatal(err)
		}
		w.carry(a)
		w.deliver()
	}
	lacks := func() int { return source.Len() - target.Len() }
	turn := func() {
		m := rest[r.IntN(len(rest))]
		if r.IntN(3) == 0 {
			for i := range payload {
				payload[i] = byte(r.Uint32())
			}
			if err := m.Vote(payload); err != nil {
				tb.Fatal(err)
			}
			w.carry(m)
		}
		other := rest[r.IntN(len(rest))]
		switch {
		case r.IntN(2) == 0 || m == other:
			other = source
		}
		if m != other {
			exchange(m, other)
		}
	}
	hand := func(asks bool) {
		frame := w.queue[len(w.queue)-1].frame
		w.queue = w.queue[:0]
		before := target.Len()
		if err := target.Handle(tr.from, frame); err != nil {
			tb.Fatal(err)
		}
		tr.events += target.Len() - before - 1
		tr.frames, tr.asks = append(tr.frames, frame), append(tr.asks, asks)
		w.carry(target)
	}
	for range frames {
		if batch == 1 { // the answer to a request of its own
			if err := target.Gossip(tr.from); err != nil {
				tb.Fatal(err)
			}
			w.carry(target)
			request := w.queue[0].frame
			w.queue = w.queue[:0]
			if err := source.Handle(target.Identity(), request); err != nil {
				tb.Fatal(err)
			}
			w.carry(source)
			hand(true)
			continue
		}
		for lacks() < batch-1 {
			turn()
		}
		if err := source.Gossip(target.Identity()); err != nil {
			tb.Fatal(err)
		}
		w.carry(source)
		hand(false)
		w.deliver() // the answer
	}
	tr.blocks = len(target.blocks)
	return tr
}

// feed gives the frames to a new node, and returns it.
func (tr *traffic) feed(tb testing.TB) *core.Node {
	n, err := core.Start(tr.cfg)
	if err != nil {
		tb.Fatal(err)
	}
	for i, frame := range tr.frames {
		if tr.asks[i] {
			if err := n.Gossip(tr.from); err != nil {
				tb.Fatal(err)
			}
		}
		if err := n.Handle(tr.from, frame); err != nil {
			tb.Fatal(err)
		}
		n.Ready()
		n.Advance()
	}
	return n
}

var receivePeers = []int{4, 8, 16, 32}
var receiveBatches = []int{1, 4, 16, 64, 256}

// frameCount is how many frames a benchmark handles per run: some 4,000 events, but not too few frames.
func frameCount(batch int) int { return max(16, 4096/batch) }

func eachTraffic(b *testing.B, f func(b *testing.B, tr *traffic)) {
	for _, peers := range receivePeers {
		for _, batch := range receiveBatches {
			b.Run(fmt.Sprintf("peers=%d/batch=%d", peers, batch), func(b *testing.B) {
				f(b, newTraffic(b, core.Supermajority, peers, batch, frameCount(batch)))
			})
		}
	}
}

// BenchmarkReceive is the whole path of messages into a node: decode, hash, verify in a batch, insert, order; and its
// own event and answer to each.
func BenchmarkReceive(b *testing.B) {
	eachTraffic(b, func(b *testing.B, tr *traffic) {
		b.ReportAllocs()
		for b.Loop() {
			tr.feed(b)
		}
		report(b, tr)
	})
}

// BenchmarkCeiling is hashing and batched verification alone, of the same events in the same batches.
func BenchmarkCeiling(b *testing.B) {
	eachTraffic(b, func(b *testing.B, tr *traffic) {
		c := newCeiling(b, tr)
		for b.Loop() {
			c.run(b)
		}
		report(b, tr)
	})
}

// BenchmarkShare runs both in turns, and reports what share of the ceiling the whole path gets: the least time of each
// counts, since other work on the machine only adds to it.
func BenchmarkShare(b *testing.B) {
	eachTraffic(b, func(b *testing.B, tr *traffic) {
		c := newCeiling(b, tr)
		least := [2]time.Duration{math.MaxInt64, math.MaxInt64}
		runs := [2]func(){func() { tr.feed(b) }, func() { c.run(b) }}
		for i := 0; b.Loop(); i++ {
			for k := range 4 { // A B B A, B A A B
				which := (k+1)/2%2 ^ i&1
				start := time.Now()
				runs[which]()
				least[which] = min(least[which], time.Since(start))
			}
		}
		b.ReportMetric(0, "ns/op")
		events := float64(tr.events)
		b.ReportMetric(float64(least[0].Nanoseconds())/1e3/events, "us/event")
		b.ReportMetric(float64(least[1].Nanoseconds())/1e3/events, "ceiling-us/event")
		b.ReportMetric(100*float64(least[1])/float64(least[0]), "%ceiling")
	})
}

func report(b *testing.B, tr *traffic) {
	events := float64(tr.events) * float64(b.N)
	b.ReportMetric(events/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(b.Elapsed().Seconds()*1e6/events, "us/event")
	b.ReportMetric(float64(tr.events)/float64(len(tr.frames)), "events/message")
}

// ceiling is what of the frames takes hashing and verifying.
type ceiling struct {
	section  *wire.Section
	verifier *sign.Verifier
	batches  []ceilingBatch
	bad      []uint64
}

type ceilingBatch struct {
	headers []wire.Header
	bodies  [][]byte
	items   []sign.Item
}

// newCeiling takes the frames apart, and finds out what the ids in them are by feeding them to a node.
func newCeiling(b *testing.B, tr *traffic) *ceiling {
	id, err := tr.cfg.Section.ID()
	if err != nil {
		b.Fatal(err)
	}
	c := &ceiling{section: wire.SectionOf(wire.Hash(id)), verifier: sign.NewVerifier([32]byte{1})}
	number := map[wire.Hash]uint16{}
	for _, g := range tr.cfg.Section.Genesis {
		k, err := c.verifier.AddKey(sign.PublicKey(g))
		if err != nil {
			b.Fatal(err)
		}
		number[wire.Hash(g)] = uint16(k)
	}
	n := tr.feed(b)
	peers := n.Peers()
	headers := map[[64]byte]wire.Header{} // by signature
	ids := map[[64]byte]wire.Hash{}
	for i := range core.EventIndex(n.Len()) {
		e := n.EventAt(i)
		h := wire.Header{Creator: wire.Hash(peers[e.Creator]), Cause: wire.Cause(e.Cause)}
		h.Index = n.IndexAt(i)
		if e.Cause != core.Initial {
			h.SelfParent = wire.Hash(n.EventAt(e.SelfParent).Hash)
		}
		for _, other := range e.OtherParents {
			h.OtherParents = append(h.OtherParents, wire.Hash(n.EventAt(other).Hash))
		}
		if e.Cause == core.Requesting {
			h.Recipient = wire.Hash(n.RecipientAt(i))
		}
		if e.Cause == core.Observing {
			var t wire.Tree
			votes := []wire.Hash{wire.Hash(n.ObservationAt(e.Observation).Hash)}
			for _, o := range e.Further {
				votes = append(votes, wire.Hash(n.ObservationAt(o).Hash))
			}
			h.Votes, h.Root = uint32(len(votes)), t.Root(votes)
		}
		if got := c.section.Event(&h); got != wire.Hash(e.Hash) {
			b.Fatal("the header is not the event's")
		}
		headers[n.SignatureAt(i)], ids[n.SignatureAt(i)] = h, wire.Hash(e.Hash)
	}
	var framer wire.Framer
	for _, frame := range tr.frames {
		raw, err := framer.Open(c.section, frame)
		if err != nil {
			b.Fatal(err)
		}
		var m wire.Message
		if err := wire.Decode(raw, c.section, &m); err != nil {
			b.Fatal(err)
		}
		var k ceilingBatch
		for i := range m.Observations {
			if body := m.Observations[i].Body; body != nil {
				k.bodies = append(k.bodies, bytes.Clone(body))
			}
		}
		for i := range m.Events {
			h, ok := headers[m.Events[i].Signature]
			if !ok {
				b.Fatal("an event of a frame is not in the graph")
			}
			k.headers = append(k.headers, h)
			k.items = append(k.items, sign.Item{
				Peer: number[h.Creator], Message: ids[m.Events[i].Signature], Signature: m.Events[i].Signature,
			})
		}
		c.batches = append(c.batches, k)
	}
	c.bad = make([]uint64, 1024)
	return c
}

func (c *ceiling) run(b *testing.B) {
	for i := range c.batches {
		k := &c.batches[i]
		for _, body := range k.bodies {
			c.section.Observation(body)
		}
		for j := range k.headers {
			if c.section.Event(&k.headers[j]) != k.items[j].Message {
				b.Fatal("an id is wrong")
			}
		}
		if !c.verifier.Check(k.items, c.bad, true) {
			b.Fatal("a signature is bad")
		}
	}
}

// TestMain lets the benchmarks be run at other sizes.
func init() {
	if v := os.Getenv("PARSEC_BENCH_PEERS"); v != "" {
		if n, err := strconv.Atoi(v); err == nil {
			receivePeers = []int{n}
		}
	}
}
