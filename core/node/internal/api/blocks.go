package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"parsec/core/node/client"
)

// blocks serves GET /v1/blocks.
func (h *Handler) blocks(w http.ResponseWriter, q *http.Request) error {
	v, err := parameters(q, "from", "follow", "ids", "max")
	if err != nil {
		return err
	}
	var from uint64
	if s := v.Get("from"); s != "" {
		if from, err = strconv.ParseUint(s, 10, 64); err != nil {
			return malformed("from is the number of a block")
		}
	}
	most := ^uint64(0)
	if s := v.Get("max"); s != "" {
		if most, err = strconv.ParseUint(s, 10, 64); err != nil || most == 0 {
			return malformed("max is a number of blocks, 1 or more")
		}
	}
	follow, err := flag(v.Get("follow"), "follow")
	if err != nil {
		return err
	}
	ids, err := flag(v.Get("ids"), "ids")
	if err != nil {
		return err
	}
	if !h.readers.try() {
		return errReaders
	}
	defer h.readers.leave()
	ctx, cancel := context.WithCancelCause(q.Context())
	defer cancel(nil)
	defer context.AfterFunc(h.stopping, func() { cancel(errStopping) })()

	var e encoder
	o := &outlet{w: w, c: http.NewResponseController(w), stall: h.o.Stall, buffer: make([]byte, 0, pieceSize)}
	if strings.Contains(q.Header.Get("Accept"), client.BlocksType) {
		w.Header().Set("Content-Type", client.BlocksType)
		e = &binaryEncoder{o: o, ids: ids}
	} else {
		w.Header().Set("Content-Type", "application/x-ndjson")
		e = &jsonEncoder{o: o, ids: ids}
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusOK)
	o.flush() // so that the client knows that it is being served, also before there is a block
	err = h.write(ctx, e, o, from, most, follow)
	switch {
	case o.err != nil:
		h.cut.Add(1)
		return nil
	case q.Context().Err() != nil:
		return nil
	case err != nil:
		e.end(refusalOf(err))
	}
	if o.flush(); err != nil {
		h.refused.Add(1)
	}
	return nil
}

// encoder writes blocks.
type encoder interface {
	block(*Block)
	end(*refusal) // says why there are no more
}

// write writes blocks until there are no more to write, and returns why, if it was not the end of what was asked for.
// What is written goes out when 64 KiB have gathered, and when there is nothing more to write for now.
func (h *Handler) write(ctx context.Context, e encoder, o *outlet, from, most uint64, follow bool) error {
	for most > 0 {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		blocks, err := h.backend.Blocks(from, int(min(most, blocksAsked)))
		if err != nil {
			return err
		}
		for i := range blocks {
			e.block(&blocks[i])
			from++
			most--
		}
		if o.err != nil || len(blocks) == 0 && !follow {
			return nil
		}
		if len(blocks) > 0 {
			continue
		}
		if o.flush(); o.err != nil {
			return nil
		}
		if _, err := h.backend.Wait(ctx, from); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return err
		}
	}
	return nil
}

func flag(s, name string) (bool, error) {
	switch s {
	case "", "0":
		return false, nil
	case "1":
		return true, nil
	}
	return false, malformed("%s is 0 or 1", name)
}

// outlet gathers what is written into pieces, each of which the client has to take in time: one that is slow but goes on
// may take as long as it likes, one that stalls is cut. After an error it drops what it is given.
type outlet struct {
	w      http.ResponseWriter
	c      *http.ResponseController
	stall  time.Duration
	buffer []byte
	err    error
}

// write adds bytes.
func (o *outlet) write(b []byte) {
	for len(b) > 0 && o.err == nil {
		n := min(len(b), cap(o.buffer)-len(o.buffer))
		o.buffer = append(o.buffer, b[:n]...)
		if b = b[n:]; len(b) > 0 {
			o.send()
		}
	}
}

// room returns room for n bytes, at most 64 KiB, to be appended to and given to filled.
func (o *outlet) room(n int) []byte {
	if cap(o.buffer)-len(o.buffer) < n {
		o.send()
	}
	return o.buffer
}

func (o *outlet) filled(b []byte) { o.buffer = b }

// send hands on what is gathered.
func (o *outlet) send() {
	if o.err == nil && len(o.buffer) > 0 {
		o.c.SetWriteDeadline(deadline(o.stall))
		_, o.err = o.w.Write(o.buffer)
	}
	o.buffer = o.buffer[:0]
}

// flush has all that was written leave.
func (o *outlet) flush() {
	o.send()
	if o.err == nil {
		o.c.SetWriteDeadline(deadline(o.stall))
		o.err = o.c.Flush()
	}
}
