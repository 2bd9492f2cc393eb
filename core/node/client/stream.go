package client

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"

	"parsec/core/node/internal/batch"
)

// StreamType is the media type of streams.
const StreamType = "application/vnd.parsec.stream"

// MaxFrame is how many bytes of entries one frame of a stream may have.
const MaxFrame = 1 << 20

// Stream sends submissions to a node, many in one write, and reads how many of them the node acknowledged. One
// goroutine may send while another reads what is acknowledged; any may close. It starts no goroutine.
//
// It speaks HTTP/1.1 over a connection of its own rather than over that of net/http, which passes a body on through a
// pipe, in pieces of 32 KiB that another goroutine copies, and which, when a node refuses while the body is being sent,
// reports either the refusal or the broken connection, whichever comes first. Here a frame is a chunk and one write,
// and what the node says is read to its end.
type Stream struct {
	client *Client
	ctx    context.Context
	conn   net.Conn
	leave  func() bool // no longer waits for the end of ctx

	// Of the goroutine that sends.
	buffer []byte // room for the heads of a chunk and a frame, then entries
	pieces [3][]byte
	vector net.Buffers
	ended  bool // CloseSend was called

	// Of the goroutine that reads.
	body  *bufio.Reader
	count uint64
	err   error // after which there is no more

	sent   atomic.Uint64
	closed atomic.Bool
	mu     sync.Mutex
	why    error // what the reader found to be the end, for the sender
}

// Stream opens a stream. The context is the stream's for as long as it is used: when it ends, whatever waits returns.
func (c *Client) Stream(ctx context.Context) (*Stream, error) {
	conn, err := c.dialer.DialContext(ctx, "tcp", c.address)
	if err != nil {
		return nil, unreachable(ctx, err)
	}
	leave := context.AfterFunc(ctx, func() { conn.Close() })
	s, err := open(ctx, conn, c.address)
	if err != nil {
		leave()
		conn.Close()
		return nil, err
	}
	s.client, s.leave = c, leave
	return s, nil
}

// open makes the request and reads the head of the answer, which the node sends before it reads any of the body: a node
// that refuses has been sent nothing that could be lost.
func open(ctx context.Context, conn net.Conn, address string) (*Stream, error) {
	request := "POST /v1/stream HTTP/1.1\r\nHost: " + address + "\r\nContent-Type: " + StreamType +
		"\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
	if _, err := io.WriteString(conn, request); err != nil {
		return nil, unreachable(ctx, err)
	}
	// As much as net/http reads at most of a head. What is after it is read through the same reader, without limit.
	limited := &io.LimitedReader{R: conn, N: 64 << 10}
	answered, err := http.ReadResponse(bufio.NewReader(limited), &http.Request{Method: http.MethodPost})
	if err != nil {
		return nil, unreachable(ctx, err)
	}
	if answered.StatusCode != http.StatusOK {
		return nil, refusal(answered)
	}
	limited.N = 1<<63 - 1
	return &Stream{ctx: ctx, conn: conn, body: bufio.NewReaderSize(answered.Body, 4<<10)}, nil
}

// room is how many bytes the head of a chunk, 8 hexadecimal digits and two more, and the length of a frame take.
const room = 8 + 2 + 4

var digits = [16]byte{'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'}

// head writes the heads of a chunk that is one frame with so many bytes of entries. Chunks may have leading zeros.
func head(b []byte, size int) {
	for i, chunk := 7, uint32(size+4); i >= 0; i, chunk = i-1, chunk>>4 {
		b[i] = digits[chunk&15]
	}
	b[8], b[9] = '\r', '\n'
	binary.LittleEndian.PutUint32(b[10:], uint32(size))
}

// Send sends submissions, all in one frame and one write if they fit in [MaxFrame]. It blocks while the node has no
// room. Those without an until are given one ([Client.Until]), and keep it. It makes no allocation once its buffer has
// grown, but for asking the node how far it is, once in ten seconds at most. One with more than [MaxData] bytes is
// refused with [ErrTooLarge], and then nothing was sent of those that came with it. After another error, how many of them
// the node has taken is only known from what it acknowledges: to send all again over another stream is no harm.
func (s *Stream) Send(submissions []Submission) error {
	if s.ended {
		return ErrClosed
	}
	for i := range submissions {
		if n := len(submissions[i].Data); n > MaxData {
			return tooLarge(n)
		}
		if submissions[i].Until == 0 {
			until, err := s.client.Until(s.ctx)
			if err != nil {
				return err
			}
			submissions[i].Until = until
		}
	}
	for len(submissions) > 0 {
		if s.buffer == nil {
			s.buffer = make([]byte, 0, 16<<10)
		}
		b, count := s.buffer[:room], 0
		for i := range submissions {
			one := &submissions[i]
			if len(b)-room+batch.Size(one.Until, len(one.Data)) > MaxFrame {
				break
			}
			b = batch.Append(b, &one.ID, one.Until, one.Data)
			count++
		}
		submissions = submissions[count:]
		head(b, len(b)-room)
		b = append(b, '\r', '\n')
		s.buffer = b
		s.sent.Add(uint64(count))
		if _, err := s.conn.Write(b); err != nil {
			return s.broken(err)
		}
	}
	return nil
}

// crlf ends a chunk.
var crlf = []byte("\r\n")

// SendEntries is Send of submissions that are laid out already, count of them, in at most [MaxFrame] bytes; one write,
// without a copy. It does not look at them: a node ends the stream if they are not what is said.
func (s *Stream) SendEntries(entries []byte, count int) error {
	switch {
	case s.ended:
		return ErrClosed
	case len(entries) > MaxFrame:
		return fmt.Errorf("%w: a frame of %d bytes, of %d", ErrTooLarge, len(entries), MaxFrame)
	case len(entries) == 0:
		return nil
	}
	if s.buffer == nil {
		s.buffer = make([]byte, 0, 16<<10)
	}
	b := s.buffer[:room]
	head(b, len(entries))
	s.pieces = [3][]byte{b, entries, crlf}
	s.vector = s.pieces[:]
	s.sent.Add(uint64(count))
	_, err := s.vector.WriteTo(s.conn)
	s.pieces[1] = nil
	if err != nil {
		return s.broken(err)
	}
	return nil
}

// AppendEntry appends a submission as [Stream.SendEntries] takes it: what is sent to many nodes is laid out once.
func AppendEntry(b []byte, id *ID, until uint64, data []byte) []byte {
	return batch.Append(b, id, until, data)
}

// CloseSend says that there are no more. The node acknowledges what it has, and ends the stream: [Stream.Acknowledged]
// returns io.EOF then. It is for the goroutine that sends.
func (s *Stream) CloseSend() error {
	if s.ended {
		return nil
	}
	s.ended = true
	if _, err := io.WriteString(s.conn, "0\r\n\r\n"); err != nil {
		return s.broken(err)
	}
	return nil
}

// broken returns why a write failed. The reader's reason, if it has one, says more.
func (s *Stream) broken(err error) error {
	s.mu.Lock()
	why := s.why
	s.mu.Unlock()
	if why != nil && why != io.EOF {
		return why
	}
	return s.end(err)
}

// end returns what an error of the connection means.
func (s *Stream) end(err error) error {
	if s.ctx.Err() == nil && s.closed.Load() {
		return ErrClosed
	}
	return unreachable(s.ctx, err)
}

// failing is what stands for a count where the node says why it ends the stream.
const failing = 1<<64 - 1

// Acknowledged returns how many submissions of this stream, in the order they were sent, are durable at the node. It
// waits until they are more than it returned before. Nodes group what they acknowledge, and so does it: one call
// takes all that has come.
//
// After an error there is no more, and the count is the last one. It is io.EOF when all are acknowledged after
// CloseSend, [ErrClosed] after Close, the context's if that ended, and else an [*Error], which says what the
// node does: [ErrUnavailable] with code "stopping" when it ends, for example. Whoever sends has to have someone read:
// a node drops a stream whose acknowledgements nobody takes.
func (s *Stream) Acknowledged() (uint64, error) {
	if s.err != nil {
		return s.count, s.err
	}
	before := s.count
	for s.err == nil && (s.count == before || s.body.Buffered() >= 8) {
		s.err = s.read()
	}
	if s.err == nil {
		return s.count, nil
	}
	var e *Error
	switch {
	case errors.As(s.err, &e):
	case s.err == io.EOF && s.count == s.sent.Load():
	case s.err == io.EOF:
		s.err = answer("a stream that ended before all was acknowledged")
	default:
		s.err = s.end(s.err)
	}
	s.mu.Lock()
	s.why = s.err
	s.mu.Unlock()
	s.leave()
	s.conn.Close() // so that Send does not go on
	if s.count > before {
		return s.count, nil // and the error the next time
	}
	return s.count, s.err
}

// read reads one count, or the reason of the end.
func (s *Stream) read() error {
	b, err := s.body.Peek(8)
	if err != nil {
		if err == io.EOF && len(b) > 0 {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	n := binary.LittleEndian.Uint64(b)
	s.body.Discard(8)
	switch {
	case n == failing:
		b, err := s.body.Peek(4)
		if err != nil {
			return io.ErrUnexpectedEOF
		}
		size := binary.LittleEndian.Uint32(b)
		s.body.Discard(4)
		if size > maxProblem {
			return answer("a long reason")
		}
		text := make([]byte, size)
		if _, err := io.ReadFull(s.body, text); err != nil {
			return io.ErrUnexpectedEOF
		}
		return reason(text)
	case n <= s.count || n > s.sent.Load():
		return answer(fmt.Sprintf("%d acknowledged of %d, after %d", n, s.sent.Load(), s.count))
	}
	s.count = n
	return nil
}

// Close ends the stream at once. What was sent and not acknowledged may be decided or not.
func (s *Stream) Close() {
	s.closed.Store(true)
	s.leave()
	s.conn.Close()
}
