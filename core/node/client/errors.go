package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// What callers branch on, with errors.Is. What a node says is an [*Error], which is one or none of them.
var (
	// ErrUnavailable: the node cannot be reached, has no room, cannot vote, is stopping or has forked. To try again later,
	// or at another node, is right; [RetryAfter] says when. For one that has forked, code forked, no later time is right.
	ErrUnavailable = errors.New("node unavailable")
	// ErrInvalid: the node does not understand what it was sent. To try again is no use.
	ErrInvalid = errors.New("invalid request")
	// ErrTooLarge: more than [MaxData] bytes, or whatever limit the node has.
	ErrTooLarge = errors.New("too large")
	// ErrConflict: a vote that does not fit the section as it is, such as to add who is a member.
	ErrConflict = errors.New("conflict")
	// ErrExpired: the block of a submission's until is decided, and the submission was not: it never will be. To submit the
	// same with a later until is right, if it is still wanted.
	ErrExpired = errors.New("expired")
	// ErrTooFar: until is more than [Window] blocks ahead of those that the node has decided. Either it is wrong, or the
	// node is far behind, and another one or a later time is right.
	ErrTooFar = errors.New("until too far ahead")
	// ErrClosed: the stream or follower was closed, by its user.
	ErrClosed = errors.New("closed")
)

// Error is why a node refused a request, or ended a stream or what is followed.
type Error struct {
	Status  int           // of HTTP; 0 where there is none: at the end of streams, and where no node answered
	Code    string        // a word, see the table of them in the documentation of the interface
	Message string        // for people
	Retry   time.Duration // how long to wait before trying again; 0: not said
	cause   error
}

func (e *Error) Error() string {
	if e.Status == 0 {
		return fmt.Sprintf("%s (%s)", e.Message, e.Code)
	}
	return fmt.Sprintf("%s (%s, HTTP %d)", e.Message, e.Code, e.Status)
}

// Is reports whether the error is the one of this package that its code stands for.
func (e *Error) Is(target error) bool {
	switch e.Code {
	case "busy", "no_room", "cannot_vote", "stopping", "forked", "unreachable", "timeout":
		return target == ErrUnavailable
	case "too_large":
		return target == ErrTooLarge
	case "conflict":
		return target == ErrConflict
	case "expired":
		return target == ErrExpired
	case "too_far":
		return target == ErrTooFar
	case "malformed", "media_type", "method", "not_found", "cross_origin":
		return target == ErrInvalid
	}
	return e.Code == "" && e.Status == http.StatusServiceUnavailable && target == ErrUnavailable
}

// Unwrap returns what happened to the connection, where that is the reason.
func (e *Error) Unwrap() error { return e.cause }

// RetryAfter returns how long the node asked to wait, and 0 if it did not or err is no [*Error].
func RetryAfter(err error) time.Duration {
	var e *Error
	if errors.As(err, &e) {
		return e.Retry
	}
	return 0
}

// unreachable is the error of a connection that is not made or broke. A context that ended is the reason itself.
func unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return &Error{Code: "unreachable", Message: "node unreachable: " + err.Error(), cause: err}
}

// problem is an error as nodes write it: the body of a refused request, and the end of streams.
type problem struct {
	Error string `json:"error"`
	Code  string `json:"code"`
}

// maxProblem is how many bytes of a problem are read.
const maxProblem = 4 << 10

// refusal reads the error of an answer.
func refusal(r *http.Response) error {
	e := reason(readAtMost(r.Body, maxProblem))
	e.Status = r.StatusCode
	if e.Message == "" {
		e.Message = http.StatusText(r.StatusCode)
	}
	if s, err := strconv.ParseUint(r.Header.Get("Retry-After"), 10, 16); err == nil {
		e.Retry = time.Duration(s) * time.Second
	}
	return e
}
