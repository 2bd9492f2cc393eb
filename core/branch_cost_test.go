//go:build unix

package core_test

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"time"

	"parsec/core"
)

// brancher makes graphs of four voters of which the last forks all the time, and the third in some. The others hear of
// what they make and of each other.
type brancher struct {
	t      *testing.T
	e      *core.Engine
	last   [4]core.EventIndex
	events int
	blocks int
	votes  int
}

func newBrancher(t *testing.T, mode core.Mode) *brancher {
	b := &brancher{t: t}
	cfg := core.Config{Mode: mode, Coin: core.PredictableRoundParityCoin}
	for i := range 4 {
		cfg.Peers = append(cfg.Peers, core.Identity{byte(i)})
		cfg.Genesis = append(cfg.Genesis, core.PeerIndex(i))
	}
	b.e = newEngine(t, cfg)
	for p := range core.PeerIndex(4) {
		b.last[p] = b.insert(core.Event{Creator: p, Cause: core.Initial})
	}
	return b
}

func (b *brancher) insert(ev core.Event) core.EventIndex {
	x, err := b.e.Insert(ev)
	if err != nil {
		b.t.Fatal(err)
	}
	b.events++
	b.blocks += len(b.e.Blocks())
	return x
}

// observe returns the number of a new observation.
func (b *brancher) observe() core.ObservationIndex {
	var hash core.Hash
	binary.LittleEndian.PutUint64(hash[:], uint64(b.votes)*0x9E3779B97F4A7C15)
	hash[31] = 1
	b.votes++
	o, err := b.e.AddObservation(core.Observation{Hash: hash, Kind: core.Opaque})
	if err != nil {
		b.t.Fatal(err)
	}
	return o
}

// vote makes an event by p off self that votes.
func (b *brancher) vote(p core.PeerIndex, self core.EventIndex, o core.ObservationIndex) core.EventIndex {
	return b.insert(core.Event{Creator: p, Cause: core.Observing, SelfParent: self, Observation: o})
}

// ask makes a requesting event by p off self.
func (b *brancher) ask(p core.PeerIndex, self core.EventIndex) core.EventIndex {
	return b.insert(core.Event{Creator: p, Cause: core.Requesting, SelfParent: self})
}

// hear makes an event by p off self that hears of other.
func (b *brancher) hear(p core.PeerIndex, self, other core.EventIndex) core.EventIndex {
	return b.insert(core.Event{Creator: p, Cause: core.Request, SelfParent: self, OtherParents: []core.EventIndex{other}})
}

// goOn lets p, which does not fork, hear of other.
func (b *brancher) goOn(p core.PeerIndex, other core.EventIndex) {
	b.last[p] = b.hear(p, b.last[p], other)
}

// round lets those hear of each other that did not fork, and the first vote now and then.
func (b *brancher) round(i int) {
	if i%4 == 0 {
		o := b.observe()
		for p := range core.PeerIndex(3) {
			b.last[p] = b.vote(p, b.last[p], o)
		}
	}
	b.goOn(1, b.last[0])
	b.goOn(2, b.last[1])
	b.goOn(0, b.last[2])
}

// waysToBranch are what hostile members may make of so many branches.
var waysToBranch = []struct {
	name string
	make func(b *brancher, branches int)
}{
	{"nobody hears", func(b *brancher, branches int) {
		for range branches {
			b.ask(3, b.last[3])
		}
		for i := range 50 {
			b.round(i)
		}
	}},
	{"all are heard, one by one", func(b *brancher, branches int) {
		for i := range branches {
			b.goOn(core.PeerIndex(i%3), b.ask(3, b.last[3]))
			if i%8 == 0 {
				b.round(i / 8)
			}
		}
	}},
	{"without parents", func(b *brancher, branches int) {
		for i := range branches {
			b.goOn(core.PeerIndex(i%3), b.insert(core.Event{Creator: 3, Cause: core.Initial}))
			if i%8 == 0 {
				b.round(i / 8)
			}
		}
	}},
	{"all vote alike", func(b *brancher, branches int) {
		o := b.observe()
		for i := range branches {
			b.goOn(core.PeerIndex(i%3), b.vote(3, b.last[3], o))
			if i%8 == 0 {
				b.round(i / 8)
			}
		}
	}},
	{"each votes for what it likes", func(b *brancher, branches int) {
		for i := range branches {
			b.goOn(core.PeerIndex(i%3), b.vote(3, b.last[3], b.observe()))
			if i%8 == 0 {
				b.round(i / 8)
			}
		}
	}},
	{"each off the one before", func(b *brancher, branches int) {
		tip := b.last[3]
		for i := range branches {
			b.ask(3, tip)
			tip = b.ask(3, tip) // the branch: the chain goes on with the other
			b.goOn(core.PeerIndex(i%3), tip)
			if i%8 == 0 {
				b.round(i / 8)
			}
		}
	}},
	{"each hears of the others' last", func(b *brancher, branches int) {
		for i := range branches {
			b.hear(3, b.last[3], b.last[i%3])
			if i%8 == 0 {
				b.round(i / 8)
			}
		}
	}},
	{"under branches of another", func(b *brancher, branches int) {
		// The one's branches are behind one event, of which each branch of the other hears, and some are heard of.
		tip := b.last[2]
		for range branches / 2 {
			tip = b.hear(2, tip, b.ask(3, b.last[3]))
		}
		self := b.last[2]
		for i := range branches / 2 {
			h := b.hear(2, self, tip)
			if i%16 == 0 {
				b.goOn(0, h)
				b.goOn(1, b.last[0])
			}
		}
	}},
	{"halves that cross", func(b *brancher, branches int) {
		// Two chains hear of every other branch each, and ever new events descend from both.
		var tips [2]core.EventIndex
		tips[0], tips[1] = b.ask(2, b.last[2]), b.ask(2, b.last[2])
		for i := range branches / 2 {
			tips[i%2] = b.hear(2, tips[i%2], b.ask(3, b.last[3]))
		}
		for range branches / 2 {
			b.hear(2, tips[0], tips[1])
		}
		for i := range 50 {
			b.goOn(0, tips[i%2])
			b.goOn(1, b.last[0])
		}
	}},
}

// processorTime returns how long this process has run: other load counts for nothing.
func processorTime(t *testing.T) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// A branch costs what an event costs: with a hundred times the branches, an event takes little more time and memory.
func TestBranchCost(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	const few, many = 500, 50_000
	for _, mode := range []core.Mode{core.Supermajority, core.Single} {
		for _, w := range waysToBranch {
			t.Run(fmt.Sprintf("%v/%s", mode, w.name), func(t *testing.T) {
				run := func(branches int) (perEvent time.Duration, bytes float64) {
					var before, after runtime.MemStats
					runtime.GC()
					runtime.ReadMemStats(&before)
					start := processorTime(t)
					b := newBrancher(t, mode)
					w.make(b, branches)
					took := processorTime(t) - start
					runtime.GC()
					runtime.ReadMemStats(&after)
					runtime.KeepAlive(b)
					return took / time.Duration(b.events), float64(after.HeapAlloc-before.HeapAlloc) / float64(b.events)
				}
				var base time.Duration
				const runs = 20
				for range runs {
					perEvent, _ := run(few)
					base += perEvent / runs
				}
				perEvent, bytes := run(many)
				t.Logf("%v an event and %.0f bytes; with few branches %v", perEvent, bytes, base)
				if perEvent > 8*base+2*time.Microsecond {
					t.Error("too slow")
				}
				if bytes > 1500 {
					t.Error("too much memory")
				}
			})
		}
	}
}
