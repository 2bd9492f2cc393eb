package flame_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/pprof/profile"

	"parsec/profiles/flame"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestServe(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("AppData", t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	l := listen(t)
	done := make(chan error, 1)
	go func() { done <- flame.View{Value: "cpu", Notes: []string{"a note"}}.Serve(ctx, l, tree(), "mod", ".") }()

	get := func(path, host string) (int, string) {
		t.Helper()
		req, err := http.NewRequest(http.MethodGet, "http://"+l.Addr().String()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		resp, err := (&http.Client{Timeout: time.Minute}).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(body)
	}
	for _, c := range []struct {
		path, host string
		status     int
		has        string
	}{
		{"/", "", 200, "stackViewer("}, // leads to the flame graph
		{"/top", "localhost", 200, "count_amd64"},
		{"/flamegraph", "[::1]:80", 200, "a note"},
		{"/nowhere", "", 404, "not found"},
		{"/top", "example.org", 403, "this machine alone"},
		{"/download", "127.0.0.1.example.org:1", 403, "this machine alone"},
	} {
		if status, body := get(c.path, c.host); status != c.status || !strings.Contains(body, c.has) {
			t.Errorf("%s, host %q: status %d, %q not in %d bytes", c.path, c.host, status, c.has, len(body))
		}
	}
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("after the end of its context: %v", err)
		}
	case <-time.After(time.Minute):
		t.Fatal("it goes on after its context has ended")
	}
	if _, err := l.Accept(); err == nil {
		t.Error("the listener is still open")
	}
	if got := page(t, tree()); !strings.Contains(got, "count_amd64") {
		t.Error("no page can be made afterwards")
	}
}

func TestServeRefuses(t *testing.T) {
	err := flame.View{Value: "cpu"}.Serve(t.Context(), listen(t), &profile.Profile{}, "", "")
	if !errors.Is(err, flame.ErrValue) {
		t.Errorf("an empty profile: %v", err)
	}
}
