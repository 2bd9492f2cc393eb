package wire

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"testing"

	"github.com/klauspost/compress/s2"
)

// allocated returns how many bytes do allocates.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// What the documentation of Decode says that a message can make its recipient allocate: bytes for each
// byte of it, and bytes in all.
const (
	mostPerByte = 28
	mostTables  = 8_000_000
	slack       = 16 << 10 // the allocator rounds up each of ten slices
)

// hostile are messages that make the tables as large as the message's bytes allow, each by other means.
func hostile() map[string]*Message {
	small := make([]int, MaxWants)
	for i := range small {
		small[i] = 1
	}
	all := voting(MaxEvents, MaxMessageVotes/MaxEvents, true)
	all.Creators, all.Parents = make([]Creator, MaxCreators), make([]Hash, MaxEvents)
	for i := range all.Creators {
		all.Creators[i].ByNumber = true
	}
	for i := range all.Events {
		all.Events[i].Creator, all.Events[i].Self = uint16(i%MaxCreators), Outside(i)
	}
	return map[string]*Message{
		"one event":               chain(1),
		"events":                  chain(MaxEvents),
		"few creators":            naming(4, 8, 0),
		"creators":                naming(MaxCreators/2, MaxCreators, 0),
		"parents":                 naming(MaxParents/2, 1, MaxParents),
		"a few short bodies":      voting(1, 128, true),
		"short bodies":            voting(8, MaxVotes, true),
		"short bodies, one event": voting(1, MaxVotes, true),
		"votes by hash":           voting(1, MaxVotes, false),
		"repeated votes":          repeating(45, 1448),
		"repeated votes, few":     repeating(3, 32),
		"wants":                   asking(MaxWants),
		"short supplies":          supplying(small...),
		"a long supply":           supplying(MaxBody, MaxBody),
		"all":                     all,
	}
}

// repeating is a message of events that all vote for the same.
func repeating(events, votes int) *Message {
	m := voting(1, votes, true)
	for i := 1; i < events; i++ {
		e := m.Events[0]
		e.First = uint32(len(m.Votes))
		m.Events, m.Votes = append(m.Events, e), append(m.Votes, m.Votes[:votes]...)
	}
	return m
}

// TestMemory measures what a message makes Decode allocate, and what its frame makes Open allocate.
func TestMemory(t *testing.T) {
	for name, m := range hostile() {
		raw := Append(nil, m)
		frame := new(Framer).Seal(nil, section, raw)
		f, m := new(Framer), new(Message)
		opened := allocated(func() { raw = open(t, f, frame) })
		if most := uint64(MaxRatio*len(frame) + slack); opened > most {
			t.Errorf("%s: opening %d bytes allocated %d, more than %d", name, len(frame), opened, most)
		}
		var err error
		decoded := allocated(func() { err = Decode(raw, section, m) })
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if most := min(uint64(mostPerByte*len(raw)), mostTables) + slack; decoded > most {
			t.Errorf("%s: decoding %d bytes allocated %d, more than %d", name, len(raw), decoded, most)
		}
		t.Logf("%-24s frame %8d  raw %8d  opened %8d  decoded %8d: %.1f a byte", name, len(frame), len(raw), opened, decoded,
			float64(decoded)/float64(len(raw)))
		if n := testing.AllocsPerRun(2, func() {
			if Decode(raw, section, m) != nil {
				t.Error("refused the second time")
			}
		}); n != 0 {
			t.Errorf("%s: decoded again with %v allocations", name, n)
		}
	}
}

// TestBomb opens frames that claim more than they hold.
func TestBomb(t *testing.T) {
	header := append([]byte{Version, formS2}, section.ID[:sectionBytes]...)
	for _, claimed := range []uint64{1000, MaxRatio * 1000, MaxRatio*1000 + 100, MaxRaw, MaxRaw + 1, 1<<32 - 1} {
		for _, there := range []int{0, 10, 1000} {
			frame := append(binary.AppendUvarint(bytes.Clone(header), claimed), make([]byte, there)...)
			f := new(Framer)
			var err error
			n := allocated(func() { _, err = f.Open(section, frame) })
			if err == nil {
				t.Errorf("%d bytes claimed, %d there: opened", claimed, there)
			}
			if most := uint64(MaxRatio*len(frame) + slack); n > most {
				t.Errorf("%d bytes claimed, %d there: %d allocated, more than %d", claimed, there, n, most)
			}
		}
	}
}

// BenchmarkHostile decodes and hashes the messages of hostile, to compare what a byte of them costs with
// what a byte of honest messages does: a byte of the shortest frame in which Open would take them.
func BenchmarkHostile(b *testing.B) {
	messages := hostile()
	messages["honest"] = typical()
	for name, m := range messages {
		b.Run("message="+name, func(b *testing.B) {
			raw := Append(nil, m)
			frame := FrameHeader + min(len(raw), max(price(raw), len(raw)/MaxRatio, len(s2.Encode(nil, raw))))
			m, tree := new(Message), new(Tree)
			var votes []Hash
			b.ReportAllocs()
			for b.Loop() {
				if err := Decode(raw, section, m); err != nil {
					b.Fatal(err)
				}
				for i := range m.Events {
					e := &m.Events[i]
					votes = votes[:0]
					for _, v := range m.Votes[e.First : e.First+e.Count] {
						votes = append(votes, m.Observations[v].Hash)
					}
					section.Event(&Header{Cause: e.Cause, Votes: e.Count, Root: tree.Root(votes)})
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N*frame), "ns/byte")
			b.ReportMetric(float64(frame), "frame-B")
			b.ReportMetric(float64(len(m.Events))/float64(frame), "signatures/byte")
		})
	}
}
