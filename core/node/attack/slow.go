package attack

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"parsec/core"
)

// slow asks for all that there is, again and again, and reads a frame a second of what comes: the rest stays in the
// target's queue, and in buffers on the way.
func slow(ctx context.Context, c *Config, m Member) (Counts, error) {
	asks, err := c.ignorant(m)
	if err != nil {
		return Counts{}, err
	}
	l, err := c.connect(m, nil, func(*links, core.Identity, []byte) { sleep(ctx, time.Second) })
	if err != nil {
		return Counts{}, err
	}
	var wait sync.WaitGroup
	c.workers(ctx, &wait, 10, func(ctx context.Context, t Target, _ *rand.Rand) bool {
		l.send(ctx, t.ID, asks.request(t.ID))
		return false
	})
	for ctx.Err() == nil {
		if sleep(ctx, fresh); asks.ask() != nil {
			break
		}
	}
	wait.Wait()
	return l.close(), nil
}
