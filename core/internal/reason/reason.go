// Package reason holds the errors that say why something was refused. Package core gives them to its users under the
// same meaning; they stand here so that all rooms of the core can wrap them.
package reason

import (
	"errors"
	"fmt"

	"parsec/core/internal/wire"
)

// Why something was refused.
var (
	Config             = errors.New("invalid configuration")
	UnknownPeer        = errors.New("unknown peer")
	UnknownObservation = errors.New("unknown observation")
	UnknownSelfParent  = errors.New("unknown self-parent")
	UnknownOtherParent = errors.New("unknown other-parent")
	InvalidEvent       = errors.New("invalid event")
	Limit              = errors.New("limit reached")
	PeerState          = errors.New("invalid peer state")
	SelfState          = errors.New("invalid self state")
	Forked             = errors.New("this node's key was used elsewhere")
	Signature          = errors.New("invalid signature")
	Message            = errors.New("invalid message")
	DuplicateVote      = errors.New("duplicate vote")
	DuplicateMessage   = errors.New("duplicate message")
	Premature          = errors.New("premature gossip")
	MissingPayload     = errors.New("payload still to come")
	UnknownVote        = errors.New("no such vote")
	NotAdvanced        = errors.New("what Ready returned is not done")
	Record             = errors.New("record does not continue")
)

// OfMessage is what package wire says of a message.
func OfMessage(err error) error {
	if errors.Is(err, wire.ErrTooLarge) {
		return fmt.Errorf("%w: %w: %w", Message, Limit, err)
	}
	return fmt.Errorf("%w: %w", Message, err)
}

// About is an error about a peer. The identity is copied here, so that callers do not allocate for it.
func About(err error, id [32]byte, what string) error {
	return fmt.Errorf("%w: %x: %s", err, id[:8], what)
}
