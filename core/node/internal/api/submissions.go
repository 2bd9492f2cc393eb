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
	"strconv"
	"time"

	"parsec/core/node/client"
	"parsec/core/node/internal/batch"
)

// submission is the answer about one.
type submission struct {
	ID     string       `json:"id,omitempty"`
	Hash   string       `json:"hash"`
	Until  uint64       `json:"until"`
	State  client.State `json:"state"`
	Number *uint64      `json:"number,omitempty"`
	Block  *uint64      `json:"block,omitempty"`
}

func submissionOf(k *client.Key, state client.State, p client.Position) submission {
	s := submission{ID: hex.EncodeToString(k.ID[:]), Hash: hex.EncodeToString(k.Hash[:]), Until: k.Until, State: state}
	if state == client.Decided {
		s.Number, s.Block = &p.Number, &p.Block
	}
	return s
}

// list is the answer about an id.
type list struct {
	ID          string       `json:"id"`
	Submissions []submission `json:"submissions"`
	More        bool         `json:"more,omitempty"`
}

// submit serves POST /v1/submissions.
func (h *Handler) submit(w http.ResponseWriter, q *http.Request) error {
	v, err := parameters(q, "id", "until", "wait")
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
	until, err := parseUntil(v)
	if err != nil {
		return err
	}
	k, err := h.takeIn(w, q, id, until)
	if err != nil {
		return h.late(err)
	}
	if wait {
		return h.decision(w, q, &k, client.Acknowledged)
	}
	state, position := h.backend.Find(k)
	if state != client.Decided && state != client.Expired {
		state = client.Acknowledged // whatever it knew when it looked
	}
	return h.tell(w, &k, state, position)
}

// takeIn reads a submission and has it made durable. What it keeps it gives back before anyone waits for a decision.
func (h *Handler) takeIn(w http.ResponseWriter, q *http.Request, id batch.ID, until uint64) (k client.Key, err error) {
	ctx, leave, err := h.enter(q)
	if err != nil {
		return k, err
	}
	defer leave()
	data, err := h.body(w, q, batch.MaxData)
	if err != nil {
		return k, err
	}
	k = batch.KeyOf(&id, until, data)
	if until == 0 {
		k.Until = h.backend.Until(id, k.Hash)
	}
	if state, _ := h.backend.Find(k); state == client.Decided {
		return k, nil // no need to decide it again
	}
	entry := batch.Append(make([]byte, 0, batch.Size(k.Until, len(data))), &id, k.Until, data)
	done := make(chan error, 1)
	sum := batch.Sum{Count: 1, First: k.Until, Last: k.Until}
	if err := h.backend.Submit(ctx, entry, sum, func(err error) { done <- err }); err != nil {
		return k, err
	}
	h.received.Add(1)
	select {
	case err := <-done:
		return k, err
	case <-ctx.Done():
		return k, ctx.Err()
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
	v, err := parameters(q, "hash", "until", "wait")
	if err != nil {
		return err
	}
	wait, err := waits(v)
	if err != nil {
		return err
	}
	k := client.Key{}
	if k.ID, err = parseID(q.PathValue("id")); err != nil {
		return err
	}
	if s := v.Get("hash"); len(s) != 2*len(k.Hash) && s != "" {
		return malformed("a hash has 64 hexadecimal digits")
	} else if _, err := hex.Decode(k.Hash[:], []byte(s)); err != nil {
		return malformed("a hash has 64 hexadecimal digits")
	}
	if k.Until, err = parseUntil(v); err != nil {
		return err
	}
	hash, until := v.Get("hash") != "", k.Until != 0
	switch {
	case until && !hash:
		return malformed("until goes with hash: together with the id they say which submission is meant")
	case wait && !until:
		return malformed("to wait, say which submission is meant, by hash and until: others may have the same id")
	case !until:
		return h.list(w, &k, hash)
	}
	state, position := h.backend.Find(k)
	if state == client.Unknown {
		return errUnknown
	}
	if wait && state == client.Pending {
		return h.decision(w, q, &k, state)
	}
	return h.tell(w, &k, state, position)
}

// list answers with what is known with an id, or with an id and a hash.
func (h *Handler) list(w http.ResponseWriter, k *client.Key, hash bool) error {
	found, more := h.backend.List(k.ID)
	l := list{ID: hex.EncodeToString(k.ID[:]), Submissions: []submission{}, More: more}
	for _, f := range found {
		if hash && f.Key.Hash != k.Hash {
			continue
		}
		s := submissionOf(&f.Key, f.State, f.Position)
		s.ID = ""
		l.Submissions = append(l.Submissions, s)
	}
	if len(l.Submissions) == 0 && !more {
		return errUnknown
	}
	h.json(w, http.StatusOK, l)
	return nil
}

// decision waits until a submission is decided or has expired, and answers; after a time, with the state it had.
func (h *Handler) decision(w http.ResponseWriter, q *http.Request, k *client.Key, state client.State) error {
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
		found, position := h.backend.Find(*k)
		if found == client.Decided || found == client.Expired {
			return h.tell(w, k, found, position)
		}
		if err != nil {
			return h.tell(w, k, state, position)
		}
		blocks = now
	}
}

// tell answers with the state of a submission. 202 means that more is to come.
func (h *Handler) tell(w http.ResponseWriter, k *client.Key, state client.State, position client.Position) error {
	status := http.StatusAccepted
	switch state {
	case client.Decided:
		status = http.StatusOK
	case client.Expired:
		return fmt.Errorf("%w: id %x has until %d", ErrExpired, k.ID, k.Until)
	default:
		if err := h.backend.Stuck(); err != nil {
			return err // it will not be decided here, whatever was said
		}
	}
	h.json(w, status, submissionOf(k, state, position))
	return nil
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

// parseUntil reads the number of a block; 0 if there is none.
func parseUntil(v url.Values) (until uint64, err error) {
	if s := v.Get("until"); s != "" {
		if until, err = strconv.ParseUint(s, 10, 64); err != nil || until == 0 {
			return 0, malformed("until is the number of a block, 1 or more: the last one at which the submission counts")
		}
	}
	return until, nil
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
