package api

import (
	"net"
	"net/http"
	"time"
)

// NewServer returns a server of the interface: with deadlines for heads and between requests, and a limit of
// connections, [Options].MaxConns, past which new ones are closed. Its Shutdown calls [Handler.Stop].
func NewServer(h *Handler) *http.Server {
	s := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		// The others would end streams, and what is followed: bodies and answers have deadlines of their own.
		ConnState: h.connState,
	}
	s.RegisterOnShutdown(h.Stop)
	return s
}

// connState counts connections. A server says that there is a new one before it reads from it.
func (h *Handler) connState(c net.Conn, s http.ConnState) {
	switch s {
	case http.StateNew:
		if h.conns.Add(1) > int64(h.o.MaxConns) {
			h.cut.Add(1)
			c.Close()
		}
	case http.StateClosed, http.StateHijacked:
		h.conns.Add(-1)
	}
}
