package sim

import (
	"encoding/binary"

	"github.com/zeebo/blake3"
)

// trace hashes all that happens in a run, in order: actions with their times, messages byte by byte, records and
// blocks. Two runs that differ anywhere have different hashes.
type trace struct {
	hash    *blake3.Hasher
	pending []byte
}

func newTrace() trace {
	return trace{hash: blake3.New(), pending: make([]byte, 0, 8<<10)}
}

// note adds a tag and numbers.
func (t *trace) note(tag byte, numbers ...uint64) {
	t.pending = append(t.pending, tag)
	for _, n := range numbers {
		t.pending = binary.AppendUvarint(t.pending, n)
	}
	t.flush(4 << 10)
}

// bytes adds bytes, with their number.
func (t *trace) bytes(tag byte, b []byte) {
	t.note(tag, uint64(len(b)))
	if len(b) > cap(t.pending)-len(t.pending) {
		t.flush(0)
		_, _ = t.hash.Write(b)
		return
	}
	t.pending = append(t.pending, b...)
}

func (t *trace) flush(most int) {
	if len(t.pending) > most {
		_, _ = t.hash.Write(t.pending)
		t.pending = t.pending[:0]
	}
}

func (t *trace) sum() (out [32]byte) {
	t.flush(0)
	copy(out[:], t.hash.Sum(nil))
	return out
}
