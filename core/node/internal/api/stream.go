package api

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"time"

	"parsec/core/node/client"
	"parsec/core/node/internal/batch"
)

// stream serves POST /v1/stream. The goroutine of the request reads frames; one more writes what is acknowledged.
func (h *Handler) stream(w http.ResponseWriter, q *http.Request) error {
	c := http.NewResponseController(w)
	// First: else net/http reads on in the body before it sends a refusal, and a client that waits for the answer before
	// it sends anything waits for good.
	if err := c.EnableFullDuplex(); err != nil {
		return malformed("streams need HTTP/1.1")
	}
	w.Header().Set("Connection", "close")
	if _, err := parameters(q); err != nil {
		return err
	}
	if err := uncoded(q); err != nil {
		return err
	}
	if t := q.Header.Get("Content-Type"); t != "" {
		t, _, err := mime.ParseMediaType(t)
		if err != nil || t != client.StreamType && t != "application/octet-stream" {
			return &refusal{http.StatusUnsupportedMediaType, "media_type", "a stream is " + client.StreamType, 0}
		}
	}
	if !h.streams.try() {
		return errStreams
	}
	defer h.streams.leave()

	// Not the request's: net/http ends that after a read that took too long as well, which the client is to be told. While
	// the body is read, reading is what notices that the client leaves.
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(q.Context()))
	defer cancel(nil)
	s := &stream{h: h, ctx: ctx, cancel: cancel, w: w, c: c, ended: make(chan struct{})}
	s.pending = newPending(func() { cancel(errFailed) })
	defer s.pending.abandon()
	// Nothing but a deadline ends a read. It is set before net/http has the connection back.
	woken := make(chan struct{})
	unhook := context.AfterFunc(ctx, func() { s.lastDeadline(); close(woken) })
	unhookStop := context.AfterFunc(h.stopping, func() { cancel(errStopping) })
	defer func() {
		unhookStop()
		if !unhook() {
			<-woken
		}
	}()
	w.Header().Set("Content-Type", client.StreamType)
	w.Header().Set("Cache-Control", "no-store")
	c.SetWriteDeadline(deadline(h.o.Stall))
	w.WriteHeader(http.StatusOK)
	if c.Flush() != nil {
		return nil
	}
	written := make(chan struct{})
	go func() {
		defer close(written)
		s.write()
	}()
	r := bufio.NewReaderSize(q.Body, pieceSize)
	s.why = s.read(r)
	if s.why == nil {
		defer context.AfterFunc(q.Context(), func() { cancel(errGone) })()
	}
	close(s.ended)
	if s.why != nil && s.why != errGone {
		h.refused.Add(1)
		// A connection that is closed with bytes unread is reset, and what was said last may be lost with it. The
		// client closes when it has read why.
		s.readDeadline(2 * h.o.Grace)
		io.Copy(io.Discard, r)
	}
	<-written
	return nil
}

// errFailed is why a stream's context ends when the backend failed: pending knows with what.
var errFailed = errors.New("failed")

// errGone is why a stream ends whose client left, or takes nothing: there is nobody to tell.
var errGone = errors.New("the client left")

// past is a deadline that has passed.
var past = time.Unix(1, 0)

func deadline(d time.Duration) time.Time { return time.Now().Add(d) }

type stream struct {
	h       *Handler
	ctx     context.Context
	cancel  context.CancelCauseFunc
	w       http.ResponseWriter
	c       *http.ResponseController
	pending *pending

	ended chan struct{} // closed when no more is read; why is set then
	why   error         // nil: the client said that there is no more
}

// readDeadline sets how long the next read may take. When the stream's context has ended, that is said already; it is
// looked at afterwards, for the end may come between.
func (s *stream) readDeadline(d time.Duration) {
	s.c.SetReadDeadline(deadline(d))
	if s.ctx.Err() != nil {
		s.lastDeadline()
	}
}

// lastDeadline sets how long a stream is read on when its context has ended: a client is given time to be told why, and
// to leave.
func (s *stream) lastDeadline() {
	if s.cause() == errGone {
		s.c.SetReadDeadline(past)
	} else {
		s.c.SetReadDeadline(deadline(2 * s.h.o.Grace))
	}
}

// read hands on frames until there are no more, and returns why.
func (s *stream) read(r *bufio.Reader) error {
	var buffer []byte
	for {
		if r.Buffered() < 4 {
			s.readDeadline(s.h.o.Idle)
		}
		head, err := r.Peek(4)
		if err != nil {
			return s.readError(err, len(head) > 0)
		}
		size := int(binary.LittleEndian.Uint32(head))
		switch {
		case size == 0:
			return malformed("an empty frame")
		case uint(size) > maxFrame:
			return tooLarge("a frame of %d bytes, of %d", uint32(size), maxFrame)
		}
		r.Discard(4)
		if r.Buffered() < size {
			s.readDeadline(s.h.o.Stall)
		}
		if cap(buffer) < size {
			buffer = make([]byte, min(maxFrame, max(size, 2*cap(buffer))))
		}
		frame := buffer[:size]
		if _, err := io.ReadFull(r, frame); err != nil {
			return s.readError(err, true)
		}
		sum, err := batch.Check(frame)
		if err != nil {
			return malformed("a frame that is not entries to its end")
		}
		for !s.pending.fits(sum.Count, s.h.o.MaxInFlight) {
			select {
			case <-s.pending.room:
			case <-s.ctx.Done():
				return s.cause()
			}
		}
		if s.ctx.Err() != nil {
			return s.cause()
		}
		e := s.pending.push(sum.Count)
		if err := s.h.backend.Submit(s.ctx, frame, sum, e.call); err != nil {
			s.pending.withdraw(e)
			if s.ctx.Err() != nil {
				return s.cause()
			}
			return err
		}
		s.h.received.Add(uint64(sum.Count))
	}
}

// readError is what the end of reading means.
func (s *stream) readError(err error, within bool) error {
	switch {
	case s.ctx.Err() != nil:
		return s.cause()
	case err == io.EOF && !within:
		// Net/http reads on, to notice when the client leaves; a deadline would look as if it did.
		s.c.SetReadDeadline(time.Time{})
		return nil
	case err == io.EOF || err == io.ErrUnexpectedEOF && within:
		return malformed("the stream ends within a frame")
	case errors.Is(err, os.ErrDeadlineExceeded) && within:
		return &refusal{http.StatusRequestTimeout, "timeout", "a frame took too long to come", 0}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &refusal{http.StatusRequestTimeout, "timeout", "nothing came for too long", 0}
	}
	return errGone
}

// cause is why the stream's context ended.
func (s *stream) cause() error {
	if err := context.Cause(s.ctx); err != context.Canceled {
		return err
	}
	return errGone
}

// write writes what is acknowledged, as one count for all that came since the last write, until the stream ends; then
// why, if that is to be said.
func (s *stream) write() {
	var sent uint64
	var b [8]byte
	var why error
	ended, done := s.ended, s.ctx.Done()
	over := false              // no more is taken in
	var grace <-chan time.Time // when what is in flight is no longer waited for
	for {
		acked, empty, failed := s.pending.state()
		if acked > sent {
			binary.LittleEndian.PutUint64(b[:], acked)
			if !s.put(b[:]) {
				return
			}
			sent = acked
			continue
		}
		if over && (empty || failed != nil) {
			if failed != nil {
				why = failed
			}
			break
		}
		select {
		case <-s.pending.wake:
			continue
		case <-ended:
			if why = s.why; why != nil {
				done = nil // there is a reason already
			}
		case <-done:
			why, done = s.cause(), nil
		case <-grace:
			s.tell(why)
			return
		}
		if why == errGone {
			return
		}
		ended, over = nil, true
		if why != nil {
			grace = time.After(s.h.o.Grace)
		}
	}
	s.tell(why)
}

// tell writes why the stream ends, if there is a why.
func (s *stream) tell(why error) {
	if why == nil || why == errGone {
		return
	}
	text := refusalOf(why).body()
	b := binary.LittleEndian.AppendUint64(nil, 1<<64-1)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(text)))
	s.put(append(b, text...))
}

// put writes bytes at once, and ends the stream if the client does not take them.
func (s *stream) put(b []byte) bool {
	s.c.SetWriteDeadline(deadline(s.h.o.Stall))
	if _, err := s.w.Write(b); err != nil || s.c.Flush() != nil {
		s.cancel(errGone)
		return false
	}
	return true
}
