package transport

import (
	"context"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"

	"golang.org/x/time/rate"
)

// Reason is why a connection was refused or closed, or a frame held up or dropped.
type Reason uint8

// Reasons.
const (
	ReasonClosed      Reason = iota // the other side closed, or the network broke: nobody is to blame
	ReasonStranger                  // a key that is not Allowed, at the handshake or later
	ReasonWrongKey                  // another key than the one dialled, or our own
	ReasonSection                   // another section's hello
	ReasonOversize                  // a frame over MaxFrame, received, or given to Send
	ReasonSlow                      // a handshake, or a piece of a frame in or out, took too long
	ReasonIdle                      // nothing came for IdleTimeout
	ReasonGarbage                   // no TLS, a broken record or frame, no hello, or frames where only keepalives may be
	ReasonHandshake                 // TLS failed otherwise: version, certificate, protocol
	ReasonTooMany                   // too many handshakes or connections
	ReasonOverQuota                 // reading was delayed: a peer sent too much
	ReasonQueueFull                 // Send: a frame dropped
	ReasonUnreachable               // dialling failed
	NumReasons        = iota
)

var reasonNames = [NumReasons]string{"closed", "stranger", "wrong_key", "wrong_section", "oversize", "slow", "idle", "garbage",
	"handshake_failed", "too_many", "over_quota", "queue_full", "unreachable"}

// String returns the reason as a metric's label has it: lower case, with underscores.
func (r Reason) String() string {
	if int(r) < len(reasonNames) {
		return reasonNames[r]
	}
	return "unknown"
}

// refusal is an error whose reason is known.
type refusal struct {
	reason Reason
	err    error
}

func (r *refusal) Error() string { return r.reason.String() + ": " + r.err.Error() }
func (r *refusal) Unwrap() error { return r.err }

// reasonOf finds out why a connection failed. established: its handshake was over.
func reasonOf(err error, established bool) Reason {
	var known *refusal
	var header tls.RecordHeaderError
	var op *net.OpError
	var timeout net.Error
	switch {
	case errors.As(err, &known):
		return known.reason
	case errors.Is(err, errOversize):
		return ReasonOversize
	case errors.Is(err, errTruncated), errors.Is(err, errHello), errors.As(err, &header):
		return ReasonGarbage
	case errors.Is(err, net.ErrClosed), errors.Is(err, context.Canceled), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return ReasonClosed
	case errors.As(err, &timeout) && timeout.Timeout():
		return ReasonSlow
	case errors.As(err, &op) && op.Op == "local error" && established: // TLS's alerts: what came could not be decrypted
		return ReasonGarbage
	case errors.As(err, &op) && (op.Op == "read" || op.Op == "write"):
		return ReasonClosed // reset
	case established:
		return ReasonClosed
	}
	return ReasonHandshake
}

// short is how logs name a peer.
func short(id ID) string { return hex.EncodeToString(id[:4]) }

// journal counts reasons and logs them at a bounded rate.
type journal struct {
	log    *slog.Logger
	counts [NumReasons]atomic.Uint64

	mu       sync.Mutex
	limits   [NumReasons]*rate.Limiter
	withheld [NumReasons]int
}

func newJournal(log *slog.Logger) *journal {
	j := &journal{log: log}
	for i := range j.limits {
		j.limits[i] = rate.NewLimiter(1, 5)
	}
	return j
}

// note counts, and logs what may be logged. attrs are slog's.
func (j *journal) note(r Reason, text string, err error, attrs ...any) {
	j.counts[r].Add(1)
	j.mu.Lock()
	ok := j.limits[r].Allow()
	withheld := j.withheld[r]
	if ok {
		j.withheld[r] = 0
	} else {
		j.withheld[r]++
	}
	j.mu.Unlock()
	if !ok {
		return
	}
	level := slog.LevelWarn
	if r == ReasonClosed {
		level = slog.LevelInfo
	}
	attrs = append(attrs, "reason", r.String())
	if err != nil {
		attrs = append(attrs, "error", err)
	}
	if withheld > 0 {
		attrs = append(attrs, "withheld", withheld)
	}
	j.log.Log(context.Background(), level, "transport: "+text, attrs...)
}
