package load

import (
	"fmt"
	"sync"
	"time"

	"parsec/cmd/loadgen/internal/check"
	"parsec/cmd/loadgen/internal/latency"
	"parsec/cmd/loadgen/internal/schedule"
	"parsec/core/node/client"
)

const (
	chunkBits = 14
	chunkSize = 1 << chunkBits
)

// Where a submission is.
const (
	acked     = 1 << iota // acknowledged, or known to be decided, or given up
	contacted             // decided at its node, or given up
	all                   // decided at all live nodes
	complete  = acked | contacted | all
)

// chunk has what is known of submissions, by the low bits of their sequence numbers.
type chunk struct {
	intended [chunkSize]time.Duration
	sent     [chunkSize]time.Duration // the last time
	until    [chunkSize]uint64        // 0 before it was first taken to be sent
	size     [chunkSize]int32
	node     [chunkSize]uint8 // that it was handed to last
	state    [chunkSize]uint8
	left     int // submissions that are not complete
}

// Rates are numbers of submissions, in a step or in the whole run.
type Rates struct {
	Due, Sent, Acknowledged, Contacted, All uint64
	Lag                                     time.Duration // the longest of what was handed over
}

// ledger knows of every submission where it is. Its methods lock it; they are called for batches.
type ledger struct {
	cfg   *Config
	check *check.Checker // under mu, but for its method ID

	mu                sync.Mutex
	series            *latency.Series
	lag               *latency.Histogram
	chunks            []*chunk // nil where all are complete
	spare             *chunk
	due               uint64 // sequence number of the next submission
	height            uint64 // blocks that there were when the run began
	queues            []queue
	flight            []queue // handed to each node over its present stream, and not acknowledged
	up                []bool  // whether each has a stream
	wake              []chan struct{}
	steps             []Rates       // by time
	sum               Rates         // of all
	counts            Rates         // of what is measured; its Lag is not used
	bytes             uint64        // of what is measured and was decided everywhere
	inTime            uint64        // measured and handed over soon enough for the rate
	firstAll, lastAll time.Duration // when of what is measured the first and the last was decided everywhere
	givenUp           uint64
	absences          []Absence
	forged            []bool        // nodes whose key others have
	away              []bool        // whether the last absence of each has not come to its end
	length            time.Duration // as in the config, or when the load was ended before
	stopped           bool          // no submission begins any more
}

func newLedger(cfg *Config, nonce [5]byte) *ledger {
	n := len(cfg.Nodes)
	l := &ledger{cfg: cfg, length: cfg.Length, check: check.New(check.Config{Nodes: n, Nonce: nonce, Hostile: cfg.Hostile}),
		series: latency.NewSeries(0, cfg.Step), lag: latency.NewHistogram(),
		queues: make([]queue, n), flight: make([]queue, n), up: make([]bool, n), away: make([]bool, n), forged: make([]bool, n), wake: make([]chan struct{}, n)}
	for i := range l.wake {
		l.wake[i] = make(chan struct{}, 1)
	}
	return l
}

// step returns the counters of the step that a time is in.
func (l *ledger) step(at time.Duration) *Rates {
	i := int(at / l.cfg.Step)
	for i >= len(l.steps) {
		l.steps = append(l.steps, Rates{})
	}
	return &l.steps[i]
}

func (l *ledger) at(seq uint64) (c *chunk, i int) {
	return l.chunks[seq>>chunkBits], int(seq % chunkSize)
}

func (l *ledger) measured(intended time.Duration) bool { return intended >= l.cfg.Warmup }

// begin queues a submission for a node. The caller wakes its worker.
func (l *ledger) begin(a schedule.Arrival, node int) {
	seq := l.due
	l.due++
	if seq>>chunkBits == uint64(len(l.chunks)) {
		c := l.spare
		if l.spare = nil; c == nil {
			c = &chunk{}
		}
		c.state, c.until = [chunkSize]uint8{}, [chunkSize]uint64{}
		c.left = chunkSize
		l.chunks = append(l.chunks, c)
	}
	c, i := l.at(seq)
	if a.Size == schedule.Unsized {
		a.Size = l.cfg.Size.Of(l.cfg.Seed, seq)
	}
	c.intended[i], c.sent[i], c.size[i], c.node[i] = a.At, a.At, int32(a.Size), uint8(node)
	l.step(a.At).Due++
	l.sum.Due++
	if l.measured(a.At) {
		l.counts.Due++
	}
	l.queues[l.route(node, l.cfg.Away)].push(seq)
}

// route returns where something goes that is meant for a node.
func (l *ledger) route(node int, p Policy) int {
	if p == Other && !l.up[node] {
		for i := range l.up {
			if other := (node + i) % len(l.up); l.up[other] {
				return other
			}
		}
	}
	return node
}

// arrive queues what is due, in turns for all nodes, and wakes the workers that have something to do.
func (l *ledger) arrive(some []schedule.Arrival) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped {
		return
	}
	for _, a := range some {
		l.begin(a, int(l.due%uint64(len(l.queues))))
	}
	l.wakeAll()
}

func (l *ledger) wakeAll() {
	for i := range l.queues {
		if l.queues[i].len() > 0 && l.up[i] {
			select {
			case l.wake[i] <- struct{}{}:
			default:
			}
		}
	}
}

// item is what a worker has to send.
type item struct {
	seq, until uint64
	size       int
}

// take takes what a worker is to send next, at most so many bytes of data and so many submissions, but one at least.
func (l *ledger) take(node int, some []item, most, bytes int) []item {
	l.mu.Lock()
	defer l.mu.Unlock()
	for q := &l.queues[node]; q.len() > 0 && len(some) < most; q.pop() {
		seq := q.first()
		c, i := l.at(seq)
		size := int(c.size[i])
		if bytes -= size + entryHead; bytes < 0 && len(some) > 0 {
			break
		}
		if c.until[i] == 0 { // and the same ever after, wherever it is tried again
			c.until[i] = max(l.height, l.check.Blocks()) + client.Ahead
		}
		some = append(some, item{seq, c.until[i], size})
	}
	return some
}

// hand notes that submissions are handed to a node now, whose connection is free since ready.
func (l *ledger) hand(node int, some []item, now, ready time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	step := l.step(now)
	end := l.length + max((l.length-l.cfg.Warmup)/1000, time.Millisecond)
	for _, it := range some {
		c, i := l.at(it.seq)
		first := l.check.Submitted(it.seq, it.until)
		c.sent[i], c.node[i] = now, uint8(node)
		l.flight[node].push(it.seq)
		step.Sent++
		l.sum.Sent++
		if !first { // its lag and rate were counted when it was
			if l.check.Decided(it.seq) { // since it was queued: this node may have said so already
				l.reach(it.seq, contacted, latency.Contacted, now, step)
			}
			continue
		}
		intended := c.intended[i]
		late := now - max(intended, ready)
		step.Lag = max(step.Lag, late)
		if l.measured(intended) {
			l.lag.Record(late)
			l.counts.Sent++
			if now <= end {
				l.inTime++
			}
		}
	}
}

// acknowledged notes that a node acknowledged the next n of what was handed to it.
func (l *ledger) acknowledged(node int, n uint64, now time.Duration) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	q := &l.flight[node]
	if n > uint64(q.len()) {
		return fmt.Errorf("node %d acknowledged %d submissions where %d were outstanding", node, n, q.len())
	}
	step := l.step(now)
	for range n {
		seq := q.pop()
		l.check.Acknowledged(seq, node)
		l.reach(seq, acked, latency.Acknowledged, now, step)
	}
	return nil
}

// reach notes that a submission came to one of its ends.
func (l *ledger) reach(seq uint64, end uint8, to latency.To, now time.Duration, step *Rates) {
	if seq >= l.due {
		return // invented: the checker said so
	}
	c, i := l.at(seq)
	if c == nil || c.state[i]&end != 0 {
		return
	}
	intended := c.intended[i]
	measured := l.measured(intended)
	if measured {
		l.series.Record(to, intended, c.sent[i], now)
	}
	switch to {
	case latency.Acknowledged:
		step.Acknowledged++
		l.sum.Acknowledged++
		if measured {
			l.counts.Acknowledged++
		}
	case latency.Contacted:
		step.Contacted++
		l.sum.Contacted++
		if measured {
			l.counts.Contacted++
		}
		l.again(int(c.node[i]), now)
	case latency.All:
		step.All++
		l.sum.All++
		if measured {
			if l.counts.All == 0 {
				l.firstAll = now
			}
			l.counts.All++
			l.lastAll = now
			l.bytes += uint64(c.size[i])
		}
	}
	l.mark(seq, end)
}

// mark changes what a submission is and frees its chunk if it was the last one.
func (l *ledger) mark(seq uint64, ends uint8) {
	c, i := l.at(seq)
	if c.state[i] == complete {
		return
	}
	if c.state[i] |= ends; c.state[i] == complete {
		if c.left--; c.left == 0 {
			l.chunks[seq>>chunkBits], l.spare = nil, c
		}
	}
}

// again begins the next submission of a closed loop.
func (l *ledger) again(node int, now time.Duration) {
	if l.cfg.Closed == 0 || l.stopped || now >= l.length {
		return
	}
	l.begin(schedule.Arrival{At: now, Size: schedule.Unsized}, node)
}

// progressed does what follows a change of what is decided, or of who lives.
func (l *ledger) progressed(now time.Duration) {
	step := l.step(now)
	l.check.Everywhere(func(seq uint64) { l.reach(seq, all, latency.All, now, step) })
	if l.cfg.Closed > 0 {
		l.wakeAll()
	}
}

// finished reports whether all that has begun is acknowledged and decided at all live nodes. Some may be missing at the
// node that they were handed to: that one is away.
func (l *ledger) finished() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sum.Acknowledged+l.givenUp == l.due && l.sum.All == l.due
}

// cut ends the load before its time, though not before anything is measured.
func (l *ledger) cut(now time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.length = min(l.length, max(now, l.cfg.Warmup+time.Millisecond))
}

// end returns when the load ends.
func (l *ledger) end() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.length
}

// stop lets no submission begin any more.
func (l *ledger) stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopped = true
}
