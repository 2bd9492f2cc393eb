package load

import (
	"context"
	"math/rand/v2"
	"time"

	"parsec/cmd/internal/program"
	"parsec/core/node/client"
)

// What a worker sends in one write, at most. A node has a limit of 1 MiB for a frame; batches this large only come up
// when something waited, and smaller ones let acknowledgements be told apart.
const (
	mostItems = 4096
	mostBytes = 256 << 10
	entryHead = 30 // an id, until, and a length of up to four bytes
)

// Between attempts to reach a node. What is due meanwhile waits for the next attempt too, though the node may be back: so
// the pause stays short. An attempt costs about 50 us.
const (
	firstPause = 10 * time.Millisecond
	lastPause  = 50 * time.Millisecond
)

// backoff waits longer from time to time. The zero backoff is fresh.
type backoff time.Duration

// wait reports whether to go on.
func (b *backoff) wait(ctx context.Context) bool {
	d := min(max(time.Duration(*b)*2, firstPause), lastPause)
	*b = backoff(d)
	return program.Pause(ctx, d/2+rand.N(d/2))
}

// work hands submissions to a node until the context ends, over a first stream that is open already, then over others.
func (r *run) work(ctx context.Context, node int, stream Stream) {
	var fresh backoff
	for pause := fresh; ; {
		if stream != nil {
			r.send(ctx, node, stream)
			pause = fresh
		}
		if !pause.wait(ctx) {
			return
		}
		var err error
		if stream, err = r.cfg.Nodes[node].Stream(ctx); err != nil {
			stream = nil
		}
	}
}

// send hands submissions to a node over one stream until it breaks or the context ends, which ends the stream: a node that
// takes nothing would hold up this goroutine.
func (r *run) send(ctx context.Context, node int, stream Stream) {
	broken := make(chan struct{})
	go func() {
		defer close(broken)
		r.acknowledge(node, stream)
	}()
	r.ledger.arrived(node)
	defer context.AfterFunc(ctx, stream.Close)()
	defer func() {
		stream.Close()
		<-broken
		r.ledger.left(node, r.now())
	}()
	var (
		some    []item
		entries []byte
		data    []byte
		ready   = r.now()
	)
	for {
		some = r.ledger.take(node, some[:0], mostItems, mostBytes)
		if len(some) == 0 {
			select {
			case <-r.ledger.wake[node]:
				continue
			case <-broken:
				return
			case <-ctx.Done():
				return
			}
		}
		entries = entries[:0]
		for _, it := range some {
			data = appendData(data[:0], r.cfg.Seed, it.seq, it.size)
			id := r.ledger.check.ID(it.seq, it.until, data)
			entries = client.AppendEntry(entries, &id, it.until, data)
		}
		r.ledger.hand(node, some, r.now(), ready)
		if stream.SendEntries(entries, len(some)) != nil {
			return
		}
		ready = r.now()
	}
}

// acknowledge takes what a stream says until it breaks.
func (r *run) acknowledge(node int, stream Stream) {
	for before := uint64(0); ; {
		n, err := stream.Acknowledged()
		if err != nil {
			return
		}
		if err := r.ledger.acknowledged(node, n-before, r.now()); err != nil {
			r.end(err)
			return
		}
		before = n
	}
}

// follow takes the blocks of a node until the context ends.
func (r *run) follow(ctx context.Context, node int, from uint64) {
	var fresh backoff
	for pause := fresh; ; {
		if f, err := r.cfg.Nodes[node].Follow(ctx, from); err == nil {
			r.ledger.blocks(node, true, r.now())
			if r.take(node, f) > 0 {
				pause = fresh
			}
			f.Close()
			if next, begun := r.ledger.blocks(node, false, r.now()); begun {
				from = next
			}
		}
		if !pause.wait(ctx) {
			return
		}
	}
}

// take takes blocks until there are no more, and returns how many came.
func (r *run) take(node int, f Follower) (n int) {
	for ; ; n++ {
		var b *client.Block
		b, err := f.Next()
		if err != nil {
			return n
		}
		if !r.ledger.block(node, b, r.now()) {
			r.end(errUnsafe)
		}
	}
}
