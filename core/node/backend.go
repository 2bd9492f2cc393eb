package node

import (
	"context"
	"errors"
	"fmt"

	"parsec/core"
	"parsec/core/node/client"
	"parsec/core/node/internal/api"
	"parsec/core/node/internal/batch"
)

// backend is the node as its HTTP interface uses it.
type backend struct{ *Runtime }

// Submit takes in entries, and has done called once they are durable.
func (b backend) Submit(ctx context.Context, entries []byte, sum batch.Sum, done func(error)) error {
	v := b.view.Load()
	if err := b.cannotVote(v); err != nil {
		return err
	}
	if v.full != nil {
		return fmt.Errorf("%w: %w", api.ErrCannotVote, v.full)
	}
	if err := b.ledger.admits(entries, sum); err != nil {
		return err
	}
	return b.intake.submit(ctx, entries, sum.Count, done)
}

// cannotVote returns why this node takes no submissions, as clients get it; nil if it does. While it asks for its own events
// they wait for that, a second or so; where it lacks some it takes longer, and they are refused.
func (n *Runtime) cannotVote(v *view) error {
	switch {
	case v.forked != nil:
		return unavailable(v.forked)
	case v.failed != nil || !v.voter || v.restored:
		state, reason := n.state(v)
		return fmt.Errorf("%w: it is %s: %s", api.ErrCannotVote, state, reason)
	}
	return nil
}

// Stuck returns why this node decides nothing any more; nil if it may.
func (b backend) Stuck() error {
	if v := b.view.Load(); v.forked != nil {
		return unavailable(v.forked)
	}
	return nil
}

// Blocks returns decided blocks.
func (b backend) Blocks(from uint64, max int) ([]api.Block, error) {
	blocks := b.ledger.read(from, max)
	out := make([]api.Block, len(blocks))
	for i := range blocks {
		d := &blocks[i]
		out[i] = api.Block{
			Number: from + uint64(i), Kind: d.kind, Info: d.info, First: d.first, Payload: d.payload, Skip: d.skip,
		}
		if d.by != (core.Identity{}) {
			out[i].By = (*[32]byte)(&d.by)
		}
		if d.peer != (core.Identity{}) {
			out[i].Peer = (*[32]byte)(&d.peer)
		}
	}
	return out, nil
}

// Wait waits for more than so many blocks.
func (b backend) Wait(ctx context.Context, blocks uint64) (uint64, error) {
	for {
		shown, grown := b.ledger.watch()
		if shown > blocks {
			return shown, nil
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return shown, ctx.Err()
		case <-b.stuck:
			return shown, b.Stuck()
		case <-b.ended:
			return shown, api.ErrStopping
		}
	}
}

// Find tells how far a submission is.
func (b backend) Find(k batch.Key) (client.State, client.Position) { return b.ledger.find(&k) }

// List tells what is known with an id.
func (b backend) List(id batch.ID) ([]client.Found, bool) { return b.ledger.list(&id) }

// Until returns what a submission is given that says nothing.
func (b backend) Until(id batch.ID, hash [32]byte) uint64 { return b.ledger.until(&id, hash) }

// Vote votes about a member.
func (b backend) Vote(ctx context.Context, change api.Change, identity [32]byte, info []byte) error {
	select {
	case <-b.asked:
	case <-ctx.Done():
		return ctx.Err()
	case <-b.ended:
		return api.ErrStopping
	}
	durable := make(chan error, 1)
	err := b.call(ctx, func(l *loop) {
		if l.failed != nil {
			durable <- unavailable(l.failed)
			return
		}
		vote := l.core.VoteAdd
		if change == api.Remove {
			vote = l.core.VoteRemove
		}
		if err := vote(core.Identity(identity), info); err != nil {
			durable <- refused(err)
			return
		}
		l.pace.progress()
		l.acks = append(l.acks, func(err error) { durable <- err })
	})
	if err != nil {
		return err
	}
	select {
	case err := <-durable:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// refused is an error of the core about a vote, as clients get it.
func refused(err error) error {
	switch {
	case isFork(err):
		return unavailable(err)
	case errors.Is(err, core.ErrDuplicateVote), errors.Is(err, core.ErrPeerState):
		return fmt.Errorf("%w: %w", api.ErrConflict, err)
	case errors.Is(err, core.ErrSelfState):
		return fmt.Errorf("%w: %w", api.ErrCannotVote, err)
	case errors.Is(err, core.ErrLimit):
		return fmt.Errorf("%w: %w", api.ErrNoRoom, err)
	}
	return err
}

// unavailable is why the node takes nothing in, as clients get it.
func unavailable(err error) error {
	switch {
	case errors.Is(err, errClosed):
		return api.ErrStopping
	case isFork(err):
		return fmt.Errorf("%w: %w", api.ErrForked, err)
	case errors.Is(err, core.ErrLimit):
		return fmt.Errorf("%w: %w", api.ErrNoRoom, err)
	}
	return fmt.Errorf("%w: %w", api.ErrCannotVote, err)
}
