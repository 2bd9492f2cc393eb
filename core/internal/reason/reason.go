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
	ErrConfig             = errors.New("invalid configuration")
	ErrUnknownPeer        = errors.New("unknown peer")
	ErrUnknownObservation = errors.New("unknown observation")
	ErrUnknownSelfParent  = errors.New("unknown self-parent")
	ErrUnknownOtherParent = errors.New("unknown other-parent")
	ErrInvalidEvent       = errors.New("invalid event")
	ErrLimit              = errors.New("limit reached")
	ErrPeerState          = errors.New("invalid peer state")
	ErrSelfState          = errors.New("invalid self state")
	ErrForked             = errors.New("this node's key was used elsewhere")
	ErrSignature          = errors.New("invalid signature")
	ErrMessage            = errors.New("invalid message")
	ErrDuplicateVote      = errors.New("duplicate vote")
	ErrDuplicateMessage   = errors.New("duplicate message")
	ErrPremature          = errors.New("premature gossip")
	ErrMissingPayload     = errors.New("payload still to come")
	ErrUnknownVote        = errors.New("no such vote")
	ErrNotAdvanced        = errors.New("what Ready returned is not done")
	ErrRecord             = errors.New("record does not continue")
)

// OfMessage is what package wire says of a message.
func OfMessage(err error) error {
	if errors.Is(err, wire.ErrTooLarge) {
		return fmt.Errorf("%w: %w: %w", ErrMessage, ErrLimit, err)
	}
	return fmt.Errorf("%w: %w", ErrMessage, err)
}

// About is an error about a peer. The identity is copied here, so that callers do not allocate for it.
func About(err error, id [32]byte, what string) error {
	return fmt.Errorf("%w: %x: %s", err, id[:8], what)
}
