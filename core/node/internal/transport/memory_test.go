package transport

import (
	"encoding/binary"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

// both are the methods that a runtime uses.
type both interface {
	Addr() string
	ID() ID
	SetPeer(id ID, address string)
	Send(to ID, frame []byte) bool
	Connected(id ID) bool
	Hears(id ID) bool
	Stats() Stats
	Close()
}

var (
	_ both = (*Transport)(nil)
	_ both = (*Memory)(nil)
)

// inMemory makes nodes of keys 1 to count, which note from whom they got which number.
func inMemory(t *testing.T, n *Network, count byte, got func(to, from ID, number uint64)) []*Memory {
	var nodes []*Memory
	for k := byte(1); k <= count; k++ {
		id := idOf(k)
		m, err := n.Listen(Config{Seed: seedOf(k), Allowed: members(), QueueBytes: 1 << 20, MaxFrame: 1000,
			Deliver: func(from ID, frame []byte) { got(id, from, binary.LittleEndian.Uint64(frame)) }})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(m.Close)
		nodes = append(nodes, m)
	}
	for _, a := range nodes {
		for _, b := range nodes {
			a.SetPeer(b.ID(), b.Addr())
		}
	}
	return nodes
}

func number(i uint64) []byte { return binary.LittleEndian.AppendUint64(nil, i) }

func TestMemoryManual(t *testing.T) {
	type arrival struct {
		from   ID
		number uint64
		at     time.Duration
	}
	run := func(seed uint64) (all []arrival, lost uint64) {
		n := NewMemory(NetworkOptions{Seed: seed, Manual: true})
		nodes := inMemory(t, n, 3, func(to, from ID, i uint64) {
			if to == idOf(3) {
				all = append(all, arrival{from, i, n.Now()})
			}
		})
		n.SetLinks(Link{Delay: 10 * time.Millisecond, Jitter: 10 * time.Millisecond, Loss: 0.2})
		n.SetLink(idOf(2), idOf(3), Link{Delay: time.Second})
		for i := range uint64(100) {
			for _, m := range nodes[:2] {
				if !m.Send(idOf(3), number(i)) {
					t.Fatal("not sent")
				}
			}
			n.Advance(time.Millisecond)
		}
		for n.Step() {
		}
		lost = nodes[0].Stats().Lost
		for _, m := range nodes {
			m.Close()
		}
		return all, lost
	}
	all, lost := run(1)
	if lost == 0 || len(all) != 200-int(lost) {
		t.Fatalf("%d arrived, %d lost", len(all), lost)
	}
	next := map[ID]uint64{}
	for _, a := range all {
		if a.number < next[a.from] {
			t.Fatalf("out of order: %+v", a)
		}
		next[a.from] = a.number + 1
		sent := time.Duration(a.number) * time.Millisecond
		if d := a.at - sent; a.from == idOf(2) && d != time.Second || a.from == idOf(1) && (d < 10*time.Millisecond || d >= 20*time.Millisecond) {
			t.Errorf("took %v: %+v", d, a)
		}
	}
	if again, _ := run(1); !slices.Equal(all, again) {
		t.Error("the same seed, another run")
	}
	if other, _ := run(2); slices.Equal(all, other) {
		t.Error("another seed, the same run")
	}
}

func TestMemoryRunning(t *testing.T) {
	var arrived, stuck atomic.Int64
	release := make(chan struct{})
	n := NewMemory(NetworkOptions{})
	nodes := inMemory(t, n, 3, func(to, from ID, i uint64) {
		if i == 1<<60 {
			stuck.Add(1)
			<-release
			return
		}
		if from == idOf(1) && to == idOf(2) && i != uint64(arrived.Add(1)-1) {
			t.Error("out of order")
		}
	})
	a, b, c := nodes[0], nodes[1], nodes[2]
	n.SetLinks(Link{Delay: time.Millisecond, Jitter: time.Millisecond})
	for i := range uint64(1000) {
		if !a.Send(b.ID(), number(i)) {
			t.Fatal("not sent")
		}
	}
	eventually(t, "all arrive", func() bool { return arrived.Load() == 1000 })

	// A receiver that blocks fills the queue of its link, and of no other.
	c.Send(b.ID(), number(1<<60))
	eventually(t, "stuck", func() bool { return stuck.Load() == 1 })
	sent := 0
	for c.Send(b.ID(), make([]byte, 1000)) {
		sent++
	}
	if s := c.Stats(); sent < 1000 || s.Queued > 1<<20 || s.Reasons[ReasonQueueFull] != 1 || s.Peers[b.ID()].QueueFull != 1 {
		t.Errorf("%d sent, %+v", sent, s)
	}
	a.Send(b.ID(), number(1000))
	eventually(t, "others' frames arrive", func() bool { return arrived.Load() == 1001 })

	// A cut loses what is on the way; the link comes up again when it is mended.
	n.SetLink(c.ID(), b.ID(), Link{Cut: true})
	if c.Connected(b.ID()) || c.Send(b.ID(), []byte{1}) || !b.Connected(c.ID()) || !c.Hears(b.ID()) || b.Hears(c.ID()) {
		t.Error("not cut one way")
	}
	if s := c.Stats(); s.Lost != uint64(sent) {
		t.Errorf("%d of %d lost", s.Lost, sent)
	}
	n.SetLink(c.ID(), b.ID(), Link{})
	if !c.Connected(b.ID()) {
		t.Error("not mended")
	}
	close(release)
	eventually(t, "nothing on the way", func() bool { return c.Stats().Queued == 0 })

	b.Close()
	if a.Connected(b.ID()) {
		t.Error("connected to what is closed")
	}
	b2, err := n.Listen(Config{Seed: seedOf(2), Listen: b.Addr(), Allowed: members(), Section: [32]byte{1}, Deliver: func(ID, []byte) {}})
	if err != nil {
		t.Fatal(err)
	}
	defer b2.Close()
	if a.Connected(b.ID()) || b2.Stats().Reasons[ReasonSection] == 0 {
		t.Error("connected across sections")
	}
}
