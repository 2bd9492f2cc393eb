package api

import (
	"context"
	"errors"

	"parsec/core/node/client"
	"parsec/core/node/internal/batch"
)

// Backend is the node behind the interface. All of it is called by many goroutines at a time.
type Backend interface {
	// Submit takes in entries, one or more, as batch lays them out, with what [batch.Check] says of them. It blocks while
	// the node has no room, until ctx ends. It copies entries. If it returns nil, done is called once, when all of them
	// are durable here or came to their end, or with why they never will; from whatever goroutine, also before Submit
	// returns, also after ctx has ended. Done returns at once. Errors other than those of this package are answered as 500.
	Submit(ctx context.Context, entries []byte, sum batch.Sum, done func(error)) error
	// Blocks returns decided blocks, with consecutive numbers, from that number on: at least one if there is one, and
	// at most max, or fewer if they are large. They, and what they point to, stay as they are.
	Blocks(from uint64, max int) ([]Block, error)
	// Wait returns once more than so many blocks are decided, with how many there are now; or when ctx ends, with its
	// error, and how many there are.
	Wait(ctx context.Context, blocks uint64) (now uint64, err error)
	// Find returns how far a submission is, and where it was decided if it was. It is called after each new block, for
	// each request that waits for a decision: it should be a look-up.
	Find(k client.Key) (client.State, client.Position)
	// List returns the submissions with an id that the node knows, [client.MaxFound] at most, and whether there are more.
	List(id batch.ID) (found []client.Found, more bool)
	// Until returns what a submission is given that does not say: what one with the same id and data has, that did not
	// expire, if the node knows one.
	Until(id batch.ID, hash [32]byte) uint64
	// Vote votes, and returns when the vote is durable. Info is at most [MaxInfo] bytes.
	Vote(ctx context.Context, change Change, identity [32]byte, info []byte) error
	// Stuck returns why the node decides nothing any more, [ErrForked]; nil if it may. Wait returns it likewise.
	Stuck() error
	// Status returns how the node is.
	Status() client.Status
}

// MaxInfo is how many bytes a vote on a member may have beside, as in core.
const MaxInfo = 1 << 10

// Change is what a vote would do to the members.
type Change int

// Changes.
const (
	Add Change = iota + 1
	Remove
)

func (c Change) String() string {
	switch c {
	case Add:
		return client.KindAdd
	case Remove:
		return client.KindRemove
	}
	return "?"
}

// Block is a decided block, as a node has it.
type Block struct {
	Number  uint64
	Kind    string    // one of client's kinds
	By      *[32]byte // who voted for it, in Single mode; else nil
	Peer    *[32]byte // add, remove: whom; else nil
	Info    []byte    // add, remove: at most 65535 bytes
	First   uint64    // number of the first submission that it decides
	Payload []byte    // submissions: as batch lays it out
	Skip    []uint64  // bit i%64 of word i/64: entry i is not decided here; nil, or shorter than the entries: all are, further on
}

// skips reports whether entry i is not decided by the block: it was before, or does not count.
func (b *Block) skips(i int) bool {
	return i>>6 < len(b.Skip) && b.Skip[i>>6]>>(i&63)&1 != 0
}

// Errors that a backend may return, alone or wrapped with more. What they wrap is shown to clients.
var (
	// ErrNoRoom: too much is waiting already. Answered as 429.
	ErrNoRoom = errors.New("the node has no room for more")
	// ErrCannotVote: the node is no voter now, has no disk to write on, or its memory is full. Answered as 503.
	ErrCannotVote = errors.New("the node cannot vote")
	// ErrForked: the node's key was used elsewhere, so nobody may believe what it says. Answered as 503, for good.
	ErrForked = errors.New("this node takes part no more")
	// ErrStopping: the node ends. Answered as 503.
	ErrStopping = errors.New("the node is stopping")
	// ErrExpired: until has passed, and no block decided the submission. Answered as 410.
	ErrExpired = errors.New("the submission has expired: no block up to its until decided it; submit it again with a later until")
	// ErrTooFar: until lies beyond the window. Answered as 422.
	ErrTooFar = errors.New("until is too far ahead, or this node is far behind")
	// ErrConflict: the vote does not fit the section as it is. Answered as 409.
	ErrConflict = errors.New("conflict")
)
