package client_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"parsec/core/node/client"
	"parsec/core/node/internal/api"
)

// TestCancel: the end of a context ends whatever waits, with the context's error.
func TestCancel(t *testing.T) {
	node, c, h := serve(t, api.Options{MaxInFlight: 1})
	node.Hold(true)
	for _, k := range []struct {
		name string
		run  func(ctx context.Context, waits func()) error
	}{
		{"Submit", func(ctx context.Context, waits func()) error {
			waits()
			return c.Submit(ctx, submission(1, nil))
		}},
		{"SubmitDecided", func(ctx context.Context, waits func()) error {
			waits()
			_, err := c.SubmitDecided(ctx, submission(1, nil))
			return err
		}},
		{"Next", func(ctx context.Context, waits func()) error {
			f, err := c.Follow(ctx, 1000, false)
			if err != nil {
				return err
			}
			waits()
			_, err = f.Next()
			return err
		}},
		{"Acknowledged", func(ctx context.Context, waits func()) error {
			s, err := c.Stream(ctx)
			if err != nil {
				return err
			}
			waits()
			_, err = s.Acknowledged()
			return err
		}},
		{"Send", func(ctx context.Context, waits func()) error {
			s, err := c.Stream(ctx)
			if err != nil {
				return err
			}
			waits()
			for err == nil { // until the node takes no more
				err = s.Send([]client.Submission{{Data: make([]byte, client.MaxData)}})
			}
			return err
		}},
	} {
		t.Run(k.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			err := k.run(ctx, func() { time.AfterFunc(20*time.Millisecond, cancel) })
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%v", err)
			}
		})
	}
	node.Hold(false)
	for end := time.Now().Add(time.Minute); h.Stats().Streams+h.Stats().Readers > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the node still serves who left")
		}
	}
}

// TestClose ends what waits with ErrClosed.
func TestClose(t *testing.T) {
	_, c, _ := serve(t, api.Options{})
	s, err := c.Stream(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(10*time.Millisecond, s.Close)
	if _, err := s.Acknowledged(); err != client.ErrClosed {
		t.Errorf("Acknowledged: %v", err)
	}
	if err := s.Send([]client.Submission{{}}); err != client.ErrClosed {
		t.Errorf("Send: %v", err)
	}
}

// TestStopping: clients are told that the node ends, by a sender too once the reader knows.
func TestStopping(t *testing.T) {
	_, c, h := serve(t, api.Options{})
	s, err := c.Stream(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Send([]client.Submission{{ID: id(1)}, {ID: id(2)}}); err != nil {
		t.Fatal(err)
	}
	total(t, s, 2)
	h.Stop()
	var e *client.Error
	if n, err := s.Acknowledged(); n != 2 || !errors.As(err, &e) || e.Code != "stopping" || !errors.Is(err, client.ErrUnavailable) {
		t.Errorf("%d, %v", n, err)
	}
	if err := s.Send([]client.Submission{{ID: id(3)}}); !errors.As(err, &e) || e.Code != "stopping" {
		t.Errorf("Send: %v", err)
	}
	if _, err := c.Stream(t.Context()); !errors.Is(err, client.ErrUnavailable) || client.RetryAfter(err) == 0 {
		t.Errorf("another stream: %v", err)
	}
}

// TestHostileNode: nodes that answer wrongly, whatever it is, are errors and no more.
func TestHostileNode(t *testing.T) {
	endless := func(w http.ResponseWriter) {
		for b := make([]byte, 1<<16); ; {
			if _, err := w.Write(b); err != nil {
				return
			}
		}
	}
	for name, answer := range map[string]func(http.ResponseWriter){
		"nothing":    func(http.ResponseWriter) {},
		"no JSON":    func(w http.ResponseWriter) { io.WriteString(w, "<html>") },
		"endless":    endless,
		"an error":   func(w http.ResponseWriter) { w.WriteHeader(500); endless(w) },
		"a redirect": func(w http.ResponseWriter) { w.Header().Set("Location", "/"); w.WriteHeader(302) },
		"a lie":      func(w http.ResponseWriter) { io.WriteString(w, `{"state":"decided"}`) },
		"it breaks": func(w http.ResponseWriter) {
			if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
				conn.Close()
			}
		},
		"wrong blocks": func(w http.ResponseWriter) { w.Header().Set("Content-Type", client.BlocksType); endless(w) },
		"large blocks": func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", client.BlocksType)
			w.Write([]byte{0xff, 0xff, 0xff, 0xff})
			endless(w)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w) })}
			c := client.New(listen(t, s))
			defer c.Close()
			if _, err := c.SubmitDecided(t.Context(), submission(1, nil)); err == nil {
				t.Error("SubmitDecided went well")
			}
			if s, _, err := c.Find(t.Context(), submission(1, nil).Key()); err == nil {
				t.Errorf("Find went well: %q", s)
			}
			if f, err := c.Blocks(t.Context(), 0, false); err == nil {
				if _, err = f.Next(); err == nil {
					t.Error("Next went well")
				}
			}
			if s, err := c.Stream(t.Context()); err == nil {
				if _, err := s.Acknowledged(); err == nil || err == io.EOF && name != "nothing" {
					t.Errorf("Acknowledged: %v", err)
				}
				s.Close()
			}
		})
	}
}

// TestStreamThatBreaks: a connection that ends without the stream's end is no end.
func TestStreamThatBreaks(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		http.ReadRequest(bufio.NewReader(conn))
		fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
	}()
	c := client.New(l.Addr().String())
	s, err := c.Stream(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Acknowledged(); !errors.Is(err, client.ErrUnavailable) {
		t.Errorf("%v", err)
	}
}
