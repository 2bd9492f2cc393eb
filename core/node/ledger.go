package node

import (
	"encoding/hex"
	"errors"
	"math/bits"
	"slices"
	"sort"
	"sync"

	"parsec/core"
	"parsec/core/node/client"
	"parsec/core/node/internal/batch"

	"github.com/zeebo/blake3"
)

// ledger is what the section decided, as far as this node knows, and which submissions it has voted for. The loop writes it;
// whoever asks reads it. A block is shown only when the events that decided it are durable here.
//
// It keeps every id for good, about 50 bytes each: a section decides a submission once, however late it comes again.
// Data is not copied: it stays where the core has it.
type ledger struct {
	mu     sync.RWMutex
	blocks []decided
	shown  uint64           // blocks
	grown  chan struct{}    // closed, and made anew, when shown grows
	ids    map[batch.ID]int // number of decided ones, else unsettled
	next   uint64           // number of the next submission to be decided
	order  *blake3.Hasher   // of all decided ids
}

// unsettled marks ids that this node voted for and that are not decided.
const unsettled = -1

// decided is a block.
type decided struct {
	kind    string
	by      core.Identity // zero for nobody
	peer    core.Identity
	info    []byte
	payload []byte   // of submissions
	first   uint64   // number of its first submission
	count   uint32   // submissions decided by it
	skip    []uint64 // set of entries that were decided before; nil for none
}

func newLedger() *ledger {
	return &ledger{ids: make(map[batch.ID]int), grown: make(chan struct{}), order: blake3.New()}
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
	for i := range n {
		id, _, rest, _ := batch.Next(entries) // it was parsed by Entries
		entries = rest
		if k, ok := l.ids[*id]; ok && k != unsettled {
			if d.skip == nil {
				d.skip = make([]uint64, (n+63)/64)
			}
			d.skip[i/64] |= 1 << (i % 64)
			continue
		}
		l.ids[*id] = int(l.next)
		l.next++
		d.count++
		_, _ = l.order.Write(id[:])
	}
	l.blocks = append(l.blocks, d)
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

var errClosed = errors.New("the node is stopping")

// claim marks an id as voted for by this node. It reports false if it was, or is decided.
func (l *ledger) claim(id *batch.ID) bool {
	if _, ok := l.ids[*id]; ok {
		return false
	}
	l.ids[*id] = unsettled
	return true
}

// reclaim marks the ids of a payload that this node voted for in an earlier life.
func (l *ledger) reclaim(payload []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	entries, n := batch.Entries(payload)
	for range n {
		id, _, rest, _ := batch.Next(entries)
		entries = rest
		l.claim(id)
	}
}

// disclaim takes back what claim did to the ids of entries.
func (l *ledger) disclaim(payloads [][]byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range payloads {
		entries, n := batch.Entries(p)
		for range n {
			id, _, rest, _ := batch.Next(entries)
			entries = rest
			if k, ok := l.ids[*id]; ok && k == unsettled {
				delete(l.ids, *id)
			}
		}
	}
}

// height returns how many blocks there are, shown or not.
func (l *ledger) height() uint64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return uint64(len(l.blocks))
}

// totals returns how many blocks are shown, and of all blocks the number of submissions and the hash of their ids.
func (l *ledger) totals() (shown, submissions uint64, order string) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	sum := l.order.Clone().Sum(nil)
	return l.shown, l.next, hex.EncodeToString(sum)
}

// find returns where a submission was decided. If it was not, pending tells whether this node has voted for it. What is
// decided and not yet shown is pending.
func (l *ledger) find(id *batch.ID) (number, block uint64, done, pending bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	k, ok := l.ids[*id]
	switch {
	case !ok:
		return 0, 0, false, false
	case k == unsettled:
		return 0, 0, false, true
	}
	// The last block that begins at or before it. Those that have none begin where the next one does.
	i := sort.Search(len(l.blocks), func(i int) bool { return l.blocks[i].first > uint64(k) }) - 1
	if uint64(i) >= l.shown {
		return 0, 0, false, true
	}
	return uint64(k), uint64(i), true, false
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

// skipped returns how many entries of a block were decided before.
func (d *decided) skipped() (n int) {
	for _, w := range d.skip {
		n += bits.OnesCount64(w)
	}
	return n
}
