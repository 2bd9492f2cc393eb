package client

import (
	"context"
	"sync"
	"time"
)

// height is how many blocks the node has decided, as far as the client knows.
type height struct {
	mu     sync.Mutex
	blocks uint64
	at     time.Time
}

// fresh is how long a height is used: in this time a section decides a fiftieth of [Ahead] at most.
const fresh = 10 * time.Second

func (h *height) learn(blocks uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.blocks, h.at = max(h.blocks, blocks), time.Now()
}

func (h *height) known() (blocks uint64, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.blocks, time.Since(h.at) < fresh
}

// Until returns what is right for a new submission: [Ahead] blocks after those that the node has decided, which takes more
// than ten minutes under any load, and for ever in one that has nothing to decide. It asks the node once in ten
// seconds at most. Whoever submits the same again, at whatever node, gives the same until: then it is decided once.
func (c *Client) Until(ctx context.Context) (uint64, error) {
	blocks, ok := c.height.known()
	if !ok {
		s, err := c.Status(ctx)
		if err != nil {
			return 0, err
		}
		blocks = s.Blocks
	}
	return blocks + Ahead, nil
}
