package api

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"io"
	"mime"
	"net/http"

	"parsec/core/node/client"
)

func (h *Handler) add(w http.ResponseWriter, q *http.Request) error    { return h.vote(w, q, Add) }
func (h *Handler) remove(w http.ResponseWriter, q *http.Request) error { return h.vote(w, q, Remove) }

// vote serves POST /v1/members/add and /remove.
func (h *Handler) vote(w http.ResponseWriter, q *http.Request, change Change) error {
	if _, err := parameters(q); err != nil {
		return err
	}
	if err := uncoded(q); err != nil {
		return err
	}
	if t, _, err := mime.ParseMediaType(q.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return &refusal{http.StatusUnsupportedMediaType, "media_type", "a vote is application/json", 0}
	}
	ctx, leave, err := h.enter(q)
	if err != nil {
		return err
	}
	defer leave()
	b, err := h.body(w, q, maxVoteBody)
	if err != nil {
		return err
	}
	identity, info, err := parseVote(b)
	if err != nil {
		return err
	}
	if err := h.backend.Vote(ctx, change, identity, info); err != nil {
		return h.late(err)
	}
	h.json(w, http.StatusAccepted, struct {
		Identity string `json:"identity"`
		State    string `json:"state"`
	}{hex.EncodeToString(identity[:]), "acknowledged"})
	return nil
}

// parseVote reads the body of a vote.
func parseVote(b []byte) (identity [32]byte, info []byte, err error) {
	var v struct {
		Identity string `json:"identity"`
		Info     []byte `json:"info"`
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		return identity, nil, malformed("a vote is {\"identity\": 64 hexadecimal digits, \"info\": base64}: %v", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return identity, nil, malformed("more than one vote")
	}
	if len(v.Identity) != 2*len(identity) {
		return identity, nil, malformed("an identity has 64 hexadecimal digits")
	}
	if _, err := hex.Decode(identity[:], []byte(v.Identity)); err != nil {
		return identity, nil, malformed("an identity has 64 hexadecimal digits")
	}
	if len(v.Info) > MaxInfo {
		return identity, nil, tooLarge("an info of %d bytes, of %d", len(v.Info), MaxInfo)
	}
	return identity, v.Info, nil
}

// status serves GET /v1/status.
func (h *Handler) status(w http.ResponseWriter, q *http.Request) error {
	if _, err := parameters(q); err != nil {
		return err
	}
	h.json(w, http.StatusOK, h.backend.Status())
	return nil
}

// healthz serves GET /v1/healthz: whether this node takes part, or is on its way to.
func (h *Handler) healthz(w http.ResponseWriter, q *http.Request) error {
	s := h.backend.Status()
	switch s.State {
	case client.StateVoting, client.StateJoining, client.StateLearning:
		h.json(w, http.StatusOK, struct {
			State string `json:"state"`
		}{s.State})
		return nil
	}
	text := "the node is " + s.State
	if s.Reason != "" {
		text += ": " + s.Reason
	}
	if s.State == client.StateForked {
		return &refusal{http.StatusServiceUnavailable, "forked", text, 0}
	}
	return &refusal{http.StatusServiceUnavailable, "cannot_vote", text, 5}
}
