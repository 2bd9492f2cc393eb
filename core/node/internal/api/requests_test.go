package api_test

import (
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"parsec/core/node/client"
	"parsec/core/node/internal/api"
	"parsec/core/node/internal/batch"
)

const digits = "000102030405060708090a0b0c0d0e0f"

// TestRefusals: every request that is not as it should be is answered with what is wrong.
func TestRefusals(t *testing.T) {
	node, _, address := serve(t, api.Options{Patience: time.Second}) // two of the refusals come at its end
	plain := map[string]string{"Content-Type": "text/plain"}
	jsonType := map[string]string{"Content-Type": "application/json; charset=utf-8"}
	identity := strings.Repeat("11", 32)
	for _, c := range []struct {
		method, path, body string
		head               map[string]string
		status             int
		code               string
	}{
		{"GET", "/", "", nil, 404, "not_found"},
		{"GET", "/v1", "", nil, 404, "not_found"},
		{"GET", "/v1/submissions/", "", nil, 404, "not_found"},
		{"GET", "/v1/submissions", "", nil, 405, "method"},
		{"PUT", "/v1/submissions/" + digits, "", nil, 405, "method"},
		{"GET", "/v1/stream", "", nil, 405, "method"},
		{"POST", "/v1/status", "", nil, 405, "method"},

		{"POST", "/v1/submissions?id=1", "x", nil, 400, "malformed"},
		{"POST", "/v1/submissions?id=" + digits + "00", "x", nil, 400, "malformed"},
		{"POST", "/v1/submissions?id=" + strings.Repeat("x", 32), "x", nil, 400, "malformed"},
		{"POST", "/v1/submissions?wait=ordered", "x", nil, 400, "malformed"},
		{"POST", "/v1/submissions?di=" + digits, "x", nil, 400, "malformed"},
		{"POST", "/v1/submissions?id=" + digits + "&id=" + digits, "x", nil, 400, "malformed"},
		{"POST", "/v1/submissions?id=%zz", "x", nil, 400, "malformed"},
		{"POST", "/v1/submissions", strings.Repeat("x", batch.MaxData+1), nil, 413, "too_large"},
		{"POST", "/v1/submissions", "x", map[string]string{"Content-Encoding": "gzip"}, 415, "media_type"},
		{"POST", "/v1/submissions", "x", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403, "cross_origin"},
		{"POST", "/v1/submissions", "x", map[string]string{"Origin": "http://elsewhere.example"}, 403, "cross_origin"},
		{"POST", "/v1/submissions", "x", map[string]string{"Host": "rebound.example:80", "Origin": "http://rebound.example:80"}, 403, "cross_origin"},
		{"POST", "/v1/stream", "", map[string]string{"Host": "rebound.example", "Origin": "http://rebound.example"}, 403, "cross_origin"},
		{"GET", "/v1/submissions/1", "", nil, 400, "malformed"},
		{"GET", "/v1/submissions/" + digits, "", nil, 404, "unknown"},
		{"GET", "/v1/submissions/" + digits + "?wait=decided", "", nil, 400, "malformed"},
		{"GET", "/v1/submissions/" + digits + "?until=1", "", nil, 400, "malformed"},
		{"GET", "/v1/submissions/" + digits + "?hash=" + digits, "", nil, 400, "malformed"},
		{"GET", "/v1/submissions/" + digits + "?hash=" + strings.Repeat("x", 64), "", nil, 400, "malformed"},
		{"GET", "/v1/submissions/" + digits + "?until=9&hash=" + identity, "", nil, 404, "unknown"},
		{"GET", "/v1/submissions/" + digits + "?until=9&wait=decided&hash=" + identity, "", nil, 404, "unknown"},
		{"GET", "/v1/submissions/" + digits + "?wait=decided&hash=" + identity, "", nil, 400, "malformed"},
		{"POST", "/v1/submissions?until=0", "x", nil, 400, "malformed"},
		{"POST", "/v1/submissions?until=-1", "x", nil, 400, "malformed"},
		{"POST", "/v1/submissions?until=18446744073709551616", "x", nil, 400, "malformed"},
		{"POST", "/v1/submissions?until=18446744073709551615", "x", nil, 422, "too_far"},

		{"POST", "/v1/stream", "", plain, 415, "media_type"},
		{"POST", "/v1/stream?x=1", "", nil, 400, "malformed"},
		{"POST", "/v1/stream", "", map[string]string{"Content-Encoding": "gzip"}, 415, "media_type"},

		{"GET", "/v1/blocks?from=-1", "", nil, 400, "malformed"},
		{"GET", "/v1/blocks?from=18446744073709551616", "", nil, 400, "malformed"},
		{"GET", "/v1/blocks?max=0", "", nil, 400, "malformed"},
		{"GET", "/v1/blocks?follow=yes", "", nil, 400, "malformed"},
		{"GET", "/v1/blocks?ids=2", "", nil, 400, "malformed"},
		{"GET", "/v1/blocks?form=1", "", nil, 400, "malformed"},
		{"GET", "/v1/status?x=1", "", nil, 400, "malformed"},

		{"POST", "/v1/members/add", "{}", nil, 415, "media_type"},
		{"POST", "/v1/members/add", "{}", plain, 415, "media_type"},
		{"POST", "/v1/members/add", "{}", jsonType, 400, "malformed"},
		{"POST", "/v1/members/add", "", jsonType, 400, "malformed"},
		{"POST", "/v1/members/add", `{"identity":"` + identity + `"}{}`, jsonType, 400, "malformed"},
		{"POST", "/v1/members/add", `{"identity":"` + identity + `","address":"x"}`, jsonType, 400, "malformed"},
		{"POST", "/v1/members/add", `{"identity":"` + identity[1:] + `g"}`, jsonType, 400, "malformed"},
		{"POST", "/v1/members/add", `{"identity":"` + identity + `","info":"*"}`, jsonType, 400, "malformed"},
		{"POST", "/v1/members/add", `{"identity":"` + identity + `","info":"` + strings.Repeat("A", 1400) + `"}`, jsonType, 413, "too_large"},
		{"POST", "/v1/members/add", strings.Repeat(" ", 9<<10), jsonType, 413, "too_large"},
		{"POST", "/v1/members/remove", `{"identity":"` + identity + `"}`, jsonType, 409, "conflict"},
	} {
		a := do(t, c.method, address, c.path, c.body, c.head)
		if a.status != c.status || a.code != c.code {
			t.Errorf("%s %.80s with %.80q, %v: %+v", c.method, c.path, c.body, c.head, a)
		}
		if (a.allow != "") != (c.status == 405) || a.retry != "" {
			t.Errorf("%s %s: Allow %q, Retry-After %q", c.method, c.path, a.allow, a.retry)
		}
	}
	for _, c := range []struct {
		err    error
		status int
		code   string
		retry  bool
	}{
		{api.ErrNoRoom, 429, "no_room", true},
		{fmt.Errorf("%w: the disk is full", api.ErrCannotVote), 503, "cannot_vote", true},
		{api.ErrStopping, 503, "stopping", true},
		{fmt.Errorf("%w: its key was used elsewhere", api.ErrForked), 503, "forked", false},
		{fmt.Errorf("%w: id 1", api.ErrExpired), 410, "expired", false},
		{fmt.Errorf("%w: id 1", api.ErrTooFar), 422, "too_far", false},
		{io.ErrShortWrite, 500, "failed", false},
		{fmt.Errorf("%s", strings.Repeat("\xff\x00é", 1e5)), 500, "failed", false}, // a reason is told, but not all of it
	} {
		node.Refuse(c.err)
		a := post(t, address, "/v1/submissions", "x")
		if a.status != c.status || a.code != c.code || (a.retry != "") != c.retry || len(a.body) > 4096 {
			t.Errorf("%v: %d %s, retry after %q, %d bytes", c.err, a.status, a.code, a.retry, len(a.body))
		}
	}
	node.Refuse(nil)
	node.Full(true)
	if a := post(t, address, "/v1/submissions", "x"); a.status != 429 || a.code != "no_room" || a.retry == "" {
		t.Errorf("no room: %+v", a)
	}
	node.Full(false)
	node.Hold(true)
	if a := post(t, address, "/v1/submissions", "x"); a.status != 429 || a.code != "no_room" {
		t.Errorf("not durable in time: %+v", a)
	}
	node.Hold(false)
	for state, code := range map[string]string{"removed": "cannot_vote", "reading": "cannot_vote", "stopping": "cannot_vote", "forked": "forked"} {
		node.SetState(state)
		if a := do(t, "GET", address, "/v1/healthz", "", nil); a.status != 503 || a.code != code || !strings.Contains(a.body, state) || (a.retry == "") != (state == "forked") {
			t.Errorf("%s: %+v", state, a)
		}
	}
	node.SetState("learning")
	if a := do(t, "GET", address, "/v1/healthz", "", nil); a.status != 200 || !strings.Contains(a.body, "learning") {
		t.Errorf("learning: %+v", a)
	}
}

// TestStuck: who waits for a decision that this node will not make is told so, and so is who asks how far it is.
func TestStuck(t *testing.T) {
	node, _, _ := serve(t, api.Options{})
	h := api.New(undecided{node, make(chan struct{})}, api.Options{Decision: time.Hour})
	server := httptest.NewServer(h)
	defer server.Close()
	address := server.Listener.Addr().String()
	waits := make(chan string, 1)
	go func() { waits <- post(t, address, "/v1/submissions?wait=decided&id="+digits, "x").code }()
	for h.Stats().Waiters == 0 {
		runtime.Gosched()
	}
	node.Stick(api.ErrForked)
	if code := <-waits; code != "forked" {
		t.Errorf("who waits is told %q", code)
	}
	a := do(t, "GET", address, "/v1/submissions/"+digits+"?until=1048577&hash="+hashOf("x"), "", nil)
	if a.status != 503 || a.code != "forked" {
		t.Errorf("who asks is told %+v", a)
	}
}

// TestOrigins: pages of the node's own address, and of a proxy that has TLS, may submit.
func TestOrigins(t *testing.T) {
	_, _, address := serve(t, api.Options{})
	_, port, _ := net.SplitHostPort(address)
	for _, head := range []map[string]string{
		{"Origin": "http://" + address},
		{"Host": "localhost:" + port, "Origin": "http://localhost:" + port},
		{"Host": "[::1]:" + port, "Origin": "http://[::1]:" + port},
		{"Host": "node.example", "Origin": "https://node.example"},
		{"Host": "node.example"},
	} {
		if a := do(t, "POST", address, "/v1/submissions", "x", head); a.status != 200 {
			t.Errorf("%v: %+v", head, a)
		}
	}
}

// TestSubmissions: the answers that are no refusals, which the documentation's commands do not show.
func TestSubmissions(t *testing.T) {
	_, h, address := serve(t, api.Options{})
	a := post(t, address, "/v1/submissions", "a body of an id that the node draws")
	if a.status != 200 || !strings.Contains(a.body, `"state":"decided"`) {
		t.Errorf("%+v", a)
	}
	if b := post(t, address, "/v1/submissions", ""); b.status != 200 || b.body[:40] == a.body[:40] {
		t.Errorf("%+v", b)
	}
	a = do(t, "POST", address, "/v1/submissions?wait=decided&id="+digits, strings.Repeat("x", batch.MaxData), nil)
	if a.status != 200 {
		t.Errorf("as large as may be: %+v", a)
	}
	if n := h.Stats().Submissions; n != 3 {
		t.Errorf("%d submissions", n)
	}
	again := do(t, "POST", address, "/v1/submissions?id="+digits, strings.Repeat("x", batch.MaxData), nil)
	if n := h.Stats().Submissions; again.status != 200 || again.body != a.body || n != 3 {
		t.Errorf("what is decided, again: %+v, %d submissions", again, n)
	}
	a = do(t, "POST", address, "/v1/submissions?id="+digits, "other", nil)
	if n := h.Stats().Submissions; a.status != 200 || a.body == again.body || n != 4 {
		t.Errorf("other data with its id: %+v, %d submissions", a, n)
	}
	a = do(t, "GET", address, "/v1/submissions/"+digits, "", nil)
	if a.status != 200 || strings.Count(a.body, `"decided"`) != 2 || strings.Contains(a.body, "more") {
		t.Errorf("both: %+v", a)
	}
	a = do(t, "GET", address, "/v1/submissions/"+digits+"?hash="+hashOf("other"), "", nil)
	if a.status != 200 || strings.Count(a.body, `"decided"`) != 1 || !strings.Contains(a.body, hashOf("other")) {
		t.Errorf("one of them: %+v", a)
	}
	a = do(t, "GET", address, "/v1/submissions/"+digits+"?hash="+hashOf("a third"), "", nil)
	if a.status != 404 || a.code != "unknown" {
		t.Errorf("neither: %+v", a)
	}
}

func hashOf(data string) string {
	k := batch.KeyOf(&batch.ID{}, 0, []byte(data))
	return hex.EncodeToString(k.Hash[:])
}

// undecided is a node whose acknowledged submissions are decided when it is told to.
type undecided struct {
	api.Backend
	decide chan struct{}
}

func (u undecided) Find(k client.Key) (client.State, client.Position) {
	select {
	case <-u.decide:
		return u.Backend.Find(k)
	default:
		return client.Pending, client.Position{}
	}
}

// TestWaits: requests wait for decisions: to that, to their time, to the node's end; and too many do not.
func TestWaits(t *testing.T) {
	node, _, _ := serve(t, api.Options{})
	u := undecided{node, make(chan struct{})}
	short := httptest.NewServer(api.New(u, api.Options{Decision: time.Millisecond}))
	defer short.Close()
	a := post(t, short.Listener.Addr().String(), "/v1/submissions?wait=decided&id="+digits, "x")
	if a.status != 202 || a.body != `{"id":"`+digits+`","hash":"`+hashOf("x")+`","until":1048577,"state":"acknowledged"}`+"\n" {
		t.Errorf("not in time: %+v", a)
	}
	h := api.New(u, api.Options{Decision: time.Hour, MaxWaiters: 2})
	long := httptest.NewServer(h)
	defer long.Close()
	address := long.Listener.Addr().String()
	answers := make(chan answered, 2)
	go func() { answers <- post(t, address, "/v1/submissions?wait=decided&id="+digits, "x") }()
	go func() {
		answers <- do(t, "GET", address, "/v1/submissions/"+digits+"?wait=decided&until=1048577&hash="+hashOf("x"), "", nil)
	}()
	eventually(t, "both wait", func() bool { return h.Stats().Waiters == 2 })
	if a := post(t, address, "/v1/submissions?wait=decided", "x"); a.status != 429 || a.code != "busy" {
		t.Errorf("a third: %+v", a)
	}
	close(u.decide)
	node.Append(api.Block{Kind: client.KindOther}) // something for them to wake at
	for range 2 {
		if a := <-answers; a.status != 200 || !strings.Contains(a.body, "decided") {
			t.Errorf("decided: %+v", a)
		}
	}
	u = undecided{node, make(chan struct{})}
	h = api.New(u, api.Options{Decision: time.Hour})
	ends := httptest.NewServer(h)
	defer ends.Close()
	go func() { answers <- post(t, ends.Listener.Addr().String(), "/v1/submissions?wait=decided", "x") }()
	eventually(t, "it waits", func() bool { return h.Stats().Waiters == 1 })
	h.Stop()
	if a := <-answers; a.status != 202 {
		t.Errorf("the node stops: %+v", a)
	}
	if a := do(t, "GET", ends.Listener.Addr().String(), "/v1/status", "", nil); a.status != 200 {
		t.Errorf("the status of a node that stops: %+v", a)
	}
	http.DefaultClient.CloseIdleConnections()
}

// TestRequestsAtATime: more requests than may be wait, and are refused when their patience ends.
func TestRequestsAtATime(t *testing.T) {
	node, _, address := serve(t, api.Options{MaxRequests: 1, Patience: 100 * time.Millisecond})
	node.Full(true)
	first := make(chan answered)
	go func() { first <- post(t, address, "/v1/submissions", "x") }()
	second := post(t, address, "/v1/submissions", "x")
	a := <-first
	if a.status != 429 || second.status != 429 || a.code+second.code != "no_roombusy" && a.code+second.code != "busyno_room" && a.code+second.code != "no_roomno_room" {
		t.Errorf("%+v, %+v", a, second)
	}
	node.Full(false)
	eventually(t, "there is room again", func() bool { return post(t, address, "/v1/submissions", "x").status == 200 })
}

// TestBodyThatDoesNotCome: whoever announces a body and does not send it is not waited for, refused or not.
func TestBodyThatDoesNotCome(t *testing.T) {
	_, _, address := serve(t, api.Options{Stall: time.Second})
	var all sync.WaitGroup
	defer all.Wait()
	for request, want := range map[string]string{
		"POST /v1/submissions HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc":                    "408",
		"POST /v1/submissions HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nConnection: close\r\n\r\na": "408",
		"POST /v1/submissions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc":       "408",
		"POST /v1/submissions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n":          "400",
		"POST /v1/submissions?x=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc":                "400",
		"POST /v1/submissions HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\nabc":              "413",
		"POST /v1/members/add HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc":                    "415",
		"GET /v1/blocks?follow=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc":                 "400",
		"DELETE /v1/status HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc":                       "405",
	} {
		all.Go(func() {
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			conn.SetReadDeadline(time.Now().Add(time.Minute))
			io.WriteString(conn, request)
			b, err := io.ReadAll(conn)
			if err != nil || !strings.HasPrefix(string(b), "HTTP/1.1 "+want+" ") {
				t.Errorf("%q: %q, %v", request, b, err)
			}
		})
	}
}

// TestConnections: past the limit they are closed, and let in again when others have left.
func TestConnections(t *testing.T) {
	_, h, address := serve(t, api.Options{MaxConns: 2})
	ask := func() (net.Conn, bool) {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		conn.SetDeadline(time.Now().Add(time.Minute))
		fmt.Fprintf(conn, "GET /v1/healthz HTTP/1.1\r\nHost: x\r\n\r\n")
		var b [12]byte
		_, err = io.ReadFull(conn, b[:])
		return conn, err == nil && string(b[:]) == "HTTP/1.1 200"
	}
	one, ok1 := ask()
	two, ok2 := ask()
	three, ok3 := ask()
	if !ok1 || !ok2 || ok3 {
		t.Errorf("let in: %t, %t, %t", ok1, ok2, ok3)
	}
	if n := h.Stats().Cut; n != 1 {
		t.Errorf("%d cut", n)
	}
	one.Close()
	three.Close()
	eventually(t, "room", func() bool { return h.Stats().Conns == 1 })
	four, ok4 := ask()
	if !ok4 {
		t.Error("not let in again")
	}
	two.Close()
	four.Close()
}

// FuzzVote: whatever the body of a vote is, it is one vote or refused, and what is read is what was written.
func FuzzVote(f *testing.F) {
	identity := strings.Repeat("1a", 32)
	f.Add([]byte(`{"identity":"` + identity + `","info":"aG9zdDo3MDAw"}`))
	f.Add([]byte(`{"identity":"` + identity + `"}{}`))
	f.Add([]byte(`{"identity":1,"info":null}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		id, info, err := api.ParseVote(b)
		if err != nil {
			return
		}
		if len(info) > api.MaxInfo {
			t.Errorf("an info of %d bytes", len(info))
		}
		if !strings.Contains(strings.ToLower(string(b)), hex.EncodeToString(id[:])) && !strings.Contains(string(b), `\`) {
			t.Errorf("%q is of %x", b, id)
		}
	})
}
