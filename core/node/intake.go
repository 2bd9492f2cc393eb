package node

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"hash/maphash"
	"sync"

	"parsec/core/node/internal/batch"
)

// maxIntake is how many bytes of submissions wait to be voted for, at most and about; past it, whoever submits waits.
const maxIntake = 8 << 20

// maxCut is how many bytes of payload a batch gets, about: large enough that a vote costs little a submission, small
// enough that a payload's way is not long.
const maxCut = 256 << 10

// errClosed is why a node takes nothing in that is being closed.
var errClosed = errors.New("the node is stopping")

// intake is where submissions gather until the loop votes for them.
type intake struct {
	mu      sync.Mutex
	entries []byte
	parts   []part
	count   int           // submissions in parts
	room    chan struct{} // closed, and made anew, when there is room again
	filled  chan struct{} // has an element if there may be something
	refusal error         // why nothing is taken in; nil if it is
}

// part is what one call submitted. Its entries follow those of the part before.
type part struct {
	size, count int
	done        func(error)
}

func newIntake() *intake {
	return &intake{room: make(chan struct{}), filled: make(chan struct{}, 1)}
}

// submit takes in entries, which it copies. It waits while there is no room.
func (in *intake) submit(ctx context.Context, entries []byte, count int, done func(error)) error {
	in.mu.Lock()
	for len(in.entries) > 0 && len(in.entries)+len(entries) > maxIntake && in.refusal == nil {
		room := in.room
		in.mu.Unlock()
		select {
		case <-room:
		case <-ctx.Done():
			return ctx.Err()
		}
		in.mu.Lock()
	}
	defer in.mu.Unlock()
	if in.refusal != nil {
		return in.refusal
	}
	in.entries = append(in.entries, entries...)
	in.parts = append(in.parts, part{len(entries), count, done})
	in.count += count
	select {
	case in.filled <- struct{}{}:
	default:
	}
	return nil
}

// refuse ends all that waits, and all that will come, with an error.
func (in *intake) refuse(err error) {
	in.mu.Lock()
	parts := in.parts
	in.refusal, in.entries, in.parts, in.count = err, nil, nil, 0
	close(in.room)
	in.room = make(chan struct{})
	in.mu.Unlock()
	for _, p := range parts {
		p.done(err)
	}
}

// waiting returns how many submissions wait, and their bytes.
func (in *intake) waiting() (count, size int) {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.count, len(in.entries)
}

// take takes out whole parts, up to most bytes, into buffers of the caller's.
func (in *intake) take(entries []byte, parts []part, most int) ([]byte, []part) {
	in.mu.Lock()
	defer in.mu.Unlock()
	n, size := 0, 0
	for n < len(in.parts) && size+in.parts[n].size <= most {
		size += in.parts[n].size
		in.count -= in.parts[n].count
		n++
	}
	if n == 0 {
		return entries, parts
	}
	entries = append(entries, in.entries[:size]...)
	parts = append(parts, in.parts[:n]...)
	in.entries = in.entries[:copy(in.entries, in.entries[size:])]
	k := copy(in.parts, in.parts[n:])
	clear(in.parts[k:])
	in.parts = in.parts[:k]
	close(in.room)
	in.room = make(chan struct{})
	return entries, parts
}

// cutter makes payloads out of entries, without those that there is no reason to vote for.
type cutter struct {
	buffer   []byte
	ends     []int
	seen     map[uint64]int // where entries are in buffer, by their hash
	seed     maphash.Seed
	payloads [][]byte
}

func newCutter() cutter { return cutter{seen: make(map[uint64]int), seed: maphash.MakeSeed()} }

// cut returns the payloads of those entries that are fresh, each once, valid until the next call. Only the loop calls it.
func (c *cutter) cut(l *ledger, entries []byte) [][]byte {
	c.buffer, c.ends = c.buffer[:0], c.ends[:0]
	clear(c.seen)
	begin := 0
	for len(entries) > 0 {
		e, rest, err := batch.Next(entries)
		if err != nil {
			break // it was checked when it came
		}
		entries = rest
		if !l.fresh(&e) || c.again(&e) {
			continue
		}
		if len(c.buffer) > begin && len(c.buffer)-begin+len(e.Bytes) > maxCut {
			c.ends, begin = append(c.ends, len(c.buffer)), len(c.buffer)
		}
		if len(c.buffer) == begin {
			var salt batch.Salt
			_, _ = rand.Read(salt[:]) // it never fails
			c.buffer = batch.Begin(c.buffer, salt)
		}
		c.seen[maphash.Bytes(c.seed, e.Bytes)] = len(c.buffer)
		c.buffer = append(c.buffer, e.Bytes...)
	}
	if len(c.buffer) > begin {
		c.ends = append(c.ends, len(c.buffer))
	}
	c.payloads = c.payloads[:0]
	begin = 0
	for _, end := range c.ends {
		c.payloads = append(c.payloads, c.buffer[begin:end:end])
		begin = end
	}
	return c.payloads
}

// again reports whether an entry is in the buffer. Of two with one hash it finds the last: the section decides once what it
// misses.
func (c *cutter) again(e *batch.Entry) bool {
	at, ok := c.seen[maphash.Bytes(c.seed, e.Bytes)]
	return ok && bytes.HasPrefix(c.buffer[at:], e.Bytes)
}
