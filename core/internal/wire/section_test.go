package wire

import (
	"encoding/binary"
	"testing"

	"github.com/zeebo/blake3"
)

// plainObservation is Section.Observation as its definition reads.
func plainObservation(section Hash, body []byte) Hash {
	prefix := blake3.Sum256(append([]byte("parsec observation 1\n"), section[:]...))
	return blake3.Sum256(append(prefix[:], body...))
}

// plainEvent is Section.Event as its definition reads.
func plainEvent(section Hash, h *Header) Hash {
	prefix := blake3.Sum256(append([]byte("parsec event 1\n"), section[:]...))
	text := append(prefix[:], byte(h.Cause))
	text = binary.LittleEndian.AppendUint32(text, h.Index)
	text = append(text, h.Creator[:]...)
	if h.Cause >= Observing {
		text = append(text, h.SelfParent[:]...)
	}
	if h.Cause == Observing {
		text = binary.LittleEndian.AppendUint32(text, h.Votes)
		text = append(text, h.Root[:]...)
	}
	if h.Cause == Requesting {
		text = append(text, h.Recipient[:]...)
	}
	if h.Cause == Request || h.Cause == Response {
		text = append(text, h.OtherParents[0][:]...)
	}
	return blake3.Sum256(text)
}

func randomHeader(t *testing.T, seed uint64, cause Cause) *Header {
	t.Helper()
	r := random(seed)
	return &Header{
		Creator: randomHash(r), Index: r.Uint32(), Cause: cause, SelfParent: randomHash(r), OtherParents: []Hash{randomHash(r)},
		Recipient: randomHash(r), Votes: r.Uint32(), Root: randomHash(r),
	}
}

func TestObservationHash(t *testing.T) {
	seen := map[Hash]bool{}
	for _, n := range []int{0, 1, 31, 32, 200, 991, 992, 993, 1024, 5000, 1 << 16, MaxBody} {
		body := make([]byte, n)
		h := section.Observation(body)
		if want := plainObservation(section.ID, body); h != want {
			t.Errorf("%d bytes: %x, want %x", n, h, want)
		}
		other := NewSection([]byte("another")).Observation(body)
		if seen[h] || seen[other] {
			t.Errorf("%d bytes: a hash that came before", n)
		}
		seen[h], seen[other] = true, true
	}
}

// The id covers each field that an event of the cause has, and no other.
func TestEventHash(t *testing.T) {
	change := map[string]func(h *Header){
		"creator":      func(h *Header) { h.Creator[31] ^= 1 },
		"index":        func(h *Header) { h.Index ^= 1 << 31 },
		"self-parent":  func(h *Header) { h.SelfParent[0] ^= 1 },
		"other-parent": func(h *Header) { h.OtherParents = []Hash{{1}} },
		"recipient":    func(h *Header) { h.Recipient[31] ^= 1 },
		"votes":        func(h *Header) { h.Votes ^= 1 << 31 },
		"root":         func(h *Header) { h.Root[31] ^= 1 },
	}
	has := map[Cause]map[string]bool{
		Initial:    {"creator": true, "index": true},
		Observing:  {"creator": true, "index": true, "self-parent": true, "votes": true, "root": true},
		Requesting: {"creator": true, "index": true, "self-parent": true, "recipient": true},
		Request:    {"creator": true, "index": true, "self-parent": true, "other-parent": true},
		Response:   {"creator": true, "index": true, "self-parent": true, "other-parent": true},
	}
	seen := map[Hash]bool{}
	for c := Initial; c <= Response; c++ {
		h := randomHeader(t, 11, c)
		id := section.Event(h)
		if want := plainEvent(section.ID, h); id != want {
			t.Errorf("cause %d: %x, want %x", c, id, want)
		}
		if seen[id] {
			t.Errorf("cause %d: the id of another cause", c)
		}
		seen[id] = true
		if SectionOf(randomHash(random(1))).Event(h) == id {
			t.Errorf("cause %d: the same id in another section", c)
		}
		for field, change := range change {
			changed := *h
			change(&changed)
			if covered := section.Event(&changed) != id; covered != has[c][field] {
				t.Errorf("cause %d: id covers %s: %v", c, field, covered)
			}
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("a sixth cause was hashed")
		}
	}()
	section.Event(&Header{Cause: Response + 1})
}

func TestSection(t *testing.T) {
	if want := blake3.Sum256([]byte("parsec section 1\na section of tests")); section.ID != want {
		t.Errorf("id %x, want %x", section.ID, want)
	}
	if *SectionOf(section.ID) != *section {
		t.Error("a section made of its id differs")
	}
	if section.event == section.observation || section.event == section.ID {
		t.Error("prefixes are the same")
	}
}

func TestHashAllocations(t *testing.T) {
	h := randomHeader(t, 12, Observing)
	if n := testing.AllocsPerRun(100, func() { section.Event(h) }); n != 0 {
		t.Errorf("Event allocates %v times", n)
	}
	for _, size := range []int{200, 992, 993, 100_000} {
		body := make([]byte, size)
		if n := testing.AllocsPerRun(100, func() { section.Observation(body) }); n != 0 {
			t.Errorf("Observation of %d bytes allocates %v times", size, n)
		}
	}
}
