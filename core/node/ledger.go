package node

import (
	"encoding/binary"
	"encoding/hex"
	"slices"
	"sync"

	"parsec/core"
	"parsec/core/node/client"
	"parsec/core/node/internal/batch"

	"github.com/zeebo/blake3"
)

// ledger is what the section decided, as far as this node knows, and which submissions it has voted for. The loop writes it;
// whoever asks reads it. A block is shown only when the events that decided it are durable here.
//
// It keeps every submission for good, 24 to 38 bytes each beside its data: a section decides one once, however late it comes again.
// The data of blocks is not copied: it stays where the core has it. That of claims is, until they are decided.
//
// Invariants, under mu:
//  1. The index leads to the entries of blocks that are decided there, and to those that were too late in theirs, at the first
//     that has them. What was too early in a block is not there by that.
//  2. A claim is kept while the index leads to one of its entries, and left says to how many.
type ledger struct {
	mu     sync.RWMutex
	blocks []decided
	shown  uint64        // blocks
	grown  chan struct{} // closed, and made anew, when shown grows
	index  index
	claims map[uint64]*claim
	last   uint64         // number of the last claim; none is used twice
	next   uint64         // number of the next submission to be decided
	order  *blake3.Hasher // of all decided submissions
}

// claim is a payload that this node voted for.
type claim struct {
	payload []byte
	left    int
}

// decided is a block.
type decided struct {
	kind    string
	by      core.Identity // zero for nobody
	peer    core.Identity
	info    []byte
	payload []byte   // of submissions
	first   uint64   // number of its first submission
	count   uint32   // submissions decided by it
	skip    []uint64 // set of entries that it does not decide; nil for none
}

func newLedger() *ledger {
	l := &ledger{claims: make(map[uint64]*claim), grown: make(chan struct{}), order: blake3.New()}
	l.index = newIndex(l.entry)
	return l
}

// entry returns what is at a place.
func (l *ledger) entry(p place) batch.Entry {
	payload := []byte(nil)
	if p&claimed != 0 {
		payload = l.claims[p.of()].payload
	} else {
		payload = l.blocks[p.of()].payload
	}
	e, _, _ := batch.Next(payload[p.offset():]) // it was read before
	return e
}

// add takes in the next block. Only the loop calls it.
func (l *ledger) add(b *core.Decided) {
	d := decided{by: b.By}
	entries, n := []byte(nil), 0
	switch b.Kind {
	case core.Genesis:
		d.kind = client.KindGenesis
	case core.Add:
		d.kind, d.peer, d.info = client.KindAdd, b.Peer, b.Info
	case core.Remove:
		d.kind, d.peer, d.info = client.KindRemove, b.Peer, b.Info
	default:
		if entries, n = batch.Entries(b.Payload); n > 0 {
			d.kind, d.payload = client.KindSubmissions, b.Payload
		} else {
			d.kind = client.KindOther
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	d.first = l.next
	number := uint64(len(l.blocks))
	l.blocks = append(l.blocks, d) // for the index, which may come upon an entry twice
	for i := range n {
		e, rest, _ := batch.Next(entries) // it was parsed by Entries
		if l.decide(&e, blockPlace(number, len(d.payload)-len(entries))) {
			l.next++
			d.count++
		} else {
			if d.skip == nil {
				d.skip = make([]uint64, (n+63)/64)
			}
			d.skip[i/64] |= 1 << (i % 64)
		}
		entries = rest
	}
	l.blocks[number] = d
	if d.count > 0 {
		_, _ = l.order.Write(b.Hash[:])
		for _, w := range d.skip {
			_ = binary.Write(l.order, binary.LittleEndian, w)
		}
	}
}

// decide takes in an entry of a block, and reports whether it is decided there: it counts, and did not before.
func (l *ledger) decide(e *batch.Entry, at place) bool {
	counts := batch.Counts(e.Until, at.of())
	s, was, known := l.index.find(e)
	switch {
	case known && was&claimed == 0:
		return false // as before: decided, or too late
	case !counts && e.Until > at.of():
		return false // too early: it may count in another
	case known:
		if c := l.claims[was.of()]; c.left == 1 {
			delete(l.claims, was.of())
		} else {
			c.left--
		}
	}
	l.index.put(s, e.ID, at)
	return counts
}

// show lets others see the first n blocks.
func (l *ledger) show(n uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n <= l.shown {
		return
	}
	l.shown = n
	close(l.grown)
	l.grown = make(chan struct{})
}

// fresh reports whether there is a reason to vote for an entry: it is not decided, it can be, and this node has not voted for
// it. Only the loop calls it.
func (l *ledger) fresh(e *batch.Entry) bool {
	if e.Until < uint64(len(l.blocks)) {
		return false
	}
	_, _, known := l.index.find(e)
	return !known
}

// claim marks what is fresh in a payload as voted for by this node. It copies the payload.
func (l *ledger) claim(payload []byte) {
	payload = slices.Clone(payload)
	entries, n := batch.Entries(payload)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last++
	c := &claim{payload: payload}
	l.claims[l.last] = c
	for range n {
		e, rest, _ := batch.Next(entries)
		if l.fresh(&e) {
			s, _, _ := l.index.find(&e)
			l.index.put(s, e.ID, claimPlace(l.last, len(payload)-len(entries)))
			c.left++
		}
		entries = rest
	}
	if c.left == 0 {
		delete(l.claims, l.last)
	}
}

// height returns how many blocks there are, shown or not.
func (l *ledger) height() uint64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return uint64(len(l.blocks))
}

// totals returns how many blocks are shown, and of all blocks the number of submissions and the hash of their order.
func (l *ledger) totals() (shown, submissions uint64, order string) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	sum := l.order.Clone().Sum(nil)
	return l.shown, l.next, hex.EncodeToString(sum)
}

// maxRead is how many bytes of payloads are read at a time, about.
const maxRead = 4 << 20

// read returns shown blocks from a number on, so many at most, fewer if they are large.
func (l *ledger) read(from uint64, most int) []decided {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if from >= l.shown {
		return nil
	}
	n, size := 0, 0
	for from+uint64(n) < l.shown && n < most && (n == 0 || size < maxRead) {
		size += len(l.blocks[from+uint64(n)].payload)
		n++
	}
	return slices.Clone(l.blocks[from : from+uint64(n)])
}

// watch returns how many blocks are shown, and a channel that is closed when there are more.
func (l *ledger) watch() (uint64, <-chan struct{}) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.shown, l.grown
}
