package api

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"parsec/core/node/client"
	"parsec/core/node/internal/batch"
)

// sink takes everything that is submitted, and has it durable at once.
type sink struct {
	Backend
	taken []byte
	count int
}

func (s *sink) Submit(_ context.Context, entries []byte, sum batch.Sum, done func(error)) error {
	s.taken = append(s.taken, entries...)
	s.count += sum.Count
	done(nil)
	return nil
}

func (s *sink) Find(client.Key) (client.State, client.Position) {
	return client.Acknowledged, client.Position{}
}

func (s *sink) List(id batch.ID) ([]client.Found, bool) {
	return []client.Found{{Key: client.Key{ID: id}, State: client.Pending}}, true
}

func (s *sink) Blocks(uint64, int) ([]Block, error)                     { return nil, nil }
func (s *sink) Vote(context.Context, Change, [32]byte, []byte) error    { return nil }
func (s *sink) Wait(ctx context.Context, blocks uint64) (uint64, error) { return blocks + 1, ctx.Err() }
func (s *sink) Until(batch.ID, [32]byte) uint64                         { return 9 }
func (s *sink) Stuck() error                                            { return nil }
func (s *sink) Status() client.Status                                   { return client.Status{} }

// duplex is a ResponseWriter that records, and lets the handler do what only connections can.
type duplex struct{ *httptest.ResponseRecorder }

func (duplex) EnableFullDuplex() error          { return nil }
func (duplex) SetReadDeadline(time.Time) error  { return nil }
func (duplex) SetWriteDeadline(time.Time) error { return nil }

// FuzzStreamFrames: whatever is sent as a stream, what the backend is given does parse and is what was sent, all of it is
// acknowledged, and the stream ends with a reason unless it ended between frames.
func FuzzStreamFrames(f *testing.F) {
	entries := batch.Append(batch.Append(nil, &batch.ID{1}, 1<<20, []byte("one")), &batch.ID{2}, 1, nil)
	good := append(binary.LittleEndian.AppendUint32(nil, uint32(len(entries))), entries...)
	f.Add(append(good, good...))
	f.Add(append(good, 0, 0, 0, 0))
	f.Add(append(good, 1, 0))
	f.Add(append(good, 0xff, 0xff, 0xff, 0xff, 1))
	f.Add(append(good, 5, 0, 0, 0, 1, 2, 3, 4, 5))
	f.Fuzz(func(t *testing.T, b []byte) {
		s := &sink{}
		h := New(s, Options{MaxInFlight: 2})
		w := duplex{httptest.NewRecorder()}
		h.ServeHTTP(w, httptest.NewRequest("POST", "/v1/stream", io.MultiReader(bytes.NewReader(b))))
		if w.Code != http.StatusOK {
			t.Fatal(w.Code)
		}
		if sum, err := batch.Check(s.taken); err != nil || sum.Count != s.count {
			t.Fatalf("%d taken, which are %d: %v", s.count, sum.Count, err)
		}
		// What was sent, as far as it is frames.
		var want []byte
		rest := b
		for len(rest) >= 4 {
			size := int(binary.LittleEndian.Uint32(rest))
			if size == 0 || size > maxFrame || size > len(rest)-4 {
				break
			}
			if _, err := batch.Check(rest[4 : 4+size]); err != nil {
				break
			}
			want = append(want, rest[4:4+size]...)
			rest = rest[4+size:]
		}
		if !bytes.Equal(s.taken, want) {
			t.Fatalf("%x taken of %x", s.taken, b)
		}
		answer := w.Body.Bytes()
		var acked uint64
		for len(answer) >= 8 && binary.LittleEndian.Uint64(answer) != 1<<64-1 {
			acked = binary.LittleEndian.Uint64(answer)
			answer = answer[8:]
		}
		if acked != uint64(s.count) || (len(answer) > 0) != (len(rest) > 0) {
			t.Fatalf("%d acknowledged of %d, then %x, with %d bytes left", acked, s.count, answer, len(rest))
		}
	})
}

// FuzzRequest: whatever a request is, the answer is JSON, or lines of it, or nothing.
func FuzzRequest(f *testing.F) {
	f.Add("POST", "/v1/submissions?id=000102030405060708090a0b0c0d0e0f&wait=decided", "application/json", []byte("x"))
	f.Add("GET", "/v1/submissions/000102030405060708090a0b0c0d0e0f", "", []byte(nil))
	f.Add("GET", "/v1/submissions/000102030405060708090a0b0c0d0e0f?until=7&wait=decided&hash="+strings.Repeat("1a", 32), "", []byte(nil))
	f.Add("GET", "/v1/blocks?from=1&max=2&ids=1", "", []byte(nil))
	f.Add("POST", "/v1/members/add", "application/json", []byte(`{"identity":"`+strings.Repeat("1a", 32)+`","info":"aG9zdDo3MDAw"}`))
	f.Add("DELETE", "/v1//status?%", ";", []byte(nil))
	f.Fuzz(func(t *testing.T, method, target, media string, body []byte) {
		q, err := http.NewRequest(method, "http://x"+target, bytes.NewReader(body))
		if err != nil || strings.HasPrefix(q.URL.Path, "/v1/stream") || strings.Contains(target, "follow") {
			return // those two do not end by themselves
		}
		q.Header.Set("Content-Type", media)
		w := duplex{httptest.NewRecorder()}
		New(&sink{}, Options{Decision: time.Nanosecond}).ServeHTTP(w, q)
		if w.Code/100 == 3 || method == http.MethodHead {
			return // net/http's own: the path was not clean
		}
		for d := json.NewDecoder(w.Body); ; {
			var v map[string]any
			if err := d.Decode(&v); err == io.EOF {
				return
			} else if err != nil {
				t.Fatalf("%d: %v", w.Code, err)
			}
			if _, ok := v["code"].(string); w.Code >= 400 && !ok {
				t.Fatalf("%d: %v", w.Code, v)
			}
		}
	})
}

// stalled is a client that takes nothing: a write fails when its deadline has passed, as on a connection.
type stalled struct {
	*httptest.ResponseRecorder
	takes     int // pieces that it does take
	deadlines int
}

func (s *stalled) Write(b []byte) (int, error) {
	if s.takes--; s.takes < 0 {
		return 0, errors.New("deadline")
	}
	return len(b), nil
}

func (s *stalled) SetWriteDeadline(time.Time) error { s.deadlines++; return nil }

// TestOutlet: each piece has a deadline of its own, pieces are no larger than that, and after an error nothing is kept.
func TestOutlet(t *testing.T) {
	s := &stalled{ResponseRecorder: httptest.NewRecorder(), takes: 10}
	o := &outlet{w: s, c: http.NewResponseController(s), stall: time.Second, buffer: make([]byte, 0, pieceSize)}
	o.write(make([]byte, 9*pieceSize+1))
	if o.err != nil || s.takes != 1 || s.deadlines != 9 {
		t.Errorf("%v, %d pieces to be taken yet, %d deadlines", o.err, s.takes, s.deadlines)
	}
	o.write(make([]byte, 100*pieceSize))
	if o.err == nil || s.deadlines != 11 || cap(o.buffer) != pieceSize {
		t.Errorf("%v, %d deadlines, %d bytes kept", o.err, s.deadlines, cap(o.buffer))
	}
}
