package api

import (
	"time"

	"parsec/core/node/client"
)

// Options are limits of the interface. Zero means the default.
//
// Memory follows from them: a stream keeps one frame, at most 1 MiB; a request with a body at most 1 MiB; a reader of
// blocks two buffers of 64 KiB, and what the backend returns for 16 blocks. What streams sent and the backend took is the
// backend's to bound: past its bound it lets them wait.
type Options struct {
	MaxConns    int // connections at a time, of a server made by [NewServer]; default 1024
	MaxRequests int // requests at a time, besides those below; others wait up to Patience; default 64
	MaxWaiters  int // requests at a time that wait for a decision; default 1024
	MaxStreams  int // streams at a time; default 64
	MaxReaders  int // readers of blocks at a time, followers or not; default 64

	MaxInFlight int // submissions of one stream that were read and are not acknowledged; default 131072. One frame may always be

	Patience time.Duration // how long a single submission or vote waits for room; default 10 s
	Decision time.Duration // how long a request waits for a decision; default 30 s
	Stall    time.Duration // how long a body, a frame that has begun, or 64 KiB of an answer may take; default 30 s
	Idle     time.Duration // how long a stream may have nothing to say; default 10 min
	Grace    time.Duration // how long a stream that the node ends waits for what was taken to become durable; default 5 s
}

func (o Options) withDefaults() Options {
	number := func(n *int, otherwise int) {
		if *n <= 0 {
			*n = otherwise
		}
	}
	number(&o.MaxConns, 1024)
	number(&o.MaxRequests, 64)
	number(&o.MaxWaiters, 1024)
	number(&o.MaxStreams, 64)
	number(&o.MaxReaders, 64)
	number(&o.MaxInFlight, 1<<17)
	span := func(d *time.Duration, otherwise time.Duration) {
		if *d <= 0 {
			*d = otherwise
		}
	}
	span(&o.Patience, 10*time.Second)
	span(&o.Decision, 30*time.Second)
	span(&o.Stall, 30*time.Second)
	span(&o.Idle, 10*time.Minute)
	span(&o.Grace, 5*time.Second)
	return o
}

// Sizes.
const (
	maxVoteBody = 8 << 10  // bytes of a body with a vote; one with the longest info has 1.5 KB
	pieceSize   = 64 << 10 // bytes that are written at a time
	blocksAsked = 16       // blocks that the backend is asked for at a time
	maxFrame    = client.MaxFrame
)
