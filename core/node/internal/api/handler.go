package api

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
)

// Handler serves the interface. See [NewServer] for the limits that only a server has.
type Handler struct {
	backend Backend
	o       Options
	mux     *http.ServeMux

	requests, waiters, streams, readers gate

	stopping context.Context // ends when Stop is called; its cause is errStopping
	stop     context.CancelCauseFunc

	conns    atomic.Int64
	served   atomic.Uint64
	refused  atomic.Uint64
	received atomic.Uint64
	cut      atomic.Uint64
}

// route is one line of the table in the documentation.
type route struct {
	method, path string
	serve        func(*Handler, http.ResponseWriter, *http.Request) error
}

var routes = []route{
	{"POST", "/v1/submissions", (*Handler).submit},
	{"GET", "/v1/submissions/{id}", (*Handler).find},
	{"POST", "/v1/stream", (*Handler).stream},
	{"GET", "/v1/blocks", (*Handler).blocks},
	{"POST", "/v1/members/add", (*Handler).add},
	{"POST", "/v1/members/remove", (*Handler).remove},
	{"GET", "/v1/status", (*Handler).status},
	{"GET", "/v1/healthz", (*Handler).healthz},
}

// New returns what serves the interface of a node.
func New(b Backend, o Options) *Handler {
	h := &Handler{backend: b, o: o.withDefaults(), mux: http.NewServeMux()}
	h.requests = make(gate, h.o.MaxRequests)
	h.waiters = make(gate, h.o.MaxWaiters)
	h.streams = make(gate, h.o.MaxStreams)
	h.readers = make(gate, h.o.MaxReaders)
	h.stopping, h.stop = context.WithCancelCause(context.Background())

	cross := http.NewCrossOriginProtection()
	methods := map[string][]string{}
	for _, r := range routes {
		methods[r.path] = append(methods[r.path], r.method)
		h.mux.HandleFunc(r.method+" "+r.path, func(w http.ResponseWriter, q *http.Request) {
			h.served.Add(1)
			err := r.serve(h, w, q)
			if err != nil {
				h.refuse(w, err)
			}
		})
	}
	for path, allowed := range methods {
		slices.Sort(allowed)
		h.mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			h.refuse(w, &refusal{http.StatusMethodNotAllowed, "method", "only " + strings.Join(allowed, " and ") + " here", 0})
		})
	}
	h.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { h.refuse(w, errPath) })

	// A page from elsewhere, in the browser of someone who can reach the node, must not vote or submit.
	inner := h.mux
	outer := http.NewServeMux()
	outer.HandleFunc("/", func(w http.ResponseWriter, q *http.Request) {
		if q.ContentLength != 0 {
			// Until the body is read: net/http reads what is left of one, without a time of its own, and before it
			// answers, but for a connection that is to be closed. (Full duplex would also have it answer at once, and then,
			// with Go 1.26, panic at the connection's next request.) An error means that there are no deadlines, as in
			// tests that record an answer.
			w.Header().Set("Connection", "close")
			http.NewResponseController(w).SetReadDeadline(deadline(h.o.Stall))
		}
		switch err := cross.Check(q); {
		case q.ContentLength != 0 && q.Method == http.MethodGet:
			// It would be in the way of noticing that the client leaves.
			h.refuse(w, malformed("a GET with a body"))
		case err != nil, rebound(q):
			h.refuse(w, &refusal{http.StatusForbidden, "cross_origin", "a request from another site's page", 0})
		case h.stopping.Err() != nil && q.URL.Path != "/v1/status":
			h.refuse(w, errStopping)
		default:
			inner.ServeHTTP(w, q)
		}
	})
	h.mux = outer
	return h
}

// rebound reports whether a page asks that its browser takes for one of this node: its site's name led to the site first
// and leads here now. Names that lead here by right are localhost, and those of a proxy: one with TLS, which the site that
// misleads cannot have had over a connection to here.
func rebound(q *http.Request) bool {
	if !strings.HasPrefix(q.Header.Get("Origin"), "http://") {
		return false
	}
	host := (&url.URL{Host: q.Host}).Hostname()
	_, err := netip.ParseAddr(host)
	return err != nil && host != "localhost"
}

// ServeHTTP serves a request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, q *http.Request) { h.mux.ServeHTTP(w, q) }

// refuse answers with why a request was not done.
func (h *Handler) refuse(w http.ResponseWriter, err error) {
	h.refused.Add(1)
	http.NewResponseController(w).SetWriteDeadline(deadline(h.o.Stall))
	refusalOf(err).answer(w)
}

// Stop ends streams and followers with a message, once what streams sent is acknowledged, or Grace is over; requests that
// wait for a decision are answered without; new requests are refused, but for the status. It does not wait:
// [http.Server.Shutdown] does.
func (h *Handler) Stop() { h.stop(errStopping) }

// Stats is what the interface does.
type Stats struct {
	Conns, Streams, Readers, Waiters int    // open now; Conns: of a server made by NewServer
	Requests                         uint64 // since the start, streams and readers among them
	Refused                          uint64 // requests refused, and streams that the node ended for a fault
	Submissions                      uint64 // handed to the backend
	Cut                              uint64 // connections that were not let in, for too many, and readers too slow
}

// Stats returns what the interface does. It costs nothing.
func (h *Handler) Stats() Stats {
	return Stats{Conns: int(h.conns.Load()), Streams: len(h.streams), Readers: len(h.readers), Waiters: len(h.waiters),
		Requests: h.served.Load(), Refused: h.refused.Load(), Submissions: h.received.Load(), Cut: h.cut.Load()}
}

// gate lets so many in at a time as it has room.
type gate chan struct{}

// try reports whether one more is in.
func (g gate) try() bool {
	select {
	case g <- struct{}{}:
		return true
	default:
		return false
	}
}

func (g gate) leave() { <-g }

// enter lets a request in, which then has a time to be done in: patience, and an end when the node stops. Whoever
// calls it leaves when done.
func (h *Handler) enter(q *http.Request) (ctx context.Context, leave func(), err error) {
	ctx, cancel := context.WithTimeout(q.Context(), h.o.Patience)
	unhook := context.AfterFunc(h.stopping, cancel)
	select {
	case h.requests <- struct{}{}:
		return ctx, func() { h.requests.leave(); unhook(); cancel() }, nil
	case <-ctx.Done():
		unhook()
		cancel()
		if h.stopping.Err() != nil {
			return nil, nil, errStopping
		}
		return nil, nil, errBusy
	}
}

// late is what an error of a backend that was waited for means: the node's end comes as the end of the context.
func (h *Handler) late(err error) error {
	if errors.Is(err, context.Canceled) && h.stopping.Err() != nil {
		return errStopping
	}
	return err
}
