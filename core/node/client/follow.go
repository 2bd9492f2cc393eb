package client

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
)

// Follower reads decided blocks. One goroutine reads; any may close. It starts no goroutine beside the one that
// net/http has for each connection.
type Follower struct {
	ctx    context.Context
	body   io.ReadCloser
	d      decoder
	next   uint64
	ids    bool
	err    error
	closed atomic.Bool
}

func newFollower(ctx context.Context, body io.ReadCloser, from uint64, ids bool) *Follower {
	return &Follower{ctx: ctx, body: body, next: from, ids: ids, d: decoder{r: bufio.NewReaderSize(body, 64<<10)}}
}

// Next returns the next block, and waits for it. Numbers have no gap. The block, with all that it points to, is valid
// until the next call, which makes the next one of the same memory; strings may be kept.
//
// After an error there are no more blocks. It is io.EOF at the end of what was asked for, [ErrClosed] after Close, the
// context's if that ended, and else an [*Error]: among them is one with code "stopping", [ErrUnavailable], when the node
// ends. At most 4 MiB are kept in memory, and 5 MiB of items.
func (f *Follower) Next() (*Block, error) {
	if f.err != nil {
		return nil, f.err
	}
	b, err := f.d.next()
	if err == nil && b.Number != f.next {
		err = answer(fmt.Sprintf("block %d where %d comes", b.Number, f.next))
	}
	if err == nil && f.ids && len(b.Items) > 0 && b.Items[0].Data != nil {
		err = answer("data where only ids were asked for")
	}
	if err == nil {
		f.next++
		return b, nil
	}
	var e *Error
	switch {
	case f.closed.Load():
		err = ErrClosed
	case err == io.EOF || errors.As(err, &e):
	default:
		err = unreachable(f.ctx, err)
	}
	f.err = err
	f.body.Close()
	return nil, err
}

// Close ends it: the node notices, and a Next under way returns [ErrClosed].
func (f *Follower) Close() {
	f.closed.Store(true)
	f.body.Close()
}
