package node

import (
	"path/filepath"
	"sync"

	"parsec/core"
)

// What waits for the disk at most; past it, the loop waits. One release may have more bytes than that.
const (
	maxReleases     = 64
	maxReleaseBytes = 64 << 20 // of messages
)

// release is what may be done once the log is durable up to end.
type release struct {
	end    uint64
	height uint64 // blocks to be shown
	to     []core.Identity
	ends   []int // of frames in bytes
	bytes  []byte
	acks   []func(error)
	weight int // bytes that it was queued with
}

// add adds a message of the core.
func (r *release) add(to core.Identity, frame []byte) {
	r.to = append(r.to, to)
	r.bytes = append(append(r.bytes, frameCore), frame...)
	r.ends = append(r.ends, len(r.bytes))
}

// releases are those on their way, in order, and those that can be used again.
type releases struct {
	queue chan *release
	mu    sync.Mutex
	free  []*release
	bytes int           // of those on their way
	less  chan struct{} // has an element if bytes became less
}

func newReleases() *releases {
	return &releases{queue: make(chan *release, maxReleases), less: make(chan struct{}, 1)}
}

// push queues one, when there is room. Only the loop does.
func (r *releases) push(out *release) {
	out.weight = len(out.bytes)
	r.mu.Lock()
	for r.bytes > 0 && r.bytes+out.weight > maxReleaseBytes {
		r.mu.Unlock()
		<-r.less
		r.mu.Lock()
	}
	r.bytes += out.weight
	r.mu.Unlock()
	r.queue <- out
}

func (r *releases) get() *release {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.free); n > 0 {
		out := r.free[n-1]
		r.free = r.free[:n-1]
		return out
	}
	return new(release)
}

// put takes one back. Large buffers, as of a node that catches up, are not kept.
func (r *releases) put(out *release) {
	clear(out.acks)
	out.to, out.ends, out.bytes, out.acks = out.to[:0], out.ends[:0], out.bytes[:0], out.acks[:0]
	if cap(out.bytes) > 1<<20 {
		out.bytes = nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bytes -= out.weight
	out.weight = 0
	r.free = append(r.free, out)
	select {
	case r.less <- struct{}{}:
	default:
	}
}

// releaseAll does what is released, in order, until the loop has ended. This is the one place that sends events and
// acknowledges submissions: after the log said that they are durable.
func (n *Runtime) releaseAll() {
	defer close(n.released)
	var failed error
	for rel := range n.releases.queue {
		if failed == nil {
			if failed = n.wal.Wait(rel.end); failed == nil {
				failed = n.mark(n.wal.Durable() > 0)
			}
			if failed != nil {
				select {
				case n.broken <- failed:
				default:
				}
			}
		}
		if failed != nil {
			for _, done := range rel.acks {
				done(unavailable(failed))
			}
			n.releases.put(rel)
			continue
		}
		from := 0
		for i, to := range rel.to {
			n.transport.Send(to, rel.bytes[from:rel.ends[i]])
			from = rel.ends[i]
		}
		n.ledger.show(rel.height)
		stuck := backend{n}.Stuck() // then nobody may ever believe what was voted for
		for _, done := range rel.acks {
			done(stuck)
		}
		n.releases.put(rel)
	}
}

// mark notes that this node has run, if it has: when its log has something, and before anything of that leaves. A start
// that failed before leaves no mark.
func (n *Runtime) mark(ran bool) error {
	if n.marked || !ran {
		return nil
	}
	const text = "this node has run: without its log, it must learn its own events first (-restored)\n"
	err := writeNew(filepath.Join(n.cfg.Dir, startedFile), []byte(text), 0o644)
	n.marked = err == nil
	return err
}
