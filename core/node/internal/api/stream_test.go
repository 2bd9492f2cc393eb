package api_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"parsec/core/node/client"
	"parsec/core/node/internal/api"
	"parsec/core/node/internal/batch"
	"parsec/core/node/internal/solo"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve starts a node of one and returns its handler, and where it is served.
func serve(t testing.TB, o api.Options) (*solo.Node, *api.Handler, string) {
	t.Helper()
	node := solo.New()
	h := api.New(node, o)
	s := api.NewServer(h)
	server := httptest.NewUnstartedServer(nil)
	server.Config = s
	server.Start()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		server.Close()
	})
	return node, h, server.Listener.Addr().String()
}

// eventually waits until something is so.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("never: " + what)
		}
	}
}

// frame returns a frame with so many submissions, numbered from first on.
func frame(first, count int) []byte {
	b := make([]byte, 4)
	for i := range count {
		id := batch.ID{byte((first + i) >> 8), byte(first + i)}
		b = batch.Append(b, &id, client.Ahead, []byte("data"))
	}
	binary.LittleEndian.PutUint32(b, uint32(len(b)-4))
	return b
}

// ending is how a stream ended: the last count, and the reason or "".
func ending(t *testing.T, r io.Reader) (acked uint64, code string) {
	t.Helper()
	for {
		var b [8]byte
		if _, err := io.ReadFull(r, b[:]); err == io.EOF {
			return acked, ""
		} else if err != nil {
			t.Fatalf("after %d: %v", acked, err)
		}
		n := binary.LittleEndian.Uint64(b[:])
		if n == 1<<64-1 {
			var size [4]byte
			if _, err := io.ReadFull(r, size[:]); err != nil {
				t.Fatal(err)
			}
			text := make([]byte, binary.LittleEndian.Uint32(size[:]))
			if _, err := io.ReadFull(r, text); err != nil {
				t.Fatal(err)
			}
			var why struct{ Error, Code string }
			if err := json.Unmarshal(text, &why); err != nil || why.Error == "" {
				t.Fatalf("%q: %v", text, err)
			}
			return acked, why.Code
		}
		if n <= acked {
			t.Fatalf("%d after %d", n, acked)
		}
		acked = n
	}
}

// openStream opens one with net/http's client, the body of which the caller writes.
func openStream(t *testing.T, address string) (*io.PipeWriter, io.ReadCloser) {
	t.Helper()
	r, w := io.Pipe()
	q, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+address+"/v1/stream", r)
	if err != nil {
		t.Fatal(err)
	}
	a, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Body.Close(); w.Close() })
	if a.StatusCode != http.StatusOK {
		t.Fatal(a.Status)
	}
	return w, a.Body
}

// TestStreamFullDuplex: with the client of net/http the answer's head is there before anything was sent, counts before
// the body ends, and the stream ends when the body does.
func TestStreamFullDuplex(t *testing.T) {
	_, _, address := serve(t, api.Options{})
	w, r := openStream(t, address)
	var sent uint64
	for i := range 10 {
		if _, err := w.Write(frame(100*i, i+1)); err != nil {
			t.Fatal(err)
		}
		sent += uint64(i + 1)
		var b [8]byte
		if _, err := io.ReadFull(r, b[:]); err != nil {
			t.Fatal(err)
		}
		if n := binary.LittleEndian.Uint64(b[:]); n != sent {
			t.Fatalf("%d acknowledged of %d", n, sent)
		}
	}
	w.Close()
	if n, code := ending(t, r); n != 0 || code != "" {
		t.Errorf("%d more, %q at the end", n, code)
	}
}

// TestStreamRefuses: a frame that is none ends the stream, after what came before it is acknowledged.
func TestStreamRefuses(t *testing.T) {
	for _, c := range []struct {
		name, code string
		bytes      []byte
		close      bool
	}{
		{"empty frame", "malformed", []byte{0, 0, 0, 0}, false},
		{"large frame", "too_large", []byte{1, 0, 0x10, 0}, false},
		{"huge frame", "too_large", []byte{0xff, 0xff, 0xff, 0xff}, false},
		{"no entries", "malformed", []byte{3, 0, 0, 0, 1, 2, 3}, false},
		{"ends within a length", "malformed", []byte{3, 0}, true},
		{"ends within a frame", "malformed", []byte{3, 0, 0, 0, 1}, true},
		{"and much more comes", "malformed", bytes.Repeat([]byte{1, 0, 0, 0, 0}, 100000), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, h, address := serve(t, api.Options{})
			w, r := openStream(t, address)
			go func() {
				w.Write(append(frame(0, 7), c.bytes...))
				if c.close {
					w.Close()
				}
			}()
			if n, code := ending(t, r); n != 7 || code != c.code {
				t.Errorf("%d acknowledged, then %q", n, code)
			}
			r.Close()
			w.Close()
			eventually(t, "no stream", func() bool { return h.Stats().Streams == 0 })
			if n := h.Stats().Refused; n != 1 {
				t.Errorf("%d refused", n)
			}
		})
	}
}

// TestStreamInFlight: what one stream has in flight is bounded, and past it the node does not read.
func TestStreamInFlight(t *testing.T) {
	node, h, address := serve(t, api.Options{MaxInFlight: 10})
	node.Hold(true)
	w, r := openStream(t, address)
	go func() {
		for i := range 20 {
			w.Write(frame(10*i, 3))
		}
		w.Write(frame(1000, 50)) // more than may be in flight: alone
		w.Close()
	}()
	eventually(t, "three frames held", func() bool { return node.Held() == 3 })
	if n := h.Stats().Submissions; n != 9 {
		t.Errorf("%d were taken", n)
	}
	time.Sleep(10 * time.Millisecond)
	if n := node.Held(); n != 3 {
		t.Errorf("%d frames in flight", n)
	}
	node.Hold(false)
	if n, code := ending(t, r); n != 110 || code != "" {
		t.Errorf("%d acknowledged, then %q", n, code)
	}
}

// TestStreamFails: what never becomes durable ends the stream, also where the client waits with nothing to say.
func TestStreamFails(t *testing.T) {
	for _, closed := range []bool{false, true} {
		t.Run(fmt.Sprintf("closed=%t", closed), func(t *testing.T) {
			node, h, address := serve(t, api.Options{})
			node.Hold(true)
			w, r := openStream(t, address)
			w.Write(frame(0, 2))
			w.Write(frame(10, 3))
			if closed {
				w.Close()
			}
			eventually(t, "held", func() bool { return node.Held() == 2 })
			node.FailHeld(fmt.Errorf("the disk: %w", api.ErrCannotVote))
			if n, code := ending(t, r); n != 0 || code != "cannot_vote" {
				t.Errorf("%d acknowledged, then %q", n, code)
			}
			r.Close()
			w.Close()
			eventually(t, "no stream", func() bool { return h.Stats().Streams == 0 })
			node.Hold(false) // the other one, for a stream that is no more
		})
	}
	node, _, address := serve(t, api.Options{})
	node.Refuse(errors.New("out of order"))
	w, r := openStream(t, address)
	w.Write(frame(0, 2))
	if n, code := ending(t, r); n != 0 || code != "failed" {
		t.Errorf("%d acknowledged, then %q", n, code)
	}
}

// TestStreamStops: a node that stops acknowledges what it took, says why it goes, and is done; whatever the stream
// is doing.
func TestStreamStops(t *testing.T) {
	for _, c := range []struct {
		name        string
		held, close bool
	}{{"idle", false, false}, {"in flight", true, false}, {"all sent", true, true}} {
		t.Run(c.name, func(t *testing.T) {
			node, h, address := serve(t, api.Options{Grace: time.Minute})
			node.Hold(c.held)
			w, r := openStream(t, address)
			w.Write(frame(0, 2))
			if c.close {
				w.Close()
			}
			eventually(t, "taken", func() bool { return h.Stats().Submissions == 2 })
			h.Stop()
			if c.held {
				time.AfterFunc(5*time.Millisecond, func() { node.Hold(false) })
			}
			if n, code := ending(t, r); n != 2 || code != "stopping" && !(c.close && code == "") {
				t.Errorf("%d acknowledged, then %q", n, code)
			}
		})
	}
	t.Run("never durable", func(t *testing.T) {
		node, h, address := serve(t, api.Options{Grace: time.Millisecond})
		node.Hold(true)
		w, r := openStream(t, address)
		w.Write(frame(0, 2))
		eventually(t, "taken", func() bool { return node.Held() == 1 })
		h.Stop()
		if n, code := ending(t, r); n != 0 || code != "stopping" {
			t.Errorf("%d acknowledged, then %q", n, code)
		}
		node.Hold(false)
	})
	t.Run("new ones", func(t *testing.T) {
		_, h, address := serve(t, api.Options{})
		h.Stop()
		if a := post(t, address, "/v1/stream", ""); a.status != 503 || a.code != "stopping" {
			t.Errorf("%+v", a)
		}
	})
}

// TestStreamLeaves: a client that goes away without a word leaves nothing behind, also with submissions in flight and
// while the node has no room.
func TestStreamLeaves(t *testing.T) {
	for _, state := range []string{"idle", "held", "full", "within a frame"} {
		t.Run(state, func(t *testing.T) {
			node, h, address := serve(t, api.Options{})
			node.Hold(state == "held")
			node.Full(state == "full")
			conn := rawStream(t, address)
			b := frame(0, 2)
			if state == "within a frame" {
				b = b[:10]
			}
			fmt.Fprintf(conn, "%x\r\n%s\r\n", len(b), b)
			eventually(t, "a stream", func() bool { return h.Stats().Streams == 1 })
			if state == "held" {
				eventually(t, "held", func() bool { return node.Held() == 1 })
			}
			conn.Close()
			if state == "full" {
				node.Full(false) // a stream that waits for room notices when it reads or writes again
			}
			eventually(t, "no stream", func() bool { return h.Stats().Streams == 0 })
			node.Hold(false)
		})
	}
}

// rawStream opens a stream over a plain connection.
func rawStream(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	fmt.Fprintf(conn, "POST /v1/stream HTTP/1.1\r\nHost: %s\r\nTransfer-Encoding: chunked\r\n\r\n", address)
	return conn
}

// TestStreamTimes: frames that do not come, and streams with nothing to say, end.
func TestStreamTimes(t *testing.T) {
	_, _, address := serve(t, api.Options{Stall: time.Second, Grace: time.Millisecond})
	w, r := openStream(t, address)
	w.Write(append(frame(0, 3), 9, 0, 0, 0, 1))
	if n, code := ending(t, r); n != 3 || code != "timeout" {
		t.Errorf("a frame that does not come: %d, %q", n, code)
	}
	_, _, address = serve(t, api.Options{Idle: time.Second, Grace: time.Millisecond})
	w, r = openStream(t, address)
	w.Write(frame(0, 3))
	if n, code := ending(t, r); n != 3 || code != "timeout" {
		t.Errorf("nothing to say: %d, %q", n, code)
	}
}

// TestStreamMany: more than may be are refused, before they send anything, and let in when others have left.
func TestStreamMany(t *testing.T) {
	_, h, address := serve(t, api.Options{MaxStreams: 2})
	w, _ := openStream(t, address)
	openStream(t, address)
	if a := post(t, address, "/v1/stream", ""); a.status != 429 || a.code != "busy" || a.retry == "" {
		t.Errorf("a third: %+v", a)
	}
	// One whose body has not ended gets its answer too.
	conn := rawStream(t, address)
	conn.SetReadDeadline(time.Now().Add(time.Minute))
	var b [12]byte
	if _, err := io.ReadFull(conn, b[:]); err != nil || string(b[:]) != "HTTP/1.1 429" {
		t.Errorf("a third that has said nothing: %q, %v", b, err)
	}
	w.Close()
	eventually(t, "room", func() bool { return h.Stats().Streams < 2 })
	openStream(t, address)
}

// answered is an answer as it came.
type answered struct {
	status      int
	body        string
	code, retry string
	allow       string
}

func post(t *testing.T, address, path, body string) answered {
	t.Helper()
	return do(t, "POST", address, path, body, nil)
}

func do(t *testing.T, method, address, path, body string, head map[string]string) answered {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), method, "http://"+address+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range head {
		q.Header.Set(k, v)
		if k == "Host" {
			q.Host = v
		}
	}
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answered{status: r.StatusCode, body: string(b), retry: r.Header.Get("Retry-After"), allow: r.Header.Get("Allow")}
	if r.StatusCode/100 != 2 {
		var why struct{ Error, Code string }
		if err := json.Unmarshal(b, &why); err != nil || why.Error == "" {
			t.Errorf("%s %s: %s, %q: %v", method, path, r.Status, b, err)
		}
		a.code = why.Code
	}
	return a
}
