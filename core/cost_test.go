package core_test

import (
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"parsec/core"
	"parsec/core/internal/wire"
)

// costly are messages that are refused and made to cost their recipient as much as they can. Their events are
// signed only where it says so: the rest cost their sender nothing.
var costly = []struct {
	what string
	make func(s *siege) []byte
	want error
}{
	{"bad signatures, all needed", func(s *siege) []byte {
		// Siblings, each under an event of its own that the sender's last event descends from.
		tip := s.tips[0]
		var events []*forged
		for i := range wire.MaxEvents / 2 {
			e := s.f.finish(&forged{by: s.hostile[1], cause: wire.Observing, self: s.tips[1], votes: []bill{opaque(fmt.Sprint(i))}})
			e.signature = [64]byte{}
			tip = s.f.finish(&forged{by: s.hostile[0], cause: wire.Request, self: tip, other: e})
			tip.signature = [64]byte{}
			events = append(events, e, tip)
		}
		return s.f.request(events...)
	}, core.ErrSignature},
	{"bad signatures, siblings", func(s *siege) []byte {
		var events []*forged
		for i := range wire.MaxEvents {
			e := s.f.finish(&forged{by: s.hostile[1], cause: wire.Observing, self: s.tips[1], votes: []bill{opaque(fmt.Sprint(i))}})
			e.signature = [64]byte{1}
			events = append(events, e)
		}
		return s.f.request(events...)
	}, core.ErrSignature},
	{"keys to check, unsigned", func(s *siege) []byte {
		var events []*forged
		for i := range 8 {
			var votes []bill
			for k := range wire.MaxVotes {
				votes = append(votes, about(wire.Add, s.hostile[0], fmt.Sprint(i, k)))
			}
			e := s.f.vote(s.tips[0], votes...)
			e.signature = [64]byte{1}
			events = append(events, e)
		}
		return s.f.request(events...)
	}, core.ErrSignature},
	{"strangers", func(s *siege) []byte {
		var events []*forged
		for i := range wire.MaxCreators {
			e := s.f.finish(&forged{by: core.Identity{byte(i), byte(i >> 8), 3}})
			events = append(events, e)
			for range 3 {
				e = s.f.finish(&forged{by: e.by, cause: wire.Requesting, self: e, recipient: e.by})
				events = append(events, e)
			}
		}
		return s.f.request(events...)
	}, core.ErrUnknownPeer},
	{"parents unknown", func(s *siege) []byte {
		var events []*forged
		for i := range wire.MaxEvents {
			e := s.f.finish(&forged{by: s.hostile[0], cause: wire.Requesting, self: &forged{by: s.hostile[0], id: wire.Hash{byte(i), byte(i >> 8), 9}}, recipient: s.hostile[0]})
			events = append(events, e)
		}
		return s.f.request(events...)
	}, core.ErrUnknownSelfParent},
	{"a chain, unknown below", func(s *siege) []byte {
		c := s.f.chain(&forged{by: s.hostile[0], id: wire.Hash{9}}, s.hostile[0], wire.MaxEvents)
		for _, e := range c {
			e.signature = [64]byte{}
		}
		return s.f.request(c...)
	}, core.ErrUnknownSelfParent},
	{"one event many times", func(s *siege) []byte {
		var events []*forged
		for range wire.MaxEvents {
			events = append(events, s.f.ask(&forged{by: s.hostile[0], id: s.tips[0].id}, s.hostile[0]))
		}
		for _, e := range events {
			e.signature = [64]byte{3}
		}
		return s.f.request(events...)
	}, core.ErrSignature},
	{"a good chain on a stranger's event, signed", func(s *siege) []byte {
		e := s.f.initial(s.f.holds(500))
		on := s.f.hear(s.tips[0], e)
		return s.f.request(append([]*forged{e, on}, s.f.chain(on, s.hostile[0], wire.MaxEvents-2)...)...)
	}, core.ErrUnknownPeer},
	{"forks that feed each other, signed", func(s *siege) []byte {
		var events []*forged
		a, b := s.tips[0], s.tips[1]
		var as []*forged
		for range 2000 {
			a = s.f.ask(a, s.hostile[0])
			as = append(as, a)
			events = append(events, a)
		}
		fork := s.f.vote(s.tips[0], opaque("fork"))
		events = append(events, fork)
		b = s.f.hear(b, fork)
		events = append(events, b)
		for i := range 2000 {
			b = s.f.hear(b, as[len(as)-1-i])
			events = append(events, b)
		}
		return s.f.request(events...)
	}, core.ErrInvalidEvent},
}

// cost is what handling a message took.
type cost struct {
	time   time.Duration
	bytes  uint64 // allocated
	frames int    // bytes of frames
}

func costOf(t testing.TB, m *member, from core.Identity, frame []byte, want error) cost {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	err := m.Handle(from, frame)
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	if !errors.Is(err, want) {
		t.Errorf("%v, want %v", err, want)
	}
	return cost{took, after.TotalAlloc - before.TotalAlloc, len(frame)}
}

// What a message may make a node allocate that refuses it.
const (
	maxAllocated       = 64 << 20 // bytes, with the first of its size: buffers, which stay
	maxAllocatedAFrame = 8        // bytes a byte of frame, with every further one
)

// maxRatio is how many times as much time a byte of a message may take that is refused. It is 1 or less for the worst
// of them, with room for busy machines; it was 31 where every bad signature of a message was looked at, and 15 where
// the keys that events vote about were checked before the events' signatures.
const maxRatio = 8

func (c cost) perByte() float64 { return c.time.Seconds() / float64(c.frames) }

// TestCostOfRefusal measures what refused messages cost, against what as many honest events cost.
func TestCostOfRefusal(t *testing.T) {
	if testing.Short() {
		t.Skip("it measures time")
	}
	s := newSiege(t, core.Supermajority, 7, 2)
	honest := s.f.request(s.f.chain(s.tips[0], s.hostile[0], wire.MaxEvents-1)...)
	good := costOf(t, freshCopy(t, s), s.hostile[0], honest, nil)
	t.Logf("%-50s %8.1f ms  %6.2f us/KB of %5d KB  %9d KB allocated", "honest, 16383 events", good.time.Seconds()*1e3,
		good.time.Seconds()*1e9/float64(good.frames), good.frames>>10, good.bytes>>10)
	for _, c := range costly {
		s := newSiege(t, core.Supermajority, 7, 2)
		m := s.order[0]
		frame := c.make(s)
		first := costOf(t, m, s.hostile[0], frame, c.want)
		m.Ready()
		m.Advance()
		if errors.Is(c.want, core.ErrInvalidEvent) {
			c.want = core.ErrPeerState // a forker by now
		}
		again := costOf(t, m, s.hostile[0], frame, c.want)
		if second := costOf(t, m, s.hostile[0], frame, c.want); second.time < again.time {
			again = second
		}
		t.Logf("%-50s %8.1f ms, again %8.1f ms, %8.2f us/KB of %5d KB  %7d KB allocated, again %7d", c.what, first.time.Seconds()*1e3,
			again.time.Seconds()*1e3, again.time.Seconds()*1e9/float64(again.frames), again.frames>>10, first.bytes>>10, again.bytes>>10)
		if first.bytes > maxAllocated {
			t.Errorf("%s: %d bytes allocated", c.what, first.bytes)
		}
		if per := again.bytes / uint64(len(frame)); per > maxAllocatedAFrame {
			t.Errorf("%s: %d bytes allocated a byte of frame", c.what, per)
		}
		if ratio := again.perByte() / good.perByte(); ratio > maxRatio {
			t.Errorf("%s: a byte costs %.1f times what one of an honest message costs", c.what, ratio)
		}
	}
}

// freshCopy returns another honest member of a siege, as it began.
func freshCopy(t testing.TB, s *siege) *member {
	t.Helper()
	m := s.order[0]
	n, err := core.Recover(m.cfg, stored(m.records))
	if err != nil {
		t.Fatal(err)
	}
	n.Ready()
	n.Advance()
	return &member{Node: n, cfg: m.cfg}
}

// TestCostOfAnswers measures what small requests that are honest in form are answered with, by a member that has much
// to tell: the protocol has no bound but the recipient's own events, which say what it has. Callers that answer peers
// across a network bound how often.
func TestCostOfAnswers(t *testing.T) {
	if testing.Short() {
		t.Skip("it measures time")
	}
	s := newSiege(t, core.Supermajority, 7, 2)
	m := s.order[0]
	handles(t, m, s.hostile[1], s.f.request(s.f.chain(s.tips[1], s.hostile[0], 8000)...), nil)
	s.outgoing(m)
	tip, sent, asked := s.tips[0], 0, 0
	start := time.Now()
	const requests = 10
	for range requests {
		tip = s.f.ask(tip, m.Identity())
		frame := s.f.request(tip)
		asked += len(frame)
		handles(t, m, s.hostile[0], frame, nil)
		for _, p := range m.Ready().Messages {
			if len(p.Frame) > wire.MaxFrame {
				t.Errorf("an answer of %d bytes", len(p.Frame))
			}
			sent += len(p.Frame)
		}
		m.Advance()
	}
	t.Logf("%d bytes of requests are answered with %d KB, in %.1f ms each", asked, sent>>10, time.Since(start).Seconds()*1e3/requests)
}
