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

// submission is one that is given its until by the client that it is given to.
func submission(n int, data []byte) *client.Submission {
	return &client.Submission{ID: id(n), Data: data}
}

func TestSubmit(t *testing.T) {
	node, c, _ := serve(t, api.Options{})
	ctx := t.Context()
	one, two := submission(1, []byte("one")), submission(2, nil)
	if s, _, err := c.Find(ctx, client.Key{ID: id(1), Until: 5}); s != client.Unknown || err != nil {
		t.Errorf("found %v, %v before it was there", s, err)
	}
	if err := c.Submit(ctx, one); err != nil {
		t.Fatal(err)
	}
	if one.Until != 1+client.Ahead {
		t.Errorf("given until %d", one.Until)
	}
	want := client.Position{Number: 1, Block: 2}
	if p, err := c.SubmitDecided(ctx, two); err != nil || p != want {
		t.Errorf("decided at %v, %v", p, err)
	}
	if p, err := c.SubmitDecided(ctx, two); err != nil || p != want {
		t.Errorf("decided again at %v, %v", p, err)
	}
	if s, p, err := c.Find(ctx, two.Key()); s != client.Decided || p != want || err != nil {
		t.Errorf("found %v, %v, %v", s, p, err)
	}
	if err := c.Submit(ctx, submission(3, make([]byte, client.MaxData+1))); !errors.Is(err, client.ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
	if err := c.Submit(ctx, submission(3, make([]byte, client.MaxData))); err != nil {
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
	err = c.Submit(ctx, submission(4, nil))
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
		if err := s.SendEntries(client.AppendEntry(nil, &one, client.Ahead, []byte("last")), 1); err != nil {
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

// TestUntil: what came to its last block, or is too far ahead, is refused for that reason; what was decided is found by its key,
// and by its id as far as answers have room.
func TestUntil(t *testing.T) {
	node, c, _ := serve(t, api.Options{})
	ctx := t.Context()
	for range 20 {
		node.Append(api.Block{Kind: client.KindOther})
	}
	for i, at := range []struct {
		until func(height uint64) uint64
		want  error
		state client.State
	}{
		{func(h uint64) uint64 { return h - 1 }, client.ErrExpired, client.Expired},
		{func(h uint64) uint64 { return h }, nil, client.Decided},
		{func(h uint64) uint64 { return h + client.Window }, nil, client.Decided},
		{func(h uint64) uint64 { return h + client.Window + 1 }, client.ErrTooFar, client.Unknown},
	} {
		status, err := c.Status(ctx)
		if err != nil {
			t.Fatal(err)
		}
		until, want := at.until(status.Blocks), at.want
		s := submission(i, nil)
		s.Until = until
		if _, err := c.SubmitDecided(ctx, s); !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("until %d: %v, want %v", until, err, want)
		}
		state, _, err := c.Find(ctx, s.Key())
		if state != at.state || err != nil {
			t.Errorf("until %d is %s, %v", until, state, err)
		}
		stream, err := c.Stream(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := stream.Send([]client.Submission{*s}); err != nil {
			t.Fatal(err)
		}
		if _, err := stream.Acknowledged(); !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("until %d, by a stream: %v, want %v", until, err, want)
		}
		stream.Close()
	}
	var keys []client.Key
	for k := range byte(client.MaxFound + 1) {
		s := submission(500, []byte{k})
		at, err := c.SubmitDecided(ctx, s)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, s.Key())
		found, more, err := c.List(ctx, id(500))
		if err != nil || len(found) != min(len(keys), client.MaxFound) || more != (len(keys) > client.MaxFound) {
			t.Fatalf("of %d: %+v, %v, %v", len(keys), found, more, err)
		}
		if last := (client.Found{Key: keys[len(keys)-1], State: client.Decided, Position: at}); !more && found[len(found)-1] != last {
			t.Errorf("%+v, want %+v", found[len(found)-1], last)
		}
	}
	if found, more, err := c.List(ctx, id(999)); len(found) > 0 || more || err != nil {
		t.Errorf("an id that nobody used: %v, %v, %v", found, more, err)
	}
}

// TestUntilGiven: a stream gives what is sent its until, which it keeps, and the next one gets the same while the node is not
// asked again.
func TestUntilGiven(t *testing.T) {
	node, c, _ := serve(t, api.Options{})
	s, err := c.Stream(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	some := []client.Submission{{ID: id(1)}, {ID: id(2), Until: 7}, {ID: id(3)}}
	if err := s.Send(some); err != nil {
		t.Fatal(err)
	}
	total(t, s, 3)
	if some[0].Until != 1+client.Ahead || some[1].Until != 7 || some[2].Until != some[0].Until {
		t.Errorf("given %d, %d, %d", some[0].Until, some[1].Until, some[2].Until)
	}
	node.Append(api.Block{Kind: client.KindOther})
	if u, err := c.Until(t.Context()); u != some[0].Until || err != nil {
		t.Errorf("at once again: %d, %v", u, err)
	}
	if _, err := c.Status(t.Context()); err != nil {
		t.Fatal(err)
	}
	if u, err := c.Until(t.Context()); u != 3+client.Ahead || err != nil {
		t.Errorf("after a status: %d, %v", u, err)
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
	if err := c.Submit(t.Context(), submission(1, nil)); !errors.Is(err, client.ErrUnavailable) {
		t.Errorf("submit: %v", err)
	}
	if _, err := c.Stream(t.Context()); !errors.Is(err, client.ErrUnavailable) {
		t.Errorf("stream: %v", err)
	}
	if _, err := c.Follow(t.Context(), 0, false); !errors.Is(err, client.ErrUnavailable) {
		t.Errorf("follow: %v", err)
	}
}
