package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"unicode/utf8"
)

// refusal is why a request is not done, as its client reads it.
type refusal struct {
	status int
	code   string
	text   string
	retry  int // seconds; 0: not said
}

func (r *refusal) Error() string { return r.text }

// Refusals that have nothing of their own to say.
var (
	errStopping = &refusal{http.StatusServiceUnavailable, "stopping", "the node is stopping", 5}
	errBusy     = &refusal{http.StatusTooManyRequests, "busy", "too many requests at a time", 1}
	errStreams  = &refusal{http.StatusTooManyRequests, "busy", "too many streams at a time", 5}
	errReaders  = &refusal{http.StatusTooManyRequests, "busy", "too many readers of blocks at a time", 5}
	errWaiters  = &refusal{http.StatusTooManyRequests, "busy", "too many requests that wait for a decision", 5}
	errPath     = &refusal{http.StatusNotFound, "not_found", "no such path", 0}
	errUnknown  = &refusal{http.StatusNotFound, "unknown", "this node has not seen such a submission", 0}
)

func malformed(format string, args ...any) *refusal {
	return &refusal{http.StatusBadRequest, "malformed", fmt.Sprintf(format, args...), 0}
}

func tooLarge(format string, args ...any) *refusal {
	return &refusal{http.StatusRequestEntityTooLarge, "too_large", fmt.Sprintf(format, args...), 0}
}

// refusalOf is how an error of the backend, or of reading a body, is told.
func refusalOf(err error) *refusal {
	var r *refusal
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &r):
		return r
	case errors.As(err, &large):
		return tooLarge("a body of more than %d bytes", large.Limit)
	case errors.Is(err, ErrStopping):
		return &refusal{http.StatusServiceUnavailable, "stopping", err.Error(), 5}
	case errors.Is(err, ErrForked):
		return &refusal{http.StatusServiceUnavailable, "forked", err.Error(), 0}
	case errors.Is(err, ErrCannotVote):
		return &refusal{http.StatusServiceUnavailable, "cannot_vote", err.Error(), 5}
	case errors.Is(err, ErrNoRoom), errors.Is(err, context.DeadlineExceeded):
		return &refusal{http.StatusTooManyRequests, "no_room", ErrNoRoom.Error(), 1}
	case errors.Is(err, ErrExpired):
		return &refusal{http.StatusGone, "expired", err.Error(), 0}
	case errors.Is(err, ErrTooFar):
		return &refusal{http.StatusUnprocessableEntity, "too_far", err.Error(), 0}
	case errors.Is(err, ErrConflict):
		return &refusal{http.StatusConflict, "conflict", err.Error(), 0}
	}
	return &refusal{http.StatusInternalServerError, "failed", err.Error(), 0}
}

// maxText is how many bytes of a reason are told: with the quoting of JSON, six times as many at most, it is less than
// clients read.
const maxText = 600

// body is the refusal as JSON.
func (r *refusal) body() []byte {
	text := r.text
	if len(text) > maxText {
		cut := maxText
		for cut > 0 && !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut] + "..."
	}
	b, err := json.Marshal(struct {
		Error string `json:"error"`
		Code  string `json:"code"`
	}{text, r.code})
	if err != nil {
		panic(err) // two strings
	}
	return b
}

// answer writes the refusal as the whole answer.
func (r *refusal) answer(w http.ResponseWriter) {
	if r.retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(r.retry))
	}
	answer(w, r.status, append(r.body(), '\n'))
}

func answer(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	w.Write(body) // an error means that the client is gone, which ends the request anyway
}
