package load

import (
	"context"

	"parsec/core/node/client"
)

// Node is a node that is loaded, as package client reaches it.
type Node interface {
	// Stream opens a stream of submissions. Follow returns the blocks from that number on, with data.
	Stream(ctx context.Context) (Stream, error)
	Follow(ctx context.Context, from uint64) (Follower, error)
	Status(ctx context.Context) (*client.Status, error)
}

// Stream takes submissions of one goroutine and tells another how many of them are acknowledged, in order.
type Stream interface {
	SendEntries(entries []byte, count int) error // blocks while the node has no room
	Acknowledged() (uint64, error)               // blocks until there are more
	Close()                                      // by any goroutine, and more than once
}

// Follower yields blocks; each is valid until the next call.
type Follower interface {
	Next() (*client.Block, error)
	Close()
}
