package client_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"go.uber.org/goleak"

	"parsec/core/node/client"
	"parsec/core/node/internal/api"
	"parsec/core/node/internal/solo"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve starts a node of one and returns a client of it.
func serve(t testing.TB, o api.Options) (*solo.Node, *client.Client, *api.Handler) {
	t.Helper()
	node := solo.New()
	h := api.New(node, o)
	c := client.New(listen(t, api.NewServer(h)))
	t.Cleanup(c.Close)
	return node, c, h
}

// listen has a server serve until the test ends, and returns where.
func listen(t testing.TB, s *http.Server) string {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	server.Config = s
	server.Start()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		server.Close()
	})
	return server.Listener.Addr().String()
}

func id(n int) client.ID { return client.ID{byte(n >> 8), byte(n)} }

// total reads what is acknowledged until it is that many, or an error comes.
func total(t testing.TB, s *client.Stream, want uint64) {
	t.Helper()
	for {
		n, err := s.Acknowledged()
		if err != nil {
			t.Fatalf("%d acknowledged, then %v", n, err)
		}
		if n == want {
			return
		}
		if n > want {
			t.Fatalf("%d acknowledged of %d", n, want)
		}
	}
}

func TestSubmit(t *testing.T) {
	node, c, _ := serve(t, api.Options{})
	ctx := t.Context()
	if s, _, err := c.Find(ctx, id(1)); s != client.Unknown || err != nil {
		t.Errorf("found %v, %v before it was there", s, err)
	}
	if err := c.Submit(ctx, id(1), []byte("one")); err != nil {
		t.Fatal(err)
	}
	want := client.Position{Number: 1, Block: 2}
	if p, err := c.SubmitDecided(ctx, id(2), nil); err != nil || p != want {
		t.Errorf("decided at %v, %v", p, err)
	}
	if p, err := c.SubmitDecided(ctx, id(2), nil); err != nil || p != want {
		t.Errorf("decided again at %v, %v", p, err)
	}
	if s, p, err := c.Find(ctx, id(2)); s != client.Decided || p != want || err != nil {
		t.Errorf("found %v, %v, %v", s, p, err)
	}
	if err := c.Submit(ctx, id(3), make([]byte, client.MaxData+1)); !errors.Is(err, client.ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
	if err := c.Submit(ctx, id(3), make([]byte, client.MaxData)); err != nil {
		t.Errorf("as large as may be: %v", err)
	}
	s, err := c.Status(ctx)
	if err != nil || s.Decided != 3 || s.Blocks != 4 {
		t.Errorf("status %+v, %v", s, err)
	}
	if err := c.Add(ctx, [32]byte{1}, []byte("x")); err != nil {
		t.Error(err)
	}
	if err := c.Add(ctx, [32]byte{1}, nil); !errors.Is(err, client.ErrConflict) {
		t.Errorf("added twice: %v", err)
	}
	if err := c.Remove(ctx, [32]byte{1}, nil); err != nil {
		t.Error(err)
	}
	node.Refuse(api.ErrCannotVote)
	err = c.Submit(ctx, id(4), nil)
	if !errors.Is(err, client.ErrUnavailable) || client.RetryAfter(err) == 0 {
		t.Errorf("cannot vote: %v, retry after %v", err, client.RetryAfter(err))
	}
}

func TestStream(t *testing.T) {
	_, c, _ := serve(t, api.Options{})
	s, err := c.Stream(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const n = 3000
	go func() {
		var batch []client.Submission
		for i := range n {
			batch = append(batch, client.Submission{ID: id(i), Data: make([]byte, i)}) // in all 4.5 MB: several frames
			if i < 10 || i == n-1 {
				if err := s.Send(batch); err != nil {
					t.Error(err)
				}
				batch = batch[:0]
			}
		}
		one := id(n)
		if err := s.SendEntries(client.AppendEntry(nil, &one, []byte("last")), 1); err != nil {
			t.Error(err)
		}
		if err := s.CloseSend(); err != nil {
			t.Error(err)
		}
		if err := s.Send(batch); err != client.ErrClosed {
			t.Errorf("send after the end: %v", err)
		}
	}()
	total(t, s, n+1)
	if k, err := s.Acknowledged(); k != n+1 || err != io.EOF {
		t.Errorf("%d, %v at the end", k, err)
	}
	f, err := c.Blocks(t.Context(), 1, false)
	if err != nil {
		t.Fatal(err)
	}
	got := 0
	for {
		b, err := f.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if b.First != uint64(got) {
			t.Errorf("block %d begins with %d, not %d", b.Number, b.First, got)
		}
		for _, item := range b.Items {
			if item.ID != id(got) || got < n && len(item.Data) != got {
				t.Fatalf("submission %d is %x, %d bytes", got, item.ID, len(item.Data))
			}
			got++
		}
	}
	if got != n+1 {
		t.Errorf("%d submissions", got)
	}
}

// TestUnreachable: nobody is there.
func TestUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := client.New(l.Addr().String())
	l.Close()
	if err := c.Submit(t.Context(), id(1), nil); !errors.Is(err, client.ErrUnavailable) {
		t.Errorf("submit: %v", err)
	}
	if _, err := c.Stream(t.Context()); !errors.Is(err, client.ErrUnavailable) {
		t.Errorf("stream: %v", err)
	}
	if _, err := c.Follow(t.Context(), 0, false); !errors.Is(err, client.ErrUnavailable) {
		t.Errorf("follow: %v", err)
	}
}
