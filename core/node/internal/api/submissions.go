package api

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"

	"parsec/core/node/client"
	"parsec/core/node/internal/batch"
)

// submission is the answer about one.
type submission struct {
	ID     string       `json:"id"`
	State  client.State `json:"state"`
	Number *uint64      `json:"number,omitempty"`
	Block  *uint64      `json:"block,omitempty"`
}

// submit serves POST /v1/submissions.
func (h *Handler) submit(w http.ResponseWriter, q *http.Request) error {
	v, err := parameters(q, "id", "wait")
	if err != nil {
		return err
	}
	wait, err := waits(v)
	if err != nil {
		return err
	}
	if err := uncoded(q); err != nil {
		return err
	}
	var id batch.ID
	if s := v.Get("id"); s != "" {
		if id, err = parseID(s); err != nil {
			return err
		}
	} else {
		rand.Read(id[:])
	}
	if err := h.takeIn(w, q, &id); err != nil {
		return h.late(err)
	}
	if wait {
		return h.decision(w, q, id, client.Acknowledged)
	}
	position, state := h.backend.Find(id)
	if state != client.Decided {
		state = client.Acknowledged // whatever it knew when it looked
	}
	h.tell(w, id, position, state)
	return nil
}

// takeIn reads a submission and has it made durable. What it keeps it gives back before anyone waits for a decision.
func (h *Handler) takeIn(w http.ResponseWriter, q *http.Request, id *batch.ID) error {
	ctx, leave, err := h.enter(q)
	if err != nil {
		return err
	}
	defer leave()
	entry, err := h.body(w, q, batch.MaxData)
	if err != nil {
		return err
	}
	if _, state := h.backend.Find(*id); state == client.Decided {
		return nil // no need to decide it again
	}
	entry = batch.Append(make([]byte, 0, batch.Size(len(entry))), id, entry)
	done := make(chan error, 1)
	if err := h.backend.Submit(ctx, entry, 1, func(err error) { done <- err }); err != nil {
		return err
	}
	h.received.Add(1)
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// body reads a body of at most limit bytes, within the time that [New] has set for it.
func (h *Handler) body(w http.ResponseWriter, q *http.Request, limit int64) ([]byte, error) {
	if q.ContentLength > limit {
		return nil, tooLarge("a body of %d bytes, of %d", q.ContentLength, limit)
	}
	var b bytes.Buffer
	b.Grow(int(max(q.ContentLength, 512)))
	c := http.NewResponseController(w)
	if _, err := b.ReadFrom(http.MaxBytesReader(w, q.Body, limit)); err != nil {
		c.SetReadDeadline(past) // nor is the rest waited for
		switch r := refusalOf(err); {
		case r.code == "too_large":
			return nil, r
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil, &refusal{http.StatusRequestTimeout, "timeout", "the body took too long to come", 0}
		}
		return nil, malformed("the body ends early: %v", err)
	}
	// Net/http reads on, to notice when the client leaves; a deadline would look as if it did.
	c.SetReadDeadline(time.Time{})
	w.Header().Del("Connection")
	return b.Bytes(), nil
}

// find serves GET /v1/submissions/ID.
func (h *Handler) find(w http.ResponseWriter, q *http.Request) error {
	v, err := parameters(q, "wait")
	if err != nil {
		return err
	}
	wait, err := waits(v)
	if err != nil {
		return err
	}
	id, err := parseID(q.PathValue("id"))
	if err != nil {
		return err
	}
	position, state := h.backend.Find(id)
	if state == client.Unknown {
		return errUnknown
	}
	if wait && state != client.Decided {
		return h.decision(w, q, id, state)
	}
	h.tell(w, id, position, state)
	return nil
}

// decision waits until a submission is decided, and answers; after a time, with the state it had.
func (h *Handler) decision(w http.ResponseWriter, q *http.Request, id batch.ID, state client.State) error {
	if !h.waiters.try() {
		return errWaiters
	}
	defer h.waiters.leave()
	ctx, cancel := context.WithTimeout(q.Context(), h.o.Decision)
	defer cancel()
	defer context.AfterFunc(h.stopping, cancel)()
	var blocks uint64
	for {
		// First how many there are, then the look: a block between the two is seen at the next turn.
		now, err := h.backend.Wait(ctx, blocks)
		position, found := h.backend.Find(id)
		if found == client.Decided || err != nil {
			if found == client.Decided {
				state = found
			}
			h.tell(w, id, position, state)
			return nil
		}
		blocks = now
	}
}

// tell answers with the state of a submission. 202 means that more is to come.
func (h *Handler) tell(w http.ResponseWriter, id batch.ID, position client.Position, state client.State) {
	s := submission{ID: hex.EncodeToString(id[:]), State: state}
	status := http.StatusOK
	if state == client.Decided {
		s.Number, s.Block = &position.Number, &position.Block
	} else {
		status = http.StatusAccepted
	}
	h.json(w, status, s)
}

func (h *Handler) json(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		h.refuse(w, fmt.Errorf("what is to be answered is no JSON: %w", err)) // such as NaN in a status
		return
	}
	http.NewResponseController(w).SetWriteDeadline(deadline(h.o.Stall))
	answer(w, status, append(b, '\n'))
}

// parseID reads 32 hexadecimal digits.
func parseID(s string) (id batch.ID, err error) {
	if len(s) != 2*len(id) {
		return id, malformed("an id has 32 hexadecimal digits")
	}
	if _, err := hex.Decode(id[:], []byte(s)); err != nil {
		return id, malformed("an id has 32 hexadecimal digits")
	}
	return id, nil
}

// parameters reads what is after the question mark: of these names, each at most once. A misspelt one would otherwise be
// as if it were not there.
func parameters(q *http.Request, names ...string) (url.Values, error) {
	v, err := url.ParseQuery(q.URL.RawQuery)
	if err != nil {
		return nil, malformed("the query does not parse")
	}
	for name, values := range v {
		known := false
		for _, n := range names {
			known = known || n == name
		}
		if !known {
			return nil, malformed("no such parameter: %q", name)
		}
		if len(values) > 1 {
			return nil, malformed("parameter %s is there twice", name)
		}
	}
	return v, nil
}

// waits reports whether the request waits for a decision.
func waits(v url.Values) (bool, error) {
	switch v.Get("wait") {
	case "":
		return false, nil
	case "decided":
		return true, nil
	}
	return false, malformed("wait can be for: decided")
}

// uncoded refuses bodies that are compressed: what is ordered is what was sent.
func uncoded(q *http.Request) error {
	if c := q.Header.Get("Content-Encoding"); c != "" && c != "identity" {
		return &refusal{http.StatusUnsupportedMediaType, "media_type", "bodies are taken as they are, not encoded", 0}
	}
	return nil
}
