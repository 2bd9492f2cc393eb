package wire

import (
	"fmt"
	"testing"
)

func BenchmarkEvent(b *testing.B) {
	for _, c := range []struct {
		name  string
		cause Cause
	}{{"initial", Initial}, {"observing", Observing}, {"requesting", Requesting}, {"request", Request}} {
		b.Run("cause="+c.name, func(b *testing.B) {
			h := &Header{Cause: c.cause}
			b.ReportAllocs()
			for b.Loop() {
				section.Event(h)
			}
		})
	}
}

func BenchmarkObservation(b *testing.B) {
	for _, size := range []int{32, 200, 900, 4096, 1 << 20} {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			body := make([]byte, size)
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for b.Loop() {
				section.Observation(body)
			}
		})
	}
}

func BenchmarkTree(b *testing.B) {
	for _, n := range []int{1, 16, 256, MaxVotes} {
		b.Run(fmt.Sprintf("votes=%d", n), func(b *testing.B) {
			tree, votes := new(Tree), make([]Hash, n)
			b.ReportAllocs()
			for b.Loop() {
				tree.Root(votes)
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N*n), "ns/vote")
		})
	}
}

func BenchmarkPathRoot(b *testing.B) {
	for _, n := range []int{1, 16, 256, MaxVotes} {
		b.Run(fmt.Sprintf("votes=%d", n), func(b *testing.B) {
			votes := make([]Hash, n)
			path := new(Tree).Path(votes, n/2)
			b.ReportAllocs()
			for b.Loop() {
				PathRoot(votes[n/2], n/2, n, path)
			}
		})
	}
}

// typical is the message that stands for gossip under load.
func typical() *Message { return gossip(random(1), 64, 16, 16, 128) }

func perEvent(b *testing.B, events int) {
	b.ReportMetric(b.Elapsed().Seconds()*1e6/float64(b.N*events), "us/event")
}

func BenchmarkAppend(b *testing.B) {
	m := typical()
	raw := Append(nil, m)
	b.ReportAllocs()
	for b.Loop() {
		raw = Append(raw[:0], m)
	}
	perEvent(b, len(m.Events))
	b.ReportMetric(float64(len(raw))/float64(len(m.Events)), "B/event")
}

func BenchmarkDecode(b *testing.B) {
	for _, c := range []struct{ events, payloads, size int }{
		{1, 0, 0}, {64, 0, 0}, {64, 16, 128}, {1024, 256, 128}, {16384, 4096, 128},
	} {
		b.Run(fmt.Sprintf("events=%d/payloads=%d", c.events, c.payloads), func(b *testing.B) {
			raw := Append(nil, gossip(random(1), c.events, 16, c.payloads, c.size))
			m := new(Message)
			b.ReportAllocs()
			for b.Loop() {
				if err := Decode(raw, section, m); err != nil {
					b.Fatal(err)
				}
			}
			perEvent(b, c.events)
		})
	}
}

// contents are raw messages that shrink by very different parts.
func contents() map[string][]byte {
	text := gossip(random(1), 64, 16, 0, 0)
	for i := range text.Events {
		if e := &text.Events[i]; e.Cause == Request && len(text.Observations) < 16 {
			body := fmt.Appendf(nil, `{"from":"account-%d","to":"account-%d","amount":%d,"currency":"EUR","memo":"invoice %d of the month"}`,
				i, i*7, i*1313, i)
			o := Observation{Body: AppendBody(nil, &Body{Payload: body})}
			e.Cause, e.Others, e.First, e.Count = Observing, nil, uint32(len(text.Votes)), 1
			text.Votes = append(text.Votes, uint32(len(text.Observations)))
			text.Observations = append(text.Observations, o)
		}
	}
	return map[string][]byte{
		"none":   Append(nil, gossip(random(1), 64, 16, 0, 0)),
		"random": Append(nil, typical()),
		"text":   Append(nil, prune(text)),
		"large":  Append(nil, gossip(random(1), 4096, 16, 1024, 512)),
	}
}

func BenchmarkSeal(b *testing.B) {
	for name, raw := range contents() {
		b.Run("payloads="+name, func(b *testing.B) {
			f := new(Framer)
			var frame []byte
			b.ReportAllocs()
			b.SetBytes(int64(len(raw)))
			for b.Loop() {
				frame = f.Seal(frame[:0], section, raw)
			}
			b.ReportMetric(float64(len(frame))/float64(len(raw)), "of-raw")
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	for name, raw := range contents() {
		b.Run("payloads="+name, func(b *testing.B) {
			f := new(Framer)
			frame := f.Seal(nil, section, raw)
			b.ReportAllocs()
			b.SetBytes(int64(len(raw)))
			for b.Loop() {
				if _, err := f.Open(section, frame); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
