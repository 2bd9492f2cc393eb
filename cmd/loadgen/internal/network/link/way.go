package link

import (
	"math"
	"math/rand/v2"
	"sync"
	"time"
)

// segment is how many bytes are lost at a time.
const segment = 1460

// timeout is what TCP waits beyond a round trip before it takes a segment for lost that nothing followed.
const timeout = 200 * time.Millisecond

// most is how often in a row a segment is lost.
const most = 6

// Way is one direction between two nodes. Its methods may be called by many goroutines.
type Way struct {
	base time.Time // what all its times are since

	mu      sync.Mutex
	c       Conditions
	free    time.Duration // until then it is busy with what was sent before
	rng     *rand.Rand
	changed chan struct{} // closed and replaced whenever c changes
}

// NewWay returns a way with those conditions. Its chances are drawn from the seed.
func NewWay(c Conditions, seed, number uint64) *Way {
	return &Way{
		base: time.Now(), c: c,
		rng:     rand.New(rand.NewPCG(seed, number)),
		changed: make(chan struct{}),
	}
}

// Conditions returns those that are in force.
func (w *Way) Conditions() Conditions {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.c
}

// Set changes the conditions. Bytes under way keep the times they have, but for a cut, which holds them too.
func (w *Way) Set(c Conditions) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.set(c)
}

// Cut cuts the way or heals it, and leaves its other conditions.
func (w *Way) Cut(cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.c
	c.Cut = cut
	w.set(c)
}

func (w *Way) set(c Conditions) {
	if c.Rate != w.c.Rate {
		w.free = min(w.free, w.now()) // or what was sent at the old rate would hold up the new
	}
	w.c = c
	close(w.changed)
	w.changed = make(chan struct{})
}

func (w *Way) now() time.Duration { return time.Since(w.base) }

// state returns whether the way is cut, and what is closed when that may have changed.
func (w *Way) state() (cut bool, changed <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.c.Cut, w.changed
}

// send returns when so many bytes, sent now, arrive.
func (w *Way) send(bytes int) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.now()
	if w.c == (Conditions{}) {
		return now
	}
	at := now
	if w.c.Rate > 0 {
		w.free = max(w.free, now) + time.Duration(float64(bytes)/w.c.Rate*float64(time.Second))
		at = w.free
	}
	return at + max(0, w.c.Delay+w.jitter()) + w.losses(bytes)
}

func (w *Way) jitter() time.Duration {
	j := float64(w.c.Jitter)
	if j == 0 {
		return 0
	}
	switch w.c.Spread {
	case Uniform:
		j *= 2*w.rng.Float64() - 1
	case Pareto:
		const shape = 3 // its mean is shape/(shape-1) less 1 of the scale
		j *= (shape - 1) * (math.Pow(1-w.rng.Float64(), -1./shape) - 1)
	default:
		j *= w.rng.NormFloat64()
	}
	return time.Duration(min(j, float64(MaxDelay)))
}

// losses returns what losses add to the delay of so many bytes.
func (w *Way) losses(bytes int) time.Duration {
	if w.c.Loss == 0 {
		return 0
	}
	segments := (bytes + segment - 1) / segment
	trip := 2 * w.c.Delay
	var slowest time.Duration
	for i := range segments {
		if w.rng.Float64() >= w.c.Loss {
			continue
		}
		late, next := trip+timeout, 2*(trip+timeout)
		if segments-i > 3 {
			late, next = trip, trip+timeout
		}
		for range most - 1 {
			if w.rng.Float64() >= w.c.Loss {
				break
			}
			late += next
			next *= 2
		}
		slowest = max(slowest, late)
	}
	return slowest
}

// Limits of a connection's buffer for a way, in bytes.
const (
	minBuffer = 16 << 10
	maxBuffer = 4 << 20
)

// buffer returns how much of a connection the way may hold, and how much to read at a time: not so much that a rate
// would come in bursts of more than 10 ms.
func (w *Way) buffer() (hold, read int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	hold, read = maxBuffer, maxBuffer
	if w.c == (Conditions{}) {
		return 4 * minBuffer, read
	}
	if w.c.Rate > 0 {
		slack := 100 * time.Millisecond // for what is late on a busy machine
		holds := w.c.Rate * (w.c.Delay + 2*w.c.Jitter + slack).Seconds()
		hold = int(min(max(holds, minBuffer), maxBuffer))
		read = int(min(max(w.c.Rate/100, segment), maxBuffer))
	}
	return hold, read
}
